"""What the native API says of a session's timeline, and of the worker that serves it."""

from typing import Any

import pytest

from chalicelib.dialects.native import events, timeline
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import SENTENCES, PasskeyDemand, Reason, Session, Status, WebhookFailure
from chalicelib.domain.transitions import advance
from chalicelib.domain.webhook import FAILURES
from tests.makers import NOW, a_code, a_running_session, a_session

TASK = "arn:aws:ecs:eu-central-1:123456789012:task-definition/switchboard-worker:7"


def told_of(event: e.LinkEvent, session: Session) -> Envelope:
    last = advance(session, event, now=NOW, event_id="01E").last_event
    assert last
    return Envelope(last.id, last.type, "default", "ana", session.uid, last.at, "c#1", last.data)


def test_a_claim_says_which_worker_it_is_and_why_without_naming_the_account() -> None:
    claim = e.WorkerClaimed("w-2", "https://queue/2", standby=True, lost=True, task=TASK)
    told = timeline.entry(told_of(claim, a_running_session()))
    assert (told["type"], told["status"]) == ("session.starting", "STARTING")
    assert (told["reason"], told["message"]) == ("worker_lost", SENTENCES[Reason.WORKER_LOST])
    assert told["worker"] == {
        "id": "w-2",
        "epoch": 2,
        "since": "2027-01-15T08:00:00.000Z",
        "standby": True,
        "on_demand": False,
        "task": "switchboard-worker:7",
    }
    assert told["detail"] == {}


def test_a_refused_launch_says_when_it_is_tried_again() -> None:
    refused = e.LaunchRefused(Reason.NO_SPOT_CAPACITY, NOW + 5_000, on_demand=True)
    told = timeline.entry(told_of(refused, a_running_session(status=Status.STARTING)))
    assert (told["reason"], told["next_at"]) == ("no_spot_capacity", "2027-01-15T08:00:05.000Z")
    assert told["worker"]
    assert told["worker"]["on_demand"]


@pytest.mark.parametrize("asked", [e.StopRequested(), e.SettingsChanged(name="Ben"), e.TenantDisabled()])
def test_what_is_asked_does_not_claim_the_reason_that_stood_then(asked: e.LinkEvent) -> None:
    lost = a_running_session(status=Status.DISCONNECTED, reason=Reason.CONNECTION_LOST, message="It was lost.")
    told = timeline.entry(told_of(asked, lost))
    assert (told["reason"], told["message"]) == (None, None)


def test_a_change_of_settings_says_which_ones() -> None:
    change = e.SettingsChanged(name="Ben", webhook_url="https://example.com/hook", webhook_secret="whsec_b2xk")
    told = timeline.entry(told_of(change, a_session()))
    assert (told["type"], told["detail"]) == ("session.changed", {"changed": ["name", "webhook"]})


def test_a_failing_webhook_says_why() -> None:
    failing = e.WebhookFailing(WebhookFailure(NOW, "01E", 2, "timeout", next_at=NOW + 5))
    told = timeline.entry(told_of(failing, a_running_session(webhook_url="https://example.com/hook")))
    assert (told["reason"], told["message"]) == ("timeout", FAILURES["timeout"])
    assert told["detail"]["webhook"]["attempts"] == 2


def test_no_code_is_in_it() -> None:
    shown = told_of(e.QRShown(a_code()), a_running_session(status=Status.STARTING))
    assert timeline.entry(shown)["detail"] == {"attempt": 1, "expires_at": events.event(shown)["data"]["expires_at"]}
    demanding = a_running_session(status=Status.PASSKEY_REQUIRED, passkey=PasskeyDemand("{}", NOW + 5))
    compared = told_of(e.PasskeyConfirmationRequested("ABCD-EFGH", NOW + 5), demanding)
    assert "ABCD" not in str(timeline.entry(compared))


def test_other_ways_to_be_told_say_nothing_of_workers() -> None:
    claim = told_of(e.WorkerClaimed("w-2", "https://queue/2", standby=False), a_running_session())
    data: Any = events.event(claim)["data"]
    assert data == {"status": "STARTING", "reason": "requested", "message": SENTENCES[Reason.REQUESTED]}


def test_events_from_before_workers_were_noted_are_told_without_them() -> None:
    old = Envelope("01E", "session.starting", "default", "ana", "u", NOW, "c#1", {"status": "STARTING"})
    told = timeline.entry(old)
    assert (told["worker"], told["reason"], told["detail"]) == (None, None, {})


def test_a_session_that_nobody_serves_has_no_worker() -> None:
    assert timeline.worker(a_running_session(status=Status.STOPPED)) is None
    served = timeline.worker(a_running_session(task=TASK))
    assert served
    assert (served["id"], served["epoch"], served["task"]) == (a_running_session().worker, 1, "switchboard-worker:7")
