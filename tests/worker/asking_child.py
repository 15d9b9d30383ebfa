"""A worker as a process, which writes down when it asks the library whether it is connected."""

import sys

from chalicelib.worker.process import work
from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow
from tests.worker.outside import services

ASKS = "asks whether it is connected"
_ask = Whatsmeow.is_connected


def _noted(self: Whatsmeow) -> bool:
    print(ASKS, file=sys.stderr, flush=True)
    return _ask(self)


if __name__ == "__main__":
    Whatsmeow.is_connected = _noted  # type: ignore[method-assign]
    work(services)
