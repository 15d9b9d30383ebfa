"""Who people are on WhatsApp, in the table beside the session whose account has learnt it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.identity import Identity

KEPT: Final = 30 * 86_400
"""Seconds that it is remembered who somebody is: numbers change hands."""


@dataclass(frozen=True, slots=True)
class DynamoIdentities:
    """The IdentityStore port."""

    table: Table

    def note(self, uid: str, jids: Sequence[str], identity: Identity, *, now: int) -> None:
        """Put an item for each JID."""
        for jid in dict.fromkeys(jids):
            known = {"phone": identity.phone, "lid": identity.lid, "ttl": now // 1000 + KEPT}
            self.table.put({"pk": f"S#{uid}", "sk": f"N#{jid}", **known})

    def find(self, uid: str, jids: Sequence[str], *, now: int) -> Mapping[str, Identity]:
        """Read the items, several in one call; DynamoDB takes its time to remove those that have expired."""
        keys = [(f"S#{uid}", f"N#{jid}") for jid in dict.fromkeys(jids)]
        # Workers, which ask for one, have no right to BatchGetItem.
        found = self.table.get_many(keys) if len(keys) > 1 else filter(None, (self.table.get(*key) for key in keys))
        return {
            item["sk"].removeprefix("N#"): Identity(item.get("phone"), item.get("lid"))
            for item in found
            if item["ttl"] > now // 1000
        }

    def forget(self, uid: str, jid: str) -> None:
        """Remove the item."""
        self.table.delete(f"S#{uid}", f"N#{jid}")
