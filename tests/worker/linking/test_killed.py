"""kill -9 at any step of a linking: what WhatsApp lists as linked is on the disk, whole; and the rest stands in no way."""

import asyncio
import json
import os
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.whatsapp_server.devices import PATIENCE_S, ROOT, Loopback, loopback

pytestmark = [pytest.mark.subprocess, pytest.mark.soak, pytest.mark.timeout(1500)]

BEFORE_THE_SCAN, AFTER_IT = 3, 17
"""How many are killed before a code shows, and from then on."""
NEVER = -1


class Killed:
    """One linking in a process of its own, over a file that others may have left."""

    def __init__(self, wa: Loopback, directory: Path, number: str) -> None:
        self.database = directory / "device.db"
        self.number = number
        self.told: dict[str, Any] = {}
        self._wa = wa
        self._tables = directory / "tables.db"

    async def link(self, last: int) -> None:
        """Have it link until its line ``last``, and scan the code that it may have shown."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(ROOT)} | self._wa.whatsapp.client_environment()
        environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
        command = [
            sys.executable,
            "-m",
            "tests.worker.linking.killed",
            str(self.database),
            str(self._tables),
            str(last),
        ]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        try:
            async with asyncio.timeout(PATIENCE_S):
                while line := await process.stdout.readline():
                    said = json.loads(line)
                    self.told[said["what"]] = said
                    if said["what"] == "code":
                        # It may be dead by now, or die while the phone waits for it: then the phone is refused.
                        await self._wa.scan(said["told"], number=self.number)
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def listed(self) -> list[str]:
        """The devices that WhatsApp has in the account."""
        phones = (await self._wa.get("phones"))["phones"]
        return [device["jid"] for phone in phones if phone["number"] == self.number for device in phone["devices"]]

    def stored(self) -> list[str]:
        """The devices on the disk, in a file that must be whole."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [jid for (jid,) in connection.execute("SELECT jid FROM whatsmeow_device")]

    def files(self) -> list[str]:
        """The names of the file and of what lies around it."""
        return sorted(file.name for file in self.database.parent.glob("*device.db*"))


def test_whatever_line_a_linking_is_killed_at_it_leaves_nothing_or_a_linked_device(
    tmp_path: Path, empty: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("LINKING_SEED") or random.randrange(2**32))
    with capsys.disabled():
        print(f"\nLINKING_SEED={seed} kills at the same lines")
    chance = random.Random(seed)
    (tmp_path / "tables.db").write_bytes(empty)

    async def story(wa: Loopback) -> None:
        whole = Killed(wa, tmp_path, "628110000000")
        await whole.link(NEVER)
        assert whole.stored() == await whole.listed() == [whole.told["linked"]["told"]]
        shown, end = whole.told["code"]["lines"], whole.told["linked"]["lines"]
        lines = chance.sample(range(1, shown), BEFORE_THE_SCAN) + chance.sample(range(shown + 1, end), AFTER_IT)
        before = whole.stored()
        for count, last in enumerate(lines, 1):
            one = Killed(wa, tmp_path, f"62811{count:07d}")
            await one.link(last)
            listed, stored = await one.listed(), one.stored()
            assert stored in (before, [f"{one.number}:1@s.whatsapp.net"]), last
            assert listed in ([], stored), f"WhatsApp lists what was lost at line {last}"
            before = stored
        # Over all that they left another one links, and the client library connects with it.
        last_one = Killed(wa, tmp_path, "628119999999")
        await last_one.link(NEVER)
        assert last_one.stored() == await last_one.listed() == [last_one.told["linked"]["told"]]
        assert last_one.files() == ["device.db"]
        async with wa.client(last_one.database) as client:
            await client.until("connected")

    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa:
            await story(wa)

    asyncio.run(run())
