"""Logout and deletion while WhatsApp refuses the login: told as it is, in both, with what to do about it."""

import pytest

from chalicelib.domain.session import SENTENCES, Reason
from infra.local.client import Stack, eventually, next_frame

UNCONFIRMED = SENTENCES[Reason.UNLINK_UNCONFIRMED]


@pytest.fixture
def cut_off(stack: Stack, number: str) -> str:
    """A session that is linked and stopped, and whose logins WhatsApp refuses from now on."""
    stack.link(number)
    stack.post(f"/api/sessions/{number}/disconnect")
    stack.until(number, "STOPPED")
    assert stack.network("faults/failure", {"reason": 405, "number": number, "times": 100}).ok
    return number


def test_a_deletion_that_whatsapp_could_not_be_told_of_says_so(stack, cut_off):
    with stack.watch(cut_off) as socket:
        answer = stack.delete(f"/api/sessions/{cut_off}")
        gone = next_frame(socket, "deleted")
    said = {200: f"Session deleted. {UNCONFIRMED}", 202: "Session is being deleted"}
    assert answer.json()["message"] == said[answer.status_code]
    assert (gone["reason"], gone["message"]) == ("unlink_unconfirmed", UNCONFIRMED)
    assert stack.get(f"/api/sessions/{cut_off}").status_code == 404


def test_a_logout_in_the_same_state_says_the_same(stack, cut_off):
    answer = stack.post(f"/api/sessions/{cut_off}/logout").json()
    session = eventually(lambda: (s := stack.session(cut_off))["status"] == "LOGGED_OUT" and s)
    assert (session["reason"], session["message"]) == ("unlink_unconfirmed", UNCONFIRMED)
    done = answer["data"]["status"] == "LOGGED_OUT"
    assert answer["message"] == (
        f"Session logged out successfully. {UNCONFIRMED}" if done else "Session is being logged out"
    )
