import json
import logging
from dataclasses import replace

import pytest
from msgspec import structs

from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, MessageStatus, Party
from chalicelib.domain.session import Session, Status, WebhookFailure
from chalicelib.domain.transitions import advance
from chalicelib.domain.watchers import RoomNote
from chalicelib.domain.webhook import BACKOFF, ID_HEADER, NOTED_FOR, Delivery, Outcome
from chalicelib.services.ports import Unavailable
from chalicelib.services.watching.watching import History
from tests import fakes
from tests.composition import Rig
from tests.makers import NOW, SECRET, a_message, a_running_session
from tests.signatures import verify

URL = "https://example.com/hook"
CONNECTED = Envelope(
    "01E", e.Connected.type, "default", "ana", "01JAVA0000000000000000000A", NOW, "c1", {"status": "CONNECTED"}
)
INBOUND = a_message(
    id="01M",
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    to=None,
    sender=Party(phone="628987654321", name="Budi"),
    text="A private word",
)
RECEIVED = replace(CONNECTED, id="01M-received", type="message.received", cursor="c2", message=INBOUND)


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.create(a_running_session(webhook_url=URL, webhook_secret=SECRET))
    return rig


def owe(rig: Rig, envelope: Envelope) -> Delivery:
    """As the fan-out does: into history, then owed. Return what was queued."""
    History(rig.stores.history).record(envelope)
    if envelope.message:
        rig.stores.messages.put(envelope.message)
    rig.webhooks.owe(envelope)
    ((delivery, delay),) = rig.deliveries.queued
    assert delay == 0
    rig.deliveries.queued.clear()
    return delivery


def stands(rig: Rig) -> Session:
    session = rig.stores.sessions.get(CONNECTED.uid)
    assert session
    return session


def test_an_event_is_posted_signed_under_its_own_id(rig):
    rig.webhooks.attempt(owe(rig, CONNECTED))
    ((url, body, headers),) = rig.poster.posted
    assert (url, headers[ID_HEADER]) == (URL, "01E")
    verify(SECRET, headers, body, now=NOW)
    assert json.loads(body)["type"] == "session.connected"
    assert rig.deliveries.queued == []


def test_a_message_is_queued_by_reference_and_posted_with_its_text(rig):
    delivery = owe(rig, RECEIVED)
    assert "private" not in repr(delivery)
    rig.webhooks.attempt(delivery)
    assert json.loads(rig.poster.posted[0][1])["data"]["message"] == "A private word"


def test_an_event_that_no_endpoint_cares_about_costs_no_read(rig):
    rig.stores.sessions.rows.clear()
    rig.webhooks.owe(replace(CONNECTED, type="message.queued"))
    rig.webhooks.owe(replace(CONNECTED, type=e.Launched.type))
    assert rig.deliveries.queued == []


def test_two_failures_and_a_success_are_three_attempts_under_one_id(rig):
    rig.poster.outcomes = [Outcome(500), Outcome(trouble="timeout")]
    delivery, waits = owe(rig, CONNECTED), []
    rig.webhooks.attempt(delivery)
    while rig.deliveries.queued:
        delivery, delay = rig.deliveries.queued.pop()
        waits.append(delay)
        rig.clock.sleep(delay)
        rig.webhooks.attempt(delivery)
    assert waits == [5, 30]
    assert {headers[ID_HEADER] for _, _, headers in rig.poster.posted} == {"01E"}
    assert len({body for _, body, _ in rig.poster.posted}) == 1
    assert len({headers["webhook-timestamp"] for _, _, headers in rig.poster.posted}) == 3


def test_what_fails_to_the_last_lies_with_the_dead_letters(rig):
    last = replace(owe(rig, CONNECTED), attempt=len(BACKOFF) + 1)
    rig.poster.outcomes = [Outcome(500)]
    rig.webhooks.attempt(last)
    assert (rig.deliveries.dead_lettered, rig.deliveries.queued) == ([last], [])


def test_an_endpoint_s_retry_after_is_waited_for_even_beyond_the_queue_s_longest_delay(rig):
    rig.poster.outcomes = [Outcome(503, retry_after=1800)]
    rig.webhooks.attempt(owe(rig, CONNECTED))
    again, delay = rig.deliveries.queued.pop()
    assert delay == 1800
    rig.clock.sleep(900)
    rig.webhooks.attempt(again)
    assert rig.deliveries.queued.pop() == (again, 900)
    rig.clock.sleep(899.5)
    rig.webhooks.attempt(again)
    assert len(rig.poster.posted) == 2


def test_410_disables_the_endpoint_and_says_so_in_the_log(rig):
    rig.poster.outcomes = [Outcome(410)]
    rig.webhooks.attempt(owe(rig, CONNECTED))
    session = stands(rig)
    assert session.webhook_disabled_at == NOW
    assert session.last_event
    assert session.last_event.type == "session.webhook_disabled"
    assert (session.status, session.generation) == (Status.CONNECTED, 1)
    rig.webhooks.owe(CONNECTED)
    assert rig.deliveries.queued == []


def test_410_of_an_endpoint_that_was_changed_meanwhile_disables_nothing(rig):
    def change() -> None:
        rig.stores.sessions.rows[CONNECTED.uid] = replace(stands(rig), webhook_url="https://example.com/new")

    rig.poster.outcomes, rig.poster.meanwhile = [Outcome(410)], change
    rig.webhooks.attempt(owe(rig, CONNECTED))
    assert stands(rig).webhook_disabled_at is None


def test_410_of_an_attempt_that_began_before_the_endpoint_was_set_again_disables_nothing(rig):
    def again() -> None:
        rig.stores.sessions.rows[CONNECTED.uid] = replace(stands(rig), webhook_disabled_at=NOW)
        rig.sessions.change("default", "ana", webhook_url=URL)

    rig.poster.outcomes, rig.poster.meanwhile = [Outcome(410)], again
    rig.webhooks.attempt(owe(rig, CONNECTED))
    assert stands(rig).webhook_disabled_at is None


def test_410_while_the_session_is_being_deleted_changes_nothing(rig):
    rig.stores.sessions.move(advance(stands(rig), e.DeleteRequested(), now=NOW, event_id="01D"))
    rig.poster.outcomes = [Outcome(410)]
    rig.webhooks.attempt(owe(rig, CONNECTED))
    assert stands(rig).webhook_disabled_at is None


@pytest.mark.parametrize("gone", ["session", "endpoint", "event", "message"])
def test_what_is_gone_meanwhile_is_not_posted(rig, gone):
    delivery = owe(rig, RECEIVED)
    match gone:
        case "session":
            rig.stores.sessions.rows.clear()
        case "endpoint":
            rig.stores.sessions.rows[CONNECTED.uid] = replace(stands(rig), webhook_url=None)
        case "event":
            rig.stores.history.rows.clear()
        case _:
            rig.stores.messages.rows.clear()
    rig.webhooks.attempt(delivery)
    assert (rig.poster.posted, rig.deliveries.queued) == ([], [])


def test_a_failure_is_on_the_session_and_so_is_what_became_of_it(rig):
    rig.poster.outcomes = [Outcome(503), Outcome(trouble="timeout")]
    rig.webhooks.attempt(owe(rig, CONNECTED))
    assert stands(rig).webhook_failure == WebhookFailure(NOW, "01E", 1, "http_error", 503, next_at=NOW + 5_000)
    again, _ = rig.deliveries.queued.pop()
    rig.clock.sleep(5)
    rig.webhooks.attempt(again)
    assert stands(rig).webhook_failure == WebhookFailure(NOW + 5_000, "01E", 2, "timeout", next_at=NOW + 35_000)
    again, _ = rig.deliveries.queued.pop()
    rig.clock.sleep(30)
    rig.webhooks.attempt(again)
    failure = stands(rig).webhook_failure
    assert failure
    assert (failure.attempts, failure.recovered_at) == (2, NOW + 35_000)
    assert [moved.last_event.type for moved in rig.stores.sessions.moves if moved.last_event] == [
        "session.webhook_failing",
        "session.webhook_failing",
        "session.webhook_recovered",
    ]


def test_an_endpoint_that_is_down_costs_a_write_a_minute_not_one_an_event(rig):
    delivery = owe(rig, CONNECTED)
    before = stands(rig).version
    for number in range(50):
        rig.poster.outcomes = [Outcome(500)]
        rig.webhooks.attempt(replace(delivery, event=f"{number:02}E"))
    assert stands(rig).version == before + 1


def test_what_was_given_up_is_said_to_be(rig):
    rig.poster.outcomes = [Outcome(500)]
    rig.webhooks.attempt(replace(owe(rig, CONNECTED), attempt=len(BACKOFF) + 1))
    failure = stands(rig).webhook_failure
    assert failure
    assert (failure.given_up, failure.next_at, failure.attempts) == (True, None, len(BACKOFF) + 1)


def test_the_failure_of_an_endpoint_that_was_changed_meanwhile_is_not_the_new_one_s(rig):
    def change() -> None:
        rig.sessions.change("default", "ana", webhook_url="https://example.com/new")

    rig.poster.outcomes, rig.poster.meanwhile = [Outcome(500)], change
    rig.webhooks.attempt(owe(rig, CONNECTED))
    assert stands(rig).webhook_failure is None


def test_a_session_that_cannot_be_written_just_now_has_nothing_posted_twice(rig, monkeypatch, caplog):
    delivery = owe(rig, CONNECTED)
    monkeypatch.setattr(rig.stores.sessions, "move", lambda _, **__: False)
    rig.poster.outcomes = [Outcome(500)]
    rig.webhooks.attempt(delivery)
    assert len(rig.deliveries.queued) == 1
    assert [record.getMessage() for record in caplog.records] == ["webhook.retry", "webhook.not_noted"]


def test_the_log_says_what_became_of_it_and_no_secret(rig, caplog):
    caplog.set_level(logging.INFO)
    rig.poster.outcomes = [Outcome(500)]
    rig.webhooks.attempt(owe(rig, RECEIVED))
    (record,) = caplog.records
    assert record.getMessage() == "webhook.retry"
    assert (record.__dict__["event_id"], record.__dict__["status"]) == ("01M-received", 500)
    assert (record.__dict__["session"], record.__dict__["tenant"]) == ("ana", "default")
    assert (record.__dict__["reason"], record.__dict__["attempt"]) == ("http_error", 1)
    said = str(record.__dict__)
    assert all(secret not in said for secret in (SECRET, "private", URL))


def test_an_event_of_the_session_s_own_is_owed_by_the_session_that_it_left_without_another_look(rig):
    left = stands(rig)
    rig.stores.sessions.rows.clear()
    rig.webhooks.owe(CONNECTED, left)
    rig.webhooks.owe(CONNECTED, replace(left, webhook_url=None))
    assert [delivery.event for delivery, _ in rig.deliveries.queued] == [CONNECTED.id]


def test_deliveries_that_come_together_are_looked_up_together(rig):
    deliveries = [owe(rig, CONNECTED), owe(rig, RECEIVED)]
    sources = rig.webhooks.look_up([*deliveries, replace(deliveries[0], attempt=2, not_before=NOW + 60_000)])
    assert list(sources) == deliveries, "what is early isn't"
    rig.stores.sessions.rows.clear()
    for delivery in deliveries:
        rig.webhooks.attempt(delivery, sources[delivery])
    assert [headers[ID_HEADER] for _, _, headers in rig.poster.posted] == [CONNECTED.id, RECEIVED.id]
    assert rig.webhooks.look_up(deliveries[:1]) == {}, "one is read by its attempt"


def test_what_can_not_be_looked_up_together_is_looked_up_by_each_attempt(rig, caplog):
    deliveries = [owe(rig, CONNECTED), owe(rig, RECEIVED)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakes.MemoryDeliverySource, "read_all", _away)
        assert rig.webhooks.look_up(deliveries) == {}
    assert "one by one" in caplog.text


def _away(*_: object) -> None:
    raise Unavailable


def told(rig: Rig, envelope: Envelope, session: Session | None = None) -> list[str]:
    """Return what the fan-out queues for the event; it reads what it noted with the session's watchers."""
    rig.deliveries.queued.clear()
    rig.webhooks.owe(envelope, session, rig.stores.watchers.room(envelope.tenant, envelope.session).note)
    return [delivery.event for delivery, _ in rig.deliveries.queued]


def unread(rig: Rig) -> None:
    rig.stores.sessions.get = None  # type: ignore[assignment]


def test_once_an_endpoint_is_noted_messages_are_owed_without_another_look_at_the_session(rig):
    session = stands(rig)
    assert told(rig, CONNECTED, session) == [CONNECTED.id]
    unread(rig)
    assert told(rig, RECEIVED) == [RECEIVED.id]
    assert told(rig, CONNECTED, replace(session, webhook_url=None)) == []
    assert told(rig, RECEIVED) == []
    settings = replace(CONNECTED, type=e.SettingsChanged.type)
    assert told(rig, settings, replace(session, webhook_events=("message.sent",))) == [], "it is noted all the same"
    assert told(rig, RECEIVED) == []
    assert told(rig, replace(RECEIVED, type="message.sent")) == [RECEIVED.id]


def test_a_message_s_event_has_the_endpoint_noted_where_it_is_not(rig):
    assert told(rig, RECEIVED) == [RECEIVED.id]
    unread(rig)
    assert told(rig, RECEIVED) == [RECEIVED.id]


def test_a_note_gets_old_and_is_nothing_to_another_session_of_the_same_name(rig):
    rig.stores.sessions.rows.clear()
    assert told(rig, CONNECTED, replace(a_running_session(), webhook_url=None)) == []
    rig.stores.sessions.create(a_running_session(webhook_url=URL, webhook_secret=SECRET))
    assert told(rig, RECEIVED) == []
    rig.clock.now += NOTED_FOR
    assert told(rig, RECEIVED) == [RECEIVED.id]
    another = replace(RECEIVED, uid="another", message=None)
    assert told(rig, another) == []
    rig.stores.sessions.create(a_running_session(id="ana-2", uid="another", webhook_url=URL, webhook_secret=SECRET))
    assert told(rig, another) == [RECEIVED.id]


def test_a_note_from_before_the_function_began_may_be_of_before_an_older_version_was_told_of_a_change(rig):
    assert told(rig, CONNECTED, replace(stands(rig), webhook_url=None)) == []
    assert told(rig, RECEIVED) == []
    note = rig.stores.watchers.room("default", "ana").note
    later = structs.replace(rig.webhooks, began=NOW + 1)
    rig.clock.now += 1
    noted = later.owe(RECEIVED, None, note)
    assert [delivery.event for delivery, _ in rig.deliveries.queued] == [RECEIVED.id]
    unread(rig)
    later.owe(RECEIVED, None, noted)
    assert len(rig.deliveries.queued) == 2, "what it has noted by itself counts"


def test_where_more_than_an_event_s_type_decides_the_session_is_read(rig):
    for asked in ({"webhook_types": ("image",)}, {"webhook_format": "bare"}):
        session = replace(stands(rig), **asked)
        told(rig, replace(CONNECTED, type=e.SettingsChanged.type), session)
        assert told(rig, RECEIVED) == [RECEIVED.id], "as the session says that stands"


def test_an_event_of_the_session_s_own_that_is_told_once_more_is_owed_whatever_is_noted(rig):
    assert told(rig, RECEIVED) == [RECEIVED.id]
    assert told(rig, CONNECTED) == [CONNECTED.id]


def test_what_is_noted_for_the_push_queue_stays_when_an_endpoint_is_noted(rig):
    rig.stores.watchers.note("default", "ana", RoomNote(apart_until=NOW + 1))
    told(rig, RECEIVED)
    note = rig.stores.watchers.room("default", "ana").note
    assert note.apart_until == NOW + 1
    assert note.endpoint
