"""Files to and from the loopback WhatsApp's media hosts, over TLS and through a proxy as in earnest."""

import asyncio
import hashlib
import io
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from secrets import token_bytes
from urllib.parse import urlsplit

import pytest

from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.domain.media import LARGEST, FileTrouble
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.worker.log import Log
from chalicelib.worker.media import transfer as module
from chalicelib.worker.media.transfer import Downloaded, Transfer
from chalicelib.worker.session.tunnel import Tunnel
from chalicelib.worker.whatsapp.errors import MediaFailed
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.media_connection import MediaConnection
from infra.whatsapp_server.media import HOSTS
from infra.whatsapp_server.phones.files import Reference, download, upload
from tests.proxies import OwnersProxy, running
from tests.whatsapp_server.test_media import Hosts, asked

pytestmark = pytest.mark.subprocess

CONTENT = bytes(range(256)) * 5_000


class Way:
    """A Transfer to the hosts, whose waiting takes no time, and what it waited."""

    def __init__(self, hosts: Hosts) -> None:
        self.waited: list[float] = []
        self.hosts = hosts
        self.transfer = Transfer(hosts.wa.whatsapp.client_environment()["HTTPS_PROXY"], self.waited.append)
        self.connection = MediaConnection(HOSTS[0], hosts.auth, 0)

    async def up(self, content: bytes = CONTENT, kind: str = "document") -> WhatsAppFile:
        return await asyncio.to_thread(
            self.transfer.upload, io.BytesIO(content), kind, "application/pdf", self.connection
        )

    async def down(self, file: WhatsAppFile) -> bytes:
        into = io.BytesIO(b"what was there")
        found = await asyncio.to_thread(self.transfer.download, file, into)
        assert found == Downloaded(len(into.getvalue()), hashlib.sha256(into.getvalue()).digest())
        return into.getvalue()

    async def fault(self, method: str, **fault: object) -> None:
        await self.hosts.wa.post("faults/media", method=method, **fault)


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Way], Awaitable[None]]], None]:
    def tell(story: Callable[[Way], Awaitable[None]]) -> None:
        async def run() -> None:
            async with asked(tmp_path) as hosts:
                monkeypatch.setenv("SSL_CERT_FILE", hosts.wa.whatsapp.client_environment()["SSL_CERT_FILE"])
                await story(Way(hosts))

        asyncio.run(run())

    return tell


Tell = Callable[[Callable[[Way], Awaitable[None]]], None]


def test_a_file_of_any_size_and_kind_goes_up_and_comes_down_as_it_was(tell: Tell) -> None:
    async def story(way: Way) -> None:
        sizes = [1, 15, 16, 17, module.CHUNK - 1, module.CHUNK, module.CHUNK + 1, 1_000_000]
        for size, kind in product(sizes, ["image", "video", "audio", "document"]):
            content = token_bytes(size)
            file = await way.up(content, kind)
            assert (file.kind, file.size, file.mimetype) == (kind, size, "application/pdf")
            assert file.file_sha256 == hashlib.sha256(content).digest()
            assert file.direct_path.startswith("/v/")
            assert await way.down(file) == content
        assert way.waited == []

    tell(story)


def test_a_phone_reads_what_goes_up_and_what_it_sends_comes_down(tell: Tell, tmp_path: Path) -> None:
    async def story(way: Way) -> None:
        file = await way.up()
        media = way.hosts.wa.whatsapp._network.media
        reference = Reference(
            file.kind, file.direct_path, file.media_key, file.file_sha256, file.enc_sha256, file.size, 0
        )
        download(media, reference, tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == CONTENT
        sent = upload(media, "image", io.BytesIO(CONTENT))
        theirs = replace(
            file,
            kind="image",
            direct_path=sent.direct_path,
            media_key=sent.key,
            enc_sha256=sent.encrypted_sha256,
            file_sha256=sent.sha256,
        )
        assert await way.down(theirs) == CONTENT

    tell(story)


def test_each_upload_has_a_key_of_its_own(tell: Tell) -> None:
    async def story(way: Way) -> None:
        one, other = await way.up(), await way.up()
        assert one.media_key != other.media_key
        assert one.direct_path != other.direct_path
        assert all(secret not in repr(one) for secret in (one.media_key.hex(), one.direct_path))

    tell(story)


@pytest.mark.parametrize("status", [500, 503, 429, 401])
def test_an_upload_that_fails_is_tried_again_and_given_up_in_the_end(tell: Tell, status: int) -> None:
    async def story(way: Way) -> None:
        await way.fault("POST", status=status, times=2)
        assert await way.down(await way.up()) == CONTENT
        assert way.waited == [1.0, 3.0]
        await way.fault("POST", status=status, times=4)
        with pytest.raises(MediaFailed) as failed:
            await way.up()
        assert failed.value.code == FileTrouble.UPLOAD_FAILED
        assert way.waited[2:] == [1.0, 3.0, 9.0]

    tell(story)


def test_an_upload_without_a_good_token_fails(tell: Tell) -> None:
    async def story(way: Way) -> None:
        way.connection = MediaConnection(HOSTS[0], "secret-token", 0)
        with pytest.raises(MediaFailed) as failed:
            await way.up()
        assert failed.value.code == FileTrouble.UPLOAD_FAILED
        assert "secret-token" not in str(failed.value) + failed.value.sentence + repr(way.connection)
        assert failed.value.__cause__ is None

    tell(story)


def test_a_file_that_is_too_large_for_whatsapp_is_not_tried_again(tell: Tell) -> None:
    async def story(way: Way) -> None:
        await way.fault("POST", status=413)
        with pytest.raises(MediaFailed) as failed:
            await way.up()
        assert (failed.value.code, way.waited) == (FileTrouble.TOO_LARGE, [])

    tell(story)


def test_a_download_goes_on_over_what_passes(tell: Tell) -> None:
    async def story(way: Way) -> None:
        file = await way.up()
        for fault in ({"status": 500}, {"cut_after": 700_000}):
            await way.fault("GET", **fault)
        assert await way.down(file) == CONTENT
        assert way.waited == [1.0, 3.0]

    tell(story)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_whatsapp_no_longer_has_is_expired_at_once(tell: Tell, status: int) -> None:
    async def story(way: Way) -> None:
        file = await way.up()
        await way.fault("GET", status=status)
        with pytest.raises(MediaFailed) as failed:
            await way.down(file)
        assert (failed.value.code, way.waited) == (FileTrouble.EXPIRED, [])

    tell(story)


@pytest.mark.parametrize(
    "wrong", [{"media_key": bytes(32)}, {"enc_sha256": bytes(32)}, {"file_sha256": bytes(32)}, {"kind": "image"}]
)
def test_a_file_that_is_not_what_the_message_says_is_never_handed_out(tell: Tell, wrong: dict[str, object]) -> None:
    async def story(way: Way) -> None:
        file = await way.up()
        with pytest.raises(MediaFailed) as failed:
            await way.down(replace(file, **wrong))  # type: ignore[arg-type]
        assert (failed.value.code, way.waited) == (FileTrouble.ALTERED, [])

    tell(story)


def test_what_was_altered_where_it_lies_is_not_fetched_again(tell: Tell) -> None:
    async def story(way: Way) -> None:
        file = await way.up()
        await way.fault("GET", altered=True)
        with pytest.raises(MediaFailed) as failed:
            await way.down(file)
        assert (failed.value.code, way.waited) == (FileTrouble.ALTERED, [])

    tell(story)


def test_more_than_may_be_had_is_not_read(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(way: Way) -> None:
        file = await way.up()
        monkeypatch.setattr(module, "LARGEST", len(CONTENT) - 100)
        with pytest.raises(MediaFailed) as failed:
            await way.down(file)
        assert (failed.value.code, way.waited) == (FileTrouble.TOO_LARGE, [])

    tell(story)


@pytest.mark.parametrize(
    "path", ["", "v/t62", "@evil.example/x", "/a b", "/a\r\nHost: evil", "/a\\b", "/a#b", "/" + "a" * 5000]
)
def test_a_path_that_is_none_is_not_asked_for(path: str) -> None:
    file = WhatsAppFile(
        kind="image",
        direct_path=path,
        media_key=bytes(32),
        enc_sha256=bytes(32),
        file_sha256=bytes(32),
        size=1,
        mimetype="image/png",
        media_key_timestamp=0,
    )
    with pytest.raises(MediaFailed) as failed:
        Transfer("http://127.0.0.1:1", lambda _: pytest.fail("It was asked for.")).download(file, io.BytesIO())
    assert failed.value.code == FileTrouble.NOT_FOUND


@pytest.mark.parametrize("kind", [ProxyType.HTTP, ProxyType.SOCKS5])
def test_files_go_through_the_session_s_proxy_both_ways(tell: Tell, kind: ProxyType) -> None:
    async def story(way: Way) -> None:
        loopback = urlsplit(way.hosts.wa.whatsapp.client_environment()["HTTPS_PROXY"])

        def reach(host: str, port: int) -> socket.socket:
            there = Proxy(ProxyType.HTTP, loopback.hostname or "", loopback.port or 0)
            return ProxyDialer(local=True).dial(there, host, port, seconds=10)

        with running(OwnersProxy(kind, credentials=("ana", "word"), reach=reach)) as owner:
            tunnel = Tunnel(Proxy(kind, "127.0.0.1", owner.port, "ana", "word"), ProxyDialer(local=True), Log())
            way.transfer = Transfer(tunnel.url, way.waited.append)
            try:
                assert await way.down(await way.up()) == CONTENT
                assert tunnel.url not in repr(way.transfer)
            finally:
                tunnel.close()
        assert (set(owner.asked), way.waited) == ({f"{host}:443" for host in HOSTS}, [])

    tell(story)


def test_hosts_out_of_reach_are_given_up_in_the_end(tmp_path: Path) -> None:
    waited: list[float] = []
    way = Transfer("http://user:secret@127.0.0.1:1", waited.append)
    with pytest.raises(MediaFailed) as failed:
        way.upload(io.BytesIO(b"x"), "image", "image/png", MediaConnection(HOSTS[0], "auth", 0))
    assert failed.value.code == FileTrouble.UPLOAD_FAILED
    assert len(waited) == 3
    assert "secret" not in repr(way)


MEASURED = """
import io, re, sys
from pathlib import Path
from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.whatsapp.media_connection import MediaConnection
def memory(which):
    return int(re.search(which + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
way, (source, into, host, auth) = Transfer(), sys.argv[1:]
way.download(way.upload(io.BytesIO(b"x"), "document", "text/plain", MediaConnection(host, auth, 0)), io.BytesIO())
before = memory("VmRSS")
with open(source, "rb") as file:
    sent = way.upload(file, "document", "text/plain", MediaConnection(host, auth, 0))
with open(into, "w+b") as file:
    way.download(sent, file)
print(memory("VmHWM") - before)
"""


def test_a_hundred_megabytes_each_way_take_no_memory(tell: Tell, tmp_path: Path) -> None:
    async def story(way: Way) -> None:
        source, into = tmp_path / "source", tmp_path / "into"
        with source.open("wb") as file:
            for _ in range(LARGEST >> 20):
                file.write(token_bytes(1 << 20))
        environment = way.hosts.wa.whatsapp.client_environment()
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", MEASURED, str(source), str(into), HOSTS[0], way.hosts.auth],
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": "", **environment, "PYTHONPATH": "."},
        )
        assert int(done.stdout) < 32 << 20
        with source.open("rb") as one, into.open("rb") as other:
            assert hashlib.file_digest(one, "sha256").digest() == hashlib.file_digest(other, "sha256").digest()

    tell(story)
