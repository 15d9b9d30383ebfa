"""Why a session last wasn't as its owner wanted it: the same in every family that has room for it."""

from typing import Annotated, TypedDict

from chalicelib.dialects.moments import Moment, iso
from chalicelib.domain.session import Session


class LastReasonJson(TypedDict):
    """Why a session last lost its link or its connection, or failed; kept when its status has moved on."""

    reason: Annotated[str, "A word for programs, one of those that ``reason`` has."]
    message: Annotated[str | None, "The same as a sentence."]
    at: Annotated[Moment, "When that came about."]


def last_reason(of: Session) -> LastReasonJson | None:
    """Return it; None if there was none yet."""
    last = of.last_reason
    return {"reason": last.reason, "message": last.message, "at": iso(last.at)} if last else None
