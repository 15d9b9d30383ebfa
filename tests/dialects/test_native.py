"""The native API's answers."""

from typing import Any

import pytest

from chalicelib.dialects.native import answers, sessions
from chalicelib.domain import errors as e
from chalicelib.domain.session import Device, Reason, Status, WebhookFailure, sentence
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session


@pytest.mark.parametrize("status", list(Status))
def test_a_status_is_the_table_s_own_word(status: Status) -> None:
    shape = sessions.session(a_running_session(status=status))
    assert shape["status"] == status
    assert set(shape) == sessions.NativeSessionJson.__required_keys__


def test_a_failing_webhook_says_how_it_failed() -> None:
    failure = WebhookFailure(NOW, "01E", 2, "http_error", status=500, next_at=NOW + 5_000)
    session = a_session(webhook_url="https://example.com/hook", webhook_secret="whsec_b2xk", webhook_failure=failure)
    told: Any = sessions.session(session)["webhook"]
    assert "secret" not in told
    assert (told["last_failure"]["status"], told["last_failure"]["reason"]) == (500, "http_error")
    assert told["last_failure"]["next_at"] == "2027-01-15T08:00:05.000Z"


def test_an_account_without_a_lid_has_none() -> None:

    told = sessions.session(a_running_session(device=Device("6281234567890:1@s.whatsapp.net")))
    assert told["account"] == {"phone": "+6281234567890", "lid": None, "platform": None}
    assert sessions.session(a_running_session(device=DEVICE, phone="49123456789"))["phone_mismatch"] is True


def test_a_deletion_that_left_the_device_on_the_phone_says_so() -> None:
    done = sessions.deletion("shop", gone=True, reason=Reason.UNLINK_UNCONFIRMED)
    assert done == {
        "id": "shop",
        "deleted": True,
        "reason": "unlink_unconfirmed",
        "message": sentence(Reason.UNLINK_UNCONFIRMED),
    }


def test_a_code_has_its_text_its_picture_and_its_end() -> None:
    told = sessions.code(a_running_session(), a_code(), NOW)
    assert (told["session"], told["attempt"], told["expires_at"]) == ("ana", 1, "2027-01-15T08:01:00.000Z")


PASSES = {
    e.GatewayError,
    e.TooManyAttempts,
    e.TooManyWatchers,
    e.TicketQuotaExceeded,
    e.TooManyQuestions,
    e.TooFast,
    e.NotReady,
    e.QRNotReady,
    e.AnswerNotReady,
    e.SessionDeleting,
    e.PairingUnderWay,
    e.PairingCodeThrottled,
    e.Contended,
}


@pytest.mark.parametrize(
    "kind", [one for one in vars(e).values() if isinstance(one, type) and issubclass(one, e.GatewayError)]
)
def test_an_error_is_retryable_if_it_passes_by_itself(kind: type[e.GatewayError]) -> None:
    error = kind.__new__(kind)
    e.GatewayError.__init__(error, "No.", field="to.phone")
    told = answers.error(error, now=NOW, session_id=None)["error"]
    assert told["retryable"] is (kind in PASSES)
    assert (told["code"], told["message"], told["field"]) == (kind.code.upper(), "No.", "to.phone")


def test_what_says_when_to_come_again_is_retryable() -> None:
    told = answers.error(e.Conflict("No.", hint="Wait.", retry_after=3), now=NOW, session_id=None)["error"]
    assert (told["message"], told["retryable"], told["retry_after"]) == ("No. Wait.", True, 3)
