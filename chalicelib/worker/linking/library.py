"""The client library's linking, in a child process: its threads and its hangs die with that.

``python -m chalicelib.worker.linking.library`` is the child. It is told on its standard input what to link, as one line
of JSON, and tells on its standard output what happens, a line of JSON each. It ends when its input does: with its
parent. Once the device is linked it closes the connection and ends, so that nothing comes in that the parent, which
logs in next, would never learn of.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Thread
from typing import Any, Final, NoReturn

from chalicelib.domain.access import DeviceType
from chalicelib.domain.session import Device
from chalicelib.worker import lean_import
from chalicelib.worker.linking.registration import Appearance
from chalicelib.worker.whatsapp import client as c

CLOSING_S: Final = 1.0
"""Seconds for the library to close its connection."""

_ENDS: Final[dict[str, Callable[[Any], c.ClientEvent]]] = {
    "codes_ran_out": lambda _: c.CodesRanOutEvent(),
    "pair_error": c.PairErrorEvent,
    "passkey": lambda _: c.PasskeyRequestEvent(),
    "outdated": lambda _: c.ClientOutdatedEvent(),
    "registration_refused": lambda _: c.RegistrationRefusedEvent(),
    "refused": c.ConnectFailureEvent,
    "ended": c.EndedEvent,
}


def _told(event: c.ClientEvent) -> tuple[str, Any] | None:
    """Return an event as the child tells it."""
    match event:
        case c.QREvent(code=code):
            return "qr", code
        case c.PairSuccessEvent(device=device):
            return "linked", [device.jid, device.lid, device.platform]
        case c.CodesRanOutEvent():
            return "codes_ran_out", None
        case c.PairErrorEvent(error=error):
            return "pair_error", error
        case c.PasskeyRequestEvent():
            return "passkey", None
        case c.ClientOutdatedEvent():
            return "outdated", None
        case c.RegistrationRefusedEvent():
            return "registration_refused", None
        case c.ConnectFailureEvent(code=code):
            return "refused", code
        case c.EndedEvent(error=error):
            return "ended", error
        case _:
            return None


class LibraryLinker:
    """Links one device, once, in a child process; it calls what ``OwnLinker`` calls."""

    name = "library"
    acts = None

    def __init__(
        self,
        database: Path,
        emit: c.Emit,
        linked: Callable[[Device], None],
        ended: Callable[[c.ClientEvent, str], None],
        *,
        appearance: Appearance,
        proxy: str | None,
    ) -> None:
        look = {"name": appearance.name, "type": appearance.type}
        self._order = {"database": str(database), "proxy": proxy, "appearance": look}
        self._emit = emit
        self._linked = linked
        self._ended = ended
        self._child: Popen[str] | None = None
        self._cancelled = False

    def start(self) -> None:
        """Begin."""
        Thread(target=self._run, name="linking", daemon=True).start()

    def is_open(self) -> bool:
        """Whether the child lives: it says itself when its websocket closes."""
        return self._child is not None and self._child.poll() is None

    def cancel(self) -> None:
        """Kill the child."""
        self._cancelled = True
        if self._child:
            self._child.kill()

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001 - whatever it was: it must not look as if it went on
            self._ended(c.EndedEvent(type(error).__name__), "broken")

    def _follow(self) -> None:
        command = [sys.executable, "-m", __name__]
        with Popen(  # noqa: S603 - this very program
            command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, bufsize=1, start_new_session=True
        ) as child:
            self._child = child
            if self._cancelled:
                child.kill()
            end, why = self._listen(child)
            # A library that hangs isn't waited for.
            child.kill()
        if isinstance(end, Device):
            self._linked(end)
        else:
            self._ended(end, why)

    def _listen(self, child: Popen[str]) -> tuple[Device | c.ClientEvent, str]:
        """Pass on what the child tells; return its last word once it has closed its end of it."""
        last: tuple[Device | c.ClientEvent, str] = c.EndedEvent("the linking process ended"), "broken"
        with suppress(OSError, ValueError):
            print(json.dumps(self._order), file=child.stdin, flush=True)
            for line in child.stdout or ():
                kind, what = json.loads(line)
                if kind == "qr":
                    self._emit(c.QREvent(what))
                elif kind == "linked":
                    # Until the child has gone the library's file is its own.
                    last = Device(*what), kind
                elif kind == "passkey":
                    return c.PasskeyRequestEvent(), kind
                elif not isinstance(last[0], Device):
                    return _ENDS[kind](what), kind
        return last


def _tell_alone() -> int:
    """Keep standard output for what is told; return a descriptor of it. The library prints, and logs secrets."""
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    logging.basicConfig(handlers=[logging.NullHandler()], level=logging.CRITICAL, force=True)
    return kept


def main() -> NoReturn:
    """Run the child process: link the device that the parent's order names, and end."""
    tells = _tell_alone()
    order = json.loads(sys.stdin.readline())
    lean_import.install()
    from chalicelib.worker.waiting import bounded  # noqa: PLC0415
    from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow  # noqa: PLC0415 - it sets up logging when imported

    def tell(event: c.ClientEvent) -> None:
        told = _told(event)
        if told:
            os.write(tells, (json.dumps(told) + "\n").encode())
        if isinstance(event, c.PairSuccessEvent):
            bounded(client.disconnect, CLOSING_S)
            os._exit(0)

    client = Whatsmeow(
        Path(order["database"]),
        c.Handlers(tell, lambda _: None, lambda _: None),
        linking=True,
        proxy=order["proxy"],
        appearance=Appearance(order["appearance"]["name"], DeviceType(order["appearance"]["type"])),
    )
    client.connect()
    # Nothing more is said; it ends with the parent.
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
