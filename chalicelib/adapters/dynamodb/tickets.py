"""Tickets in the table: each by its fingerprint, there until it is taken."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.ticket import Ticket
from chalicelib.reading import Reader

MINUTE: Final = 60_000
_TICKET: Final = Reader(Ticket)


@dataclass(frozen=True, slots=True)
class DynamoTickets:
    """The TicketStore port."""

    table: Table

    def add(self, ticket: Ticket) -> None:
        """Put it; one that nobody takes is removed some time after its end."""
        fields: dict[str, Any] = msgspec.to_builtins(ticket)
        self.table.put({"pk": _pk(ticket.fingerprint), "sk": "TICKET", "ttl": ticket.expires_at // 1000, **fields})

    def take(self, fingerprint: str) -> Ticket | None:
        """Read it, and delete it on condition that it is still there: of two who come at once one is told None."""
        item = self.table.get(_pk(fingerprint), "TICKET")
        if item is None or self.table.delete(_pk(fingerprint), "TICKET", Condition("attribute_exists(pk)", {})):
            return None
        return _TICKET.plain(item)

    def counted(self, tenant: str, *, now: int, most: int) -> bool:
        """Count one more in the minute's item, or begin it."""
        minute = now // MINUTE
        pk, sk = f"Q#{tenant}", f"TICKETS#{minute}"
        while True:
            change = Condition("SET given = given + :one", {":one": 1})
            refused = self.table.update(pk, sk, change, Condition("given < :most", {":most": most}))
            if refused is None:
                return True
            if refused.item:
                return False
            first = {"pk": pk, "sk": sk, "given": 1, "ttl": minute * 60 + 180}
            if self.table.put(first, Condition("attribute_not_exists(pk)", {})) is None:
                return True


def _pk(fingerprint: str) -> str:
    return f"V#{fingerprint}"
