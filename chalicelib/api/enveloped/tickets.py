"""Tickets under ``/api/ws-ticket``: for WebSockets, whose credential stands in an address, and may be seen there."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.call import Call
from chalicelib.api.enveloped.requests import NewTicket
from chalicelib.api.fields import session_id
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import DIALECT
from chalicelib.dialects.enveloped import accounts as shapes
from chalicelib.dialects.enveloped.accounts import TicketJson
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import TicketQuotaExceeded

router: Final = Router(__name__, DIALECT)


@router.route(
    "POST",
    "/api/ws-ticket",
    needs=Permission.SESSIONS_READ,
    gives={200: Success[TicketJson]},
    refuses=(TicketQuotaExceeded,),
)
def give(call: Call, body: NewTicket) -> Answer:
    """Give a ticket, which opens one WebSocket within a minute: ``?token=`` takes it in the place of a token.

    It is for addresses, which get into logs and histories: once used it is worth nothing. An API key may ask for one,
    so that a page can watch what only its server has the key for.
    """
    named = session_id(body.session_id, field="session_id") if body.session_id is not None else None
    secret, ends = bootstrap.tickets().give(call.caller, session=call.naming(named, field="session_id"))
    return Answer(shapes.ticket(secret, ends, bootstrap.clock()))
