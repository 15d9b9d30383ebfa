"""``python -m infra.demo``: a session's whole way on the terminal, with the time that each step took.

On the stack that runs (PORT, or the one that LOCAL_STATE or .local names), else on one of its own.
"""

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests

from infra.local.client import NotAsExpected, Phone, Stack, eventually, next_frame, send

SESSION: Final = "demo"
OWNER: Final = "6281110000001"
FRIEND: Final = "6281110000002"


def main() -> int:
    """Return the exit code; what goes wrong is one sentence."""
    try:
        with _stack() as stack:
            _tell(stack)
    except (NotAsExpected, requests.RequestException) as error:
        print(f"The demo came to a halt: {error}", file=sys.stderr)
        return 1
    return 0


def _tell(stack: Stack) -> None:
    stack.delete(f"/api/sessions/{SESSION}")
    with _step("create a session, and get its first QR code"):
        created = stack.post("/sessions", {"sessionId": SESSION})
        if not created.ok or not created.json()["qrCode"]:
            raise NotAsExpected(created.text)
    print(f"\n{stack.get(f'/sessions/{SESSION}/qr?format=ascii').content.decode()}\n")
    friend = Phone(stack, FRIEND).switch_on("Ben")
    with stack.watch(SESSION) as watcher:
        with _step(f"a virtual phone, {OWNER}, scans it, and a watcher hears of the connection"):
            stack.scan(stack.code(SESSION), OWNER, name="Ana")
            next_frame(watcher, "connected")
        with _step(f'send "Kopi?" to {FRIEND}, until WhatsApp has acknowledged it'):
            sent = send(stack, SESSION, FRIEND, "Kopi?")
            if sent.status_code != requests.codes.ok:
                raise NotAsExpected(sent.text)
        with _step("it is on the other phone"):
            eventually(lambda: "Kopi?" in friend.heard())
        with _step('the other phone answers "Jam tiga!", and the watcher hears it'):
            friend.say(OWNER, "Jam tiga!")
            print(f"    {next_frame(watcher, 'message')['data']['message']}")
    with _step("unlink and delete the session"):
        stack.delete(f"/api/sessions/{SESSION}")


@contextmanager
def _stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory() as state:
        stack = Stack(Path(state), port=_running_port())
        if stack.port:
            with _step(f"the stack on port {stack.port} lets us in"):
                stack.log_in()
            yield stack
            return
        with _step("start a stack of the demo's own"):
            stack.start()
        try:
            yield stack
        finally:
            stack.stop()


def _running_port() -> int:
    """Return the port of the stack that runs, 0 if none does."""
    given = os.environ.get("PORT") or "0"
    if not given.isdecimal():
        sys.exit(f"PORT={given} is no port.")
    port = int(given)
    if not port:
        recorded = Path(os.environ.get("LOCAL_STATE", ".local")) / "stack.json"
        with contextlib.suppress(OSError, ValueError):
            port = int(json.loads(recorded.read_text())["port"])
    try:
        alive = port and requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok
    except requests.RequestException:
        alive = False
    return port if alive else 0


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    print(f"{what} ...", flush=True)
    yield
    print(f"    {(time.monotonic() - began) * 1000:.0f} ms", flush=True)


if __name__ == "__main__":
    sys.exit(main())
