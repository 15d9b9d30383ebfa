"""The stack's output for the developer: how to begin, then a line an event, without QR codes, texts and keys."""

import json
import logging
from contextlib import suppress
from datetime import datetime
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final

from infra import REPOSITORY
from infra.local.settings import LocalSettings, Network
from infra.local.shard import Record

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The attributes that every record has."""


class LogLines(logging.Formatter):
    """Formats a record as one line, with its extra fields as ``name=value``, but for those that are None."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class names it so
        """Return the line; a trace of what was raised follows it."""
        extra = {name: value for name, value in vars(record).items() if name not in _OWN and value is not None}
        return " ".join([super().formatMessage(record), *(f"{name}={_shown(extra[name])}" for name in extra)])


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


class Console:
    """Prints from a thread of its own: a terminal that is held (or a pipe that nobody reads) holds up nothing else."""

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._thread = Thread(target=self._print, name="console", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Print ``text`` soon."""
        self._lines.put(text)

    def _print(self) -> None:
        # A terminal that was closed takes no more lines; the stack may go on or be stopping because of just that.
        with suppress(OSError):
            while (text := self._lines.get()) is not None:
                print(text, flush=True)

    def close(self) -> None:
        """Print all pending lines; waits a second for a terminal that is held."""
        self._lines.put(None)
        self._thread.join(1.0)


def greeting(settings: LocalSettings, user: str, password: str) -> str:
    """Return the first lines: the address, the credentials, what to try, how to stop."""
    origin = settings.origin
    body = json.dumps({"username": user, "password": password})
    loopback = settings.network is Network.LOOPBACK
    lines = [
        f"Switchboard runs on {origin}",
        f"  open       {origin} in a browser{', with a virtual phone beside the page' if loopback else ''}",
        f"  log in     {user} / {password}",
        f"  try first  curl -s {origin}/api/auth/login -H 'Content-Type: application/json' -d '{body}'",
        _scan(settings) if loopback else "  network    the real WhatsApp: scan the codes with your own phone",
        f"  its state  {settings.state} ({_forgetting(settings)} forgets it)",
        "  stop       Ctrl-C",
    ]
    return "\n".join(lines)


def _forgetting(settings: LocalSettings) -> str:
    usual = REPOSITORY / ".local"
    return "make clean" if settings.state.is_relative_to(usual) else f"make clean LOCAL_STATE={settings.state}"


def _scan(settings: LocalSettings) -> str:
    return (
        f"  then scan  PORT={settings.port} .venv/bin/python -m infra.local.phone "
        "scan qr-code.png --number 6281234567890 --name Ana"
    )


def line(record: Record) -> str | None:
    """Return the line for a change of a session, or None for any other change."""
    if record.key[1] != "SESSION":
        return None
    time = datetime.fromtimestamp(record.created / 1000).astimezone().strftime("%H:%M:%S")
    body = json.loads(record.body)["dynamodb"]
    new, old = _plain(body.get("NewImage", {})), _plain(body.get("OldImage", {}))
    if not new:
        return f"{time}  {old.get('id', '?')}  gone"
    words = [time, str(new.get("id", "?")), str(new.get("status", "?"))]
    if new.get("reason"):
        words.append(f"({new['reason']})")
    event = new.get("last_event")
    if isinstance(event, dict) and "type" in event:
        words.append(str(event["type"].get("S", "")))
    return "  ".join(words)


def _plain(image: dict[str, Any]) -> dict[str, Any]:
    """Take the outermost values out of DynamoDB's JSON."""
    return {name: next(iter(value.values())) for name, value in image.items()}
