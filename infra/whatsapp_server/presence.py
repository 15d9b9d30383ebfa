"""Who is online, and who types to whom. It is told while it is so; nothing of it waits for a device that isn't there.

A device says that it is available; its account is online as long as one of its devices is, or its phone is held in the
hand. Who subscribed to an account hears of each change. That somebody types or records is told to all devices of the
other side that are connected, and shown by its phone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from weakref import WeakSet

from chalicelib.wire.node import Attribute, Jid, Node
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.connection import Connection, ConnectionEnded
from infra.whatsapp_server.groups.state import GROUPS, Groups


class Typing(StrEnum):
    """What somebody does in a chat."""

    COMPOSING = "composing"
    RECORDING = "recording"
    PAUSED = "paused"


_AUDIO: Final = "audio"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a phone sees of somebody in a chat; times in milliseconds since the epoch, None if there was none yet."""

    online: bool = False
    last_seen: int | None = None
    typing: Typing | None = None
    typed_at: int | None = None


class Presences:
    """What all devices and phones say of themselves."""

    def __init__(
        self, accounts: Accounts, groups: Groups, connected: Callable[[Account, int], Connection | None]
    ) -> None:
        self._accounts = accounts
        self._groups = groups
        self._connected = connected
        self._available: WeakSet[Connection] = WeakSet()
        self._subscribers: dict[str, WeakSet[Connection]] = {}
        self._held: set[str] = set()
        self._last_seen: dict[str, int] = {}
        self._typing: dict[tuple[str, str], Seen] = {}

    def online(self, account: Account) -> bool:
        """Whether somebody of the account is online."""
        return account.number in self._held or any(
            connection in self._available for connection in self._connections(account)
        )

    def seen(self, phone: Account) -> dict[str, Seen]:
        """What a phone sees of others, by number, or by a group's address, a slash and the number in it."""
        chats = {chat: seen for (reader, chat), seen in self._typing.items() if reader == phone.number}
        for account in self._accounts:
            if account is not phone:
                shown = chats.get(account.number, Seen())
                last = self._last_seen.get(account.number)
                chats[account.number] = replace(shown, online=self.online(account), last_seen=last)
        return chats

    async def hold(self, phone: Account, *, online: bool) -> None:
        """Open or close the phone's app, and tell those who follow its presence if that changes it."""
        before = self.online(phone)
        (self._held.add if online else self._held.discard)(phone.number)
        await self._tell_if_changed(phone, before=before)

    async def accept(self, account: Account, connection: Connection, stanza: Node) -> None:
        """Note what a device says of itself, or wants to be told of somebody."""
        kind = stanza.text("type")
        if kind == "subscribe":
            subject = self._accounts.of(stanza.jid("to"))
            if subject:
                self._subscribers.setdefault(subject.number, WeakSet()).add(connection)
                await _send(connection, self._presence(subject))
        elif kind in ("available", "unavailable", ""):
            before = self.online(account)
            (self._available.discard if kind == "unavailable" else self._available.add)(connection)
            await self._tell_if_changed(account, before=before)

    async def leave(self, account: Account, connection: Connection) -> None:
        """Note that a device's connection has ended."""
        before = self.online(account) or connection in self._available
        self._available.discard(connection)
        await self._tell_if_changed(account, before=before)

    async def accept_typing(self, account: Account, device: int, stanza: Node) -> None:
        """Pass on that a device's owner types, records or has paused."""
        child = stanza.children[0] if stanza.children else Node(Typing.PAUSED)
        recording = child.tag == Typing.COMPOSING and child.text("media") == _AUDIO
        state = Typing.RECORDING if recording else Typing(child.tag)
        await self.type(account, device, stanza.jid("to"), state)

    async def type(self, writer: Account, device: int, to: Jid, state: Typing) -> None:
        """Let the other side know that somebody types, records or has paused."""
        media: dict[str, Attribute] = {"media": _AUDIO} if state is Typing.RECORDING else {}
        child = Node(Typing.PAUSED) if state is Typing.PAUSED else Node(Typing.COMPOSING, media)
        for reader, chat, sender in self._readers(writer, device, to):
            self._typing[reader.number, chat] = Seen(typing=state, typed_at=now_ms())
            for connection in self._connections(reader):
                await _send(connection, Node("chatstate", sender, (child,)))

    def _readers(self, writer: Account, device: int, to: Jid) -> Iterator[tuple[Account, str, dict[str, Attribute]]]:
        """Yield each account to tell, the name of its chat, and the stanza's attributes that name the writer to it."""
        group = self._groups.find(to.user) if to.server == GROUPS else None
        if group and group.member(writer):
            named: dict[str, Attribute] = {"from": group.jid, "participant": group.address(writer).on(device)}
            for member in self._groups.people(group):
                if member is not writer:
                    yield member, f"{to}/{writer.number}", named
            return
        reader = self._accounts.of(to)
        if reader and reader is not writer:
            yield reader, writer.number, {"from": writer.lid_jid.on(device)}

    async def _tell_if_changed(self, account: Account, *, before: bool) -> None:
        if self.online(account) is before:
            return
        if before:
            self._last_seen[account.number] = now_ms()
        for connection in tuple(self._subscribers.get(account.number, ())):
            await _send(connection, self._presence(account))

    def _presence(self, account: Account) -> Node:
        if self.online(account):
            return Node("presence", {"from": account.lid_jid, "type": "available"})
        last = self._last_seen.get(account.number)
        seen = str(last // 1000) if last else "deny"
        return Node("presence", {"from": account.lid_jid, "type": "unavailable", "last": seen})

    def _connections(self, account: Account) -> list[Connection]:
        found = (self._connected(account, device) for device in account.devices)
        return [connection for connection in found if connection]


async def _send(connection: Connection, stanza: Node) -> None:
    try:
        await connection.send(stanza)
    except ConnectionEnded:
        return
