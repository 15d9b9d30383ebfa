"""The post: stanzas wait for their device, are brought there, and stay until the device has acknowledged them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.wire.codec import decode, encode
from chalicelib.wire.node import SERVER, Node
from infra.whatsapp_server.connection import Connection, ConnectionEnded
from infra.whatsapp_server.faults import Faults
from infra.whatsapp_server.storage import Database

Place = tuple[str, int]
"""A device: the account's number and the device's, 0 for the phone."""

_PLACE = "number = ? AND device = ?"
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """A waiting stanza; `seq` grows with each one."""

    seq: int
    stanza: Node


class Mail:
    """What waits for each device, in the order it came."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, place: Place, stanza: Node) -> None:
        """Keep a stanza for a device. It replaces one that still waits and says the same.

        That is one of its tag, type, sender, participant and id; of two notifications about the devices of one account,
        whatever their ids, the later says it all.
        """
        key = (stanza.tag, stanza.text("id"), _kind(stanza), stanza.text("from"), stanza.text("participant"))
        with self._database.transaction():
            self._database.run(
                f"DELETE FROM mail WHERE {_PLACE} AND tag = ?"  # noqa: S608
                " AND (id = ? OR (tag = 'notification' AND type = 'devices'))"
                " AND type = ? AND sender = ? AND participant = ?",
                *place, *key,
            )  # fmt: skip
            self._database.run(
                "INSERT INTO mail (number, device, tag, id, type, sender, participant, stanza)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *place, *key, encode(stanza),
            )  # fmt: skip

    def after(self, place: Place, seq: int) -> list[Item]:
        """What waits for a device and came after `seq`."""
        found = self._database.rows(
            "SELECT seq, stanza FROM mail WHERE number = ? AND device = ? AND seq > ? ORDER BY seq", *place, seq
        )
        return [Item(number, decode(stanza)) for number, stanza in found]

    def settle_message(self, place: Place, name: str) -> None:
        """Forget a message that its device has acknowledged."""
        self._database.run(f"DELETE FROM mail WHERE {_PLACE} AND tag = 'message' AND id = ?", *place, name)  # noqa: S608

    def settle(self, place: Place, acknowledgement: Node) -> None:
        """Forget the receipt or notification that an acknowledgement names."""
        named = [acknowledgement.text(name) for name in ("class", "id", "type", "to", "participant")]
        self._database.run(
            f"DELETE FROM mail WHERE {_PLACE} AND tag = ? AND id = ?"  # noqa: S608
            " AND type = ? AND sender = ? AND participant = ?",
            *place, *named,
        )  # fmt: skip

    def finish(self, item: Item) -> None:
        """Forget one stanza."""
        self._database.run("DELETE FROM mail WHERE seq = ?", item.seq)

    def abandon(self, place: Place) -> None:
        """Forget all that waits for a device that is gone for good."""
        self._database.run(f"DELETE FROM mail WHERE {_PLACE}", *place)  # noqa: S608

    def waiting(self) -> dict[Place, int]:
        """How much waits for each device that has not acknowledged all."""
        found = self._database.rows("SELECT number, device, COUNT(*) FROM mail GROUP BY number, device")
        return {(number, device): count for number, device, count in found}

    def first_time(self, place: Place, name: str) -> bool:
        """Note a message that a device sent; False if it sent it before, as clients do after a broken connection."""
        added = self._database.run("INSERT OR IGNORE INTO accepted (number, device, id) VALUES (?, ?, ?)", *place, name)
        self._database.run("DELETE FROM accepted WHERE seq <= (SELECT MAX(seq) FROM accepted) - ?", _REMEMBERED)
        return added > 0


def _kind(stanza: Node) -> str:
    """A message may be delivered and read: two receipts of one id. A message's own type says what is in it."""
    return "" if stanza.tag == "message" else stanza.text("type")


class Courier:
    """Serves one connection. Each stanza goes out once on it; what isn't acknowledged waits for the next login."""

    def __init__(self, mail: Mail, place: Place, connection: Connection) -> None:
        self.connection = connection
        self._mail = mail
        self._place = place
        self._brought = 0
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Wake ``run``: a new stanza waits to be brought."""
        self._bell.set()

    async def run(self) -> None:
        """Bring what waits until the connection ends."""
        try:
            count = await self._bring(offline=True)
            await self.connection.send(Node("ib", {"from": SERVER}, (Node("offline", {"count": str(count)}),)))
            while await self._bell.wait():
                self._bell.clear()
                await self._bring(offline=False)
        except ConnectionEnded:
            return

    async def _bring(self, *, offline: bool) -> int:
        count = 0
        while items := self._mail.after(self._place, self._brought):
            for item in items:
                await self.connection.send(_marked(item.stanza) if offline else item.stanza)
                self._brought = item.seq
                count += 1
        return count


def _marked(stanza: Node) -> Node:
    return replace(stanza, attributes={**stanza.attributes, "offline": "0"})


PHONE = 0
"""The phone's own place in its account."""


class Post:
    """Delivers to linked devices by courier, and to the virtual phones, which are in this process, by a call."""

    def __init__(self, mail: Mail, faults: Faults) -> None:
        self.mail = mail
        self._faults = faults
        self._couriers: dict[Place, tuple[Courier, asyncio.Task[None]]] = {}
        self._ring_phone: Callable[[str], None] = lambda _number: None

    def listen(self, ring_phone: Callable[[str], None]) -> None:
        """Have a function called with the number of each phone that has mail."""
        self._ring_phone = ring_phone

    def deliver(self, place: Place, stanza: Node) -> None:
        """Keep a stanza for a device until it acknowledges it, and have it brought if the device is there."""
        number, device = place
        if device != PHONE and stanza.find("enc") and self._faults.take_spoiling():
            stanza = _spoilt(stanza)
        self.mail.put(place, stanza)
        if device == PHONE:
            self._ring_phone(number)
        elif place in self._couriers:
            self._couriers[place][0].ring()

    def serve(self, place: Place, connection: Connection) -> None:
        """Begin to bring a device its mail over its connection, and end to do so over a former one."""
        former = self._couriers.get(place)
        if former:
            if former[0].connection is connection:
                return
            former[1].cancel()
        courier = Courier(self.mail, place, connection)
        self._couriers[place] = courier, asyncio.create_task(courier.run())

    def part(self, place: Place, connection: Connection) -> None:
        """Bring nothing more over a connection."""
        courier, task = self._couriers.get(place, (None, None))
        if courier and task and courier.connection is connection:
            task.cancel()
            del self._couriers[place]


def _spoilt(stanza: Node) -> Node:
    """The same with each ciphertext changed, so that nobody can open it."""
    children = (
        replace(child, content=_changed(child.data)) if child.tag == "enc" else child for child in stanza.children
    )
    return replace(stanza, content=tuple(children))


def _changed(data: bytes) -> bytes:
    """With one bit changed where the ciphertext is: what surrounds it isn't all covered by the signature."""
    place = len(data) * 2 // 3
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
