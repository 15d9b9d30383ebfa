import pytest

from chalicelib.dialects.socketio import sessions as shapes
from chalicelib.domain.errors import NotOnWhatsApp, SessionNotConnected
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.session import Reason, Status
from tests.makers import DEVICE, NOW, a_message, a_running_session


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_state(status):
    said = shapes.state(a_running_session(status=status))
    assert said == {"success": True, "data": {"connectionState": shapes.STATES[status]}}


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        (Status.STOPPED, Reason.REPLACED, "CONFLICT"),
        (Status.FAILED, Reason.CLIENT_OUTDATED, "DEPRECATED_VERSION"),
        (Status.FAILED, Reason.TEMPORARY_BAN, "TOS_BLOCK"),
        (Status.FAILED, Reason.ACCOUNT_LOCKED, "TOS_BLOCK"),
        (Status.DISCONNECTED, Reason.REPLACED, "DISCONNECTED"),
        (Status.STOPPED, Reason.REQUESTED, "DISCONNECTED"),
    ],
)
def test_a_reason_may_say_more(status, reason, told):
    assert shapes.state(a_running_session(status=status, reason=reason))["data"]["connectionState"] == told


@pytest.mark.parametrize(
    ("device", "status", "linked"),
    [
        (DEVICE, Status.CONNECTED, True),
        (DEVICE, Status.DISCONNECTED, True),
        (DEVICE, Status.STOPPED, True),
        (DEVICE, Status.PAIRING, False),
        (DEVICE, Status.LOGGED_OUT, False),
        (None, Status.STARTING, False),
    ],
)
def test_a_session_is_authenticated_and_has_an_account_while_it_is_linked(device, status, linked):
    session = a_running_session(device=device, status=status)
    assert shapes.authenticated(session)["data"] == {"isAuthenticated": linked}
    assert shapes.wid(session)["data"] == {"wid": f"{DEVICE.phone}@c.us" if linked else None}


def test_a_send_is_answered_with_its_ids():
    said = shapes.sent(a_message(status=MessageStatus.SENT, whatsapp_id="3EB0"))
    assert (said["success"], said["isAuthenticated"], said["message"]) == (True, True, "Message sent successfully")
    assert (said["data"]["message_id"], said["data"]["to"]) == ("3EB0", "628987654321")
    assert shapes.sent(a_message())["message"] == "Message queued"


def test_an_error_says_where_to_go_on():
    lost = SessionNotConnected("No.", session=a_running_session(status=Status.SCAN_QR))
    said = shapes.error(lost, now=NOW, session_id="ana")
    assert (said["isAuthenticated"], said["message"]) == (False, "Session disconnected. Please reconnect.")
    assert (said["error"], said["session_disconnected"], said["needs_qr"]) == ("No.", True, True)
    failed = shapes.error(NotOnWhatsApp("No.", failed=a_message()), now=NOW, session_id="ana")
    assert failed["data"]["id"] == a_message().id
    assert "isAuthenticated" not in failed
