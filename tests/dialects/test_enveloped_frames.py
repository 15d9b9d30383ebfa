"""The enveloped API's frames."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dialects.enveloped import frames as enveloped
from chalicelib.dialects.enveloped.frames import WORDS
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Session, Status
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session


def an_envelope(type_: str, **data: Any) -> Envelope:
    return Envelope("e1", type_, "default", "ana", a_session().uid, NOW, "c1", data)


def told(envelope: Envelope, session: Session | None, now: int = NOW) -> list[dict[str, Any]]:
    return [json.loads(text) for saying in enveloped.event(envelope, session, now) for text in saying.frames]


def shown(session: Session | None, now: int = NOW) -> dict[str, Any]:
    ((frame,),) = [saying.frames for saying in enveloped.snapshot(session, now)]
    found: dict[str, Any] = json.loads(frame)
    return found


SHOWING = a_running_session(status=Status.SCAN_QR, qr=a_code(attempt=2))


def test_a_code_is_pushed_as_a_picture() -> None:
    (frame,) = told(an_envelope("session.qr"), SHOWING)
    assert frame == {
        "type": "qr",
        "qr": "data:image/png;base64,iVBORw0KGgo=",
        "attempt": 2,
        "expires_at": "2027-01-15T08:01:00.000Z",
        "expires_in": 60,
        "id": "e1",
        "cursor": "c1",
        "session_id": "ana",
        "at": "2027-01-15T08:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("session", "now"),
    [
        (SHOWING, NOW + 60_000),
        (a_running_session(status=Status.CONNECTED, device=DEVICE), NOW),
        (None, NOW),
        (a_running_session(status=Status.SCAN_QR, qr=a_code(), uid="another"), NOW),
    ],
    ids=["expired", "scanned meanwhile", "deleted", "created again"],
)
def test_a_code_that_can_not_be_scanned_is_never_pushed(session: Session | None, now: int) -> None:
    assert told(an_envelope("session.qr"), session, now) == []


def test_connected_says_who() -> None:
    (frame,) = told(an_envelope("session.connected", status="CONNECTED", phone="6281234567890"), None)
    assert frame == {
        "type": "connected",
        "id": "e1",
        "cursor": "c1",
        "session_id": "ana",
        "at": "2027-01-15T08:00:00.000Z",
        "phone": "6281234567890",
    }


@pytest.mark.parametrize(("type_", "word"), [(type_, word) for type_, word in WORDS.items() if word != "qr"])
def test_what_ended_says_why(type_: str, word: str) -> None:
    (frame,) = told(an_envelope(type_, reason="r", message="Because.", next_at=NOW + 1), None)
    assert (frame["type"], frame["reason"], frame["message"]) == (word, "r", "Because.")
    assert (frame["id"], frame["cursor"], frame["next_at"]) == ("e1", "c1", "2027-01-15T08:00:00.001Z")


OWN_AFFAIRS: set[type[e.LinkEvent]] = {
    *e.TENANT_EVENTS,
    e.StartRequested,
    e.RestartRequested,
    e.Restarted,
    e.StopRequested,
    e.UnlinkRequested,
    e.DeleteRequested,
    e.WorkerClaimed,
    e.Launched,
    e.LaunchRefused,
    e.PairingCodeTaken,
    e.PairingCodeLapsed,
    e.PasskeyAnswered,
    e.PasskeyConfirmationRequested,
    e.ScanRoundEnded,
    e.ConnectFailure,
    e.Erased,
    e.SettingsChanged,
}


def test_every_event_has_a_word_or_is_the_gateways_own_affair() -> None:
    assert {event.type for event in e.LINK_EVENTS} - set(WORDS) == {event.type for event in OWN_AFFAIRS}
    assert all(told(an_envelope(event.type), None) == [] for event in OWN_AFFAIRS)
    assert told(an_envelope("session.something_new"), None) == []


@pytest.mark.parametrize(
    ("session", "word"),
    [
        (SHOWING, "qr"),
        (a_session(), "status"),
        (a_running_session(status=Status.STARTING), "status"),
        (a_running_session(status=Status.SCAN_QR, qr=a_code(expires_at=NOW)), "status"),
        (a_running_session(status=Status.PAIRING), "pairing"),
        (a_running_session(status=Status.CONNECTED), "connected"),
        (a_running_session(status=Status.DISCONNECTED), "disconnected"),
        (a_running_session(status=Status.PASSKEY_REQUIRED), "passkey_required"),
        (a_running_session(status=Status.LOGGED_OUT), "logged_out"),
        (a_running_session(status=Status.STOPPED), "stopped"),
        (a_running_session(status=Status.STOPPED, reason="qr_timeout"), "qr_timeout"),
        (a_running_session(status=Status.FAILED), "failed"),
        (a_running_session(status=Status.DELETING), "status"),
        (None, "deleted"),
    ],
)
def test_who_comes_late_is_told_what_stands(session: Session | None, word: str) -> None:
    frame = shown(session)
    assert (frame["type"], frame["snapshot"]) == (word, True)
    assert "id" not in frame
    assert ("qr" in frame) == (word == "qr")


def test_a_ping_gets_a_pong() -> None:
    assert [json.loads(text) for text in enveloped.reply('{"type":"ping"}')] == [{"type": "pong"}]


@given(st.text() | st.from_regex(r"\[{0,2000}|\{\"type\": ?(1|\"x\"|null|\[\])\}", fullmatch=True))
def test_any_other_frame_gets_a_sentence(text: str) -> None:
    (frame,) = enveloped.reply(text)
    assert json.loads(frame)["code"] == "INVALID_FRAME"


@pytest.mark.parametrize("text", ['{"type":' + "[" * 60_000 + "]" * 60_000 + "}", '{"type":"\\ud800"}', "[" * 60_000])
def test_a_frame_that_no_parser_can_work_with_is_answered_in_a_sentence(text):
    assert json.loads(enveloped.reply(text)[0])["code"] == "INVALID_FRAME"


def test_a_watcher_is_told_how_the_session_s_webhook_fails() -> None:
    about = {"event": "01E", "attempts": 2, "given_up": False, "reason": "http_error", "status": 500}
    (frame,) = told(an_envelope(e.WebhookFailing.type, status="CONNECTED", webhook=about), None)
    assert (frame["type"], frame["webhook"]) == ("webhook_failing", about)
