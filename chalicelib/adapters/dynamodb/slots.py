"""Slots in the table: small items beside the tenant's directory, so that counting them costs one query."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.quota import Slot


@dataclass(frozen=True, slots=True)
class DynamoSlots:
    """The Slots port."""

    table: Table

    def hold(self, tenant: str, uid: str, *, now: int) -> None:
        """Write it over whatever stands."""
        self.table.put({"pk": f"T#{tenant}", "sk": f"RUN#{uid}", "at": now})

    def held(self, tenant: str, *, most: int) -> Sequence[Slot]:
        """Read the list."""
        where = Condition("pk = :pk AND begins_with(sk, :run)", {":pk": f"T#{tenant}", ":run": "RUN#"})
        return [Slot(item["sk"].removeprefix("RUN#"), item["at"]) for item in self.table.query(where, limit=most)]

    def free(self, tenant: str, uid: str, *, at: int) -> None:
        """Remove it on condition of its time."""
        unless_newer = Condition("attribute_not_exists(pk) OR #at <= :at", {":at": at}, {"#at": "at"})
        self.table.delete(f"T#{tenant}", f"RUN#{uid}", unless_newer)
