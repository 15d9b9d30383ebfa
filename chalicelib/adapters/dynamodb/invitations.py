"""Invitations in the table, among what is stored for their session: they are removed with it."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.invitations import Invitation
from chalicelib.reading import Reader

_INVITATION: Final = Reader(Invitation)

KEPT: Final = 86_400
"""Seconds for which an invitation that is over still says so."""


class DynamoInvitations(Struct, frozen=True):
    """The InvitationStore port."""

    table: Table

    def get(self, uid: str, invitation_id: str) -> Invitation | None:
        """Read it."""
        item = self.table.get(*_key(uid, invitation_id))
        return _read(item) if item else None

    def add(self, invitation: Invitation) -> bool:
        """Put it on condition that there is none of that id."""
        values: dict[str, Any] = msgspec.to_builtins(invitation)
        pk, sk = _key(invitation.uid, invitation.id)
        item = {**values, "pk": pk, "sk": sk, "ttl": invitation.expires_at // 1000 + KEPT}
        return self.table.put(item, Condition("attribute_not_exists(pk)", {})) is None

    def open(self, invitation: Invitation, *, token_hash: str, now: int) -> bool:
        """Write the token's hash on condition that there is none, and no end: of two callers at once one gets False."""
        change = Condition("SET token_hash = :hash, opened_at = :now", {":hash": token_hash, ":now": now})
        first = Condition(
            "attribute_exists(pk) AND attribute_not_exists(opened_at) AND attribute_not_exists(revoked_at)", {}
        )
        return self.table.update(*_key(invitation.uid, invitation.id), change, first) is None

    def revoke(self, invitation: Invitation, *, now: int) -> None:
        """Write the time on condition that there is none."""
        change = Condition("SET revoked_at = :now", {":now": now})
        first = Condition("attribute_exists(pk) AND attribute_not_exists(revoked_at)", {})
        self.table.update(*_key(invitation.uid, invitation.id), change, first)

    def remove(self, invitation: Invitation) -> None:
        """Remove it."""
        self.table.delete(*_key(invitation.uid, invitation.id))

    def living(self, uid: str, *, now: int, most: int) -> int:
        """Count them; DynamoDB reads those that are kept after their end, too."""
        good = Condition("attribute_not_exists(revoked_at) AND expires_at > :now", {":now": now})
        return min(most, self.table.count(_of(uid), good))

    def page(self, uid: str, *, limit: int, after: str | None) -> tuple[list[Invitation], str | None]:
        """Read one page of them."""
        start = dict(zip(("pk", "sk"), _key(uid, after), strict=True)) if after else None
        found = [_read(item) for item in self.table.query(_of(uid), limit=limit, after=start)]
        return found, found[-1].id if len(found) == limit else None


def _key(uid: str, invitation_id: str) -> tuple[str, str]:
    return f"S#{uid}", f"I#{invitation_id}"


def _of(uid: str) -> Condition:
    return Condition("pk = :pk AND begins_with(sk, :i)", {":pk": f"S#{uid}", ":i": "I#"})


def _read(item: Item) -> Invitation:
    return _INVITATION.plain(item)
