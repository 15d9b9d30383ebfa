"""One suite over the stores in the table and over the tests' fakes of them: what holds of one holds of the other."""

from dataclasses import dataclass, replace

import pytest

from chalicelib.adapters.dynamodb.history import DynamoHistory
from chalicelib.adapters.dynamodb.idempotency import DynamoIdempotency
from chalicelib.adapters.dynamodb.leases import DynamoLeases
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.paces import DynamoPaces
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.standby import DynamoStandbys
from chalicelib.adapters.dynamodb.watchers import DynamoWatchers
from chalicelib.domain.events import Envelope
from chalicelib.domain.idempotency import Claim
from chalicelib.domain.lease import GRACE, TTL, Lease
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, advance, event
from chalicelib.domain.pace import Pace
from chalicelib.domain.session import LastEvent, Session, Status
from chalicelib.domain.watcher import LIFETIME, Watcher
from chalicelib.services import ports
from tests import fakes
from tests.makers import DEVICE, NOW, a_code, a_message, a_running_session, a_session


@dataclass
class Stores:
    sessions: ports.SessionStore
    leases: ports.LeaseStore
    standbys: ports.StandbyStore
    watchers: ports.WatcherStore
    history: ports.HistoryStore
    messages: ports.MessageStore
    keys: ports.IdempotencyStore
    paces: ports.Paces


PACE = Pace(burst=3, per_minute=60)


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return Stores(
            fakes.MemorySessions(),
            fakes.MemoryLeases(),
            fakes.MemoryStandbys(),
            fakes.MemoryWatchers(),
            fakes.MemoryHistory(),
            fakes.MemoryMessages(),
            fakes.MemoryIdempotency(),
            fakes.MemoryPaces(PACE),
        )
    table = request.getfixturevalue("table")
    return Stores(
        DynamoSessions(table),
        DynamoLeases(table),
        DynamoStandbys(table),
        DynamoWatchers(table),
        DynamoHistory(table),
        DynamoMessages(table),
        DynamoIdempotency(table),
        DynamoPaces(table, PACE),
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


def test_a_standby_that_waits_can_be_retired_and_one_that_was_given_a_session_cannot(stores):
    for worker in ("a", "b"):
        stores.standbys.put(ports.Standby(worker, "q", NOW + TTL, ready=True, task="worker:1"))
    assert stores.standbys.assign("b", uid="u", epoch=1)
    assert [stores.standbys.retire(worker) for worker in ("a", "b", "c")] == [True, False, False]
    assert [(standby.worker, standby.task) for standby in stores.standbys.all()] == [("b", "worker:1")]
    assert not stores.standbys.renew("a", until=NOW + 2 * TTL)


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
    for one in [*reversed(events), *events]:
        stores.history.append(one)
    stores.history.append(replace(events[0], uid="another"))
    assert stores.history.since("u", None, limit=100) == events
    assert stores.history.since("u", events[8].cursor, limit=2) == events[9:11]
    assert stores.history.get("u", events[8].cursor) == events[8]
    assert stores.history.get("u", "nowhere") is None


def test_every_field_of_a_session_survives_even_those_nobody_set(stores):
    bare = Session(tenant="t", id="i", uid="u", created_at=NOW)
    stores.sessions.create(bare)
    assert stores.sessions.get("u") == bare


INBOUND = a_message(
    id="01JMSG00000000000000000002",
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    sender=Party("628987654321", "200000000000002", "Bö"),
    text="Kopi ☕\nat nine?",
    kind="image",
    copied=True,
    whatsapp_id="3A01",
    epoch=3,
    expires_at=NOW + 1,
    sent_at=NOW + 2,
    delivered_at=NOW + 3,
    read_at=NOW + 4,
    error_code="code",
    error_message="A sentence.",
)


@pytest.mark.parametrize("message", [INBOUND, replace(INBOUND, last_event=event(INBOUND, "E1", NOW)), a_message()])
def test_a_message_comes_back_as_it_went_in(stores, message):
    assert stores.messages.put(message)
    assert stores.messages.get(message.uid, message.id) == message
    assert stores.messages.get("another", message.id) is None


def test_a_message_is_put_once(stores):
    assert stores.messages.put(a_message())
    assert not stores.messages.put(a_message(text="another"))
    assert stores.messages.get(a_message().uid, a_message().id).text == a_message().text


def test_a_message_moves_only_from_the_version_that_was_read(stores):
    message = a_message()
    stores.messages.put(message)
    sending = advance(message, MessageStatus.SENDING, now=NOW, event_id="E1", epoch=1)
    assert stores.messages.move(sending)
    assert not stores.messages.move(advance(message, MessageStatus.FAILED, now=NOW, event_id="E2"))
    assert not stores.messages.move(replace(sending, id="unknown"))
    assert stores.messages.get(message.uid, message.id) == sending


def test_what_a_worker_owes_is_open_oldest_first_and_nothing_else_is(stores):
    for number, status in enumerate([*reversed(MessageStatus), MessageStatus.QUEUED]):
        stores.messages.put(a_message(id=f"M{number}", status=status))
    stores.messages.put(a_message(id="M0", uid="another"))
    (one, two, three) = stores.messages.open(a_message().uid, limit=9)
    assert [m.status for m in (one, two, three)] == [MessageStatus.SENDING, MessageStatus.QUEUED, MessageStatus.QUEUED]
    assert [m.id for m in (one, two, three)] == sorted(m.id for m in (one, two, three))
    assert stores.messages.open(a_message().uid, limit=2) == [one, two]
    stores.messages.move(advance(one, MessageStatus.SENT, now=NOW, event_id="E1"))
    assert stores.messages.open(a_message().uid, limit=9) == [two, three]


def test_a_message_is_found_by_whatsapp_s_id_within_its_session(stores):
    message = a_message(whatsapp_id="3EB0")
    stores.messages.put(message)
    assert stores.messages.by_whatsapp_id(message.uid, "3EB0") is None
    stores.messages.note_whatsapp_id(message)
    stores.messages.note_whatsapp_id(message)
    assert stores.messages.by_whatsapp_id(message.uid, "3EB0") == message
    assert stores.messages.by_whatsapp_id("another", "3EB0") is None
    stores.messages.note_whatsapp_id(replace(message, id="never put", whatsapp_id="3EB1"))
    assert stores.messages.by_whatsapp_id(message.uid, "3EB1") is None


def test_messages_are_read_backwards_from_the_newest_or_from_one_of_them(stores):
    messages: list[Message] = [a_message(id=f"M{number}") for number in range(5)]
    for message in messages:
        stores.messages.put(message)
        stores.messages.note_whatsapp_id(replace(message, whatsapp_id="3EB0"))
    uid = a_message().uid
    assert stores.messages.recent(uid, limit=9, before=None) == messages[::-1]
    assert stores.messages.recent(uid, limit=2, before=None) == messages[:2:-1]
    assert stores.messages.recent(uid, limit=2, before="M3") == messages[2:0:-1]
    assert stores.messages.recent(uid, limit=2, before="M2-gone") == messages[2:0:-1]
    assert stores.messages.recent(uid, limit=2, before="M0") == []
    assert stores.messages.recent("another", limit=2, before=None) == []


def test_a_key_stands_for_its_first_request_for_a_day(stores):
    def claim(key: str, fingerprint: str, result: str, *, tenant: str = "default", now: int = NOW) -> tuple[str, str]:
        stands = stores.keys.claim(tenant, key, fingerprint=fingerprint, result=result, now=now)
        assert not stands.made
        return stands.fingerprint, stands.result

    assert claim("k", "f", "M1") == ("f", "M1")
    assert claim("k", "f", "M2") == ("f", "M1")
    assert claim("k", "g", "M3", now=NOW + 86_400_000) == ("f", "M1")
    assert claim("K", "g", "M4") == ("g", "M4")
    assert claim("k", "g", "M5", tenant="other") == ("g", "M5")
    assert claim("k", "g", "M6", now=NOW + 86_401_000) == ("g", "M6")


def test_a_key_says_when_it_was_first_used_and_whether_its_result_is_made(stores):
    def claim(now: int = NOW) -> Claim:
        stands: Claim = stores.keys.claim("default", "k", fingerprint="f", result=f"R{now}", now=now)
        return stands

    assert claim() == claim(NOW + 5) == Claim("f", f"R{NOW}", NOW)
    stores.keys.finish("default", "k", result="another")
    stores.keys.finish("default", "unknown", result=f"R{NOW}")
    assert not claim().made
    stores.keys.finish("default", "k", result=f"R{NOW}")
    assert claim(NOW + 5) == Claim("f", f"R{NOW}", NOW, made=True)
    assert not claim(NOW + 86_401_000).made


def test_a_pace_is_a_session_s_own_and_comes_back_with_time(stores):
    assert [stores.paces.take("u", now=NOW) for _ in range(4)] == [0, 0, 0, 1]
    assert stores.paces.take("another", now=NOW) == 0
    assert stores.paces.take("u", now=NOW + 250) == 0.75
    assert stores.paces.take("u", now=NOW + 1000) == 0
    assert stores.paces.take("u", now=NOW + 1000) == 1
    assert [stores.paces.take("u", now=NOW + 60_000) for _ in range(4)] == [0, 0, 0, 1]


def test_a_clock_that_is_behind_refills_nothing_twice(stores):
    for _ in range(3):
        stores.paces.take("u", now=NOW + 1000)
    assert stores.paces.take("u", now=NOW) == 2
    assert stores.paces.take("u", now=NOW + 2000) == 0
    assert stores.paces.take("u", now=NOW + 1000) == 2
    assert stores.paces.take("u", now=NOW + 2000) == 1


def test_history_keeps_a_message_s_event_without_its_text(stores):
    told = event(INBOUND, "E1", NOW)
    envelope = Envelope(told.id, told.type, "default", "ana", INBOUND.uid, NOW, "c1", told.data, INBOUND)
    stores.history.append(envelope)
    assert stores.history.since(INBOUND.uid, None, limit=1) == [replace(envelope, message=None)]
