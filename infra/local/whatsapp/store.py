"""Keeps the accounts in a file: soon after a change, at once where a restart must not forget it."""

import asyncio
import json
from pathlib import Path

from infra.local.whatsapp.accounts import Accounts
from infra.local.whatsapp.files import write_private
from infra.local.whatsapp.records import from_record, to_record

DELAY_S = 1.0


class Store:
    """The accounts and their file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._dirty = False
        self._timer: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accounts = Accounts()
        if path.is_file():
            for record in json.loads(path.read_text(encoding="utf-8"))["accounts"]:
                self.accounts.add(from_record(record))

    def changed(self) -> None:
        """Have the file written within a second, however many changes follow."""
        self._dirty = True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY_S, self._due)

    def _due(self) -> None:
        self._timer = None
        task = asyncio.create_task(self.flush())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Write what changed, now; returns when it is in the file."""
        async with self._writing:
            if self._dirty:
                self._dirty = False
                text = json.dumps({"accounts": [to_record(account) for account in self.accounts]})
                await asyncio.to_thread(write_private, self._path, text.encode())

    async def close(self) -> None:
        """Write what changed and leave no timer behind."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        await self.flush()
