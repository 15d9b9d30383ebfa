"""Users and their failed logins in the table."""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.counting import listed
from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.logins import KNOWN, WINDOW, Failures, Source
from chalicelib.domain.principal import User
from chalicelib.reading import Reader

_USER: Final = Reader(User)
_KNOWN: Final = frozenset(one.name for one in fields(User))


@dataclass(frozen=True, slots=True)
class DynamoUsers:
    """The UserStore port. The tenant's list has names alone, and may have some of users who are no more."""

    table: Table

    def get(self, name: str) -> User | None:
        """Read the user."""
        item = self.table.get(f"U#{name}", "USER")
        return _USER.plain(item) if item else None

    def add(self, user: User) -> bool:
        """Put the name on the tenant's list, then the user on condition that there is none: nobody is unlisted."""
        self.table.put({"pk": f"T#{user.tenant}", "sk": f"U#{user.name}", "name": user.name})
        taken = self.table.put(_item(user), Condition("attribute_not_exists(pk)", {}))
        if taken and (taken.item or {}).get("tenant") != user.tenant:
            self.table.delete(f"T#{user.tenant}", f"U#{user.name}")
        return taken is None

    def put(self, user: User) -> bool:
        """Write the user over the version before."""
        before = Condition("version = :before", {":before": user.version - 1})
        return self.table.rewrite(_item(user), _KNOWN, before) is None

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
        """Count the list, which may have names of users who are no more."""
        return listed(self.table, tenant, "U#", most=most)


def _item(user: User) -> Item:
    values: dict[str, Any] = msgspec.to_builtins(user)
    return {"pk": f"U#{user.name}", "sk": "USER", **values}


@dataclass(frozen=True, slots=True)
class DynamoLoginAttempts:
    """The LoginAttempts port: counters which start anew when their window is over, and an item for a known address."""

    table: Table

    def failed(self, source: Source, *, now: int, proven: bool = False) -> None:
        """Count in each of the counters."""
        *anybody_s, bearer_s = _counters(source)
        for pk, sk in [*anybody_s, bearer_s] if proven else anybody_s:
            self._count(pk, sk, now)

    def recent(self, source: Source, *, now: int) -> Failures:
        """Read all in one batch; what is over counts nothing, deleted yet or not."""
        keys = [*_counters(source), _known(source)]
        found = {(item["pk"], item["sk"]): item for item in self.table.get_many(keys) if item["ttl"] > now // 1000}
        pair, user, address, network, bearer = (found[key]["failures"] if key in found else 0 for key in keys[:-1])
        known_until = found[keys[-1]]["ttl"] if keys[-1] in found else 0
        return Failures(pair, user, address, network, bearer, known_until)

    def succeeded(self, source: Source, *, now: int) -> None:
        """Write the item anew."""
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
