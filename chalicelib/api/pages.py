"""One page of a tenant's sessions, or of a session's messages, as the query asks for it."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.doorway import Call
from chalicelib.api.fields import count, existing_message, line
from chalicelib.domain.errors import InvalidField, MessageNotFound, SessionNotFound
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session

MOST: Final = 100
"""Sessions or messages that a page has at most."""
FEW: Final = 50
"""Messages that a page has if nobody says how many."""


def page(call: Call) -> tuple[list[Session], str | None]:
    """Return the page ``?limit=&after=``, and the cursor to hand back as ``after`` if another follows.

    A key that is bound to a session sees that one alone.
    """
    limit, after = bounds(call)
    if call.bound is None:
        return bootstrap.sessions().page(call.tenant, limit=limit, after=after)
    try:
        return [bootstrap.sessions().get(call.tenant, call.bound)], None
    except SessionNotFound:
        return [], None


def bounds(call: Call) -> tuple[int, str | None]:
    """Return what ``?limit=&after=`` ask for."""
    limit = count(call.query("limit"), field="limit", default=MOST, most=MOST)
    after = call.query("after")
    if after is not None and (not after or len(line(after, field="after")) > 256):
        raise InvalidField("'after' must be a cursor that a page of this list gave.", field="after")
    return limit, after


def message_page(call: Call, session_id: str) -> tuple[list[Message], str | None]:
    """Return the page ``?limit=&before=``, and the id to hand back as ``before`` if another follows."""
    limit = count(call.query("limit"), field="limit", default=FEW, most=MOST)
    before = call.query("before")
    if before is not None:
        try:
            existing_message(before)
        except MessageNotFound as error:
            raise InvalidField("'before' must be the id of a message.", field="before") from error
    return bootstrap.messages().page(call.tenant, session_id, limit=limit, before=before)
