"""Sessions in the table: the directory by tenant and id, the session by uid, one conditional write a move."""

import time
from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.counting import listed
from chalicelib.adapters.dynamodb.due import DUE, due
from chalicelib.adapters.dynamodb.table import Condition, Item, Refused, Table
from chalicelib.domain.quota import too_many_sessions
from chalicelib.domain.reasons import Reason
from chalicelib.domain.session import Session
from chalicelib.reading import Reader
from chalicelib.services.ports import Unavailable

_SESSION: Final = Reader(Session)
_KNOWN: Final = frozenset({one.name for one in fields(Session)} | DUE)

WORD_KEPT: Final = 3_600
"""Seconds for which it is kept that a removed session's device couldn't be unlinked."""
HALFWAY: Final = 60_000
"""Milliseconds after which a create is surely over: no function runs that long."""


def to_item(session: Session) -> Item:
    """Return the session's item."""
    values: dict[str, Any] = msgspec.to_builtins(session)
    return {
        "pk": f"S#{session.uid}",
        "sk": "SESSION",
        **due(session.uid, session.deadline),
        **{name: value for name, value in values.items() if value is not None},
    }


def from_item(item: Item) -> Session:
    """Return the session of an item; attributes that this version doesn't know are left alone."""
    return _SESSION.plain(item)


@dataclass(frozen=True, slots=True)
class DynamoSessions:
    """The SessionStore port."""

    table: Table

    def create(self, session: Session, *, most: int = 0) -> Session:
        """Put the directory entry if its place is free, then the session.

        An entry without its session is a create or a removal that was killed halfway: its place is taken over, unless
        it is so new that its session may just be being written; then Unavailable is raised. Of two that create the same
        uid one writes the session, and both return that.
        """
        entry = {"pk": f"T#{session.tenant}", "sk": f"S#{session.id}", "uid": session.uid, "at": session.created_at}
        taken = self.table.put(entry, Condition("attribute_not_exists(pk)", {}))
        while isinstance(taken, Refused):
            standing = taken.item or {}
            uid = standing.get("uid", "")
            stands = self.get(uid) if uid else None
            if stands:
                return stands
            if uid != session.uid and session.created_at - standing.get("at", 0) < HALFWAY:
                raise Unavailable(f"the session that is to be {session.tenant}'s {session.id} is just being created")
            taken = self.table.put(entry, Condition("attribute_not_exists(pk) OR uid = :gone", {":gone": uid}))
        # Counted before the session is there: it would be an event, and perhaps be started.
        if most and listed(self.table, session.tenant, "S#", most=most + 1) > most:
            self.table.delete(f"T#{session.tenant}", f"S#{session.id}", Condition("uid = :uid", {":uid": session.uid}))
            raise too_many_sessions(most)
        twin = self.table.put(to_item(session), Condition("attribute_not_exists(pk)", {}))
        return from_item(twin.item) if isinstance(twin, Refused) and twin.item else session

    def find(self, tenant: str, session_id: str) -> Session | None:
        """Read the directory, then the session."""
        entry = self.table.get(f"T#{tenant}", f"S#{session_id}")
        return self.get(entry["uid"]) if entry else None

    def get(self, uid: str) -> Session | None:
        """Read the session."""
        item = self.table.get(f"S#{uid}", "SESSION")
        return from_item(item) if item else None

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        """Read one page of the directory, then its sessions in one batch."""
        where = Condition("pk = :pk AND begins_with(sk, :s)", {":pk": f"T#{tenant}", ":s": "S#"})
        start = {"pk": f"T#{tenant}", "sk": f"S#{after}"} if after else None
        entries = list(self.table.query(where, limit=limit, after=start))
        items = self.table.get_many([(f"S#{entry['uid']}", "SESSION") for entry in entries])
        by_uid = {item["uid"]: from_item(item) for item in items}
        more = entries[-1]["sk"].removeprefix("S#") if len(entries) == limit else None
        return [by_uid[entry["uid"]] for entry in entries if entry["uid"] in by_uid], more

    def move(self, session: Session) -> bool:
        """Write the session over the version before it, which also says that the epoch is the one that was read."""
        condition = Condition("uid = :uid AND version = :before", {":uid": session.uid, ":before": session.version - 1})
        return self.table.rewrite(to_item(session), _KNOWN, condition) is None

    def remove(self, session: Session) -> bool:
        """Remove what hangs on the session, then the session unless it changed, then its id if still its own.

        What was written between the first two is removed, too: who writes later finds no session. What the stream's
        consumers write of events that they haven't seen yet is theirs to remove, see ``DynamoHistory.forget``.
        """
        pk = f"S#{session.uid}"
        self.table.delete_partition(pk, but=["SESSION"])
        if session.reason == Reason.UNLINK_UNCONFIRMED:
            ttl = round(time.time()) + WORD_KEPT
            self.table.put({"pk": f"G#{session.uid}", "sk": "GONE", "reason": str(session.reason), "ttl": ttl})
        if self.table.delete(pk, "SESSION", Condition("version = :seen", {":seen": session.version})):
            return False
        self.table.delete_partition(pk)
        mine = Condition("uid = :uid", {":uid": session.uid})
        self.table.delete(f"T#{session.tenant}", f"S#{session.id}", mine)
        return True

    def removed(self, uid: str) -> str | None:
        """Read the word that a removed session left."""
        item = self.table.get(f"G#{uid}", "GONE")
        return str(item["reason"]) if item else None
