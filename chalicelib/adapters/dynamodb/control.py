"""What keeps sessions served, in the table: leases, the index of what is due, the standby pool, and the upgrade."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.lease import ANSWERS_WITHIN, GRACE, Lease
from chalicelib.reading import Reader
from chalicelib.services.ports import PoolState, Standby, Upgrade

SHARDS: Final = 8
AT_ONCE: Final = 50
"""Sessions a shard and sweep; the next sweep goes on where this one's work has made room."""
SESSIONS: Final = "due"
UNSENT: Final = "unsent"
"""The name of the messages' shards: they are apart from the sessions', which so never wait for due messages."""
MESSAGES_AT_ONCE: Final = 200
"""Messages a shard and sweep."""

DUE: Final = frozenset({"due_shard", "due_at"})
"""The index's attributes."""


def due(uid: str, at: int | None, *, of: str = SESSIONS) -> dict[str, Any]:
    """Return the index attributes of an item of ``uid`` that is due at ``at``; none if it never is.

    The minute is rounded up, so nothing is found before it is due, and a lease's renewals seldom change it.
    """
    if at is None:
        return {}
    return {"due_shard": f"{of}#{crc32(uid.encode()) % SHARDS}", "due_at": _minute(at + 59_999)}


class DynamoDueIndex(Struct, frozen=True):
    """The DueIndex and UnsentIndex ports."""

    table: Table

    def later(self, now: int) -> list[str]:
        """Return all uids that are due after this minute; only keys are read, some hundred bytes each."""
        return list(dict.fromkeys(uid for uid, _ in self._keys(SESSIONS, "due_at > :now", now)))

    def due(self, now: int) -> list[str]:
        """Return the uids of sessions for which anything is due, each once."""
        return list(dict.fromkeys(uid for uid, _ in self._keys(SESSIONS, "due_at <= :now", now, limit=AT_ONCE)))

    def unsent(self, now: int) -> list[tuple[str, str]]:
        """Return the messages that are due, those that have waited longest first in each shard."""
        found = self._keys(UNSENT, "due_at <= :now", now, limit=MESSAGES_AT_ONCE)
        return [(uid, name.removeprefix("M#")) for uid, name in found]

    def _keys(self, of: str, when: str, now: int, *, limit: int | None = None) -> Iterator[tuple[str, str]]:
        """Yield the uids and sort keys of all shards, up to ``limit`` of each."""
        for shard in range(SHARDS):
            where = Condition(f"due_shard = :shard AND {when}", {":shard": f"{of}#{shard}", ":now": _minute(now)})
            for item in self.table.query(where, limit=limit, index="due", keys_only=True):
                yield item["pk"].removeprefix("S#"), item["sk"]


def _minute(at: int) -> str:
    return datetime.fromtimestamp(at // 60_000 * 60, UTC).strftime("%Y-%m-%dT%H:%M")


_LEASE: Final = Reader(Lease)

KEPT: Final = 30 * 86_400
"""Seconds until DynamoDB may remove a released lease: it may outlive its session, and nobody reads it any more."""


def lease_from_item(item: Item) -> Lease:
    """Return the lease of an item."""
    return _LEASE.plain(item)


def _to_item(lease: Lease) -> Item:
    fields: dict[str, Any] = msgspec.to_builtins(lease)
    falls_due = None if lease.released else lease.until + GRACE
    ends = {"ttl": int(time.time()) + KEPT} if lease.released else {}
    return {"pk": f"S#{lease.uid}", "sk": "LEASE", **due(lease.uid, falls_due), **ends, **fields}


class DynamoLeases(Struct, frozen=True):
    """The LeaseStore port. ``until`` is a reserved word of DynamoDB's, hence ``#until``."""

    table: Table

    def get(self, uid: str) -> Lease | None:
        """Read the lease."""
        item = self.table.get(f"S#{uid}", "LEASE")
        return lease_from_item(item) if item else None

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        """Put the lease on condition that there is none, or one that admits the claim, as ``Lease.admits`` says it."""
        admits = Condition(
            "attribute_not_exists(pk) OR (epoch <= :epoch AND (released = :yes OR #until <= :over))",
            {":epoch": lease.epoch, ":yes": True, ":over": now - GRACE},
            {"#until": "until"},
        )
        taken, before = self.table.exchange(_to_item(lease), admits)
        return taken, lease_from_item(before) if before else None

    def renew(self, lease: Lease) -> bool:
        """Extend the lease on condition that its holder still has it, and that it isn't longer already.

        Its minute in the index seldom changes. A request may arrive long after its sender has given it up and sent
        another: without the second condition it would shorten the lease behind the worker's back.
        """
        index = due(lease.uid, lease.until + GRACE)
        change = Condition(
            "SET #until = :until, due_shard = :shard, due_at = :at",
            {":until": lease.until, ":shard": index["due_shard"], ":at": index["due_at"]},
            {"#until": "until"},
        )
        held = _held(lease)
        shorter = Condition(f"{held.expression} AND #until <= :until", held.values)
        refused = self.table.update(f"S#{lease.uid}", "LEASE", change, shorter)
        if refused is None:
            return True
        stands = lease_from_item(refused.item) if refused.item else None
        return stands is not None and stands.same_hold(lease) and stands.until > lease.until

    def call(self, lease: Lease, *, now: int) -> bool:
        """Note the call on condition that the lease stands unchanged; the index has it again when its time is up."""
        index = due(lease.uid, now + ANSWERS_WITHIN)
        change = Condition(
            "SET called_at = :now, due_shard = :shard, due_at = :at",
            {":now": now, ":shard": index["due_shard"], ":at": index["due_at"]},
            {"#until": "until"},
        )
        unchanged = Condition(
            "worker = :worker AND epoch = :epoch AND #until = :until AND released = :no",
            {":worker": lease.worker, ":epoch": lease.epoch, ":until": lease.until, ":no": False},
        )
        return self.table.update(f"S#{lease.uid}", "LEASE", change, unchanged) is None

    def release(self, uid: str, *, worker: str, epoch: int, ended: bool = False) -> bool:
        """Mark the lease free, also where its worker never held it: that worker won't come any more.

        A lease that an older worker may still hold stays as it is. Where the session is gone, the lease is removed,
        too: the session may have been removed while this call was on its way.
        """
        released = Lease(uid=uid, worker=worker, epoch=epoch, until=0, released=True, ended=ended)
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


def _held(lease: Lease) -> Condition:
    return Condition(
        "worker = :worker AND epoch = :epoch AND holder = :holder AND released = :no",
        {":worker": lease.worker, ":epoch": lease.epoch, ":holder": lease.holder, ":no": False},
    )


_STANDBY: Final = Reader(Standby)

POOL: Final = "STANDBY"
STATE: Final = "POOL"
ABSENT: Final = "attribute_not_exists(pk)"
VERSION: Final = "VERSION"
STARTS: Final = "STARTS#"
DEMAND_KEPT: Final = 900
"""Seconds that a minute's starts are kept."""


class DynamoStandbys(Struct, frozen=True):
    """The StandbyStore port. ``until`` is a reserved word of DynamoDB's, hence ``#until``."""

    table: Table

    def state(self) -> PoolState:
        """Read the version and the minutes' starts, all in one Query."""
        found = {item["sk"]: item for item in self.table.query(Condition("pk = :pk", {":pk": STATE}))}
        starts = {int(sk.removeprefix(STARTS)): item["starts"] for sk, item in found.items() if sk.startswith(STARTS)}
        return PoolState(found[VERSION]["version"] if VERSION in found else 0, starts)

    def note_start(self, minute: int) -> None:
        """Count one more in the minute's item, or begin it; whoever is overtaken in between counts there."""
        sk, there, none = f"{STARTS}{minute}", Condition("attribute_exists(pk)", {}), Condition(ABSENT, {})
        first = {"pk": STATE, "sk": sk, "starts": 1, "ttl": minute * 60 + DEMAND_KEPT}
        while self.table.update(STATE, sk, Condition("SET starts = starts + :one", {":one": 1}), there) is not None:
            if self.table.put(first, none) is None:
                return

    def settle(self, version: int) -> bool:
        """Write the next version on condition that this one stands; no item is version 0."""
        item = {"pk": STATE, "sk": VERSION, "version": version + 1}
        stands = Condition("version = :version", {":version": version}) if version else Condition(ABSENT, {})
        return self.table.put(item, stands) is None

    def all(self) -> list[Standby]:
        """Read the pool."""
        return [_from_item(item) for item in self.table.query(Condition("pk = :pk", {":pk": POOL}))]

    def get(self, worker: str) -> Standby | None:
        """Read a standby."""
        item = self.table.get(POOL, worker)
        return _from_item(item) if item else None

    def put(self, standby: Standby) -> None:
        """Write a new standby."""
        fields: dict[str, Any] = msgspec.to_builtins(standby)
        self.table.put({"pk": POOL, "sk": standby.worker, **fields})

    def renew(self, worker: str, *, until: int) -> tuple[bool, Standby | None]:
        """Mark the standby ready on condition that it waits; who is refused is told what stands."""
        change = Condition("SET #until = :until, ready = :yes", {":until": until, ":yes": True}, {"#until": "until"})
        waits = Condition("attribute_exists(pk) AND attribute_not_exists(uid)", {})
        refused = self.table.update(POOL, worker, change, waits)
        return refused is None, _from_item(refused.item) if refused and refused.item else None

    def assign(self, worker: str, *, tenant: str, uid: str, epoch: int) -> bool:
        """Write the session on the standby on condition that it is ready and has none: one of many callers wins."""
        change = Condition(
            "SET tenant = :tenant, uid = :uid, epoch = :epoch", {":tenant": tenant, ":uid": uid, ":epoch": epoch}
        )
        waits = Condition("ready = :yes AND attribute_not_exists(uid)", {":yes": True})
        return self.table.update(POOL, worker, change, waits) is None

    def free(self, worker: str, *, uid: str, epoch: int) -> bool:
        """Remove the session from the standby on condition that it has this very one."""
        change = Condition("REMOVE tenant, uid, epoch", {})
        has_it = Condition("uid = :uid AND epoch = :epoch", {":uid": uid, ":epoch": epoch})
        return self.table.update(POOL, worker, change, has_it) is None

    def retire(self, worker: str) -> bool:
        """Remove the standby on condition that it waits."""
        waits = Condition("attribute_exists(pk) AND attribute_not_exists(uid)", {})
        return self.table.delete(POOL, worker, waits) is None

    def set_apart(self, standbys: Sequence[Standby]) -> None:
        """Write each claim on an item of its own, then remove the standbys: at no time is there neither of the two."""
        self.table.put_many(
            [{"pk": f"TASK#{one.worker}", "sk": "TASK", "uid": one.uid, "epoch": one.epoch} for one in standbys]
        )
        self.table.delete_many([(POOL, one.worker) for one in standbys])

    def given(self, worker: str) -> tuple[str, int] | None:
        """Read the claim that the worker was given, from either item."""
        items = self.table.get(f"TASK#{worker}", "TASK"), self.table.get(POOL, worker)
        return next(((item["uid"], item["epoch"]) for item in items if item and "uid" in item), None)

    def forget(self, worker: str) -> None:
        """Remove both items."""
        self.table.delete_many([(f"TASK#{worker}", "TASK"), (POOL, worker)])


def _from_item(item: Item) -> Standby:
    return _STANDBY.plain(item)


_UPGRADE: Final = Reader(Upgrade)

KEY: Final = "UPGRADE"


class DynamoUpgrades(Struct, frozen=True):
    """The UpgradeStore port."""

    table: Table

    def get(self) -> Upgrade | None:
        """Read it."""
        item = self.table.get(KEY, KEY)
        return _UPGRADE.plain(item) if item else None

    def put(self, upgrade: Upgrade) -> None:
        """Write it."""
        fields: dict[str, Any] = msgspec.to_builtins(upgrade)
        self.table.put({"pk": KEY, "sk": KEY, **fields})
