"""Every status in every family's words, from the one table that all five promise; what is pushed as well as answered."""

import json
from typing import Any

import pytest

from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.company import shapes as company
from chalicelib.dialects.enveloped import frames as enveloped_frames
from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.dialects.letsbot import shapes as letsbot
from chalicelib.dialects.socketio import frames as socketio
from chalicelib.domain.session import QRCode, Session, Status
from tests.makers import DEVICE, NOW, a_code, a_running_session

S = Status
REASON = "WhatsApp has banned this account for a while."

# status, device stored | connected, logged_in | bare | letsbot | socketio | company, needs_qr, qr_error
TABLE: list[tuple[Status, bool, tuple[bool, bool], str, str, list[str], tuple[str, bool, str | None]]] = [
    (S.CREATED, False, (False, False), "pending", "inactive", ["notLogged"], ("DISCONNECTED", True, None)),
    (S.CREATED, True, (False, True), "pending", "inactive", ["notLogged"], ("DISCONNECTED", False, None)),
    (S.STARTING, False, (False, False), "pending", "inactive", ["notLogged"], ("DISCONNECTED", True, None)),
    (S.STARTING, True, (False, True), "pending", "inactive", ["notLogged"], ("DISCONNECTED", False, None)),
    (S.SCAN_QR, False, (False, False), "pending", "inactive", ["notLogged", "qr-code"], ("DISCONNECTED", True, None)),
    (S.SCAN_QR, True, (False, False), "pending", "inactive", ["notLogged", "qr-code"], ("DISCONNECTED", True, None)),
    (
        S.PAIRING,
        True,
        (True, False),
        "pending",
        "inactive",
        ["qrReadSuccess", "authenticated"],
        ("DISCONNECTED", False, None),
    ),
    (S.CONNECTED, True, (True, True), "connected", "active", ["ready", "session-complete"], ("CONNECTED", False, None)),
    (S.DISCONNECTED, True, (False, True), "disconnected", "inactive", ["error"], ("DISCONNECTED", False, None)),
    (S.LOGGED_OUT, False, (False, False), "disconnected", "inactive", ["notLogged"], ("DISCONNECTED", True, None)),
    (S.LOGGED_OUT, True, (False, False), "disconnected", "inactive", ["notLogged"], ("DISCONNECTED", True, None)),
    (S.STOPPED, False, (False, False), "disconnected", "inactive", ["notLogged"], ("DISCONNECTED", True, None)),
    (S.STOPPED, True, (False, True), "disconnected", "inactive", ["notLogged"], ("DISCONNECTED", False, None)),
    (S.DELETING, False, (False, False), "disconnected", "inactive", ["notLogged"], ("DISCONNECTED", False, None)),
    (S.DELETING, True, (False, True), "disconnected", "inactive", ["notLogged"], ("DISCONNECTED", False, None)),
    (S.PASSKEY_REQUIRED, False, (False, False), "failed", "inactive", ["error"], ("UNKNOWN", False, REASON)),
    (S.FAILED, False, (False, False), "failed", "inactive", ["error"], ("UNKNOWN", False, REASON)),
    (S.FAILED, True, (False, True), "failed", "inactive", ["error"], ("UNKNOWN", False, REASON)),
]
FRAMES = {
    S.CREATED: "status",
    S.STARTING: "status",
    S.SCAN_QR: "qr",
    S.PAIRING: "pairing",
    S.CONNECTED: "connected",
    S.DISCONNECTED: "disconnected",
    S.LOGGED_OUT: "logged_out",
    S.STOPPED: "stopped",
    S.DELETING: "status",
    S.PASSKEY_REQUIRED: "passkey_required",
    S.FAILED: "failed",
}
ROW = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}{'-with-device' * row[1]}")


def standing(status: Status, stored: bool) -> Session:
    """A session in that status for half a minute; under way to what its owner asked for."""
    code: QRCode | None = a_code(expires_at=NOW + 60_000) if status is S.SCAN_QR else None
    return a_running_session(
        status=status, device=DEVICE if stored else None, qr=code, message=REASON, since=NOW - socketio.LASTING
    )


def names(session: Session, now: int = NOW) -> list[str]:
    """What one who joins hears: the statuses' words, and the names of the other events."""
    heard: list[Any] = [json.loads(frame[2:]) for saying in socketio.snapshot(session, now) for frame in saying.frames]
    return [said["status"] if name == socketio.STATUS_UPDATE else name for name, said in heard]


def test_the_table_has_every_status() -> None:
    assert {row[0] for row in TABLE} == set(FRAMES) == set(Status)


@ROW
def test_a_status_is_the_enveloped_family_s_two_answers(row: Any) -> None:
    shape = enveloped.session(standing(*row[:2]))
    assert (shape["connected"], shape["logged_in"]) == row[2]


@ROW
def test_a_status_is_the_enveloped_family_s_frame(row: Any) -> None:
    ((frame,),) = [saying.frames for saying in enveloped_frames.snapshot(standing(*row[:2]), NOW)]
    assert json.loads(frame)["type"] == FRAMES[row[0]]


@ROW
def test_a_status_is_the_bare_family_s_word(row: Any) -> None:
    assert bare.session(standing(*row[:2]))["status"] == row[3]


@ROW
def test_a_status_is_letsbot_s_word(row: Any) -> None:
    session = standing(*row[:2])
    told = letsbot.status(session)
    assert letsbot.found(session)["data"]["status"] == told["data"]["status"] == row[4]
    assert told["message"] == f"Session is {row[4]}"
    assert told["data"]["connected"] is (row[4] == "active")


@ROW
def test_a_status_is_socket_io_s_word_in_its_order(row: Any) -> None:
    assert names(standing(*row[:2])) == row[5]


def test_a_short_loss_of_the_connection_is_no_error_on_socket_io() -> None:
    assert names(standing(S.DISCONNECTED, stored=True), NOW - 1) == []


@ROW
def test_a_status_is_a_company_s_word(row: Any) -> None:
    session = standing(*row[:2])
    told = company.status(session, NOW)["data"]
    assert (told["status"], told["needs_qr"], told["qr_error"]) == row[6]
    assert (told["qr_code"] is not None) is (row[0] is S.SCAN_QR)
    assert company.tested(session)["success"] is (row[6][0] == "CONNECTED")
