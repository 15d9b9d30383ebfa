"""Counting on the table: slots as in the tests' memory, and no gap between two who come at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.accounts import DynamoKeys, DynamoSlots, DynamoTickets, DynamoUsers
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.access import ApiKey, Role, User
from chalicelib.domain.errors import SessionQuotaExceeded, WorkerQuotaExceeded
from chalicelib.domain.limits import Slot
from chalicelib.services.ports.accounts import Slots, TicketStore
from chalicelib.services.sessions.running import Running
from tests.fakes.accounts import MemoryTickets
from tests.fakes.quotas import MemorySlots
from tests.makers import NOW, a_session


@pytest.fixture(params=["memory", "dynamodb"])
def slots(request: pytest.FixtureRequest) -> Slots:
    return MemorySlots() if request.param == "memory" else DynamoSlots(request.getfixturevalue("table"))


@pytest.fixture(params=["memory", "dynamodb"])
def tickets(request: pytest.FixtureRequest) -> TicketStore:
    return MemoryTickets() if request.param == "memory" else DynamoTickets(request.getfixturevalue("table"))


def test_slots_are_held_until_they_are_freed(slots: Slots) -> None:
    for uid in ("b", "a", "a"):
        slots.hold("acme", uid, now=NOW)
    slots.hold("other", "c", now=NOW)
    assert slots.held("acme", most=10) == [Slot("a", NOW), Slot("b", NOW)]
    assert slots.held("acme", most=1) == [Slot("a", NOW)]
    slots.free("acme", "a", at=NOW)
    slots.free("acme", "a", at=NOW)
    assert slots.held("acme", most=10) == [Slot("b", NOW)]


def test_a_slot_that_was_taken_later_is_not_freed(slots: Slots) -> None:
    slots.hold("acme", "a", now=NOW + 1)
    slots.free("acme", "a", at=NOW)
    assert slots.held("acme", most=10) == [Slot("a", NOW + 1)]


def test_tickets_are_counted_by_tenant_and_minute(tickets: TicketStore) -> None:
    def given(tenant: str = "acme", now: int = NOW) -> bool:
        return tickets.counted(tenant, now=now, most=2)

    assert [given(), given(), given(), given("other")] == [True, True, False, True]
    assert given(now=NOW + 60_000)


def test_a_tenant_s_users_and_keys_are_counted_as_far_as_is_asked(table: Table) -> None:
    users, keys = DynamoUsers(table), DynamoKeys(table)
    for number in range(3):
        users.add(User(f"u{number}", "acme", Role.MEMBER, "hash", NOW))
        keys.add(ApiKey(f"01K{number}", f"f{number}", "acme", "u0", Role.MEMBER, NOW))
    users.add(User("other", "other", Role.MEMBER, "hash", NOW))
    DynamoSlots(table).hold("acme", "a", now=NOW)
    assert (users.count("acme", most=10), users.count("acme", most=2)) == (3, 2)
    assert (keys.count("acme", most=10), keys.count("other", most=10)) == (3, 0)


def sessions_listed(table: Table, tenant: str) -> int:
    where = Condition("pk = :pk AND begins_with(sk, :s)", {":pk": f"T#{tenant}", ":s": "S#"})
    return len(list(table.query(where)))


def test_a_session_too_many_leaves_nothing_behind(table: Table) -> None:
    sessions = DynamoSessions(table)
    for name in ("a", "b"):
        sessions.create(a_session(id=name, uid=name), most=2)
    with pytest.raises(SessionQuotaExceeded):
        sessions.create(a_session(id="c", uid="c"), most=2)
    assert (sessions.find("default", "c"), sessions.get("c"), sessions_listed(table, "default")) == (None, None, 2)
    assert sessions.create(a_session(id="a", uid="another"), most=2).uid == "a"
    assert sessions.create(a_session(id="c", uid="c", tenant="other"), most=2).uid == "c"


def test_of_many_creates_at_once_no_more_succeed_than_may(table: Table) -> None:
    sessions = DynamoSessions(table)

    def create(number: int) -> bool:
        try:
            sessions.create(a_session(id=f"s{number}", uid=f"s{number}"), most=5)
        except SessionQuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        made = sum(pool.map(create, range(24)))
    assert made <= 5
    assert sessions_listed(table, "default") == made
    # Whoever was refused in the crowd may come again.
    assert sum(create(100 + number) for number in range(10)) == 5 - made


def test_one_that_comes_between_another_s_entry_and_its_count_is_seen(table: Table) -> None:
    sessions, others = DynamoSessions(table), [1]
    sessions.create(a_session(id="a", uid="a"), most=2)

    def meanwhile(**_: object) -> None:
        if others:
            others.pop()
            sessions.create(a_session(id="b", uid="b"), most=2)

    table.client.meta.events.register("before-call.dynamodb.PutItem", meanwhile)
    with pytest.raises(SessionQuotaExceeded):
        sessions.create(a_session(id="c", uid="c"), most=2)
    assert sessions.find("default", "b") == replace(a_session(id="b", uid="b"))
    assert sessions_listed(table, "default") == 2


def test_of_many_starts_at_once_no_more_succeed_than_may(table: Table) -> None:
    running = Running(DynamoSlots(table), DynamoSessions(table), lambda: NOW, most=4)

    def take(number: int) -> bool:
        try:
            running.take("acme", f"s{number}")
        except WorkerQuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        taken = sum(pool.map(take, range(20)))
    assert taken <= 4
    assert len(DynamoSlots(table).held("acme", most=100)) == taken
    assert sum(take(100 + number) for number in range(10)) == 4 - taken
