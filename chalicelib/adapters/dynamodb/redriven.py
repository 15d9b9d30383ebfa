"""Events told once more, beside their session: a record of its own each, with a new cursor and the event's old id.

The item holds what the failed record held, a message's text too, so it goes soon.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.events import Envelope
from chalicelib.reading import Reader

_ENVELOPE: Final = Reader(Envelope)

KEPT: Final = 86_400
"""Seconds until DynamoDB may remove it, in which the same event isn't told a third time."""


def from_item(item: Item, cursor: str) -> Envelope:
    """Return the event of an item, as it stands in the log at ``cursor``."""
    return replace(_ENVELOPE.plain(item), cursor=cursor)


@dataclass(frozen=True, slots=True)
class DynamoRedriven:
    """Puts events back on the stream."""

    table: Table

    def put(self, envelope: Envelope, *, now: int) -> bool:
        """Put the event; False, and nothing written, if that was done already."""
        fields: dict[str, Any] = msgspec.to_builtins(envelope)
        item = {"pk": f"S#{envelope.uid}", "sk": f"E#{envelope.id}", "ttl": now // 1000 + KEPT, **fields}
        return self.table.put(item, Condition("attribute_not_exists(pk)", {})) is None
