"""What the server knows while it runs: accounts, who is online, who waits for a phone."""

import asyncio
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from infra.local.whatsapp.accounts import Account, Accounts
from infra.local.whatsapp.connection import Connection
from infra.local.whatsapp.errors import UnknownPhone
from infra.local.whatsapp.knobs import Knobs
from infra.local.whatsapp.offers import Offer
from infra.local.whatsapp.payload import Registration
from infra.local.whatsapp.references import References
from infra.local.whatsapp.store import Store

Place = tuple[str, int]
"""A linked device: the account's number and the device's."""


@dataclass(slots=True)
class Waiting:
    """A client that shows codes. `noise_key` is the one it shook hands with."""

    connection: Connection
    registration: Registration
    noise_key: bytes
    offer: Offer = field(default_factory=Offer)


class Network:
    """The server's state, given to each handler."""

    def __init__(self, store: Store, references: References) -> None:
        self.store = store
        self.references = references
        self.knobs = Knobs()
        self.waiting: list[Waiting] = []
        self.connections: set[Connection] = set()
        self._online: dict[Place, Connection] = {}
        self._background: set[asyncio.Task[None]] = set()

    @property
    def accounts(self) -> Accounts:
        """All accounts."""
        return self.store.accounts

    def account(self, number: str) -> Account:
        """The account of a number; UnknownPhone if there is none."""
        account = self.accounts.numbered(number)
        if account is None:
            raise UnknownPhone(f"No phone has the number {number} here.")
        return account

    def online(self, account: Account, device: int) -> Connection | None:
        """A device's connection, if it has one."""
        return self._online.get((account.number, device))

    def arrive(self, place: Place, connection: Connection) -> Connection | None:
        """Make this the device's connection; the former one, if there was one."""
        former = self._online.get(place)
        self._online[place] = connection
        return former

    def leave(self, place: Place, connection: Connection) -> None:
        """Forget a connection, unless another has taken its place."""
        if self._online.get(place) is connection:
            del self._online[place]

    def remove(self, account: Account, devices: Iterable[int]) -> None:
        """Take devices out of an account."""
        for device in tuple(devices):
            account.devices.pop(device, None)
        self.store.changed()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something later that nobody waits for; it ends with the server."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def stop(self) -> None:
        """Cut every connection and end what runs in the background."""
        for connection in tuple(self.connections):
            connection.abort()
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.store.close()


def now_ms() -> int:
    """The time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def now_s() -> str:
    """The time in seconds since the epoch, as stanzas carry it."""
    return str(int(time.time()))
