"""Tenants, users, API keys, failed logins and tickets in the table."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.access import KNOWN, WINDOW, ApiKey, Failures, Source, Tenant, Ticket, User
from chalicelib.domain.limits import Slot
from chalicelib.reading import Reader


def listed(table: Table, tenant: str, prefix: str, *, most: int) -> int:
    """Count the entries of the tenant's list whose sort keys have the prefix, up to ``most``; read consistently."""
    where = Condition("pk = :pk AND begins_with(sk, :prefix)", {":pk": f"T#{tenant}", ":prefix": prefix})
    return sum(1 for _ in table.query(where, limit=most, keys_only=True))


_TENANT: Final = Reader(Tenant)
_KNOWN: Final = frozenset(one.name for one in fields(Tenant))

ALL: Final = "TENANTS"


class DynamoTenants(Struct, frozen=True):
    """The TenantStore port."""

    table: Table

    def get(self, tenant: str) -> Tenant | None:
        """Read the tenant."""
        item = self.table.get(ALL, tenant)
        return tenant_from_item(item) if item else None

    def add(self, tenant: Tenant) -> bool:
        """Put the tenant on condition that there is none of that id."""
        return self.table.put(_item(tenant), Condition("attribute_not_exists(pk)", {})) is None

    def put(self, tenant: Tenant) -> bool:
        """Write the tenant over the version before."""
        before = Condition("version = :before", {":before": tenant.version - 1})
        return self.table.rewrite(_item(tenant), _KNOWN, before) is None

    def remove(self, tenant: Tenant) -> None:
        """Remove the tenant on condition that it didn't change."""
        self.table.delete(ALL, tenant.id, Condition("version = :seen", {":seen": tenant.version}))

    def page(self, *, limit: int, after: str | None) -> tuple[list[Tenant], str | None]:
        """Read one page of the partition."""
        start = {"pk": ALL, "sk": after} if after else None
        items = list(self.table.query(Condition("pk = :pk", {":pk": ALL}), limit=limit, after=start))
        return [tenant_from_item(item) for item in items], items[-1]["sk"] if len(items) == limit else None


def tenant_from_item(item: Item) -> Tenant:
    """Return the tenant of an item."""
    return _TENANT.plain(item)


def _item(tenant: Tenant) -> Item:
    values: dict[str, Any] = msgspec.to_builtins(tenant)
    return {"pk": ALL, "sk": tenant.id, **values}


_USER: Final = Reader(User)
_USER_FIELDS: Final = frozenset(one.name for one in fields(User))


class DynamoUsers(Struct, frozen=True):
    """The UserStore port. The tenant's list has names only, and may have names of removed users."""

    table: Table

    def get(self, name: str) -> User | None:
        """Read the user."""
        item = self.table.get(f"U#{name}", "USER")
        return _USER.plain(item) if item else None

    def add(self, user: User) -> bool:
        """Put the name on the tenant's list, then the user on condition that there is none: nobody is unlisted."""
        self.table.put({"pk": f"T#{user.tenant}", "sk": f"U#{user.name}", "name": user.name})
        taken = self.table.put(_user_item(user), Condition("attribute_not_exists(pk)", {}))
        if taken and (taken.item or {}).get("tenant") != user.tenant:
            self.table.delete(f"T#{user.tenant}", f"U#{user.name}")
        return taken is None

    def put(self, user: User) -> bool:
        """Write the user over the version before."""
        before = Condition("version = :before", {":before": user.version - 1})
        return self.table.rewrite(_user_item(user), _USER_FIELDS, before) is None

    def remove(self, user: User) -> bool:
        """Remove the user unless it changed, then its name from the list."""
        same = Condition("attribute_not_exists(pk) OR version = :seen", {":seen": user.version})
        if self.table.delete(f"U#{user.name}", "USER", same):
            return False
        self.table.delete(f"T#{user.tenant}", f"U#{user.name}")
        return True

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """Read one page of the list, then its users in one batch."""
        where = Condition("pk = :pk AND begins_with(sk, :u)", {":pk": f"T#{tenant}", ":u": "U#"})
        start = {"pk": f"T#{tenant}", "sk": f"U#{after}"} if after else None
        names = [entry["name"] for entry in self.table.query(where, limit=limit, after=start)]
        users = [_USER.plain(item) for item in self.table.get_many([(f"U#{name}", "USER") for name in names])]
        here = sorted((user for user in users if user.tenant == tenant), key=lambda user: user.name)
        return here, names[-1] if len(names) == limit else None

    def count(self, tenant: str, *, most: int) -> int:
        """Count the list, which may have names of removed users."""
        return listed(self.table, tenant, "U#", most=most)


def _user_item(user: User) -> Item:
    values: dict[str, Any] = msgspec.to_builtins(user)
    return {"pk": f"U#{user.name}", "sk": "USER", **values}


class DynamoLoginAttempts(Struct, frozen=True):
    """The LoginAttempts port: counters which start anew when their window is over, and an item for a known address."""

    table: Table

    def failed(self, source: Source, *, now: int, proven: bool = False) -> None:
        """Count in each of the counters."""
        *anybody_s, bearer_s = _counters(source)
        for pk, sk in [*anybody_s, bearer_s] if proven else anybody_s:
            self._count(pk, sk, now)

    def recent(self, source: Source, *, now: int) -> Failures:
        """Read all counters in one batch; one whose window is over counts 0, whether deleted yet or not."""
        keys = [*_counters(source), _known(source)]
        found = {(item["pk"], item["sk"]): item for item in self.table.get_many(keys) if item["ttl"] > now // 1000}
        pair, user, address, network, bearer = (found[key]["failures"] if key in found else 0 for key in keys[:-1])
        known_until = found[keys[-1]]["ttl"] if keys[-1] in found else 0
        return Failures(pair, user, address, network, bearer, known_until)

    def succeeded(self, source: Source, *, now: int) -> None:
        """Write the item of the known address anew."""
        pk, sk = _known(source)
        self.table.put({"pk": pk, "sk": sk, "ttl": now // 1000 + KNOWN})

    def forgive(self, name: str) -> None:
        """Remove the name's counter."""
        self.table.delete(*_of_user(name))

    def _count(self, pk: str, sk: str, now: int) -> None:
        """Count one more within the window, or begin a new one; of many at once each counts."""
        ttl, at = {"#ttl": "ttl"}, {":now": now // 1000}
        change = Condition("SET failures = failures + :one", {":one": 1})
        first = {"pk": pk, "sk": sk, "failures": 1, "ttl": now // 1000 + WINDOW}
        while self.table.update(pk, sk, change, Condition("#ttl > :now", at, ttl)):
            if self.table.put(first, Condition("attribute_not_exists(pk) OR #ttl <= :now", at, ttl)) is None:
                return


def _counters(source: Source) -> tuple[tuple[str, str], ...]:
    """Return where failures are counted: by pair, user, address, network and bearer, as Failures has them."""
    return (
        (f"L#{source.name}@{source.address}", "LOGIN"),
        _of_user(source.name),
        (f"L#{source.address}", "ADDRESS"),
        (f"L#{source.network}", "NETWORK"),
        (f"L#{source.name}", "BEARER"),
    )


def _of_user(name: str) -> tuple[str, str]:
    return f"L#{name}", "USER"


def _known(source: Source) -> tuple[str, str]:
    return f"L#{source.name}@{source.address}", "KNOWN"


_API_KEY: Final = Reader(ApiKey)

KEPT: Final = 7 * 86_400
"""Seconds that an expired key is still listed."""
_THERE: Final = "attribute_exists(pk)"


class DynamoKeys(Struct, frozen=True):
    """The KeyStore port. Lists are written before the key and removed after it: no key is good that no list has."""

    table: Table

    def get(self, fingerprint: str) -> ApiKey | None:
        """Read the key."""
        item = self.table.get(f"K#{fingerprint}", "KEY")
        return _API_KEY.plain(item) if item else None

    def add(self, key: ApiKey) -> None:
        """Put the key on both lists, then the key itself."""
        kept = {"ttl": key.expires_at // 1000 + KEPT} if key.expires_at is not None else {}
        for pk, sk in _lists(key):
            self.table.put({"pk": pk, "sk": sk, "fingerprint": key.fingerprint, **kept})
        fields: dict[str, Any] = msgspec.to_builtins(key)
        self.table.put({"pk": f"K#{key.fingerprint}", "sk": "KEY", **kept, **fields})

    def put(self, key: ApiKey) -> None:
        """Change role and suspension on condition that the key is there. ``role`` is a reserved word of DynamoDB's."""
        change = Condition(
            "SET #role = :role, suspended = :suspended",
            {":role": str(key.role), ":suspended": key.suspended},
            {"#role": "role"},
        )
        self.table.update(f"K#{key.fingerprint}", "KEY", change, Condition(_THERE, {}))

    def touch(self, key: ApiKey, *, now: int) -> None:
        """Write the time of use on condition that the key is there."""
        self.table.update(
            f"K#{key.fingerprint}", "KEY", Condition("SET last_used = :now", {":now": now}), Condition(_THERE, {})
        )

    def remove(self, key: ApiKey) -> None:
        """Remove the key, then its places on the lists."""
        self.table.delete(f"K#{key.fingerprint}", "KEY")
        for pk, sk in _lists(key):
            self.table.delete(pk, sk)

    def find(self, tenant: str, key_id: str) -> ApiKey | None:
        """Read the tenant's list, then the key."""
        entry = self.table.get(f"T#{tenant}", f"K#{key_id}")
        return self.get(entry["fingerprint"]) if entry else None

    def of_owner(self, name: str) -> Sequence[ApiKey]:
        """Read the owner's whole list, then its keys: a caller that ends them must miss none."""
        where = Condition("pk = :pk AND begins_with(sk, :k)", {":pk": f"U#{name}", ":k": "K#"})
        return self._listed(self.table.query(where))

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """Read one page of the tenant's list, then its keys in one batch."""
        where = Condition("pk = :pk AND begins_with(sk, :k)", {":pk": f"T#{tenant}", ":k": "K#"})
        start = {"pk": f"T#{tenant}", "sk": f"K#{after}"} if after else None
        entries = list(self.table.query(where, limit=limit, after=start))
        return self._listed(entries), entries[-1]["sk"].removeprefix("K#") if len(entries) == limit else None

    def count(self, tenant: str, *, most: int) -> int:
        """Count the tenant's list."""
        return listed(self.table, tenant, "K#", most=most)

    def _listed(self, entries: Iterable[Item]) -> list[ApiKey]:
        items = self.table.get_many([(f"K#{entry['fingerprint']}", "KEY") for entry in entries])
        return sorted((_API_KEY.plain(item) for item in items), key=lambda key: key.id)


def _lists(key: ApiKey) -> tuple[tuple[str, str], ...]:
    return (f"T#{key.tenant}", f"K#{key.id}"), (f"U#{key.owner}", f"K#{key.id}")


MINUTE: Final = 60_000
_TICKET: Final = Reader(Ticket)


class DynamoTickets(Struct, frozen=True):
    """The TicketStore port."""

    table: Table

    def add(self, ticket: Ticket) -> None:
        """Put the ticket; DynamoDB removes an unused one some time after its end."""
        fields: dict[str, Any] = msgspec.to_builtins(ticket)
        self.table.put({"pk": _pk(ticket.fingerprint), "sk": "TICKET", "ttl": ticket.expires_at // 1000, **fields})

    def take(self, fingerprint: str) -> Ticket | None:
        """Read the ticket, and delete it on condition that it is still there: of two callers at once one gets None."""
        item = self.table.get(_pk(fingerprint), "TICKET")
        if item is None or self.table.delete(_pk(fingerprint), "TICKET", Condition("attribute_exists(pk)", {})):
            return None
        return _TICKET.plain(item)

    def counted(self, whose: str, *, now: int, most: int) -> bool:
        """Count one more in the minute's item, or begin it."""
        minute = now // MINUTE
        pk, sk = f"Q#{whose}", f"TICKETS#{minute}"
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


class DynamoSlots(Struct, frozen=True):
    """The Slots port."""

    table: Table

    def hold(self, tenant: str, uid: str, *, now: int) -> None:
        """Write the slot, over one that stands."""
        self.table.put({"pk": f"T#{tenant}", "sk": f"RUN#{uid}", "at": now})

    def held(self, tenant: str, *, most: int) -> Sequence[Slot]:
        """Read the tenant's list of slots."""
        where = Condition("pk = :pk AND begins_with(sk, :run)", {":pk": f"T#{tenant}", ":run": "RUN#"})
        return [Slot(item["sk"].removeprefix("RUN#"), item["at"]) for item in self.table.query(where, limit=most)]

    def free(self, tenant: str, uid: str, *, at: int) -> None:
        """Remove the slot on condition that it wasn't taken again since ``at``."""
        unless_newer = Condition("attribute_not_exists(pk) OR #at <= :at", {":at": at}, {"#at": "at"})
        self.table.delete(f"T#{tenant}", f"RUN#{uid}", unless_newer)
