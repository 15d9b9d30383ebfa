"""The enveloped API's answers."""

from typing import Any

import pytest

from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.domain.errors import InvalidField, SessionExists
from chalicelib.domain.session import Device, Status
from tests.makers import DEVICE, NOW, a_session


@pytest.mark.parametrize(
    ("status", "device", "connected", "logged_in"),
    [
        (Status.CREATED, None, False, False),
        (Status.STARTING, None, False, False),
        (Status.STARTING, DEVICE, False, True),
        (Status.SCAN_QR, None, False, False),
        (Status.PAIRING, DEVICE, True, False),
        (Status.CONNECTED, DEVICE, True, True),
        (Status.DISCONNECTED, DEVICE, False, True),
        (Status.LOGGED_OUT, None, False, False),
        (Status.STOPPED, DEVICE, False, True),
        (Status.STOPPED, None, False, False),
        (Status.DELETING, DEVICE, False, True),
        (Status.PASSKEY_REQUIRED, None, False, False),
        (Status.FAILED, DEVICE, False, True),
    ],
)
def test_a_status_is_two_booleans(status: Status, device: Device | None, connected: bool, logged_in: bool) -> None:
    shape = enveloped.session(a_session(status=status, device=device))
    assert (shape["connected"], shape["logged_in"], shape["status"]) == (connected, logged_in, status)


def test_one_session_is_there_twice() -> None:
    data = enveloped.one(a_session())["data"]
    assert data["id"] == data["session"]["id"] == "ana"


def test_an_error_names_field_and_hint() -> None:
    body = enveloped.error(InvalidField("No.", field="phone", hint="Try."), now=NOW, session_id=None)
    assert body == {
        "success": False,
        "error": "No.",
        "code": "INVALID_FIELD",
        "message": "No.",
        "field": "phone",
        "hint": "Try.",
    }


def test_a_duplicate_carries_the_session_that_stands() -> None:
    error = SessionExists("There.", session=a_session())
    body: Any = enveloped.error(error, now=NOW, session_id=None)
    assert body["data"]["session"]["id"] == "ana"
