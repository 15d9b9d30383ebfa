"""The real client in a process of its own, and a loopback WhatsApp with its phones, for tests."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from infra.whatsapp_server import WhatsApp

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("raw_client.py")
PATIENCE_S = 90
NUMBER = "6281234567890"


class RawClient:
    """The client's process, and what it said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.heard: list[dict[str, Any]] = []
        self._claimed: set[int] = set()

    async def until(self, event: str, **fields: object) -> dict[str, Any]:
        """Read on until it says `event`, with those fields."""
        assert self._process.stdout
        try:
            async with asyncio.timeout(PATIENCE_S):
                while line := await self._process.stdout.readline():
                    self.heard.append(json.loads(line))
                    if fields.items() <= self.heard[-1].items() and self.heard[-1]["event"] == event:
                        return self.heard[-1]
            told = "the client ended"
        except TimeoutError:
            told = f"{PATIENCE_S} s went by"
        raise AssertionError(f"{told} before {event}; it said {[one['event'] for one in self.heard]}")

    async def code(self) -> str:
        return str((await self.until("qr"))["code"])

    async def message(self, **fields: object) -> dict[str, Any]:
        """The next message that a person sent, with those fields; it may have come before what was waited for last."""
        return await self._unclaimed("message", peer=False, **fields)

    async def receipt(self, name: str, **fields: object) -> dict[str, Any]:
        """The next receipt of a message, with those fields; it may have come before what was waited for last."""
        return await self._unclaimed("receipt", ids=[name], **fields)

    async def _unclaimed(self, event: str, **fields: object) -> dict[str, Any]:
        wanted = {"event": event, **fields}
        before = (one for one in self.heard if wanted.items() <= one.items() and id(one) not in self._claimed)
        found = next(before, None) or await self.until(event, **fields)
        self._claimed.add(id(found))
        return found

    async def send_raw(self, jid: str, message: bytes) -> str:
        """Send a waE2E.Message; its id."""
        self.tell(f"message {jid} {message.hex()}")
        return str((await self.until("sent"))["id"])

    async def send(self, number: str, text: str) -> dict[str, Any]:
        self.tell(f"send {number} {text}")
        return await self.until("sent")

    async def group(self, act: str, **arguments: object) -> Any:
        """Have the client do something about a group; what came of it."""
        self.tell(f"group {act} {json.dumps(arguments)}")
        done = await self._unclaimed("group_done", act=act)
        assert done["error"] is None, done["error"]
        return done["result"]

    async def refusal(self, act: str, **arguments: object) -> str:
        """Have the client do something about a group that is refused; what the client says about it."""
        self.tell(f"group {act} {json.dumps(arguments)}")
        return str((await self._unclaimed("group_done", act=act))["error"])

    async def changed(self, group: str, **what: object) -> dict[str, Any]:
        """The next notice of a change of a group, which says that and no more."""
        return await self._unclaimed("group_changed", group=group, what=what)

    async def joined(self, group: str) -> dict[str, Any]:
        """The next notice that the account is in a group; it may have come before what was waited for last."""
        return await self._unclaimed("joined_group", jid=group)

    def tell(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n".encode())

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        last, _ = await self._process.communicate()
        self.heard += [json.loads(line) for line in last.splitlines(keepends=True) if line.endswith(b"\n")]


class Loopback:
    """A running loopback WhatsApp, used through its control routes."""

    def __init__(self, whatsapp: WhatsApp, address: str, http: aiohttp.ClientSession, errors: Path) -> None:
        self.whatsapp = whatsapp
        self.address = address
        self._http = http
        self._errors = errors

    @asynccontextmanager
    async def client(self, database: Path) -> AsyncIterator[RawClient]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(database.parent)} | self.whatsapp.client_environment()
        environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
        with self._errors.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(SCRIPT), str(database), env=environment,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        client = RawClient(process)
        try:
            yield client
        finally:
            await client.kill()

    async def post(self, path: str, **fields: object) -> tuple[int, dict[str, Any]]:
        async with self._http.post(f"{self.address}/{path}", json=fields) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> dict[str, Any]:
        async with self._http.get(f"{self.address}/{path}") as answer:
            return dict(await answer.json())

    async def scan(self, code: str, **fields: object) -> tuple[int, dict[str, Any]]:
        return await self.post("phones/scan", **{"code": code, "number": NUMBER, "name": "Ana"} | fields)

    async def linked(self, client: RawClient, **fields: object) -> None:
        """Link a client that has just started, and wait until it is connected."""
        status, answer = await self.scan(await client.code(), **fields)
        assert status == 200, answer
        await client.until("connected")

    async def say(self, sender: str, to: str, text: str) -> str:
        """Send a text from a phone; its id."""
        status, answer = await self.post(f"phones/{sender}/say", to=to, text=text)
        assert status == 200, answer
        return str(answer["id"])

    async def make_group(self, maker: str, name: str, *members: str, **fields: object) -> str:
        """Make a group with a phone; its address."""
        status, answer = await self.post(f"phones/{maker}/groups", name=name, **{"with": members} | fields)
        assert status == 200, answer
        return str(answer["jid"])

    def forget_keys(self, number: str) -> None:
        """Have a phone lose its sessions, and the keys that it was given for groups."""
        database = self.whatsapp._database
        database.run("DELETE FROM phone_sessions WHERE number = ?", number)
        database.run("DELETE FROM phone_sender_keys WHERE number = ?", number)

    async def put(self, number: str, content: bytes) -> str:
        """Put a file on a phone; its name there."""
        async with self._http.put(f"{self.address}/phones/{number}/files", data=content) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["file"])

    async def file(self, number: str, name: str) -> bytes:
        """The file of a phone's letter, once it is there."""
        await self.until_letter(number, name, file="kept")
        async with self._http.get(f"{self.address}/phones/{number}/messages/{name}/file") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def until_letter(self, number: str, name: str, **fields: object) -> dict[str, Any]:
        """A phone's letter with its raw message, once it is there and has those fields."""
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not ("id" in found and fields.items() <= found.items()):
                    found = await self.get(f"phones/{number}/messages/{name}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{number} has {found} after {PATIENCE_S} s") from None
        return found

    async def letters(self, number: str, *, state: str | None = None) -> list[dict[str, Any]]:
        """What a phone sent and received; if `state` is given, once all of it has come so far."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found: list[dict[str, Any]] = (await self.get(f"phones/{number}/inbox"))["messages"]
                if state is None or (found and {letter["state"] for letter in found} == {state}):
                    return found
                await asyncio.sleep(0.02)

    async def until_letters(self, number: str, count: int) -> list[dict[str, Any]]:
        """Wait until a phone has so many letters."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := await self.letters(number)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    async def until_nothing_waits(self) -> None:
        """Wait until every device has acknowledged what it got."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.get("mail"))["waiting"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def until_online(self, *, online: bool) -> None:
        """Wait until the one device's connection is known or forgotten."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._online() != [online]:  # noqa: ASYNC110  # a question over HTTP has no event
                await asyncio.sleep(0.02)

    async def until_nobody_waits(self) -> None:
        """Wait until no client shows a code any more."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.get("phones"))["waiting"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _online(self) -> list[bool]:
        phones = (await self.get("phones"))["phones"]
        return [device["online"] for phone in phones for device in phone["devices"]]


@asynccontextmanager
async def loopback(state: Path) -> AsyncIterator[Loopback]:
    whatsapp = WhatsApp(state)
    await whatsapp.start()
    runner = web.AppRunner(whatsapp.control_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as http:
            address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield Loopback(whatsapp, address, http, state / "client-errors.log")
        assert not whatsapp.refused_hosts, "the client asked for a host that isn't WhatsApp's"
    finally:
        await runner.cleanup()
        await whatsapp.stop()
