"""A worker as a process, whose library never delivers that the device was unlinked.

So it happens where WhatsApp's refusal of a login is quicker than the library comes to deliver its first event.
"""

from typing import Any

from neonize.events import EVENT_TO_INT, Event, LoggedOutEv

from chalicelib.worker.process import work
from tests.worker.outside import services

_deliver = Event.execute


def _lose(self: Any, uuid: int, binary: int, size: int, code: int) -> None:
    if code != EVENT_TO_INT[LoggedOutEv]:
        _deliver(self, uuid, binary, size, code)


if __name__ == "__main__":
    Event.execute = _lose
    work(services)
