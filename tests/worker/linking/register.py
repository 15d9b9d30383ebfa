"""A process that registers by the client library, as the worker has it: register.py DATABASE."""

import sys
from pathlib import Path
from threading import Event

from chalicelib.worker.whatsapp.client import Handlers
from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow

if __name__ == "__main__":
    handlers = Handlers(*[lambda _: None] * 3)
    Whatsmeow(Path(sys.argv[1]), handlers, linking=True).connect()
    Event().wait()
