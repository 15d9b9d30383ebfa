"""Users and their failed logins in the table."""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.principal import User
from chalicelib.reading import Reader
from chalicelib.services.accounts.accounts import WINDOW

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


def _item(user: User) -> Item:
    values: dict[str, Any] = msgspec.to_builtins(user)
    return {"pk": f"U#{user.name}", "sk": "USER", **values}


@dataclass(frozen=True, slots=True)
class DynamoLoginAttempts:
    """The LoginAttempts port: one counter a key, which starts anew when its window is over."""

    table: Table

    def failed(self, key: str, *, now: int) -> None:
        """Count one more within the window, or begin a new one; of many at once each counts."""
        ttl, at = {"#ttl": "ttl"}, {":now": now // 1000}
        change = Condition("SET failures = failures + :one", {":one": 1})
        first = {"pk": f"L#{key}", "sk": "LOGIN", "failures": 1, "ttl": now // 1000 + WINDOW}
        while self.table.update(f"L#{key}", "LOGIN", change, Condition("#ttl > :now", at, ttl)):
            if self.table.put(first, Condition("attribute_not_exists(pk) OR #ttl <= :now", at, ttl)) is None:
                return

    def recent(self, key: str, *, now: int) -> int:
        """Read the counter; one whose window is over counts nothing, deleted yet or not."""
        item = self.table.get(f"L#{key}", "LOGIN")
        return item["failures"] if item and item["ttl"] > now // 1000 else 0
