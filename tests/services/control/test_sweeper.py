"""The minute's look around, where not all is well."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chalicelib.domain.session import Desired, Session
from chalicelib.services.ports import Unavailable
from tests.composition import Rig, Stores
from tests.fakes import MemorySessions
from tests.fakes.upgrades import LeasesByTime
from tests.makers import a_session


@dataclass
class Due(LeasesByTime):
    """An index that says what it is told to."""

    uids: list[str] = field(default_factory=list)

    def due(self, now: int) -> list[str]:
        return self.uids


def sweep(rig: Rig, *uids: str) -> None:
    rig.due_index = Due(rig.stores.leases, list(uids))
    rig.sweeper.sweep()


def unreadable() -> Session:
    raise ValueError("an item that nobody can read")


def unavailable() -> Session:
    raise Unavailable("the table doesn't answer")


@pytest.mark.parametrize("read", [unreadable, unavailable])
def test_a_session_that_cannot_be_reconciled_keeps_nobody_waiting(read: Callable[[], Session]) -> None:
    class Broken(MemorySessions):
        def get(self, uid: str) -> Session | None:
            return read() if uid == "broken" else super().get(uid)

    session = a_session(desired=Desired.RUNNING, generation=1)
    rig = Rig(stores=Stores(sessions=Broken(rows={session.uid: session})), standby_workers=1)
    sweep(rig, "broken", session.uid)
    assert rig.stores.sessions.rows[session.uid].epoch == 1
    assert len(rig.stores.standbys.all()) == 1
