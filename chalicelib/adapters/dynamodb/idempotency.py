"""What Idempotency-Keys were first used for, in the table."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chalicelib.adapters.dynamodb.table import Condition, Refused, Table

KEPT: Final = 86_400
"""Seconds that a key is remembered."""


@dataclass(frozen=True, slots=True)
class DynamoIdempotency:
    """The IdempotencyStore port. A key is somebody else's text: its hash stands for it."""

    table: Table

    def claim(self, tenant: str, key: str, *, fingerprint: str, result: str, now: int) -> tuple[str, str]:
        """Put what the key is used for on condition that it wasn't used within a day."""
        pk = f"I#{tenant}#{sha256(key.encode()).hexdigest()}"
        item = {"pk": pk, "sk": "KEY", "v": 1, "fingerprint": fingerprint, "result": result, "ttl": now // 1000 + KEPT}
        free = Condition("attribute_not_exists(pk) OR #ttl < :now", {":now": now // 1000}, {"#ttl": "ttl"})
        taken = self.table.put(item, free)
        if isinstance(taken, Refused) and taken.item:
            return taken.item["fingerprint"], taken.item["result"]
        return fingerprint, result
