"""Leases in the table, one beside each session."""

import time
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.due import due
from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.lease import GRACE, Lease
from chalicelib.reading import Reader

_LEASE: Final = Reader(Lease)

KEPT: Final = 30 * 86_400
"""Seconds until DynamoDB may remove a lease that was given back: one may outlast its session, and none is missed."""


def _to_item(lease: Lease) -> Item:
    fields: dict[str, Any] = msgspec.to_builtins(lease)
    falls_due = None if lease.released else lease.until + GRACE
    ends = {"ttl": int(time.time()) + KEPT} if lease.released else {}
    return {"pk": f"S#{lease.uid}", "sk": "LEASE", **due(lease.uid, falls_due), **ends, **fields}


@dataclass(frozen=True, slots=True)
class DynamoLeases:
    """The LeaseStore port. ``until`` is a reserved word of DynamoDB's, hence ``#until``."""

    table: Table

    def get(self, uid: str) -> Lease | None:
        """Read the lease."""
        item = self.table.get(f"S#{uid}", "LEASE")
        return _LEASE.plain(item) if item else None

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        """Put the lease on condition of the very one that was read, if that one admits it."""
        before = self.get(lease.uid)
        if before is None:
            free = Condition("attribute_not_exists(pk)", {})
        elif not before.admits(epoch=lease.epoch, now=now):
            return False, before
        else:
            free = Condition(
                "worker = :worker AND epoch = :epoch AND #until = :until",
                {":worker": before.worker, ":epoch": before.epoch, ":until": before.until},
                {"#until": "until"},
            )
        return self.table.put(_to_item(lease), free) is None, before

    def renew(self, lease: Lease) -> bool:
        """Extend it on condition that worker and epoch still hold it; its minute in the index seldom changes."""
        index = due(lease.uid, lease.until + GRACE)
        change = Condition(
            "SET #until = :until, due_shard = :shard, due_at = :at",
            {":until": lease.until, ":shard": index["due_shard"], ":at": index["due_at"]},
            {"#until": "until"},
        )
        return self.table.update(f"S#{lease.uid}", "LEASE", change, _held_by(lease.worker, lease.epoch)) is None

    def release(self, uid: str, *, worker: str, epoch: int) -> bool:
        """Mark it free, also where that worker never got as far as to hold it: it won't come any more.

        A lease that an older worker may still hold stays as it is. Where the session is gone, the lease goes too: it
        may have been removed while this was on its way.
        """
        released = Lease(uid=uid, worker=worker, epoch=epoch, until=0, released=True)
        mine_or_older = Condition(
            "attribute_not_exists(pk) OR (epoch < :epoch AND released = :yes) OR (epoch = :epoch AND worker = :worker)",
            {":epoch": epoch, ":worker": worker, ":yes": True},
        )
        if self.table.put(_to_item(released), mine_or_older):
            return False
        if self.table.get(f"S#{uid}", "SESSION") is None:
            self.table.delete(f"S#{uid}", "LEASE", _same(released))
        return True


def _same(lease: Lease) -> Condition:
    return Condition("worker = :worker AND epoch = :epoch", {":worker": lease.worker, ":epoch": lease.epoch})


def _held_by(worker: str, epoch: int) -> Condition:
    return Condition(
        "worker = :worker AND epoch = :epoch AND released = :no", {":worker": worker, ":epoch": epoch, ":no": False}
    )
