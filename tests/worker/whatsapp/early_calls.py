"""A process that makes one call of the client's before it connects, and again after ``connect`` has come back."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

from chalicelib.domain.content import Text
from chalicelib.worker.whatsapp.client import EndedEvent, Handlers
from chalicelib.worker.whatsapp.outgoing import Outgoing
from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow

if __name__ == "__main__":
    database, call, *arguments = sys.argv[1:]
    came_back = Event()
    given = [arguments[0], Outgoing(Text(arguments[1]))] if call == "send" else arguments
    handlers = Handlers(
        lambda event: came_back.set() if isinstance(event, EndedEvent) else None, lambda _: None, lambda _: None
    )
    client = Whatsmeow(Path(database), handlers, linking=True)
    with suppress(Exception):
        getattr(client, call)(*given)
    client.connect()
    assert came_back.wait(30)
    for _ in range(3):
        with suppress(Exception):
            getattr(client, call)(*given)
        time.sleep(0.1)
    os._exit(0)
