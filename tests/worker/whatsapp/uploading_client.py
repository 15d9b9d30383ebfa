"""A process with the worker's own client, which is linked and then uploads: uploading_client.py DATABASE FILE.

It prints its code, and what came of two uploads and a message to itself, as JSON lines; the rest of its output is the client library's.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path
from queue import Queue
from typing import Any

from neonize.utils.log import _log_queue as library_s_log

from chalicelib.domain.content import Text
from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.whatsapp.client import ConnectedEvent, Handlers, QREvent
from chalicelib.worker.whatsapp.outgoing import Outgoing
from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow


def uploaded(database: Path, file: Path) -> None:
    events: Queue[Any] = Queue()
    client = Whatsmeow(database, Handlers(*[events.put] * 3), linking=True)
    client.connect()
    while not isinstance(event := events.get(timeout=90), ConnectedEvent):
        if isinstance(event, QREvent):
            print(json.dumps({"code": event.code}), flush=True)
    # Asked for twice at once: the first may be over by when a file is uploaded on a slow machine.
    connections, sent = [client.media_connection(), client.media_connection()], []
    for _ in range(2):
        with file.open("rb") as source:
            sent.append(Transfer().upload(source, "document", "text/plain", connections[-1]))
        if len(sent) == 1:
            # Over for the library, too, by then.
            time.sleep(max(0, connections[0].until - time.monotonic()))
            connections.append(client.media_connection())
    me = client.linked_as.phone if client.linked_as else ""
    acknowledged = client.send(f"{me}@s.whatsapp.net", Outgoing(Text("Kopi?"), None, os.urandom(32)))
    # The library writes its lines on a thread of its own: the line may come behind the call's end.
    traced, ends = None, time.monotonic() + 60
    while traced is None and time.monotonic() < ends:
        library_s_log.join()
        traced = client._sent_ids.only()
        time.sleep(0.05)
    told = {
        "acknowledged": acknowledged,
        "traced": traced,
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
