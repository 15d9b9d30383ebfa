"""The bare API's answers."""

from chalicelib.dialects.bare import sessions as bare
from chalicelib.domain.errors import Invalid
from chalicelib.domain.session import Status
from tests.makers import NOW, a_code, a_running_session, a_session


def test_every_status_has_a_word() -> None:
    assert set(bare.WORDS) == set(Status)
    assert set(bare.WORDS.values()) == {"pending", "connected", "disconnected", "failed"}


def test_a_status_with_a_reason_gives_it() -> None:
    shape = bare.session(a_session(status=Status.FAILED, reason="temporary_ban", message="Banned."))
    assert (shape["status"], shape["reason"], shape["message"]) == ("failed", "temporary_ban", "Banned.")


def test_the_number_it_was_made_for_stands_in_until_it_is_linked() -> None:
    assert bare.session(a_session(phone="491701234567"))["phoneNumber"] == "+491701234567"


def test_an_expired_code_is_no_code() -> None:
    session = a_running_session(status=Status.SCAN_QR, qr=a_code(expires_at=NOW))
    assert bare.created(session, NOW)["qrCode"] is None
    assert bare.created(session, NOW - 1)["qrCode"] == a_code().image


def test_an_error_says_when_and_of_which_session() -> None:
    body = bare.error(Invalid("No."), now=NOW, session_id="ana")
    assert body == {
        "error": "No.",
        "code": "INVALID_REQUEST",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "sessionId": "ana",
    }
