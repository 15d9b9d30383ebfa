"""Why a session last wasn't as its owner wanted, as each family that has room for it says it."""

from typing import Any

import pytest

from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.company import shapes as company
from chalicelib.dialects.enveloped import frames as enveloped_frames
from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.dialects.letsbot import shapes as letsbot
from chalicelib.dialects.socketio import sessions as socketio_sessions
from chalicelib.domain.session import SENTENCES, LastReason, Reason, Session
from tests.makers import NOW, a_running_session

UNLINKED = a_running_session(last_reason=LastReason(Reason.UNLINKED_FROM_PHONE, NOW))
SAID = {
    "reason": "unlinked_from_phone",
    "message": SENTENCES[Reason.UNLINKED_FROM_PHONE],
    "at": "2027-01-15T08:00:00.000Z",
}


def said_by(family: str, session: Session) -> Any:
    match family:
        case "enveloped":
            return enveloped.session(session)["last_reason"]
        case "bare":
            return bare.session(session).get("lastReason")
        case "letsbot":
            return letsbot.status(session)["data"].get("last_reason")
        case "company":
            return company.status(session, NOW)["data"].get("last_reason")
        case _:
            return socketio_sessions.state(session)["data"].get("lastReason")


@pytest.mark.parametrize("family", ["enveloped", "bare", "letsbot", "company", "socketio"])
def test_a_family_says_it_though_the_session_is_connected_again(family: str) -> None:
    assert said_by(family, UNLINKED) == SAID
    assert said_by(family, a_running_session()) is None


def test_a_watcher_that_comes_late_is_told() -> None:
    ((frame,),) = [saying.frames for saying in enveloped_frames.snapshot(UNLINKED, NOW)]
    assert '"unlinked_from_phone"' in frame
