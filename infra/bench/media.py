"""Files: a picture's way from the call to WhatsApp's acknowledgement, and 100 MB out and in, with the memory they take.

Beside them the raw client, whose own calls for files hold the whole file in memory, several times.
"""

import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import requests

from infra.bench.figures import Row
from infra.bench.measuring import Alone, Bench, memory, most_memory, raw_client
from infra.local.client import Phone, Stack, eventually, expect

SESSION: Final = "628111400001"
FRIEND: Final = "628777400001"
EACH: Final = 5
"""Pictures a run."""
LARGE: Final = 100 * 1024 * 1024
"""Bytes of the large file."""
WAIT: Final = 20
"""Seconds that a call waits for its message to go out; the large file takes more calls."""


@dataclass
class MediaFigures:
    """Milliseconds of each picture, seconds of each large file, and what the worker grew by, in MB."""

    pictures: list[float] = field(default_factory=list)
    out: list[float] = field(default_factory=list)
    out_memory: list[float] = field(default_factory=list)
    came: list[float] = field(default_factory=list)
    came_memory: list[float] = field(default_factory=list)


def report(bench: Bench) -> Iterator[Row]:
    """Let both send and receive files in turn, and yield the rows."""
    ours, raw = MediaFigures(), MediaFigures()
    files = bench.state / "files"
    files.mkdir()
    (files / "a.png").write_bytes(_picture())
    with (files / "large").open("wb") as large:
        for _ in range(LARGE >> 20):
            large.write(os.urandom(1 << 20))
    with (
        bench.stack("media", SEND_BURST="100000") as stack,
        raw_client(bench.state / "raw-media") as alone,
        _served(files) as site,
    ):
        phone = Phone(stack, FRIEND).switch_on()
        stack.link(SESSION)
        alone.link(SESSION)
        alone.phone(FRIEND, {})
        for number in range(bench.runs + 1):
            # The first run is for warmth.
            _gateway(stack, phone, site, files, ours if number else MediaFigures())
            _raw_client(alone, files, raw if number else MediaFigures())
    for name, unit, mine, theirs in (
        ("200 KB picture to acknowledged", "ms", ours.pictures, raw.pictures),
        ("100 MB out, link to acknowledged", "s", ours.out, raw.out),
        ("100 MB out, memory added", "MB", ours.out_memory, raw.out_memory),
        ("100 MB in, sent to stored", "s", ours.came, raw.came),
        ("100 MB in, memory added", "MB", ours.came_memory, raw.came_memory),
    ):
        yield Row("media", name, unit, tuple(mine), tuple(theirs), "raw client")


def _gateway(stack: Stack, phone: Phone, site: str, files: Path, figures: MediaFigures) -> None:
    for _ in range(EACH):
        began = time.monotonic()
        _send(stack, "image", f"{site}/a.png")
        figures.pictures.append((time.monotonic() - began) * 1000)
    (worker,) = stack.serving()
    _timed(worker, lambda: _send(stack, "document", f"{site}/large"), figures.out, figures.out_memory)
    address = f"{stack.url}/_local/whatsapp/phones/{phone.number}/files"
    with (files / "large").open("rb") as large:
        put = requests.put(address, data=large, timeout=60).json()["file"]
    _timed(worker, lambda: _come_in(stack, phone, put), figures.came, figures.came_memory)


def _send(stack: Stack, kind: str, link: str) -> None:
    body = {"to": {"phone": FRIEND}, "type": kind, kind: {"link": link}}
    sent = stack.post(f"/v1/sessions/{SESSION}/messages?wait={WAIT}", body)
    expect(sent.ok, sent.text)
    address = f"/v1/sessions/{SESSION}/messages/{sent.json()['id']}"
    done = eventually(lambda: _settled(stack.get(address).json()), within=120)
    expect(done["status"] in {"sent", "delivered", "read"}, str(done))


def _settled(message: dict[str, Any]) -> dict[str, Any] | None:
    return None if message["status"] in {"queued", "sending"} else message


def _come_in(stack: Stack, phone: Phone, file: str) -> None:
    stored = _stored(stack)
    phone.send(SESSION, "document", file=file, file_name="large")
    eventually(lambda: _stored(stack) > stored, within=120, every=0.02)


def _stored(stack: Stack) -> int:
    """How many files workers say that they stored."""
    return sum(path.read_text(errors="replace").count("media_stored") for path in (stack.state / "logs").glob("*"))


def _raw_client(alone: Alone, files: Path, figures: MediaFigures) -> None:
    for _ in range(EACH):
        alone.do(to=FRIEND, image=str(files / "a.png"))
        figures.pictures.append(alone.until("sent")["ms"])
    client = alone.process.pid
    began = _begin(client)
    alone.do(to=FRIEND, document=str(files / "large"))
    sent = alone.until("sent")
    figures.out.append(sent["ms"] / 1000)
    figures.out_memory.append(most_memory(client) - began)
    began = _begin(client)
    with (files / "large").open("rb") as large:
        put = requests.put(f"{alone.control}/phones/{FRIEND}/files", data=large, timeout=60).json()["file"]
    at = time.monotonic()
    alone.phone(f"{FRIEND}/send", {"to": SESSION, "kind": "document", "file": put, "file_name": "large"})
    alone.until("downloaded")
    figures.came.append(time.monotonic() - at)
    figures.came_memory.append(most_memory(client) - began)


def _timed(process: int, act: Callable[[], None], seconds: list[float], grown: list[float]) -> None:
    before, began = _begin(process), time.monotonic()
    act()
    seconds.append(time.monotonic() - began)
    grown.append(most_memory(process) - before)


def _begin(process: int) -> float:
    """Forget the most memory that a process has had, and return what it has."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return memory(process)


def _picture() -> bytes:
    """Return a PNG of about 200 KB, which hardly compresses."""

    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    side = 258
    lines = b"".join(b"\0" + os.urandom(3 * side) for _ in range(side))
    head = part(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b"")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _served(files: Path) -> Iterator[str]:
    """Serve the files on this machine while the block runs; yield the address that their names go behind."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(files))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
