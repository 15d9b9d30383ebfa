"""A process that links by our own half and kills itself on the way: killed.py DATABASE TABLES LINES.

TABLES is a file with the library's tables, LINES the number of lines of ``chalicelib.worker.linking`` that it runs
before its SIGKILL. It prints JSON lines: the code, and the lines that it had run by then; at last the same for the end.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from chalicelib.domain.session import Device
from chalicelib.worker.linking import own
from chalicelib.worker.linking.registration import USUAL
from chalicelib.worker.whatsapp import client as c

PACKAGE = str(Path(own.__file__).parent)


class Steps:
    """Counts lines in all threads, and kills the process at one of them."""

    def __init__(self, last: int) -> None:
        self.done = 0
        self._last = last

    def entered(self, frame: FrameType, _: str, __: Any) -> Any:
        """Follow the package's functions, and no others."""
        return self._line if frame.f_code.co_filename.startswith(PACKAGE) else None

    def _line(self, _: FrameType, event: str, __: Any) -> Any:
        if event == "line":
            self.done += 1
            if self.done == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def main(database: Path, tables: bytes, last: int) -> None:
    """Link, as far as that goes."""
    steps, over = Steps(last), threading.Event()

    def tell(what: str, told: str) -> None:
        print(json.dumps({"what": what, "told": told, "lines": steps.done}), flush=True)

    def emit(event: c.ClientEvent) -> None:
        if isinstance(event, c.QREvent):
            tell("code", event.code)

    def linked(device: Device) -> None:
        tell("linked", device.jid)
        over.set()

    def ended(_: c.ClientEvent, why: str | None) -> None:
        tell("ended", str(why))
        over.set()

    threading.settrace(steps.entered)
    own.OwnLinker(
        database,
        emit,
        linked,
        ended,
        tables=lambda: tables,
        registrant=own.Registrant(root=bytes.fromhex(os.environ["LOOPBACK_WHATSAPP_ROOT_KEY"])),
        appearance=USUAL,
        proxy=os.environ["HTTPS_PROXY"],
    ).start()
    over.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3]))
