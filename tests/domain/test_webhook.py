import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import WebhookFailure
from chalicelib.domain.transitions import NEXT
from chalicelib.domain.webhook import (
    BACKOFF,
    FAILURES,
    LONGEST_WAIT,
    MESSAGE_EVENTS,
    NOTED_AGAIN,
    SESSION_EVENTS,
    Delivery,
    Outcome,
    Verdict,
    attempted,
    delivery_of,
    failure,
    interests,
    news,
    owed,
)
from tests.makers import NOW, SECRET, a_message, a_session

SESSION = a_session(webhook_url="https://example.com/hook", webhook_secret=SECRET)
DELIVERY = Delivery(uid=SESSION.uid, event="01E", cursor="c1")


def an_envelope(**fields: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": "01E",
        "type": e.Connected.type,
        "tenant": "default",
        "session": "ana",
        "uid": SESSION.uid,
        "at": NOW,
        "cursor": "c1",
        "data": {"status": "CONNECTED"},
    }
    return Envelope(**(values | fields))


def test_an_endpoint_is_owed_each_change_of_the_status():
    changes = {event for (before, event), after in NEXT.items() if before != after}
    assert all(interests(event.type) for event in changes)
    assert all(owed(an_envelope(type=event.type), SESSION) for event in changes)


def test_an_endpoint_is_not_owed_the_gateway_s_own_affairs():
    own: set[type[e.LinkEvent]] = {
        e.StartRequested,
        e.RestartRequested,
        *e.TENANT_EVENTS,
        e.StopRequested,
        e.UnlinkRequested,
        e.Launched,
        e.LaunchRefused,
        e.Erased,
        e.WebhookFailing,
        e.WebhookRecovered,
        e.WebhookDisabled,
    }
    assert SESSION_EVENTS.isdisjoint({event.type for event in own} | {e.DELETED})
    assert MESSAGE_EVENTS.isdisjoint({"message.queued", "message.sending"})


def test_a_message_is_owed_by_reference():
    received = an_envelope(type="message.received", message=a_message(id="01M"))
    assert owed(received, SESSION)
    assert delivery_of(received) == replace(DELIVERY, message="01M")
    assert "Kopi" not in repr(delivery_of(received))


@pytest.mark.parametrize(
    "session",
    [
        None,
        replace(SESSION, uid="another"),
        replace(SESSION, webhook_url=None),
        replace(SESSION, enabled=False),
        replace(SESSION, suspended=True),
        replace(SESSION, webhook_disabled_at=NOW),
    ],
)
def test_nothing_is_owed_where_there_is_nobody_to_tell(session):
    assert not owed(an_envelope(), session)


def test_a_secret_is_in_nobody_s_repr():
    assert SECRET not in repr(SESSION)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_delivery(status):
    assert attempted(DELIVERY, Outcome(status), now=NOW).verdict is Verdict.DELIVERED


def test_410_is_the_end_of_the_endpoint():
    assert attempted(DELIVERY, Outcome(410), now=NOW).verdict is Verdict.GONE


@pytest.mark.parametrize(
    "outcome", [Outcome(500), Outcome(302), Outcome(199), Outcome(404), Outcome(trouble="timeout")]
)
def test_everything_else_is_tried_again_as_long_as_the_schedule_goes(outcome):
    delivery, waits = DELIVERY, []
    while (decision := attempted(delivery, outcome, now=NOW)).verdict is Verdict.RETRY:
        assert decision.again
        assert (decision.again.event, decision.again.attempt) == (delivery.event, delivery.attempt + 1)
        waits.append((decision.again.not_before - NOW) // 1000)
        delivery = decision.again
    assert decision.verdict is Verdict.FAILED
    assert tuple(waits) == BACKOFF


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome(500), "http_error"),
        (Outcome(404), "http_error"),
        (Outcome(302), "redirect"),
        (Outcome(410), "gone"),
        (Outcome(trouble="timeout"), "timeout"),
    ],
)
def test_a_failure_says_why_when_and_what_follows(outcome, reason):
    decision = attempted(DELIVERY, outcome, now=NOW)
    told = failure(DELIVERY, outcome, decision, now=NOW)
    assert (told.at, told.event, told.attempts, told.reason) == (NOW, "01E", 1, reason)
    assert (told.status, told.given_up) == (outcome.status, reason == "gone")
    assert told.next_at == (None if reason == "gone" else NOW + BACKOFF[0] * 1000)
    assert FAILURES[reason]


def test_an_endpoint_that_is_down_is_noted_at_once_then_once_a_minute():
    first = WebhookFailure(NOW, "01E", 1, "http_error", 500)
    assert news(None, first)
    assert not news(first, replace(first, event="02E", at=NOW + NOTED_AGAIN - 1))
    assert news(first, replace(first, event="02E", at=NOW + NOTED_AGAIN))
    assert news(first, replace(first, reason="timeout", status=None))
    assert news(first, replace(first, status=503))
    assert news(first, replace(first, given_up=True))


def test_every_trouble_of_an_attempt_has_a_sentence():
    source = (Path(__file__).parents[2] / "chalicelib" / "adapters" / "poster.py").read_text()
    named = set(re.findall(r'return "(\w+)"', source)) | {"timeout"}
    assert named <= set(FAILURES)


@given(st.integers(1, len(BACKOFF)), st.none() | st.integers(0, 10**9))
def test_retry_after_makes_an_attempt_later_but_never_sooner_nor_for_ever(attempt, asked):
    again = attempted(replace(DELIVERY, attempt=attempt), Outcome(503, asked), now=NOW).again
    assert again
    wait = (again.not_before - NOW) / 1000
    assert wait == max(BACKOFF[attempt - 1], min(asked or 0, LONGEST_WAIT))
