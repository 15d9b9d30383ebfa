"""A process with nothing but the real client: raw_client.py DATABASE. Prints its events as JSON lines.

It takes words on its standard input: `logout`, `connected?`. When that closes, the process ends.
"""

import json
import logging
import os
import signal
import sys
import threading

# The client library writes to the standard output what nobody asked for; that goes to the standard error here.
EVENTS = os.dup(1)
os.dup2(2, 1)

from neonize import events  # noqa: E402
from neonize.client import NewClient  # noqa: E402

TOLD = {
    events.ConnectedEv: "connected",
    events.OfflineSyncCompletedEv: "synced",
    events.DisconnectedEv: "disconnected",
    events.StreamReplacedEv: "replaced",
    events.TemporaryBanEv: "banned",
    events.ClientOutdatedEv: "outdated",
    events.ConnectFailureEv: "refused",
}


def say(event: str, **fields: object) -> None:
    os.write(EVENTS, (json.dumps({"event": event, **fields}) + "\n").encode())


def main(database: str) -> None:
    logging.getLogger("neonize.utils.log").setLevel(logging.DEBUG if "DEBUG" in os.environ else logging.ERROR)
    client = NewClient(f"{database}?_foreign_keys=on&_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=5000&x=")
    client.qr(lambda _client, code: say("qr", code=code.decode()))
    for kind, word in TOLD.items():
        client.event(kind)(lambda _client, _event, word=word: say(word))
    client.event(events.PairStatusEv)(lambda _client, event: say("pair", number=event.ID.User, device=event.ID.Device))
    client.event(events.LoggedOutEv)(lambda _client, event: say("logged_out", on_connect=event.OnConnect))
    threading.Thread(target=listen, args=(client,), daemon=True).start()
    client.connect()


def listen(client: NewClient) -> None:
    for line in sys.stdin:
        match line.strip():
            case "logout":
                client.logout()
                say("logged_out_itself")
            case "connected?":
                say("is_connected", value=client.is_connected)
    os.kill(os.getpid(), signal.SIGKILL)  # the client's own stop can hang


main(sys.argv[1])
