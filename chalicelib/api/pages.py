"""One page of a tenant's sessions, or of a session's messages, as the query asks for it."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.call import Call
from chalicelib.api.fields import MESSAGE_ID, existing_message, line
from chalicelib.api.parameters import Parameter, whole_number
from chalicelib.domain.errors import InvalidField, MessageNotFound, SessionNotFound
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session

MOST: Final = 100
"""Sessions or messages that a page has at most."""
FEW: Final = 50
"""Messages that a page has if nobody says how many."""
LONGEST_CURSOR: Final = 256


def _cursor(value: str | None) -> str | None:
    if value is not None and (not value or len(line(value, field="after")) > LONGEST_CURSOR):
        raise InvalidField("'after' must be a cursor that a page of this list gave.", field="after")
    return value


def _message(value: str | None) -> str | None:
    try:
        return None if value is None else existing_message(value)
    except MessageNotFound as error:
        raise InvalidField("'before' must be the id of a message.", field="before") from error


LIMIT: Final = whole_number("limit", "How many a page has at most.", default=MOST, most=MOST)
AFTER: Final = Parameter(
    "after",
    "The cursor that the page before gave.",
    _cursor,
    {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$"},
)
MESSAGES: Final = whole_number("limit", "How many a page has at most.", default=FEW, most=MOST)
BEFORE: Final = Parameter(
    "before",
    "The id of the message that the page before ended with, as it gave it.",
    _message,
    {"type": "string", "pattern": f"^{MESSAGE_ID.pattern}$"},
)
PAGE: Final = (LIMIT, AFTER)
MESSAGE_PAGE: Final = (MESSAGES, BEFORE)


def page(call: Call) -> tuple[list[Session], str | None]:
    """Return the page ``?limit=&after=``, and the cursor to hand back as ``after`` if another follows.

    A key that is bound to a session sees that one alone.
    """
    limit, after = bounds(call)
    return sessions_after(call, after, limit=limit)


def sessions_after(call: Call, after: str | None, *, limit: int) -> tuple[list[Session], str | None]:
    """Return up to ``limit`` sessions that the caller may see, and where the next page starts if another follows."""
    if call.bound is None:
        return bootstrap.sessions().page(call.tenant, limit=limit, after=after)
    try:
        return [bootstrap.sessions().get(call.tenant, call.bound)], None
    except SessionNotFound:
        return [], None


def bounds(call: Call) -> tuple[int, str | None]:
    """Return what ``?limit=&after=`` ask for."""
    return call.read(LIMIT), call.read(AFTER)


def message_page(call: Call, session_id: str) -> tuple[list[Message], str | None]:
    """Return the page ``?limit=&before=``, and the id to hand back as ``before`` if another follows."""
    limit, before = call.read(MESSAGES), call.read(BEFORE)
    return bootstrap.messages().page(call.tenant, session_id, limit=limit, before=before)
