"""The limit on a tenant's running sessions: each holds a slot from its start until it has come to rest."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from chalicelib.domain.errors import WorkerQuotaExceeded
from chalicelib.domain.events import StartRequested
from chalicelib.domain.limits import Slot
from chalicelib.domain.session import Session
from chalicelib.services.ports import Clock, SessionStore
from chalicelib.services.ports.accounts import Slots

HALFWAY: Final = 60_000
"""Milliseconds after which no start is under way any more: an older slot of a session at rest was left behind."""
LOOKED_AT: Final = 25
"""Slots that are checked for having been left behind before one call is refused."""


class Running(Struct, frozen=True):
    """Keeps slots; with ``most`` 0 there is no limit, and none are kept.

    A session that is wanted running without its owner's call (its tenant is enabled again, or an earlier version
    started it) is given its slot with its next worker, whatever the quota: it ran before.
    """

    slots: Slots
    sessions: SessionStore
    clock: Clock
    most: int

    def take(self, tenant: str, uid: str) -> None:
        """Take a slot for a session that is about to be started; raises WorkerQuotaExceeded."""
        if not self.most:
            return
        now = self.clock()
        self.slots.hold(tenant, uid, now=now)
        held = self.slots.held(tenant, most=self.most + 1)
        if len(held) > self.most and self._forget_some(tenant, held, now):
            held = self.slots.held(tenant, most=self.most + 1)
        if len(held) > self.most:
            self.slots.free(tenant, uid, at=now)
            raise WorkerQuotaExceeded(
                f"{self.most} sessions of this tenant run already, as many as may.", hint="Disconnect one first."
            )

    def hold(self, session: Session) -> None:
        """Take a slot for a session that is being assigned a worker, regardless of the quota.

        Where its owner has just started it, it has one: that was taken before the start was written. A restart takes
        none where the session is to run already.
        """
        if self.most and not (session.last_event and session.last_event.type == StartRequested.type):
            self.slots.hold(session.tenant, session.uid, now=self.clock())

    def free(self, session: Session) -> None:
        """Free the slot of a session that has come to rest or is about to be removed."""
        if self.most and session.generation:
            self.slots.free(session.tenant, session.uid, at=session.since)

    def give_back(self, session: Session) -> None:
        """Free the slot of a session whose creation failed."""
        if self.most:
            self.slots.free(session.tenant, session.uid, at=self.clock())

    def _forget_some(self, tenant: str, held: Sequence[Slot], now: int) -> bool:
        """Free slots of starts that were killed halfway; others are looked at each second."""
        old = [slot for slot in held if slot.at < now - HALFWAY]
        first = now // 1000 % len(old) if old else 0
        left = [slot for slot in (old[first:] + old[:first])[:LOOKED_AT] if self._rests(slot)]
        for slot in left:
            self.slots.free(tenant, slot.uid, at=slot.at)
        return bool(left)

    def _rests(self, slot: Slot) -> bool:
        session = self.sessions.get(slot.uid)
        return session is None or session.answered
