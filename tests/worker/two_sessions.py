"""One process that serves several sessions, each with a client and a queue of its own; its outside is the test's."""

import json
import os
from pathlib import Path
from threading import Thread

from chalicelib.domain.lease import Order
from chalicelib.worker import log
from chalicelib.worker.handover import Handover
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.session import WorkerSession
from chalicelib.worker.waiting import EventQueue, Listener
from tests.worker.outside import services

if __name__ == "__main__":
    log.begin()
    from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow

    threads = []
    for fields in json.loads(os.environ["ORDERS"]):
        order = Order(**fields)
        assert order.claim
        own, events, journal = services(), EventQueue(), log.Log(uid=order.uid)
        Listener(own.mailbox, order.mailbox, events, journal).start()
        session = WorkerSession(
            Handover(order),
            order.claim,
            services=own,
            devices=Devices(Path(os.environ["DEVICES"])),
            make_client=Whatsmeow,
            events=events,
            lapse=lambda _: os._exit(70),
            log=journal,
        )
        threads.append(Thread(target=session.run))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)
