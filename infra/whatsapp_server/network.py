"""What the server knows while it runs: accounts, who is online, who waits for a phone."""

import asyncio
import secrets
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from infra.whatsapp_server.accounts import Account, Accounts, Device
from infra.whatsapp_server.addressing import announce
from infra.whatsapp_server.calls import Calls
from infra.whatsapp_server.codes import CodeOffer, CodeThrottle, PairingCode, References
from infra.whatsapp_server.connection import Connection, ConnectionEnded
from infra.whatsapp_server.errors import UnknownPhone
from infra.whatsapp_server.faults import Faults
from infra.whatsapp_server.groups.changes import GroupChanges
from infra.whatsapp_server.groups.state import Groups
from infra.whatsapp_server.passkeys import Ceremony, Step
from infra.whatsapp_server.payload import Registration
from infra.whatsapp_server.phones.files import Files
from infra.whatsapp_server.phones.phones import Phones
from infra.whatsapp_server.post import Mail, Place, Post
from infra.whatsapp_server.presence import Presences
from infra.whatsapp_server.storage import Database, Store


@dataclass(frozen=True, slots=True)
class Accepted:
    """A client's message: sender, recipient (a number, or a group's address), WhatsApp's id, the tags in the stanza."""

    sender: str
    recipient: str
    id: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stray:
    """Sender, recipient, WhatsApp's id, and when (milliseconds since the epoch)."""

    sender: str
    recipient: str
    id: str
    at: int


_MOST_STRAYS = 1000
_MOST_ACCEPTED = 1000


@dataclass(slots=True)
class Waiting:
    """A client that shows codes. `noise_key` is the one it shook hands with.

    `finish` gets the device's part of a pairing by code; `typing` is held while a phone does its own. `ceremony` is the
    linking with a passkey to `account`.
    """

    connection: Connection
    registration: Registration
    noise_key: bytes
    offer: CodeOffer = field(default_factory=CodeOffer)
    code: PairingCode | None = None
    finish: asyncio.Future[bytes] | None = None
    typing: asyncio.Lock = field(default_factory=asyncio.Lock)
    ceremony: Ceremony | None = None
    account: Account | None = None

    def leave(self) -> None:
        """The client is gone: no phone waits for its part any longer."""
        if self.finish and not self.finish.done():
            self.finish.set_exception(ConnectionEnded("the client went away"))
        if self.ceremony and self.ceremony.step not in (Step.LINKED, Step.LINKING):
            self.ceremony.fail("the device went away")


class Network:
    """The server's state, given to each handler."""

    def __init__(self, store: Store, database: Database, references: References, files: Files) -> None:
        self.store = store
        self.database = database
        self.references = references
        self.faults = Faults()
        self.media = files.media
        self.post = Post(Mail(database), self.faults)
        self.calls = Calls(self.accounts, self.post)
        self.groups = Groups(database, store.accounts)
        self.presences = Presences(self.accounts, self.groups, self.online)
        self.group_changes = GroupChanges(self.groups, store.accounts, self.post, database)
        self.phones = Phones(store, database, self.post, self.groups, files)
        self.strays: deque[Stray] = deque(maxlen=_MOST_STRAYS)
        self.accepted: deque[Accepted] = deque(maxlen=_MOST_ACCEPTED)
        self.waiting: list[Waiting] = []
        self.code_throttle = CodeThrottle()
        self.ceremonies: dict[str, Ceremony] = {}
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

    def opened(self, number: str, name: str | None) -> Account:
        """The account of a number, which is on WhatsApp from now on if it wasn't."""
        account = self.accounts.opened(number, name, secrets.randbits(31))
        self.store.changed()
        return account

    async def registered(self, number: str, name: str | None = None) -> Account:
        """The same, kept before anybody can write to it: its identity is in each session from then on."""
        known = self.accounts.numbered(number)
        account = self.opened(number, name)
        if known is None:
            await self.store.flush()
        return account

    def host(self, account: Account) -> None:
        """Have WhatsApp host an account for a business: devices that are linked from now on are vouched for as such."""
        account.hosted = True
        self.store.changed()

    def online(self, account: Account, device: int) -> Connection | None:
        """A device's connection, if it has one."""
        return self._online.get((account.number, device))

    def arrive(self, place: Place, connection: Connection) -> Connection | None:
        """Make this the device's connection; the former one, if there was one."""
        former = self._online.get(place)
        if former:
            self.post.part(place, former)
        self._online[place] = connection
        return former

    def leave(self, place: Place, connection: Connection) -> None:
        """Forget a connection, unless another has taken its place."""
        self.post.part(place, connection)
        if self._online.get(place) is connection:
            del self._online[place]

    def remove(self, account: Account, devices: Iterable[int]) -> None:
        """Take devices out of an account."""
        for device in tuple(devices):
            account.devices.pop(device, None)
            self.post.mail.abandon((account.number, device))
        self.store.changed()
        announce(self.accounts, self.post, account)

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
        await self.phones.stop()
        await self.store.close()


@dataclass(frozen=True, slots=True)
class Client:
    """The device, its account, its connection, and the server's state."""

    network: Network
    connection: Connection
    account: Account
    device: Device
