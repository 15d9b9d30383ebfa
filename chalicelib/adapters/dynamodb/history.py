"""History in the table: events beside their session, under keys that sort as the stream did."""

from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.events import Envelope
from chalicelib.reading import Reader

_ENVELOPE: Final = Reader(Envelope)

KEPT: Final = 30 * 86_400
"""Seconds that an event is kept."""


@dataclass(frozen=True, slots=True)
class DynamoHistory:
    """The HistoryStore port."""

    table: Table

    def append(self, envelope: Envelope) -> None:
        """Put the event under its cursor: the same record again writes the same item."""
        # A message's text stands in the message alone.
        fields: dict[str, Any] = msgspec.to_builtins(replace(envelope, message=None))
        kept = {"ttl": envelope.at // 1000 + KEPT}
        self.table.put({"pk": f"S#{envelope.uid}", "sk": f"H#{envelope.cursor}", **kept, **fields})

    def get(self, uid: str, cursor: str) -> Envelope | None:
        """Read one event."""
        item = self.table.get(f"S#{uid}", f"H#{cursor}")
        return _ENVELOPE.plain(item) if item else None

    def forget(self, uid: str) -> None:
        """Remove the whole partition, whatever was written there since the session was removed."""
        self.table.delete_partition(f"S#{uid}")

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        """Read the events after the cursor."""
        where = Condition(
            "pk = :pk AND sk BETWEEN :after AND :end",
            # "H#" + cursor + "\\0" is the first key after the cursor's own, "I" the first after all of history.
            {":pk": f"S#{uid}", ":after": f"H#{cursor}\0" if cursor else "H#", ":end": "I"},
        )
        return [_ENVELOPE.plain(item) for item in self.table.query(where, limit=limit)]
