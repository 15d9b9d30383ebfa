"""The control routes of the virtual phones, as the command line asks them."""

import json
import os
import shutil
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

_PATIENCE_S = 45
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    """A sentence that says why."""


def call(options: Namespace, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask one of the phones' routes, with `body` if it changes something; Failed if it is refused."""
    data = None if body is None else json.dumps(body).encode()
    with _asked(options, route, data, {"Content-Type": "application/json"}) as answer:
        return dict(json.load(answer))


def put(options: Namespace, number: str, file: Path) -> str:
    """Put a file on a phone; its name there. Failed if there is no such file, or it is refused."""
    try:
        size = file.stat().st_size
        with file.open("rb") as content:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            with _asked(options, path(number, "files"), content, headers, method="PUT") as answer:
                return str(json.load(answer)["file"])
    except OSError as error:
        raise Failed(f"{file} can't be read: {error.strerror}.") from error


def fetch(options: Namespace, route: str, file: Path) -> int:
    """Write what a route answers into a file; its bytes."""
    with _asked(options, route) as answer:
        try:
            with file.open("wb") as content:
                shutil.copyfileobj(answer, content)
        except OSError as error:
            raise Failed(f"{file} can't be written: {error.strerror}.") from error
    return file.stat().st_size


@contextmanager
def _asked(
    options: Namespace,
    route: str,
    data: bytes | BinaryIO | None = None,
    headers: dict[str, str] | None = None,
    *,
    method: str | None = None,
) -> Iterator[Any]:
    port = _port(options)
    url = f"http://127.0.0.1:{port}/_local/whatsapp/{route}"
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        answer = _NO_PROXY.open(request, timeout=_PATIENCE_S)
    except urllib.error.HTTPError as error:
        with error:
            raise Failed(_sentence(error)) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise Failed(f"No local stack answers on port {port}. Start one with: make run") from error
    with answer:
        try:
            yield answer
        except ValueError as error:
            raise Failed(f"What answers on port {port} isn't a local stack. Start one with: make run") from error


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


def path(number: str, act: str = "") -> str:
    """A phone's route."""
    return "/".join(("phones", quote(number, safe=""), *([act] if act else [])))


def readable(text: str) -> str:
    """On the terminal a text from elsewhere may hold letters and line breaks, and nothing that commands it."""
    return "".join(
        one if one.isprintable() else "\n    " if one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text
    )
