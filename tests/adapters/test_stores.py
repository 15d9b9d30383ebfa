"""One suite over the stores in the table and over the tests' fakes of them: what holds of one holds of the other."""

from dataclasses import dataclass, replace

import pytest

from chalicelib.adapters.dynamodb.history import DynamoHistory
from chalicelib.adapters.dynamodb.leases import DynamoLeases
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.standby import DynamoStandbys
from chalicelib.adapters.dynamodb.users import DynamoLoginAttempts, DynamoUsers
from chalicelib.adapters.dynamodb.watchers import DynamoWatchers
from chalicelib.domain.events import Envelope
from chalicelib.domain.lease import GRACE, TTL, Lease
from chalicelib.domain.principal import Role, User
from chalicelib.domain.session import LastEvent, Session, Status
from chalicelib.domain.watcher import LIFETIME, Watcher
from chalicelib.services import ports
from chalicelib.services.accounts import WINDOW
from tests import fakes
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session


@dataclass
class Stores:
    sessions: ports.SessionStore
    leases: ports.LeaseStore
    standbys: ports.StandbyStore
    watchers: ports.WatcherStore
    history: ports.HistoryStore
    users: ports.UserStore
    attempts: ports.LoginAttempts


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return Stores(
            fakes.MemorySessions(),
            fakes.MemoryLeases(),
            fakes.MemoryStandbys(),
            fakes.MemoryWatchers(),
            fakes.MemoryHistory(),
            fakes.MemoryUsers(),
            fakes.MemoryLoginAttempts(),
        )
    table = request.getfixturevalue("table")
    return Stores(
        DynamoSessions(table),
        DynamoLeases(table),
        DynamoStandbys(table),
        DynamoWatchers(table),
        DynamoHistory(table),
        DynamoUsers(table),
        DynamoLoginAttempts(table),
    )


FULL = a_running_session(
    status=Status.SCAN_QR,
    qr=a_code(),
    device=DEVICE,
    phone="+6281234567890",
    webhook_url="https://example.com/hook",
    deadline=NOW + 90_000,
    last_event=LastEvent("01E", "session.qr", NOW, {"status": "SCAN_QR", "attempt": 1}),
    version=0,
)


def test_a_session_comes_back_as_it_went_in(stores):
    assert stores.sessions.create(FULL) == FULL
    assert stores.sessions.get(FULL.uid) == FULL
    assert stores.sessions.find("default", FULL.id) == FULL


def test_an_id_that_is_taken_stays_with_its_session(stores):
    stores.sessions.create(FULL)
    assert stores.sessions.create(replace(FULL, uid="another")) == FULL
    assert stores.sessions.get("another") is None


def test_a_session_moves_only_from_the_version_that_was_read(stores):
    stores.sessions.create(FULL)
    assert stores.sessions.move(replace(FULL, version=1, name="first"))
    assert not stores.sessions.move(replace(FULL, version=1, name="second"))
    assert not stores.sessions.move(replace(FULL, uid="gone", version=1))
    found = stores.sessions.get(FULL.uid)
    assert found is not None
    assert found.name == "first"


def test_a_session_that_changed_meanwhile_is_not_removed(stores):
    stores.sessions.create(FULL)
    stores.sessions.move(replace(FULL, version=1))
    assert not stores.sessions.remove(FULL)
    assert stores.sessions.remove(replace(FULL, version=1))
    assert stores.sessions.get(FULL.uid) is None
    assert stores.sessions.find("default", FULL.id) is None


def test_a_removed_session_s_id_is_free_and_shares_nothing_with_the_next(stores):
    stores.sessions.create(FULL)
    stores.leases.acquire(Lease(FULL.uid, "w", 1, NOW + TTL), now=NOW)
    stores.sessions.remove(FULL)
    again = replace(FULL, uid="01JNEXT")
    assert stores.sessions.create(again) == again


def test_sessions_are_paged_in_the_order_of_their_ids_within_their_tenant(stores):
    for number in range(5):
        stores.sessions.create(a_session(id=f"s{number}", uid=f"U{number}"))
    stores.sessions.create(a_session(id="s9", uid="U9", tenant="other"))
    first, after = stores.sessions.page("default", limit=3, after=None)
    assert [s.id for s in first] == ["s0", "s1", "s2"]
    rest, end = stores.sessions.page("default", limit=3, after=after)
    assert ([s.id for s in rest], end) == (["s3", "s4"], None)


def test_a_lease_is_taken_once_and_renewed_by_its_holder_alone(stores):
    mine = Lease("u", "u-1", 1, NOW + TTL)
    assert stores.leases.acquire(mine, now=NOW) == (True, None)
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW) == (False, mine)
    assert stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert not stores.leases.renew(Lease("u", "u-2", 2, NOW + TTL))
    assert not stores.leases.renew(Lease("nobody", "u-1", 1, NOW + TTL))
    assert stores.leases.get("u") == replace(mine, until=NOW + 2 * TTL)


def test_an_expired_lease_goes_to_the_next_epoch_and_not_back(stores):
    old = Lease("u", "u-1", 1, NOW)
    stores.leases.acquire(old, now=NOW)
    taken = Lease("u", "u-2", 2, NOW + TTL)
    assert stores.leases.acquire(taken, now=NOW + GRACE - 1) == (False, old)
    assert stores.leases.acquire(taken, now=NOW + GRACE) == (True, old)
    assert not stores.leases.renew(replace(old, until=NOW + TTL))
    assert stores.leases.acquire(replace(old, until=NOW + 9 * TTL), now=NOW + 8 * TTL)[0] is False


def test_a_released_lease_is_free_at_once_and_not_renewed(stores):
    mine = Lease("u", "u-1", 1, NOW + TTL)
    stores.leases.acquire(mine, now=NOW)
    assert not stores.leases.release("u", worker="another", epoch=1)
    assert stores.leases.release("u", worker="u-1", epoch=1)
    assert not stores.leases.renew(replace(mine, until=NOW + 2 * TTL))
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW)[0]


def test_a_worker_that_never_came_is_marked_gone_but_not_over_one_that_is_at_work(stores):
    assert stores.leases.release("u", worker="u-1", epoch=1)
    assert stores.leases.acquire(Lease("u", "u-2", 2, NOW + TTL), now=NOW)[0]
    assert not stores.leases.release("u", worker="u-3", epoch=3)
    assert stores.leases.get("u") == Lease("u", "u-2", 2, NOW + TTL)


def test_a_standby_is_given_one_session_by_one_of_many(stores):
    stores.standbys.put(ports.Standby("b", "q", NOW + TTL))
    assert not stores.standbys.assign("b", uid="u", epoch=1), "it isn't ready yet"
    assert stores.standbys.renew("b", until=NOW + 2 * TTL)
    assert stores.standbys.assign("b", uid="u", epoch=1)
    assert not stores.standbys.assign("b", uid="v", epoch=1)
    assert not stores.standbys.renew("b", until=NOW + 3 * TTL)
    assert stores.standbys.get("b") == ports.Standby("b", "q", NOW + 2 * TTL, ready=True, uid="u", epoch=1)
    assert not stores.standbys.free("b", uid="u", epoch=2)
    assert stores.standbys.free("b", uid="u", epoch=1)
    assert stores.standbys.assign("b", uid="v", epoch=1)


def test_a_serving_standby_is_out_of_the_pool_and_what_it_serves_is_known_at_its_end(stores):
    stores.standbys.put(ports.Standby("b", "q", NOW + TTL, ready=True))
    stores.standbys.assign("b", uid="u", epoch=4)
    stores.standbys.serve("b", uid="u", epoch=4)
    assert stores.standbys.all() == []
    assert stores.standbys.ended("b") == ("u", 4)
    assert stores.standbys.ended("b") is None


def test_a_standby_that_ended_before_it_served_is_known_for_what_it_was_given(stores):
    stores.standbys.put(ports.Standby("b", "q", NOW + TTL, ready=True))
    assert stores.standbys.ended("unknown") is None
    stores.standbys.assign("b", uid="u", epoch=4)
    assert stores.standbys.ended("b") == ("u", 4)
    assert stores.standbys.all() == []


def test_watchers_are_found_by_what_they_follow(stores):
    one = Watcher("c1", "default", "ana", "enveloped", "admin", NOW, NOW + LIFETIME)
    two, other = replace(one, id="c2"), replace(one, id="c3", tenant="other")
    for watcher in (one, two, other):
        stores.watchers.add(watcher)
    assert sorted(stores.watchers.following("default", "ana"), key=lambda w: w.id) == [one, two]
    stores.watchers.remove("c1")
    stores.watchers.remove("c1")
    assert list(stores.watchers.following("default", "ana")) == [two]
    assert stores.watchers.get("c1") is None
    assert stores.watchers.get("c2") == two


def test_history_is_read_in_order_after_a_cursor_and_repeats_vanish(stores):
    events = [
        Envelope(f"E{n}", "session.qr", "default", "ana", "u", NOW, f"label#{n:0>40}", {"attempt": n})
        for n in range(12)
    ]
    for event in [*reversed(events), *events]:
        stores.history.append(event)
    stores.history.append(replace(events[0], uid="another"))
    assert stores.history.since("u", None, limit=100) == events
    assert stores.history.since("u", events[8].cursor, limit=2) == events[9:11]


def test_a_user_s_name_is_taken_once(stores):
    user = User("admin", "default", Role.ADMIN, "hash", NOW)
    assert stores.users.add(user)
    assert not stores.users.add(replace(user, password_hash="another"))
    assert stores.users.get("admin") == user
    assert stores.users.get("nobody") is None


def test_failed_logins_count_within_their_window(stores):
    for _ in range(3):
        stores.attempts.failed("admin@127.0.0.1", now=NOW)
    assert stores.attempts.recent("admin@127.0.0.1", now=NOW) == 3
    later = NOW + WINDOW * 1000
    assert stores.attempts.recent("admin@127.0.0.1", now=later) == 0
    stores.attempts.failed("admin@127.0.0.1", now=later)
    assert stores.attempts.recent("admin@127.0.0.1", now=later) == 1


def test_every_field_of_a_session_survives_even_those_nobody_set(stores):
    bare = Session(tenant="t", id="i", uid="u", created_at=NOW)
    stores.sessions.create(bare)
    assert stores.sessions.get("u") == bare
