"""The standby pool in the table; a standby that serves leaves it, so the pool stays as small as it is."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.reading import Reader
from chalicelib.services.ports import Standby

_STANDBY: Final = Reader(Standby)

POOL: Final = "STANDBY"


@dataclass(frozen=True, slots=True)
class DynamoStandbys:
    """The StandbyStore port. ``until`` is a reserved word of DynamoDB's, hence ``#until``."""

    table: Table

    def all(self) -> list[Standby]:
        """Read the pool."""
        return [_from_item(item) for item in self.table.query(Condition("pk = :pk", {":pk": POOL}))]

    def get(self, worker: str) -> Standby | None:
        """Read one."""
        item = self.table.get(POOL, worker)
        return _from_item(item) if item else None

    def put(self, standby: Standby) -> None:
        """Write a new one."""
        fields: dict[str, Any] = msgspec.to_builtins(standby)
        self.table.put({"pk": POOL, "sk": standby.worker, **fields})

    def renew(self, worker: str, *, until: int) -> bool:
        """Mark it ready on condition that it waits."""
        change = Condition("SET #until = :until, ready = :yes", {":until": until, ":yes": True}, {"#until": "until"})
        waits = Condition("attribute_exists(pk) AND attribute_not_exists(uid)", {})
        return self.table.update(POOL, worker, change, waits) is None

    def assign(self, worker: str, *, uid: str, epoch: int) -> bool:
        """Write the session on it on condition that it is ready and has none: one of many racing callers wins."""
        change = Condition("SET uid = :uid, epoch = :epoch", {":uid": uid, ":epoch": epoch})
        waits = Condition("ready = :yes AND attribute_not_exists(uid)", {":yes": True})
        return self.table.update(POOL, worker, change, waits) is None

    def free(self, worker: str, *, uid: str, epoch: int) -> bool:
        """Remove the session from it on condition that it is that one."""
        change = Condition("REMOVE uid, epoch", {})
        has_it = Condition("uid = :uid AND epoch = :epoch", {":uid": uid, ":epoch": epoch})
        return self.table.update(POOL, worker, change, has_it) is None

    def retire(self, worker: str) -> bool:
        """Remove it on condition that it waits."""
        waits = Condition("attribute_exists(pk) AND attribute_not_exists(uid)", {})
        return self.table.delete(POOL, worker, waits) is None

    def serve(self, worker: str, *, uid: str, epoch: int) -> None:
        """Write what it serves on an item of its own, then remove it from the pool: never neither."""
        self.table.put({"pk": f"TASK#{worker}", "sk": "TASK", "uid": uid, "epoch": epoch})
        self.table.delete(POOL, worker)

    def given(self, worker: str) -> tuple[str, int] | None:
        """Read it, wherever it stands."""
        items = self.table.get(f"TASK#{worker}", "TASK"), self.table.get(POOL, worker)
        return next(((item["uid"], item["epoch"]) for item in items if item and "uid" in item), None)

    def forget(self, worker: str) -> None:
        """Remove both items."""
        self.table.delete_many([(f"TASK#{worker}", "TASK"), (POOL, worker)])


def _from_item(item: Item) -> Standby:
    return _STANDBY.plain(item)
