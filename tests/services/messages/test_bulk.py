"""One text to many: at the pace, until the connection is lost or time is up, and never twice."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.content import Text
from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    SessionDisabled,
    SessionNotConnected,
    SessionNotFound,
    TooFast,
)
from chalicelib.domain.limits import Pace
from chalicelib.domain.messages import MessageStatus, Report
from chalicelib.domain.session import Session, Status
from chalicelib.services.messages.bulk import BUDGET, Bulk
from chalicelib.services.ports import Unavailable
from tests.composition import Rig
from tests.fakes import MemoryPaces
from tests.makers import DEVICE, NOW, a_running_session

SESSION = a_running_session(device=DEVICE)
NUMBERS = ("+628987654321", "+628987654322", "+628987654323")


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    a_worker_sends(rig)
    return rig


def a_worker_sends(rig: Rig, then: Callable[[int], None] = lambda _: None) -> None:
    """While somebody waits, all that is owed goes out; ``then`` hears how many there are by then."""

    def look() -> None:
        for owed in rig.dispatch.owed(SESSION.uid):
            begun = rig.dispatch.begin(owed, epoch=1)
            assert begun
            rig.dispatch.sent(begun, f"3EB0{len(rig.stores.messages.rows)}")
        then(len(rig.stores.messages.rows))

    rig.while_waiting = look


def send(rig: Rig, *to: str, text: str = "Kopi?", key: str | None = None) -> Report:
    bulk = Bulk(rig.outbox, rig.stores.idempotency, rig.clock, rig.sleep)
    return bulk.send("default", "ana", to=to or NUMBERS, content=Text(text), key=key)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.total, report.successes, report.failures, len(report.remaining)


def recipients(rig: Rig) -> list[str]:
    return [f"+{str(m.to).partition('@')[0]}" for m in sorted(rig.stores.messages.rows.values(), key=lambda m: m.id)]


def test_everybody_gets_it_in_order(rig: Rig) -> None:
    report = send(rig)
    assert counts(report) == (3, 3, 0, 0)
    assert recipients(rig) == list(NUMBERS)
    assert [a.message and a.message.status for a in report.attempts] == [MessageStatus.SENT] * 3


def test_a_bad_number_fails_alone(rig: Rig) -> None:
    report = send(rig, NUMBERS[0], "12", "120363041234567890@newsletter", NUMBERS[1])
    assert counts(report) == (4, 2, 2, 0)
    assert [a.error.code if a.error else None for a in report.attempts] == [
        None,
        "INVALID_FIELD",
        "INVALID_FIELD",
        None,
    ]


def test_a_group_gets_it_too(rig: Rig) -> None:
    report = send(rig, NUMBERS[0], "120363041234567890@g.us")
    assert counts(report) == (2, 2, 0, 0)
    assert recipients(rig)[1] == "+120363041234567890"


@pytest.mark.parametrize(
    "code", ["not_on_whatsapp", "not_in_group", "group_forbids", "group_not_found", "channel_not_found", "refused"]
)
def test_what_whatsapp_refuses_fails_alone(rig: Rig, code: str) -> None:
    def look() -> None:
        for owed in rig.dispatch.owed(SESSION.uid):
            begun = rig.dispatch.begin(owed, epoch=1)
            assert begun
            if len(rig.stores.messages.rows) == 2:
                rig.dispatch.failed(begun, code, "It can't be.")
            else:
                rig.dispatch.sent(begun, "3EB0")

    rig.while_waiting = look
    report = send(rig)
    assert counts(report) == (3, 2, 1, 0)
    assert report.attempts[1].error
    named = code.upper() if code != "refused" else "SEND_FAILED"
    assert (report.attempts[1].error.code, report.attempts[1].message is not None) == (named, True)


def test_it_stops_where_the_session_is_disconnected(rig: Rig) -> None:
    def drop(sent: int) -> None:
        if sent == 2:
            rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, status=Status.DISCONNECTED)

    a_worker_sends(rig, drop)
    report = send(rig)
    assert counts(report) == (3, 2, 0, 1)
    assert isinstance(report.stopped, SessionNotConnected)
    assert report.remaining == (NUMBERS[2],)
    assert len(rig.stores.messages.rows) == 2


def test_a_disconnected_session_begins_with_nobody_and_says_with_whom(rig: Rig) -> None:
    rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, status=Status.DISCONNECTED)
    with pytest.raises(SessionNotConnected) as refusal:
        send(rig)
    assert refusal.value.untried == NUMBERS
    assert rig.stores.messages.rows == {}


def test_it_waits_for_the_pace(rig: Rig) -> None:
    rig.stores.paces = MemoryPaces(Pace(burst=1, per_minute=60))
    assert counts(send(rig)) == (3, 3, 0, 0)
    assert rig.clock.now - NOW >= 2000


def test_it_stops_where_the_pace_would_outlast_the_call(rig: Rig) -> None:
    rig.stores.paces = MemoryPaces(Pace(burst=2, per_minute=2))
    report = send(rig)
    assert counts(report) == (3, 2, 0, 1)
    assert isinstance(report.stopped, TooFast)
    assert report.stopped.retry_after == 30
    with pytest.raises(TooFast):
        send(rig)


def test_slow_acknowledgements_end_it_in_time(rig: Rig) -> None:
    rig.while_waiting = lambda: None
    report = send(rig, *NUMBERS)
    assert counts(report) == (3, 2, 0, 1)
    assert isinstance(report.stopped, TooFast)
    assert rig.clock.now - NOW < (BUDGET + 10.5) * 1000


def test_a_table_that_is_busy_halfway_leaves_the_rest(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    find, asked = rig.stores.sessions.find, list[str]()

    def once(tenant: str, session_id: str) -> Session | None:
        asked.append(session_id)
        if len(asked) == 2:
            raise Unavailable("throttled")
        return find(tenant, session_id)

    monkeypatch.setattr(rig.stores.sessions, "find", once)
    report = send(rig)
    assert counts(report) == (3, 1, 0, 2)
    assert report.stopped
    assert (report.stopped.code, report.stopped.retry_after) == ("NOT_READY", 1)


def test_the_same_key_again_goes_on_where_it_stopped_and_sends_nothing_twice(rig: Rig) -> None:
    rig.stores.paces = MemoryPaces(Pace(burst=2, per_minute=2))
    first = send(rig, key="ana k")
    rig.clock.now += 60_000
    again = send(rig, key="ana k")
    assert (counts(first), counts(again)) == ((3, 2, 0, 1), (3, 3, 0, 0))
    assert recipients(rig) == list(NUMBERS)
    assert counts(send(rig, key="ana k")) == (3, 3, 0, 0)
    assert len(rig.stores.messages.rows) == 3


def test_the_same_key_with_other_recipients_is_refused_before_anything_is_sent(rig: Rig) -> None:
    send(rig, NUMBERS[0], key="ana k")
    for to, text in ((NUMBERS[:2], "Kopi?"), (NUMBERS[:1], "Tea?")):
        with pytest.raises(IdempotencyKeyReused):
            send(rig, *to, text=text, key="ana k")
    assert len(rig.stores.messages.rows) == 1


def test_what_is_wrong_with_the_session_is_told_as_ever(rig: Rig) -> None:
    rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, enabled=False)
    with pytest.raises(SessionDisabled):
        send(rig)
    rig.stores.sessions.rows.clear()
    with pytest.raises(SessionNotFound):
        send(rig)
