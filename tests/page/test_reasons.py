"""Why a session shows no code: each status and reason has words in which somebody knows what to do."""

from typing import Any

import pytest
from playwright.sync_api import Page

from chalicelib.domain.session import Desired, Reason, Status
from tests.page.links import listed

pytestmark = pytest.mark.soak

SESSION = {
    "id": "cafe",
    "name": "Café Ana",
    "enabled": True,
    "needs_qr": True,
    "passkey": None,
    "account": None,
    "phone": "+6281234567890",
    "phone_mismatch": False,
    "message": "The gateway's own words.",
    "since": "2026-11-28T10:00:00.000Z",
    "next_at": None,
    "until": None,
}
SITUATIONS = """
async (sessions) => {
  const at = document.querySelector('script[type=module]').src;
  const { situation } = await import(at.replace('main.js', 'reasons.js'));
  return sessions.map((one) => { const { label, act } = situation(one).help ?? {}; return { ...situation(one), help: act ?? null, label: label?.() ?? null }; });
}
"""


@pytest.fixture
def told(page: Page) -> Any:
    """Says what the page tells of sessions."""
    listed(page)
    return lambda *sessions: page.evaluate(SITUATIONS, [{**SESSION, **one} for one in sessions])


def test_every_status_and_reason_is_told_in_words_of_the_page(told: Any) -> None:
    every = [
        {"status": status, "desired": desired, "reason": reason}
        for status in Status
        for desired in Desired
        for reason in (*Reason, None)
    ]
    for session, found in zip(every, told(*every), strict=True):
        assert found["title"], session
        assert found["text"], session
        assert found["text"] != SESSION["message"], session
        assert found["help"] is None or found["label"], session


def test_a_reason_without_words_is_told_in_the_gateway_s(told: Any) -> None:
    (found,) = told({"status": "FAILED", "desired": "running", "reason": "connect_failure_7"})
    assert (found["kind"], found["text"], found["help"]) == ("ended", SESSION["message"], "start")


HELPS = (
    ({"status": "CREATED", "desired": "running", "reason": None}, "code", None),
    ({"status": "CREATED", "desired": "stopped", "reason": None}, "ended", "start"),
    ({"status": "STARTING", "desired": "running", "reason": "requested"}, "code", None),
    ({"status": "STARTING", "desired": "running", "reason": "requested", "needs_qr": False}, "moving", None),
    ({"status": "SCAN_QR", "desired": "running", "reason": "waiting_for_scan"}, "code", None),
    ({"status": "SCAN_QR", "desired": "stopped", "reason": "waiting_for_scan"}, "moving", None),
    ({"status": "PAIRING", "desired": "running", "reason": None, "needs_qr": False}, "moving", None),
    ({"status": "CONNECTED", "desired": "running", "reason": None}, "linked", "log_out"),
    ({"status": "DISCONNECTED", "desired": "running", "reason": "connection_lost"}, "moving", "restart"),
    ({"status": "LOGGED_OUT", "desired": "running", "reason": "unlinked_from_phone"}, "code", None),
    ({"status": "LOGGED_OUT", "desired": "unlinked", "reason": "unlinked_by_owner"}, "ended", "start"),
    ({"status": "STOPPED", "desired": "running", "reason": "qr_timeout"}, "ended", "start"),
    ({"status": "STOPPED", "desired": "running", "reason": "replaced"}, "ended", "start"),
    ({"status": "STOPPED", "desired": "stopped", "reason": "tenant_disabled"}, "ended", None),
    ({"status": "FAILED", "desired": "running", "reason": "client_outdated"}, "ended", "start"),
    ({"status": "PASSKEY_REQUIRED", "desired": "running", "reason": "passkey_unsupported"}, "ended", "start"),
    ({"status": "PASSKEY_REQUIRED", "desired": "running", "passkey": {"step": "sign"}}, "passkey", None),
    ({"status": "STOPPED", "desired": "stopped", "reason": "requested", "enabled": False}, "ended", "enable"),
    ({"status": "DELETING", "desired": "deleted", "reason": "requested"}, "moving", None),
)
"""Sessions, the kind of situation that each is in, and what is offered."""


def test_what_helps_is_offered(told: Any) -> None:
    sessions = [{"reason": "passkey_required", **session} for session, _, _ in HELPS]
    found = [(session, one["kind"], one["help"]) for (session, _, _), one in zip(HELPS, told(*sessions), strict=True)]
    assert found == list(HELPS)


def test_a_ban_says_until_when(told: Any) -> None:
    until = "2031-05-06T07:08:00.000Z"
    (found,) = told({"status": "FAILED", "desired": "running", "reason": "temporary_ban", "until": until})
    assert "2031" in found["text"]


def test_another_account_than_the_wanted_one_is_named_with_it(told: Any) -> None:
    session = {"status": "CONNECTED", "desired": "running", "reason": None, "phone_mismatch": True}
    (found,) = told({**session, "account": {"phone": "+4366012345678"}})
    assert "+4366012345678" in found["text"]
    assert "+6281234567890" in found["text"]
    assert found["help"] == "log_out"
