"""The raw client: neonize and nothing else, as a process that prints what happens as JSON lines.

It sends the texts and files that it is given as JSON lines on standard input, and fetches documents that come in. Times
are of the system's monotonic clock, which all processes of a machine share.
"""

import json
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any


def tell(what: str, **more: object) -> None:
    """Print one line."""
    print(json.dumps({"what": what, "at": time.monotonic(), **more}), flush=True)


def main(database: str) -> None:
    """Connect over ``database``, tell of codes, the connection and messages, and send what comes."""
    from neonize.client import NewClient  # noqa: PLC0415 - the import is what is measured first
    from neonize.events import ConnectedEv, MessageEv  # noqa: PLC0415

    tell("imported")
    options = "?_foreign_keys=on&_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=5000&x="
    client = NewClient(database + options, uuid="raw")
    client.qr(lambda _, code: tell("qr", code=code.decode()))
    client.event(ConnectedEv)(lambda *_: tell("connected"))
    client.event(MessageEv)(_hear)
    Thread(target=_send, args=(client,), daemon=True).start()
    tell("connecting")
    client.connect()


def _hear(client: Any, message: Any) -> None:
    # The phone's own notices to its devices are messages too.
    if message.Info.Category == "peer":
        return
    tell("message")
    if message.Message.HasField("documentMessage"):
        tell("downloaded", size=len(client.download_any(message.Message)))


def _send(client: Any) -> None:
    for line in sys.stdin:
        order = json.loads(line)
        began = time.monotonic()
        if "image" in order:
            client.send_image(order["to"], Path(order["image"]).read_bytes())
        elif "document" in order:
            client.send_document(order["to"], Path(order["document"]).read_bytes(), filename="large")
        else:
            client.send_message(order["to"], order["text"])
        tell("sent", ms=(time.monotonic() - began) * 1000)


if __name__ == "__main__":
    main(sys.argv[1])
