"""Messages to send, on the way in: checked, stored once, rung for, waited for."""

from dataclasses import replace

import pytest

from chalicelib.domain.content import Image, Text
from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    NotOnWhatsApp,
    SendFailed,
    SessionNotConnected,
    SessionNotFound,
    TooFast,
)
from chalicelib.domain.limits import Pace
from chalicelib.domain.messages import Direction, Message, MessageStatus
from chalicelib.domain.ring import ANYTHING, Ring
from chalicelib.domain.session import Desired, Status
from chalicelib.services.messages.outbox import EXPIRY, FIRST_LOOK, PATIENCE
from chalicelib.services.ports import Unavailable
from tests.composition import Rig
from tests.fakes import FakeClock, FakeMailboxes, MemoryMessages, MemoryPaces
from tests.makers import DEVICE, NOW, a_running_session

TO = "628987654321@s.whatsapp.net"
SESSION = a_running_session(device=DEVICE)


@pytest.fixture
def rig():
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


def send(rig: Rig, text: str = "Kopi at nine?", **fields) -> Message:
    return rig.outbox.send("default", "ana", **{"to": TO, "content": Text(text), **fields})


def a_worker_sends(rig: Rig, whatsapp_id: str = "3EB0") -> None:
    """While somebody waits, all that is owed goes out."""

    def work() -> None:
        for owed in rig.dispatch.owed(SESSION.uid):
            sending = rig.dispatch.begin(owed, epoch=1)
            assert sending
            rig.dispatch.sent(sending, whatsapp_id)

    rig.while_waiting = work


def a_worker_fails(rig: Rig, code: str) -> None:
    def work() -> None:
        for owed in rig.dispatch.owed(SESSION.uid):
            sending = rig.dispatch.begin(owed, epoch=1)
            assert sending
            rig.dispatch.failed(sending, code, "Refused.")

    rig.while_waiting = work


def test_an_acknowledged_message_is_answered_at_once(rig):
    a_worker_sends(rig)
    sent = send(rig)
    assert (sent.status, sent.whatsapp_id) == (MessageStatus.SENT, "3EB0")
    assert rig.mailboxes.rung == [SESSION.mailbox]
    assert rig.clock.now - NOW < 50


def test_what_is_stored_is_what_was_asked_for(rig):
    send(rig)
    (stored,) = rig.stores.messages.rows.values()
    assert (stored.direction, stored.status) == (Direction.OUTBOUND, MessageStatus.QUEUED)
    assert (stored.to, stored.chat, stored.content.text) == (TO, TO, "Kopi at nine?")
    assert (stored.tenant, stored.session, stored.uid) == ("default", "ana", SESSION.uid)
    assert stored.sender.phone == DEVICE.phone
    assert stored.expires_at == NOW + EXPIRY
    assert stored.last_event.type == "message.queued"


def test_a_slow_message_is_answered_as_it_stands_when_patience_ends(rig):
    queued = send(rig)
    assert queued.status is MessageStatus.QUEUED
    assert PATIENCE * 1000 <= rig.clock.now - NOW < PATIENCE * 1000 + 500
    assert rig.stores.messages.open(SESSION.uid, limit=5) == [queued]


def test_an_unknown_session_sends_nothing(rig):
    with pytest.raises(SessionNotFound):
        rig.outbox.send("other", "ana", to=TO, content=Text("x"), key="k")
    assert (rig.stores.messages.rows, rig.stores.idempotency.rows) == ({}, {})


@pytest.mark.parametrize(
    "session",
    [
        *(a_running_session(status=status) for status in Status if status is not Status.CONNECTED),
        a_running_session(desired=Desired.STOPPED),
        a_running_session(desired=Desired.DELETED),
    ],
    ids=lambda session: f"{session.status}-{session.desired}",
)
def test_a_session_that_is_not_connected_takes_nothing_in(rig, session):
    rig.stores.sessions.rows[session.uid] = session
    with pytest.raises(SessionNotConnected) as refused:
        send(rig)
    assert refused.value.session == session
    assert rig.stores.messages.rows == {}
    assert rig.mailboxes.rung == []


def test_a_session_over_its_pace_takes_nothing_in_and_says_when(rig):
    rig.stores.paces = MemoryPaces(Pace(burst=2, per_minute=30))
    a_worker_sends(rig)
    send(rig)
    send(rig)
    with pytest.raises(TooFast) as refused:
        send(rig)
    assert refused.value.retry_after == 2
    assert len(rig.stores.messages.rows) == 2
    rig.clock.sleep(refused.value.retry_after)
    assert send(rig).status is MessageStatus.SENT


class SlowPaces(MemoryPaces):
    """A table that answers seconds after it was asked, as it does where hundreds ask at once."""

    clock: FakeClock

    def take(self, uid: str, *, now: int) -> float:
        wait = super().take(uid, now=now)
        self.clock.sleep(3)
        return wait


def test_a_wait_that_is_over_by_the_time_of_the_answer_is_none(rig):
    rig.stores.paces = SlowPaces(Pace(burst=1, per_minute=30))
    rig.stores.paces.clock = rig.clock
    a_worker_sends(rig)
    # As of a call that took the bucket's last token at this very moment.
    rig.stores.paces.full_at[SESSION.uid] = rig.clock() + 2_000
    assert send(rig).status is MessageStatus.SENT


def test_the_same_key_and_request_is_the_same_message(rig):
    a_worker_sends(rig)
    first = send(rig, key="k")
    assert send(rig, key="k") == first
    assert len(rig.stores.messages.rows) == 1
    assert send(rig, key="another").id != first.id
    assert send(rig).id != first.id


def test_a_replay_answers_also_when_the_session_is_gone_or_too_fast(rig):
    a_worker_sends(rig)
    rig.stores.paces = MemoryPaces(Pace(burst=1, per_minute=1))
    first = send(rig, key="k")
    assert send(rig, key="k") == first
    rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, status=Status.DISCONNECTED)
    assert send(rig, key="k") == first


def test_a_key_that_came_with_another_request_is_refused(rig):
    a_worker_sends(rig)
    send(rig, key="k")
    for changed in ({"content": Text("Tea?")}, {"to": "200000000000001@lid"}):
        with pytest.raises(IdempotencyKeyReused):
            send(rig, key="k", **changed)
    other = replace(SESSION, id="bo", uid="another")
    rig.stores.sessions.rows["another"] = other
    with pytest.raises(IdempotencyKeyReused):
        rig.outbox.send("default", "bo", to=TO, content=Text("Kopi at nine?"), key="k")
    assert len(rig.stores.messages.rows) == 1


def test_a_key_is_its_tenant_s_own(rig):
    a_worker_sends(rig)
    send(rig, key="k")
    rig.stores.sessions.rows["theirs"] = replace(SESSION, tenant="other", uid="theirs")
    with pytest.raises(IdempotencyKeyReused):
        send(rig, "Tea?", key="k")
    rig.while_waiting = lambda: None
    assert rig.outbox.send("other", "ana", to=TO, content=Text("Tea?"), key="k").uid == "theirs"


def test_a_refused_request_may_be_made_again_with_its_key(rig):
    rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, status=Status.STARTING)
    with pytest.raises(SessionNotConnected):
        send(rig, key="k")
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    a_worker_sends(rig)
    assert send(rig, key="k").status is MessageStatus.SENT


def test_racing_twins_are_one_message(rig):
    twins = []

    class Raced(MemoryMessages):
        """The first twin is overtaken between its look for a message and its write."""

        raced = False

        def put(self, message: Message) -> bool:
            if not self.raced:
                self.raced = True
                twins.append(send(rig, key="k"))
            return super().put(message)

    rig.stores.messages = Raced()
    twins.append(send(rig, key="k"))
    assert len({twin.id for twin in twins}) == 1
    assert len(rig.stores.messages.rows) == 1


def test_a_recipient_without_an_account_is_the_caller_s_mistake(rig):
    a_worker_fails(rig, "not_on_whatsapp")
    for _ in range(2):
        with pytest.raises(NotOnWhatsApp) as refused:
            send(rig, key="k")
        assert refused.value.field == "to"
    assert len(rig.stores.messages.rows) == 1


def test_who_isn_t_on_whatsapp_is_advised_on_by_the_tables(rig):
    a_worker_fails(rig, "not_on_whatsapp")
    with pytest.raises(NotOnWhatsApp) as refused:
        send(rig, to="22507123456@s.whatsapp.net")
    assert refused.value.hint == "+22507123456 looks too short for a number of its country."
    with pytest.raises(NotOnWhatsApp) as plain:
        send(rig)
    assert plain.value.hint is None


def test_any_other_refusal_is_not(rig):
    a_worker_fails(rig, "refused")
    with pytest.raises(SendFailed, match="Refused") as refused:
        send(rig)
    assert refused.value.failed.status is MessageStatus.FAILED


def test_what_a_worker_lost_is_answered_as_unknown(rig):
    def work() -> None:
        for owed in rig.dispatch.owed(SESSION.uid):
            rig.dispatch.begin(owed, epoch=1)
        rig.while_waiting = lambda: rig.dispatch.owed(SESSION.uid)

    rig.while_waiting = work
    assert send(rig).status is MessageStatus.UNKNOWN


def test_an_accepted_message_is_never_answered_with_an_error_of_ours(rig):
    """Whoever got one would send it again."""

    class Deaf(FakeMailboxes):
        def ring(self, mailbox: str, ring: Ring = ANYTHING) -> None:
            raise Unavailable("throttled")

    class Forgetful(MemoryMessages):
        looks = 0

        def get(self, uid: str, message_id: str) -> Message | None:
            self.looks += 1
            if self.looks < 5:
                raise Unavailable("throttled")
            return super().get(uid, message_id)

    rig.mailboxes, rig.stores.messages = Deaf(), Forgetful()
    a_worker_sends(rig)
    assert send(rig).status is MessageStatus.SENT


def test_a_send_is_looked_for_first_when_the_latest_ones_came(rig: Rig) -> None:
    a_worker_sends(rig)
    send(rig)
    assert rig.first_look.seconds < FIRST_LOOK, "it was there"
    rig.first_look.seconds, slow = 0.02, iter(range(3))

    def later() -> None:
        if next(slow, None) is None:
            a_worker_sends(rig)
            rig.while_waiting()

    rig.while_waiting = later
    send(rig)
    assert rig.first_look.seconds > 0.02, "it wasn't"


def test_a_file_that_is_fetched_first_says_nothing_of_when_to_look(rig: Rig) -> None:
    a_worker_sends(rig)
    send(rig, content=Image(link="https://a.example/cat.jpg"))
    assert rig.first_look.seconds == FIRST_LOOK
