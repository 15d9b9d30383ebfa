"""One page of a tenant's sessions, or of a session's messages, as the query asks for it."""

import re
from typing import Final

from chalicelib import bootstrap
from chalicelib.api.call import Call
from chalicelib.api.parameters import Parameter, whole_number
from chalicelib.domain.errors import InvalidField, SessionNotFound
from chalicelib.domain.jid import chat_name
from chalicelib.domain.messages import Message
from chalicelib.domain.session import ID, Session
from chalicelib.services.messages.store import Wanted

MOST: Final = 100
"""Sessions or messages that a page has at most."""
FEW: Final = 50
"""Messages that a page has if nobody says how many."""
_OWN_MESSAGE_ID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
"""A ULID: only those of our ids that sort by time can say where a page begins."""


def cursor_of(name: str, pattern: re.Pattern[str], about: str) -> Parameter[str | None]:
    """Return the parameter that says where a page begins, by a value that no list could have given if it doesn't fit.

    A list would begin anew there, and whoever turns its pages would never come to an end.
    """

    def check(value: str | None) -> str | None:
        if value is not None and not pattern.fullmatch(value):
            raise InvalidField(f"'{name}' must be what a page of this list gave for it.", field=name)
        return value

    return Parameter(name, about, check, {"type": "string", "pattern": f"^{pattern.pattern}$"})


LIMIT: Final = whole_number("limit", "How many a page has at most.", default=MOST, most=MOST)
MESSAGES: Final = whole_number("limit", "How many a page has at most.", default=FEW, most=MOST)


def message_cursor(name: str, about: str) -> Parameter[str | None]:
    """Return the parameter that says behind which of our own messages a page begins."""
    return cursor_of(name, _OWN_MESSAGE_ID, about)


BEFORE: Final = message_cursor("before", "The id of the message that the page before ended with, as it gave it.")
CHAT: Final = Parameter(
    "chat",
    "Only the messages of one chat: a person's phone number, number's JID or LID's JID, or a group's JID. "
    "A page may be short, or empty, and yet another follow.",
    lambda value: None if value is None else chat_name(value, field="chat"),
    {"type": "string", "examples": ["628987654321", "200000000000001@lid", "120363020310020819@g.us"]},
)
MESSAGE_PAGE: Final = (MESSAGES, BEFORE, CHAT)

ListPage = tuple[Parameter[int], Parameter[str | None]]


def page_of(pattern: re.Pattern[str], name: str = "after") -> ListPage:
    """Return what a list takes whose entries are called as ``pattern`` says; ``name`` is the cursor's parameter."""
    return LIMIT, cursor_of(name, pattern, "The cursor that the page before gave.")


PAGE: Final = page_of(ID)


def page(call: Call, taken: ListPage = PAGE) -> tuple[list[Session], str | None]:
    """Return the page that the query asks for, and the cursor to hand back if another follows.

    A key that is bound to a session sees that one alone.
    """
    limit, after = bounds(call, taken)
    return sessions_after(call, after, limit=limit)


def sessions_after(call: Call, after: str | None, *, limit: int) -> tuple[list[Session], str | None]:
    """Return up to ``limit`` sessions that the caller may see, and where the next page starts if another follows."""
    if call.bound is None:
        return bootstrap.sessions().page(call.tenant, limit=limit, after=after)
    try:
        return [bootstrap.sessions().get(call.tenant, call.bound)], None
    except SessionNotFound:
        return [], None


def bounds(call: Call, taken: ListPage) -> tuple[int, str | None]:
    """Return what ``?limit=`` and the cursor ask for."""
    limit, after = taken
    return call.read(limit), call.read(after)


def message_page(call: Call, session_id: str) -> tuple[list[Message], str | None]:
    """Return the page ``?limit=&before=&chat=``, and the id to hand back as ``before`` if another follows."""
    wanted = Wanted(call.read(MESSAGES), cursor=call.read(BEFORE), chat=call.read(CHAT))
    return bootstrap.messages().listed(call.tenant, session_id, wanted)
