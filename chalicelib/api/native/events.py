"""The native API's events: a session's, in pages, its timeline, and tickets for the WebSocket that sends them."""

from typing import Annotated, Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import SessionId, session_id
from chalicelib.api.pages import LIMIT, bounds, cursor_of, page_of
from chalicelib.api.parameters import Parameter
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import events as shapes
from chalicelib.dialects.native.answers import NativePageJson, page
from chalicelib.dialects.native.frames import known
from chalicelib.dialects.native.timeline import NativeTimelineEntryJson, entry
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import CursorGone, InvalidField, TicketQuotaExceeded
from chalicelib.domain.watchers import wanted

router: Final = Router(__name__, DIALECT)

SINCE: Final = cursor_of("since", shapes.CURSOR, "The cursor of the last event that you have; absent for the oldest.")
TIMELINE: Final = page_of(shapes.CURSOR, name="cursor")


def _types(value: str | None) -> tuple[str, ...]:
    types = tuple(value.split(",")) if value is not None else ()
    unknown = next((one for one in types if not known(one)), None)
    if unknown is not None:
        raise InvalidField(f"'types' has '{unknown}', which is no type of event.", field="types")
    return types


TYPES: Final = Parameter(
    "types",
    "Only events of these types, with commas between them: ``message.received``, or ``message.*`` for all of a family. "
    "A page may be short, or empty, and yet another follow.",
    _types,
    {"type": "string", "examples": ["message.received,session.*"]},
)


class NativeNewTicket(msgspec.Struct, forbid_unknown_fields=True):
    """A ticket that is wanted."""

    session: Annotated[
        SessionId | None, msgspec.Meta(description="The one session that it is to be good for; else all of yours.")
    ] = None


@router.route(
    "GET",
    "/v1/sessions/{id}/events",
    needs=Permission.MESSAGES_READ,
    gives={200: NativePageJson[shapes.NativeEventJson]},
    refuses=(CursorGone,),
    takes=(LIMIT, SINCE, TYPES),
)
def index(call: Call, name: str) -> Answer:
    """List a session's events, oldest first; they are kept for 30 days, messages' words for 7.

    On the last page ``next_cursor`` is null: go on later with the cursor of the last event that you have. No QR code is
    in it.
    """
    types = call.read(TYPES)
    found, more = bootstrap.event_log().page(call.tenant, name, _read(call.read(SINCE)), limit=call.read(LIMIT))
    told = [shapes.event(one) for one in found if one.type in shapes.TYPES and wanted(types, one.type)]
    return Answer(page(told, shapes.written(found[-1].cursor) if more else None))


@router.route(
    "GET",
    "/v1/sessions/{id}/timeline",
    needs=Permission.SESSIONS_READ,
    gives={200: NativePageJson[NativeTimelineEntryJson]},
    takes=TIMELINE,
)
def timeline(call: Call, name: str) -> Answer:
    """List what happened to a session, newest first: what was asked, what became of it and why, and who served it.

    It is kept for 30 days. What happened to messages isn't in it, nor is any code.
    """
    limit, before = bounds(call, TIMELINE)
    found, more = bootstrap.event_log().timeline(call.tenant, name, _read(before), limit=limit)
    return Answer(page([entry(one) for one in found], shapes.written(found[-1].cursor) if more else None))


@router.route(
    "POST",
    "/v1/ws-ticket",
    needs=Permission.LINKING_FOLLOW,
    gives={200: shapes.NativeTicketJson},
    refuses=(TicketQuotaExceeded,),
)
def give(call: Call, body: NativeNewTicket) -> Answer:
    """Give a ticket, which opens one WebSocket within a minute: ``?token=`` takes it in the place of a token.

    It is for addresses, which get into logs and histories: once used it is worth nothing. An API key may ask for one,
    so that a page can watch what only its server has the key for.
    """
    named = session_id(body.session, field="session") if body.session is not None else None
    secret, ends = bootstrap.tickets().give(call.caller, session=call.naming(named, field="session"))
    return Answer(shapes.ticket(secret, ends))


def _read(cursor: str | None) -> str | None:
    return None if cursor is None else shapes.read(cursor)
