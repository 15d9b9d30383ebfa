"""The raw client: neonize and nothing else, as a process that prints what happens as JSON lines.

Times are of the system's monotonic clock, which all processes of a machine share.
"""

import json
import sys
import time


def tell(what: str, **more: object) -> None:
    """Print one line."""
    print(json.dumps({"what": what, "at": time.monotonic(), **more}), flush=True)


def main(database: str) -> None:
    """Connect over ``database`` and tell of codes and of the connection."""
    from neonize.client import NewClient  # noqa: PLC0415 - the import is what is measured first
    from neonize.events import ConnectedEv  # noqa: PLC0415

    tell("imported")
    options = "?_foreign_keys=on&_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=5000&x="
    client = NewClient(database + options, uuid="raw")
    client.qr(lambda _, code: tell("qr", code=code.decode()))
    client.event(ConnectedEv)(lambda *_: tell("connected"))
    tell("connecting")
    client.connect()


if __name__ == "__main__":
    main(sys.argv[1])
