"""Stanzas that wait for a device until it has acknowledged them."""

from dataclasses import dataclass

from infra.local.whatsapp.database import Database
from infra.local.whatsapp.decode import decode
from infra.local.whatsapp.encode import encode
from infra.local.whatsapp.node import Node

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

        That is one of its tag, type, sender and id; of two notifications, whatever their ids, the later says it all.
        """
        key = (stanza.tag, stanza.text("id"), _kind(stanza), stanza.text("from"))
        with self._database.transaction():
            self._database.run(
                f"DELETE FROM mail WHERE {_PLACE} AND tag = ? AND (id = ? OR tag = 'notification')"  # noqa: S608
                " AND type = ? AND sender = ?",
                *place, *key,
            )  # fmt: skip
            self._database.run(
                "INSERT INTO mail (number, device, tag, id, type, sender, stanza) VALUES (?, ?, ?, ?, ?, ?, ?)",
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
        named = [acknowledgement.text(name) for name in ("class", "id", "type", "to")]
        self._database.run(
            f"DELETE FROM mail WHERE {_PLACE} AND tag = ? AND id = ? AND type = ? AND sender = ?",  # noqa: S608
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
