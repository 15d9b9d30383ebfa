"""What Idempotency-Keys were first used for, in the table."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chalicelib.adapters.dynamodb.table import Condition, Refused, Table
from chalicelib.domain.idempotency import Claim

KEPT: Final = 86_400
"""Seconds that a key is remembered."""


@dataclass(frozen=True, slots=True)
class DynamoIdempotency:
    """The IdempotencyStore port. A key is somebody else's text: its hash stands for it."""

    table: Table

    def claim(self, tenant: str, key: str, *, fingerprint: str, result: str, now: int) -> Claim:
        """Put what the key is used for on condition that it wasn't used within a day."""
        item = {"pk": _pk(tenant, key), "sk": "KEY", "fingerprint": fingerprint, "result": result, "at": now}
        free = Condition("attribute_not_exists(pk) OR #ttl < :now", {":now": now // 1000}, {"#ttl": "ttl"})
        taken = self.table.put({**item, "ttl": now // 1000 + KEPT}, free)
        if isinstance(taken, Refused) and taken.item:
            stands = taken.item
            return Claim(stands["fingerprint"], stands["result"], stands.get("at", now), made=bool(stands.get("made")))
        return Claim(fingerprint, result, now)

    def finish(self, tenant: str, key: str, *, result: str) -> None:
        """Write it on the item, if it is still the one of that result. ``result`` is a reserved word of DynamoDB's."""
        same = Condition("#result = :result", {":result": result}, {"#result": "result"})
        self.table.update(_pk(tenant, key), "KEY", Condition("SET made = :yes", {":yes": True}), same)


def _pk(tenant: str, key: str) -> str:
    return f"I#{tenant}#{sha256(key.encode()).hexdigest()}"
