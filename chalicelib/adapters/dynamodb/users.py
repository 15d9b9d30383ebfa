"""Users and their failed logins in the table."""

from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Refused, Table
from chalicelib.domain.principal import User
from chalicelib.services.accounts import WINDOW


@dataclass(frozen=True, slots=True)
class DynamoUsers:
    """The UserStore port."""

    table: Table

    def get(self, name: str) -> User | None:
        """Read the user."""
        item = self.table.get(f"U#{name}", "USER")
        return msgspec.convert(item, User) if item else None

    def add(self, user: User) -> bool:
        """Put the user on condition that there is none of that name."""
        fields: dict[str, Any] = msgspec.to_builtins(user)
        item = {"pk": f"U#{user.name}", "sk": "USER", "v": 1, **fields}
        return self.table.put(item, Condition("attribute_not_exists(pk)", {})) is None


@dataclass(frozen=True, slots=True)
class DynamoLoginAttempts:
    """The LoginAttempts port: one counter a key, which starts anew when its window is over."""

    table: Table

    def failed(self, key: str, *, now: int) -> None:
        """Count one more within the window, or begin a new one."""
        ends = now // 1000 + WINDOW
        change = Condition("SET failures = failures + :one", {":one": 1})
        open_window = Condition("#ttl > :now", {":now": now // 1000}, {"#ttl": "ttl"})
        if isinstance(self.table.update(f"L#{key}", "LOGIN", change, open_window), Refused):
            self.table.put({"pk": f"L#{key}", "sk": "LOGIN", "v": 1, "failures": 1, "ttl": ends})

    def recent(self, key: str, *, now: int) -> int:
        """Read the counter; one whose window is over counts nothing, deleted yet or not."""
        item = self.table.get(f"L#{key}", "LOGIN")
        return item["failures"] if item and item["ttl"] > now // 1000 else 0
