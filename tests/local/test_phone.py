"""The phones' command line against a running loopback WhatsApp and the real client."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import qrcode
from aiohttp import web

from infra.whatsapp_server import WhatsApp
from tests.whatsapp_server.devices import NUMBER, Loopback, RawClient, loopback

pytestmark = pytest.mark.subprocess


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


class CommandLine:
    """Runs `python -m infra.local.phone` as a person does."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self._directory = directory
        self._environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **environment}

    async def __call__(self, *words: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "infra.local.phone", *words, cwd=self._directory, env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        assert b"Traceback" not in err
        return Said(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def fronted(whatsapp: WhatsApp) -> AsyncIterator[int]:
    """The control routes where the local stack has them; the port."""
    app = web.Application()
    app.add_subapp("/_local/whatsapp/", whatsapp.control_app())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncIterator[tuple[Loopback, RawClient, CommandLine]]:
    async with (
        loopback(tmp_path / "wa") as wa,
        wa.client(tmp_path / "device.db") as client,
        fronted(wa.whatsapp) as port,
    ):
        yield wa, client, CommandLine(tmp_path, PORT=str(port))


def test_a_phones_whole_day(tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(tmp_path) as (_, client, phone):
            qrcode.make(await client.code()).save(tmp_path / "qr-code.png")
            scanned = await phone("scan", "qr-code.png", "--number", f"+{NUMBER}", "--name", "Ana")
            assert (scanned.code, scanned.out) == (0, f"{NUMBER} has linked the device: it is number 1.\n")
            await client.until("connected")
            assert (await phone("list")).out == f"{NUMBER} Ana\n  device 1: online\n"
            assert (await phone("drop", NUMBER)).out == f"Cut 1 device of {NUMBER} off the network.\n"
            await client.until("connected")
            assert (await phone("unlink", NUMBER)).out == f"{NUMBER} has unlinked 1 device.\n"
            await client.until("logged_out")
            again = await phone("scan", "qr-code.png", "--number", NUMBER)
            assert again.code == 1
            assert "expired" in again.err
            assert (await phone("list")).out == f"{NUMBER} Ana\n  no linked devices\n"

    asyncio.run(story())


def test_a_foreign_code_and_a_bad_number_are_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(tmp_path) as (_, client, phone):
            qrcode.make("https://example.com").save(tmp_path / "foreign.png")
            foreign = await phone("scan", "foreign.png", "--number", NUMBER)
            assert (foreign.code, foreign.err) == (1, "That is not a WhatsApp linking code.\n")
            qrcode.make(await client.code()).save(tmp_path / "qr-code.png")
            bad = await phone("scan", "qr-code.png", "--number", "0812")
            assert bad.code == 1
            assert bad.err.startswith("That is no phone number")
            assert (await phone("unlink", "12/../x")).code == 1

    asyncio.run(story())


def test_a_pairing_code_is_typed(tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(tmp_path) as (_, client, phone):
            nobody = await phone("link-code", "ABCD-EFGH", "--number", NUMBER)
            assert (nobody.code, nobody.err) == (1, f"No device waits for {NUMBER} with a pairing code.\n")
            await client.code()
            client.tell(f"pair {NUMBER}")
            code = str((await client.until("code"))["code"])
            typed = await phone("link-code", code, "--number", f"+{NUMBER}", "--name", "Ana")
            assert (typed.code, typed.out) == (0, f"{NUMBER} has linked the device: it is number 1.\n")
            await client.until("connected")

    asyncio.run(story())


def test_a_phone_signs_with_its_passkey(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, fronted(wa.whatsapp) as port:
            phone = CommandLine(tmp_path, PORT=str(port))
            await wa.post(f"phones/{NUMBER}/passkey")
            nothing = await phone("passkey", NUMBER)
            assert (nothing.code, nothing.err) == (1, f"{NUMBER} links no device with a passkey.\n")
            (tmp_path / "options.json").write_text('{"challenge": "AAAA", "rpId": "whatsapp.com"}')
            signed = await phone("passkey", NUMBER, "--options", "options.json", "--origin", "https://example.com")
            assert json.loads(signed.out)["type"] == "public-key"
            missing = await phone("passkey", NUMBER, "--options", "none.json")
            assert (missing.code, missing.err) == (1, "none.json holds no request options.\n")

    asyncio.run(story())


def test_the_stack_is_found_by_its_state_file(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, fronted(wa.whatsapp) as port:
            (tmp_path / ".local").mkdir()
            (tmp_path / ".local" / "stack.json").write_text(json.dumps({"port": port, "pid": 1}), encoding="utf-8")
            assert (await CommandLine(tmp_path)("list")).out == "There are no phones yet.\n"
            elsewhere = CommandLine(tmp_path, LOCAL_STATE="elsewhere")
            assert (await elsewhere("list")).code == 1
            assert (await elsewhere("list", "--port", str(port))).code == 0
            assert (await elsewhere("--port", str(port), "list")).code == 0

    asyncio.run(story())


def test_without_a_stack_a_sentence_says_how_to_start_one(tmp_path: Path) -> None:
    async def story() -> None:
        nowhere = await CommandLine(tmp_path)("list")
        assert (nowhere.code, nowhere.err) == (1, "No local stack is running. Start one with: make run\n")
        silent = await CommandLine(tmp_path, PORT="9")("drop", NUMBER)
        assert (silent.code, silent.err) == (1, "No local stack answers on port 9. Start one with: make run\n")
        assert (await CommandLine(tmp_path, PORT="many")("list")).err == "many is no port.\n"
        missing = await CommandLine(tmp_path)("scan", "none.png", "--number", NUMBER)
        assert (missing.code, missing.err) == (1, "There is no file none.png.\n")

    asyncio.run(story())
