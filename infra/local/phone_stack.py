"""The local stack as the phones' command line finds and asks it."""

import json
import os
import urllib.error
import urllib.request
from argparse import Namespace
from pathlib import Path
from typing import Any

_PATIENCE_S = 45
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    """A sentence that says why."""


def call(options: Namespace, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask one of the phones' routes, with `body` if it changes something; Failed if it is refused."""
    url = f"http://127.0.0.1:{_port(options)}/_local/whatsapp/{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with _NO_PROXY.open(request, timeout=_PATIENCE_S) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            raise Failed(_sentence(error)) from None
    except (OSError, ValueError) as error:
        raise Failed(f"No local stack answers on port {_port(options)}. Start one with: make run") from error


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        told = json.load(error)
        # The phones' own refusals have no code: this is the gateway's, which doesn't know them.
        if told.get("code") == "NOT_FOUND":
            return "This stack links real accounts (NETWORK=whatsapp), so it has no virtual phones. Use your own phone."
        return str(told["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"The local stack answered {error.code}: is it the loopback WhatsApp that runs there?"


def _port(options: Namespace) -> int:
    given = options.port or os.environ.get("PORT")
    if not given:
        given = _recorded_port(Path(os.environ.get("LOCAL_STATE", ".local")) / "stack.json")
    if not str(given).isdecimal() or not 0 < int(given) < 1 << 16:
        raise Failed(f"{given} is no port.")
    return int(given)


def _recorded_port(file: Path) -> int:
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["port"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Failed("No local stack is running. Start one with: make run") from None
