"""What the library's trace tells of uploads: read as the library writes it, believed only where it can be."""

import asyncio
import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib.worker.whatsapp import media_connection as module
from chalicelib.worker.whatsapp.media_connection import RECEIVED, MediaConnection, MediaConnections, read
from infra.whatsapp_server.media import HOSTS
from tests.whatsapp_server.devices import loopback

ROOT = Path(__file__).parents[3]
CONN = '<media_conn auth="AB.c-d_" auth_ttl="9" max_buckets="12" ttl="300">{}</media_conn>'
HOST = '<host fallback_hostname="x.whatsapp.net" hostname="media-sin6-1.cdn.whatsapp.net" type="primary"/>'
LINE = f'<iq from="s.whatsapp.net" id="1.2-3" t="1" type="result">{CONN.format(HOST)}</iq>'


def test_a_line_of_the_trace_says_host_and_token() -> None:
    assert read(LINE, now=100.0) == MediaConnection("media-sin6-1.cdn.whatsapp.net", "AB.c-d_", 400.0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        '<iq id="1" type="result"/>',
        LINE.replace('auth="AB.c-d_"', ""),
        LINE.replace(' ttl="300"', ""),
        LINE.replace("300", "soon"),
        LINE.replace("whatsapp.net", "whatsapp.net.evil.example"),
        LINE.replace("media-sin6-1.cdn.whatsapp.net", "evil.example"),
        LINE.replace("media-sin6-1.cdn", "a/b@evil.example/.").replace("x.whatsapp.net", "x"),
        LINE.replace('type="result"', 'type="error"'),
        f'<message notify="x"><enc/></message>{LINE}',
        f'<message from="1@lid" notify="">{LINE}"><enc/></message>',
        f'<iq type="get" notify="{LINE}"><ping/></iq>',
        f'<iq type="result"><query>{CONN.format(HOST)}</query></iq>',
        LINE + "<more/>",
    ],
    ids=range(14),
)
def test_what_a_stranger_may_have_put_into_a_line_is_not_believed(line: str) -> None:
    assert read(line, now=0) is None


def test_the_token_is_asked_for_where_there_is_none_that_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def provoke() -> None:
        asked.append(time.monotonic())
        # Another thread writes the trace.
        threading.Timer(0.05, RECEIVED.debug, [LINE]).start()

    connections = MediaConnections()
    try:
        found = connections.now(provoke)
        assert found is not None
        assert connections.now(provoke) is found
        assert len(asked) == 1
        later = time.monotonic() + 301
        monkeypatch.setattr("time.monotonic", lambda: later)
        again = connections.now(lambda: RECEIVED.debug(LINE))
        assert again is not None
        assert again is not found
    finally:
        connections.close()


def test_a_library_that_says_nothing_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWS_WITHIN", 0.05)
    connections = MediaConnections()
    try:
        assert connections.now(lambda: None) is None
    finally:
        connections.close()


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_the_trace_goes_nowhere_and_the_token_is_in_no_repr() -> None:
    connections, kept, above = MediaConnections(), Kept(), logging.getLogger("whatsmeow")
    above.addHandler(kept)
    try:
        RECEIVED.debug(LINE)
        found = connections.now(pytest.fail)
    finally:
        connections.close()
        above.removeHandler(kept)
    assert kept.lines == []
    assert "AB.c-d_" not in repr(found)


@pytest.mark.subprocess
def test_the_real_client_is_told_and_its_uploads_lie_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"what is uploaded")

    async def told() -> tuple[dict[str, Any], str, list[dict[str, Any]]]:
        async with loopback(tmp_path / "whatsapp") as wa:
            await wa.post("media/lifetimes", connection_s=8)
            environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | wa.whatsapp.client_environment()
            environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.worker.whatsapp.uploading_client"),
                *(str(tmp_path / "device.db"), str(file)),
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert process.stdout
            other, lines = "", []
            async with asyncio.timeout(90):
                async for line in process.stdout:
                    if not line.startswith(b"{"):
                        other += line.decode()
                        continue
                    lines.append(json.loads(line))
                    if "code" in lines[-1]:
                        assert (await wa.scan(lines[-1]["code"]))[0] == 200
            assert await process.wait() == 0, other
            return lines[-1], other, (await wa.get("media"))["files"]

    found, other, files = asyncio.run(told())
    assert found["hosts"] == [HOSTS[0]] * 3
    assert found["traced"] == found["acknowledged"]
    one, same, later = found["auths"]
    assert one == same
    assert one != later
    assert not any(auth in other + found["repr"] for auth in found["auths"])
    # Those of one byte are the library's, and provoked what its trace told.
    assert set(found["paths"]) <= {one["direct_path"] for one in files}
    assert hashlib.sha256(b"what is uploaded").hexdigest() not in other
    assert "media_conn" not in other
