"""The unmodified client's own uploads and downloads, beside the phones' own code, byte for byte."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from chalicelib.wire.media import AUDIO, DOCUMENT, IMAGE, VIDEO, MediaEncryption
from infra.whatsapp_server.phones.files import Reference, download
from tests.whatsapp_server.devices import Loopback, RawClient, loopback

pytestmark = pytest.mark.subprocess

KINDS: Final = {IMAGE: "MediaImage", VIDEO: "MediaVideo", AUDIO: "MediaAudio", DOCUMENT: "MediaDocument"}
SIZES: Final = (1, 15, 16, 17, 4095, 70_000, 3_000_001)
Story = Callable[[Loopback, RawClient, Path], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await wa.linked(client)
            await story(wa, client, tmp_path)

    asyncio.run(run())


def contents() -> list[bytes]:
    random = Random(7)
    return [random.randbytes(size) for size in SIZES]


async def uploaded(client: RawClient, kind: str, file: Path) -> dict[str, Any]:
    client.tell(f"upload {KINDS[kind]} {file}")
    return await client.until("uploaded")


def test_what_the_client_uploads_opens_with_our_code_and_is_what_our_code_would_have_made(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient, directory: Path) -> None:
        hosts, file, opened = wa.whatsapp._network.media, directory / "file", directory / "opened"
        for kind in KINDS:
            for content in contents():
                file.write_bytes(content)
                told = await uploaded(client, kind, file)
                key, sha256, enc_sha256 = (bytes.fromhex(told[name]) for name in ("key", "sha256", "enc_sha256"))
                download(hosts, Reference(kind, told["direct_path"], key, sha256, enc_sha256, told["size"], 0), opened)
                assert opened.read_bytes() == content
                ours = MediaEncryption(key, kind)
                assert ours.update(content) + ours.finish() == hosts.find(told["direct_path"]).read_bytes()
                assert (ours.file_sha256, ours.enc_sha256, ours.size) == (sha256, enc_sha256, told["size"])

    told(tmp_path, story)


def test_the_client_says_which_status_an_upload_was_refused_with(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient, directory: Path) -> None:
        (directory / "file").write_bytes(b"content")
        await wa.post("faults/media", method="POST", status=503)
        client.tell(f"upload MediaImage {directory / 'file'}")
        assert (await client.until("upload_failed"))["error"] == "upload failed with status code 503"

    told(tmp_path, story)
