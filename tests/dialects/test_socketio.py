"""The Socket.IO API's events and status words, against the table of statuses."""

import json
from typing import Any

import pytest

from chalicelib.dialects.dialect import Saying
from chalicelib.dialects.shared import iso
from chalicelib.dialects.socketio import frames
from chalicelib.dialects.socketio.frames import LASTING, STATUSES, initializing, snapshot
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Reason, Status, sentence
from tests.makers import NOW, a_code, a_running_session


def an_event(kind: str, **data: Any) -> Envelope:
    session = a_running_session()
    return Envelope("01E", kind, "default", session.id, session.uid, NOW, "label#1", data)


def said(sayings: list[Saying]) -> list[tuple[str, dict[str, Any]]]:
    return [tuple(json.loads(frame[2:])) for saying in sayings for frame in saying.frames]


def words(sayings: list[Saying]) -> list[str]:
    return [data.get("status", event) if event == "status-update" else event for event, data in said(sayings)]


def test_a_code_has_the_documented_fields():
    session = a_running_session(status=Status.SCAN_QR, qr=a_code())
    ((event, code),) = said(frames.event(an_event(e.QRShown.type), session, NOW))
    assert event == "qr-code"
    assert set(code) == {"base64", "ascii", "attempts", "urlCode", "sessionName"}
    assert (code["base64"], code["urlCode"], code["attempts"]) == (a_code().image, a_code().code, 1)
    assert "█" in code["ascii"]


def test_a_code_that_is_over_or_of_an_earlier_session_is_not_said():
    session = a_running_session(status=Status.SCAN_QR, qr=a_code())
    assert frames.event(an_event(e.QRShown.type), session, a_code().expires_at) == []
    assert (
        frames.event(an_event(e.QRShown.type), a_running_session(uid="other", status=Status.SCAN_QR, qr=a_code()), NOW)
        == []
    )
    assert frames.event(an_event(e.QRShown.type), None, NOW) == []


def test_a_status_has_the_documented_fields():
    ((event, data),) = said(frames.event(an_event(e.WorkerClaimed.type, status="STARTING"), None, NOW))
    assert event == "status-update"
    assert data == {
        "status": "notLogged",
        "sessionName": "ana",
        "timestamp": iso(NOW),
        "message": "Waiting for authentication",
    }


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (e.WorkerClaimed.type, {"status": "STARTING", "reason": Reason.REQUESTED}, "Waiting for authentication"),
        (e.Stopped.type, {"reason": Reason.REQUESTED}, "The session isn't running"),
        (e.QRTimeout.type, {"reason": Reason.QR_TIMEOUT}, sentence(Reason.QR_TIMEOUT)),
        (e.DELETED, {}, "The session was deleted"),
    ],
)
def test_a_session_that_is_not_linked_says_what_its_page_may_show(kind, data, message):
    told = data | {"message": sentence(data.get("reason"))}
    ((_, update),) = said(frames.event(an_event(kind, **told), None, NOW))
    assert (update["status"], update["message"]) == ("notLogged", message)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (e.WorkerClaimed.type, ["notLogged"]),
        (e.PairSuccess.type, ["qrReadSuccess", "authenticated"]),
        (e.PairError.type, ["qrReadError"]),
        (e.Connected.type, ["ready", "session-complete"]),
        (e.Disconnected.type, []),
        (e.LoggedOut.type, ["notLogged"]),
        (e.QRTimeout.type, ["notLogged"]),
        (e.Stopped.type, ["notLogged"]),
        (e.DELETED, ["notLogged"]),
        (e.PasskeyRequested.type, ["error"]),
        (e.PasskeyConfirmationRequested.type, []),
        (e.PasskeyLapsed.type, ["notLogged"]),
        (e.PasskeyRefused.type, ["error"]),
        (e.TemporaryBan.type, ["error"]),
        (e.AccountRefused.type, ["error"]),
        (e.RegistrationRefused.type, ["error"]),
        (e.GaveUp.type, ["error"]),
        (e.StartRequested.type, []),
        ("message.received", []),
    ],
)
def test_an_event_is_said_in_the_documented_words(kind: str, expected: list[str]):
    assert words(frames.event(an_event(kind, status="STARTING", message="So it is."), None, NOW)) == expected


def test_the_deletion_s_own_worker_is_nobody_s_news():
    assert frames.event(an_event(e.WorkerClaimed.type, status="DELETING"), None, NOW) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.CREATED, ["notLogged"]),
        (Status.STARTING, ["notLogged"]),
        (Status.SCAN_QR, ["notLogged", "qr-code"]),
        (Status.PAIRING, ["qrReadSuccess", "authenticated"]),
        (Status.CONNECTED, ["ready", "session-complete"]),
        (Status.DISCONNECTED, []),
        (Status.LOGGED_OUT, ["notLogged"]),
        (Status.STOPPED, ["notLogged"]),
        (Status.DELETING, ["notLogged"]),
        (Status.PASSKEY_REQUIRED, ["error"]),
        (Status.FAILED, ["error"]),
    ],
)
def test_who_joins_hears_what_stands(status: Status, expected: list[str]):
    session = a_running_session(status=status, qr=a_code() if status is Status.SCAN_QR else None, since=NOW)
    heard = words(snapshot(session, NOW))
    assert heard == expected
    assert {word for word in heard if word not in {"qr-code", "session-complete"}} <= set(STATUSES)


def test_of_a_session_that_is_not_there_nothing_is_said():
    assert snapshot(None, NOW) == []


def test_a_lost_connection_is_an_error_once_it_has_lasted():
    session = a_running_session(status=Status.DISCONNECTED, since=NOW, message="The connection was lost.")
    assert snapshot(session, NOW + LASTING - 1) == []
    ((_, data),) = said(snapshot(session, NOW + LASTING))
    assert (data["status"], data["error"]) == ("error", "The connection was lost.")


def test_only_ready_is_the_last_thing_said():
    assert [one.last for one in frames.event(an_event(e.Connected.type), None, NOW)] == [True]
    assert [one.last for one in frames.event(an_event(e.PairSuccess.type), None, NOW)] == [False]


def test_an_end_is_news_also_to_who_waited():
    (waiting,) = frames.event(an_event(e.WorkerClaimed.type, status="STARTING"), None, NOW)
    (timeout,) = frames.event(an_event(e.QRTimeout.type, reason="qr_timeout"), None, NOW)
    assert waiting.topic == timeout.topic
    assert waiting.key != timeout.key


def test_the_start_is_answered_as_documented():
    answer = initializing("my-session")
    assert answer["success"] is True
    assert answer["message"] == (
        "Session my-session initialization started. Connect to WebSocket and join room 'session-my-session' "
        "for QR code and status updates"
    )
    assert answer["data"]["events"]["qrCode"] == "qr-code"
