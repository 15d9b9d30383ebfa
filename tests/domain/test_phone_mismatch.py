"""A session that was created for one account and is linked by another."""

from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.session import Desired, Device, Reason, Session, Status
from chalicelib.domain.transitions import advance
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session

OTHER = Device("628999999999:1@s.whatsapp.net")


@pytest.mark.parametrize(
    ("session", "wrong"),
    [
        (a_session(phone="6281234567890", device=OTHER), True),
        (a_session(phone="6281234567890", device=DEVICE), False),
        (a_session(phone="6281234567890"), False),
        (a_session(device=OTHER), False),
        (a_session(phone="525574949947", device=Device("5215574949947:2@s.whatsapp.net")), False),
        (a_session(phone="5511987654321", device=Device("551187654321:2@s.whatsapp.net")), False),
    ],
)
def test_a_session_says_whether_another_account_is_linked(session: Session, wrong: bool) -> None:
    assert session.phone_mismatch is wrong


@pytest.mark.parametrize("event", [e.PairSuccess(OTHER), e.Connected(OTHER)])
def test_the_event_tells_of_both_numbers(event: e.LinkEvent) -> None:
    status = Status.SCAN_QR if isinstance(event, e.PairSuccess) else Status.PAIRING
    session = a_running_session(status=status, phone="6281234567890")
    after = advance(session, event, now=NOW, event_id="E")
    assert after.last_event
    said = {name: after.last_event.data.get(name) for name in ("phone", "phone_mismatch", "expected_phone")}
    assert said == {"phone": "628999999999", "phone_mismatch": True, "expected_phone": "6281234567890"}


def test_the_event_of_the_right_account_says_so() -> None:
    session = a_running_session(status=Status.PAIRING, phone="6281234567890")
    after = advance(session, e.Connected(DEVICE), now=NOW, event_id="E")
    assert after.last_event
    assert after.last_event.data == {"status": "CONNECTED", "phone": "6281234567890", "phone_mismatch": False}


@pytest.mark.parametrize(
    ("fields", "device", "refused"),
    [
        ({}, OTHER, True),
        ({}, DEVICE, False),
        ({"require_phone_match": False}, OTHER, False),
        ({"phone": None}, OTHER, False),
        ({"connected_at": NOW}, OTHER, False),
    ],
)
def test_only_a_new_link_of_another_account_is_refused(
    fields: dict[str, Any],
    device: Device,
    refused: bool,
) -> None:
    session = a_running_session(**({"phone": "6281234567890", "require_phone_match": True} | fields))
    assert session.refuses(device) is refused


def test_a_link_after_another_one_is_new_again() -> None:
    session = a_running_session(
        status=Status.STARTING, phone="6281234567890", require_phone_match=True, device=DEVICE, connected_at=NOW
    )
    assert advance(session, e.QRShown(a_code()), now=NOW, event_id="E").refuses(OTHER)


def test_a_refused_link_is_logged_out_by_its_reason_and_a_fresh_code_is_due() -> None:
    session = a_running_session(status=Status.PAIRING, phone="6281234567890", device=OTHER, round=1)
    after = advance(session, e.LoggedOut(Reason.PHONE_MISMATCH, phone="628999999999"), now=NOW, event_id="E")
    assert (after.status, after.reason, after.device) == (Status.LOGGED_OUT, "phone_mismatch", None)
    assert (after.desired, after.answered) == (Desired.RUNNING, False)
    assert after.message
    assert after.last_event
    said = after.last_event.data
    assert (said["phone"], said["phone_mismatch"], said["expected_phone"]) == ("628999999999", True, "6281234567890")


def test_the_setting_is_the_owner_s_to_change() -> None:
    session = a_session(phone="6281234567890")
    asked = advance(session, e.SettingsChanged(require_phone_match=True), now=NOW, event_id="E")
    assert asked.require_phone_match
    assert advance(asked, e.SettingsChanged(name="x"), now=NOW, event_id="F").require_phone_match
    assert not advance(asked, e.SettingsChanged(require_phone_match=False), now=NOW, event_id="F").require_phone_match
