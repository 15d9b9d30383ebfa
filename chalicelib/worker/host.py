"""The worker's process around its session: listens to the mailbox, waits in the pool if it is a standby, and ends.

A session's service knows nothing of the process: it gets its events from a queue of its own and says by its ending what
is to become of the process. So a host may hold several sessions; today each holds one.
"""

from chalicelib.services.worker import WorkerServices
from chalicelib.worker import standby
from chalicelib.worker.ending import BROKEN, DONE, NOTHING_TO_DO, Again, Ending, Exit
from chalicelib.worker.events import EventQueue
from chalicelib.worker.handover import Handover
from chalicelib.worker.log import Log
from chalicelib.worker.mailbox import Listener
from chalicelib.worker.patience import Interrupted
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.session import WorkerSession
from chalicelib.worker.whatsapp.client import MakeClient


class Host:
    """One worker; ``make_client`` makes the WhatsApp client of a session."""

    def __init__(
        self, services: WorkerServices, devices: Devices, make_client: MakeClient, events: EventQueue, log: Log
    ) -> None:
        self._services = services
        self._devices = devices
        self._make_client = make_client
        self._events = events
        self._log = log

    def run(self, handover: Handover) -> Ending:
        """Do what ``handover`` orders; return how this image of the process is to end."""
        self._log = self._log.about(worker=handover.order.worker)
        listener = Listener(self._services.mailbox, handover.order.mailbox, self._events, self._log)
        listener.start()
        try:
            ending = self._run(handover)
        except Interrupted:
            ending = Exit(DONE)
        except Exception:  # noqa: BLE001 - whatever it was: here it is told whose worker it was
            self._log.warning("broken")
            ending = Exit(BROKEN)
        if isinstance(ending, Again):
            listener.stop()
        self._log.info("ends", **({"code": ending.code} if isinstance(ending, Exit) else {"again": True}))
        return ending

    def _run(self, handover: Handover) -> Ending:
        while True:
            claim = handover.claim
            if claim is None:
                given = standby.wait(handover, self._services, self._events)
                if given is None:
                    return Exit(DONE)
                handover = given
                continue
            session = WorkerSession(
                handover,
                claim,
                services=self._services,
                devices=self._devices,
                make_client=self._make_client,
                events=self._events,
                log=self._log,
            )
            ending = session.run()
            if ending is not None:
                return ending
            if not handover.standby:
                return Exit(DONE if self._events.terminated else NOTHING_TO_DO)
            handover = standby.let_go(handover, self._services, self._events)
