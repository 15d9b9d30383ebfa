"""Messages that nobody will send, ended without a worker."""

from dataclasses import replace

import pytest

from chalicelib.domain.messages import SENDING_TAKES, Message, MessageStatus
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.messages.unsent import sends_nothing
from chalicelib.services.ports import Rejected, Unavailable
from tests.composition import Rig
from tests.fakes import MemoryMessages
from tests.makers import DEVICE, NOW, a_message, a_running_session, a_session

S = MessageStatus
SESSION = a_running_session(device=DEVICE)


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


def put(rig: Rig, **fields) -> Message:
    message = a_message(**{"expires_at": NOW, **fields})
    assert rig.stores.messages.put(message)
    return message


def outcome(rig: Rig, message: Message) -> tuple[MessageStatus, str | None]:
    stands = rig.stores.messages.rows[message.uid, message.id]
    return stands.status, stands.error_code


def over(status: Status, **fields) -> Session:
    """A session whose final status answers its owner's newest wish."""
    return replace(SESSION, status=status, observed_generation=SESSION.generation, **fields)


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (replace(SESSION, enabled=False), "session_disabled"),
        (replace(SESSION, desired=Desired.STOPPED), "session_stopped"),
        (replace(SESSION, desired=Desired.UNLINKED), "session_logged_out"),
        (replace(SESSION, desired=Desired.DELETED, status=Status.DELETING), "session_deleted"),
        (over(Status.FAILED), "session_failed"),
        (over(Status.STOPPED), "session_stopped"),
        (over(Status.PASSKEY_REQUIRED), "session_stopped"),
        (over(Status.LOGGED_OUT), "session_logged_out"),
        (replace(SESSION, status=Status.LOGGED_OUT), "session_logged_out"),
    ],
)
def test_what_waits_for_a_session_that_sends_nothing_any_more_ends_by_name(
    rig: Rig, session: Session, code: str
) -> None:
    waiting = [put(rig, id=f"{count:03}") for count in range(120)]
    another = put(rig, uid="another")
    sent = put(rig, id="M-sent", status=S.SENT)
    rig.unsent.end(session)
    assert {outcome(rig, message) for message in waiting} == {(S.FAILED, code)}
    assert (outcome(rig, another), outcome(rig, sent)) == ((S.QUEUED, None), (S.SENT, None))
    why = sends_nothing(session)
    assert why
    assert rig.stores.messages.rows[SESSION.uid, "000"].error_message == why[1]


@pytest.mark.parametrize(
    "session",
    [
        SESSION,
        replace(SESSION, status=Status.DISCONNECTED),
        replace(SESSION, status=Status.STARTING),
        # A start was asked for since it stopped.
        replace(over(Status.STOPPED), generation=2),
    ],
)
def test_what_waits_for_a_session_that_is_away_goes_on_waiting(rig: Rig, session: Session) -> None:
    message = put(rig)
    rig.unsent.end(session)
    assert outcome(rig, message) == (S.QUEUED, None)


def test_a_session_that_never_had_a_worker_is_not_even_looked_at(rig: Rig) -> None:
    class Untouched(MemoryMessages):
        def open(self, *_: object, **__: object) -> list[Message]:
            raise AssertionError

    rig.stores.messages = Untouched()
    rig.unsent.end(a_session())


def test_what_is_just_being_sent_is_its_worker_s_until_that_has_ended(rig: Rig) -> None:
    sending = put(rig, status=S.SENDING, epoch=1)
    rig.unsent.end(replace(SESSION, desired=Desired.STOPPED))
    assert outcome(rig, sending) == (S.SENDING, None)
    rig.unsent.end(over(Status.STOPPED, desired=Desired.STOPPED))
    assert outcome(rig, sending) == (S.UNKNOWN, "session_ended")


def test_what_waited_too_long_expires_without_a_worker(rig: Rig) -> None:
    message = put(rig, expires_at=NOW + 1)
    rig.unsent.expire()
    assert outcome(rig, message) == (S.QUEUED, None)
    rig.clock.now += 1
    rig.unsent.expire()
    assert outcome(rig, message) == (S.FAILED, "expired")


def test_what_a_lost_worker_left_half_sent_is_in_doubt_once_no_answer_can_come_any_more(rig: Rig) -> None:
    message = put(rig, status=S.SENDING, epoch=1)
    rig.clock.now += SENDING_TAKES - 1
    rig.unsent.expire()
    assert outcome(rig, message) == (S.SENDING, None)
    rig.clock.now += 1
    rig.unsent.expire()
    assert outcome(rig, message) == (S.UNKNOWN, "worker_lost")


def test_what_an_older_worker_left_in_the_index_is_taken_out_of_it(rig: Rig) -> None:
    sent = put(rig, status=S.SENT)
    rig.stores.messages.lingering = {(sent.uid, sent.id), (sent.uid, "gone")}
    rig.unsent.expire()
    assert rig.stores.messages.forgotten == {(sent.uid, sent.id)}
    assert outcome(rig, sent) == (S.SENT, None)


def test_what_was_accepted_while_its_session_was_removed_is_removed_too(rig: Rig) -> None:
    message = put(rig)
    rig.stores.sessions.rows.clear()
    rig.unsent.expire()
    assert rig.stores.messages.rows == {}
    assert message.uid == SESSION.uid


@pytest.mark.parametrize("error", [Unavailable("away"), Rejected("too large"), ValueError("unreadable")])
def test_one_that_can_not_be_ended_keeps_no_other_waiting(rig: Rig, error: Exception) -> None:
    class Broken(MemoryMessages):
        def move(self, message: Message) -> bool:
            if message.id == "1":
                raise error
            return super().move(message)

    rig.stores.messages = Broken()
    one, two = put(rig, id="1"), put(rig, id="2")
    rig.unsent.expire()
    assert (outcome(rig, one), outcome(rig, two)) == ((S.QUEUED, None), (S.FAILED, "expired"))
    # Refused for good, it is looked at no more.
    assert bool(rig.stores.messages.forgotten) == isinstance(error, Rejected)


def test_the_reconciler_ends_them_when_the_session_is_stopped(rig: Rig) -> None:
    message = put(rig)
    rig.sessions.stop("default", "ana")
    rig.reconciler.reconcile(SESSION.uid)
    assert outcome(rig, message) == (S.FAILED, "session_stopped")


@pytest.mark.parametrize("before", [True, False])
def test_switching_a_session_off_ends_what_it_accepted_before_the_answer(rig: Rig, *, before: bool) -> None:
    rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, enabled=before)
    message = put(rig)
    rig.sessions.change("default", "ana", enabled=False)
    assert outcome(rig, message) == (S.FAILED, "session_disabled")


def test_other_changes_end_nothing(rig: Rig) -> None:
    message = put(rig)
    rig.sessions.change("default", "ana", name="Bo", enabled=True)
    assert outcome(rig, message) == (S.QUEUED, None)
