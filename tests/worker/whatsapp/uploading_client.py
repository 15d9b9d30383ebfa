"""A process with the worker's own client, which is linked and then uploads: uploading_client.py DATABASE FILE.

It prints its code, and what came of three uploads, as JSON lines; the rest of its output is the client library's.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path
from queue import Queue
from typing import Any

from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.whatsapp.client import ConnectedEvent, Handlers, QREvent
from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow


def uploaded(database: Path, file: Path) -> None:
    events: Queue[Any] = Queue()
    client = Whatsmeow(database, Handlers(*[events.put] * 3), linking=True)
    client.connect()
    while not isinstance(event := events.get(timeout=90), ConnectedEvent):
        if isinstance(event, QREvent):
            print(json.dumps({"code": event.code}), flush=True)
    connections, sent = [], []
    for _ in range(3):
        connections.append(client.media_connection())
        with file.open("rb") as source:
            sent.append(Transfer().upload(source, "document", "text/plain", connections[-1]))
        if len(sent) == 2:
            # Over for the library, too, by then.
            time.sleep(max(0, connections[0].until - time.monotonic()))
    told = {
        "paths": [one.direct_path for one in sent],
        "hosts": [one.host for one in connections],
        "auths": [one.auth for one in connections],
        "repr": repr(connections) + repr(sent),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    try:
        uploaded(*map(Path, sys.argv[1:]))
    except BaseException:  # noqa: BLE001 - whatever it is, the process is to end
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    # The library's threads would keep it.
    os._exit(0)
