"""The media hosts, asked as clients ask them: over TLS, through the proxy, by the token that a device is told."""

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from secrets import token_bytes
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from chalicelib.wire.media import IMAGE, AlteredMedia, upload_token
from chalicelib.wire.node import Node
from infra.whatsapp_server import media
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.media import HOSTS, ExpiredMedia, Media, NoSuchMedia
from infra.whatsapp_server.phones.files import Reference, download, upload
from tests.whatsapp_server.companion import Companion, Wire
from tests.whatsapp_server.devices import Loopback, loopback
from tests.whatsapp_server.test_visit import logged_in, paired

CONTENT = bytes(range(256)) * 20


@dataclass(frozen=True, slots=True)
class Hosts:
    """The media hosts, and the token that a device was told."""

    wa: Loopback
    http: aiohttp.ClientSession
    auth: str
    hosts: tuple[str, ...]

    async def upload(
        self, content: bytes, *, kind: str = IMAGE, auth: str | None = None, token: str = "", query: str = ""
    ) -> tuple[int, dict[str, Any]]:
        token = token or upload_token(hashlib.sha256(content).digest())
        asked = {"auth": self.auth if auth is None else auth, "token": query or token}
        url = f"https://{self.hosts[0]}/mms/{kind}/{token}"
        async with self.http.post(url, params=asked, data=content) as answer:
            return answer.status, await answer.json() if answer.status == 200 else {}

    async def download(self, path: str, **headers: str) -> tuple[int, bytes]:
        async with self.http.get(f"https://{self.hosts[-1]}{path}&mms-type=image", headers=headers) as answer:
            return answer.status, await answer.read()

    async def delete(self, content: bytes, *, auth: str | None = None) -> int:
        token = upload_token(hashlib.sha256(content).digest())
        asked = {"auth": self.auth if auth is None else auth, "token": token}
        async with self.http.delete(f"https://{self.hosts[0]}/mms/image/{token}", params=asked) as answer:
            return answer.status


async def told_connection(wire: Wire) -> Node:
    return (await wire.ask("w:m", "set", Node("media_conn"), name="m1")).get("media_conn")


@asynccontextmanager
async def asked(state: Path) -> AsyncIterator[Hosts]:
    async with loopback(state) as wa:
        companion = Companion()
        await paired(wa, companion)
        async with logged_in(wa, companion) as wire:
            told = await told_connection(wire)
        environment = wa.whatsapp.client_environment()
        trust = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), proxy=environment["HTTPS_PROXY"]
        ) as http:
            yield Hosts(wa, http, told.text("auth"), tuple(host.text("hostname") for host in told.named("host")))


def told(tmp_path: Path, story: Callable[[Hosts], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asked(tmp_path) as hosts:
            await story(hosts)

    asyncio.run(run())


def test_what_is_uploaded_can_be_fetched_by_its_path_without_a_token(tmp_path: Path) -> None:
    async def story(hosts: Hosts) -> None:
        assert hosts.hosts == HOSTS
        status, answer = await hosts.upload(CONTENT)
        assert (status, answer["url"]) == (200, f"https://mmg.whatsapp.net{answer['direct_path']}")
        assert await hosts.download(answer["direct_path"]) == (200, CONTENT)

    told(tmp_path, story)


def test_a_file_and_its_uploaders_token_last_over_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with asked(tmp_path) as before:
            path = (await before.upload(CONTENT))[1]["direct_path"]
        async with asked(tmp_path) as after:
            assert await after.download(path) == (200, CONTENT)
            assert (await after.upload(b"more", auth=before.auth))[0] == 200

    asyncio.run(story())


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Have the hosts' clock be so much later than the machine's."""
    monkeypatch.setattr(media, "time", SimpleNamespace(time=lambda: time.time() + seconds))
    monkeypatch.setattr(media, "now_ms", lambda: now_ms() + seconds * 1000)


def test_an_upload_needs_a_token_of_this_server_that_hasnt_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(hosts: Hosts) -> None:
        until, signature = hosts.auth.split(".")
        for wrong in ("", "x", "zz.x", f"{until}.", f"{int(until, 16) + 9:x}.{signature}", f"{until}.ä"):
            assert await hosts.upload(CONTENT, auth=wrong) == (401, {})
        await hosts.wa.post("media/lifetimes", connection_s=600)
        companion = Companion()
        await paired(hosts.wa, companion, number="628999")
        async with logged_in(hosts.wa, companion) as wire:
            short = await told_connection(wire)
        assert (short.text("ttl"), short.text("auth_ttl")) == ("600", "600")
        assert (await hosts.upload(CONTENT, auth=short.text("auth")))[0] == 200
        later(monkeypatch, 600)
        assert await hosts.upload(CONTENT, auth=short.text("auth")) == (401, {})

    told(tmp_path, story)


def test_an_upload_must_be_the_file_that_its_address_names(tmp_path: Path) -> None:
    async def story(hosts: Hosts) -> None:
        other = upload_token(hashlib.sha256(b"other").digest())
        assert await hosts.upload(CONTENT, token=other) == (400, {})
        assert await hosts.upload(CONTENT, query=other) == (400, {})
        assert await hosts.upload(CONTENT, token="..%2F..%2Fx") == (400, {})
        assert await hosts.upload(CONTENT, kind="sticker") == (404, {})
        assert (await hosts.wa.get("media"))["files"] == []
        assert list((tmp_path / "media").iterdir()) == []

    told(tmp_path, story)


def test_an_upload_larger_than_its_kind_may_be_is_refused_at_once_and_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(2):
            yield CONTENT

    async def story(hosts: Hosts) -> None:
        assert (await hosts.upload(CONTENT))[0] == 200
        assert await hosts.upload(CONTENT + b"x") == (413, {})
        token = upload_token(hashlib.sha256(CONTENT * 2).digest())
        url = f"https://{hosts.hosts[0]}/mms/image/{token}"
        async with hosts.http.post(url, params={"auth": hosts.auth, "token": token}, data=pieces()) as answer:
            assert answer.status == 413

    monkeypatch.setitem(media.LARGEST, IMAGE, len(CONTENT))
    told(tmp_path, story)


def test_a_part_of_a_file_can_be_fetched_and_its_size_asked_for(tmp_path: Path) -> None:
    async def story(hosts: Hosts) -> None:
        path = (await hosts.upload(CONTENT))[1]["direct_path"]
        assert await hosts.download(path, Range="bytes=10-19") == (206, CONTENT[10:20])
        assert await hosts.download(path, Range="bytes=-7") == (206, CONTENT[-7:])
        assert await hosts.download(path, Range=f"bytes={len(CONTENT)}-") == (416, b"")
        async with hosts.http.head(f"https://{HOSTS[-1]}{path}") as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))
            assert await answer.read() == b""

    told(tmp_path, story)


def test_what_expired_or_was_deleted_is_gone_and_what_never_was_isnt_found(tmp_path: Path) -> None:
    async def story(hosts: Hosts) -> None:
        path, other, third = [(await hosts.upload(one))[1]["direct_path"] for one in (CONTENT, b"other", b"third")]
        assert await hosts.delete(CONTENT, auth="x") == 401
        assert [await hosts.delete(CONTENT) for _ in range(2)] == [200, 410]
        assert await hosts.delete(b"never") == 404
        assert await hosts.wa.post("media/expire", direct_path=other) == (200, {"expired": 1})
        assert [(await hosts.download(one))[0] for one in (path, other, third)] == [410, 410, 200]
        assert (await hosts.download(path.replace(path[20:30], "x" * 10)))[0] == 404
        # Those that came in the same millisecond are listed in any order.
        kept = {one["direct_path"]: one["kept"] for one in (await hosts.wa.get("media"))["files"]}
        assert kept == {path: False, other: False, third: True}
        assert await hosts.wa.post("media/expire") == (200, {"expired": 1})
        assert (await hosts.download(third))[0] == 410
        assert (await hosts.upload(third.encode()))[0] == 200
        status, answer = await hosts.wa.post("media/expire", direct_path="/v/t62.1-24/none.enc")
        assert (status, answer["code"]) == (404, "unknown_file")

    told(tmp_path, story)


def test_a_file_expires_by_itself_and_can_be_uploaded_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(hosts: Hosts) -> None:
        assert await hosts.wa.post("media/lifetimes", file_s=600) == (200, {"connection_s": 21_600, "file_s": 600})
        path = (await hosts.upload(CONTENT))[1]["direct_path"]
        assert (await hosts.download(path))[0] == 200
        later(monkeypatch, 600)
        assert (await hosts.download(path))[0] == 410
        assert not list((tmp_path / "media").glob("*.enc"))
        assert await hosts.download((await hosts.upload(CONTENT))[1]["direct_path"]) == (200, CONTENT)

    told(tmp_path, story)


def test_planned_faults_meet_one_request_each_of_their_method(tmp_path: Path) -> None:
    async def story(hosts: Hosts) -> None:
        await hosts.wa.post("faults/media", method="POST", status=507)
        await hosts.wa.post("faults/media", method="GET", status=410, times=2)
        assert await hosts.upload(CONTENT) == (507, {})
        path = (await hosts.upload(CONTENT))[1]["direct_path"]
        assert [(await hosts.download(path))[0] for _ in range(3)] == [410, 410, 200]
        await hosts.wa.post("faults/media", method="GET", altered=True)
        assert await hosts.download(path) == (200, CONTENT[:-1] + b"\xfe")
        await hosts.wa.post("faults/media", method="GET", cut_after=100)
        with pytest.raises(aiohttp.ClientError):
            await hosts.download(path)
        await hosts.wa.post("faults/media", method="GET", delay_ms=50, bytes_per_s=len(CONTENT) * 10)
        before = asyncio.get_running_loop().time()
        assert await hosts.download(path) == (200, CONTENT)
        assert asyncio.get_running_loop().time() - before >= 0.15
        await hosts.wa.post("faults/media", method="GET", status=500)
        assert await hosts.wa.post("faults/media", method="GET", times=0) == (200, {"planned": 0})
        assert (await hosts.download(path))[0] == 200

    told(tmp_path, story)


@pytest.mark.parametrize(
    "wrong", [{}, {"method": "PUT"}, {"method": "GET", "status": 200}, {"method": "GET", "altered": 1}]
)
def test_a_fault_that_cant_be_planned_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa:
            status, answer = await wa.post("faults/media", **wrong)
            assert (status, answer["code"]) == (400, "bad_request")

    asyncio.run(story())


def test_a_server_that_starts_clears_what_never_came_to_its_end_and_what_expired(tmp_path: Path) -> None:
    first = Media(tmp_path, b"key")
    first.start()
    first.lasts_s = -1
    reference = upload(first, IMAGE, BytesIO(CONTENT))
    (tmp_path / "half.part").write_bytes(b"half")
    second = Media(tmp_path, b"key")
    second.start()
    assert [one.suffix for one in tmp_path.iterdir()] == [".json"]
    with pytest.raises(ExpiredMedia):
        second.find(reference.direct_path)


def kept(tmp_path: Path) -> Media:
    one = Media(tmp_path / "media", token_bytes(32))
    one.start()
    return one


def test_a_phone_opens_what_another_has_encrypted(tmp_path: Path) -> None:
    hosts, file = kept(tmp_path), tmp_path / "phone" / "picture"
    reference = upload(hosts, IMAGE, BytesIO(CONTENT))
    assert CONTENT not in hosts.find(reference.direct_path).read_bytes()
    download(hosts, reference, file)
    assert file.read_bytes() == CONTENT
    assert (reference.sha256, reference.size) == (hashlib.sha256(CONTENT).digest(), len(CONTENT))


def test_a_phone_keeps_nothing_of_a_file_that_isnt_the_one_named(tmp_path: Path) -> None:
    hosts, file = kept(tmp_path), tmp_path / "phone" / "picture"
    one = upload(hosts, IMAGE, BytesIO(CONTENT))
    wrong = Reference(IMAGE, one.direct_path, token_bytes(32), one.sha256, one.encrypted_sha256, one.size, 0)
    with pytest.raises(AlteredMedia):
        download(hosts, wrong, file)
    with pytest.raises(NoSuchMedia):
        download(hosts, Reference(IMAGE, "/etc/passwd", one.key, one.sha256, one.encrypted_sha256, 1, 0), file)
    assert list(file.parent.iterdir()) == []
