"""API keys in the table: each by its fingerprint, and on its owner's and its tenant's lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.counting import listed
from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.account import ApiKey
from chalicelib.reading import Reader

_API_KEY: Final = Reader(ApiKey)

KEPT: Final = 7 * 86_400
"""Seconds that an expired key is still listed."""
_THERE: Final = "attribute_exists(pk)"


@dataclass(frozen=True, slots=True)
class DynamoKeys:
    """The KeyStore port. Lists are written before the key and removed after it: no key opens a door unlisted."""

    table: Table

    def get(self, fingerprint: str) -> ApiKey | None:
        """Read the key."""
        item = self.table.get(f"K#{fingerprint}", "KEY")
        return _API_KEY.plain(item) if item else None

    def add(self, key: ApiKey) -> None:
        """Put it on both lists, then the key itself."""
        kept = {"ttl": key.expires_at // 1000 + KEPT} if key.expires_at is not None else {}
        for pk, sk in _lists(key):
            self.table.put({"pk": pk, "sk": sk, "fingerprint": key.fingerprint, **kept})
        fields: dict[str, Any] = msgspec.to_builtins(key)
        self.table.put({"pk": f"K#{key.fingerprint}", "sk": "KEY", **kept, **fields})

    def put(self, key: ApiKey) -> None:
        """Change these two fields on condition that the key is there. ``role`` is a reserved word of DynamoDB's."""
        change = Condition(
            "SET #role = :role, suspended = :suspended",
            {":role": str(key.role), ":suspended": key.suspended},
            {"#role": "role"},
        )
        self.table.update(f"K#{key.fingerprint}", "KEY", change, Condition(_THERE, {}))

    def touch(self, key: ApiKey, *, now: int) -> None:
        """Write the time on condition that the key is there."""
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
        """Read the owner's whole list, then its keys: whoever ends them must miss none."""
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
