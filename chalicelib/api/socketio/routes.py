"""The Socket.IO API's routes about a session: start it and answer at once, restart it, send, and read its status."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import SendBody
from chalicelib.api.outgoing import REPEATED, UNSENT, once, send_answer
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.shared import Success
from chalicelib.dialects.socketio import DIALECT
from chalicelib.dialects.socketio import sessions as shapes
from chalicelib.dialects.socketio.frames import InitializingJson, initializing
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    SessionDeleting,
    SessionDisabled,
    SessionExists,
    SessionQuotaExceeded,
    WorkerQuotaExceeded,
)
from chalicelib.services.reservations import Reservation

router: Final = Router(__name__, DIALECT, error=shapes.error, anonymous=True)
_READ: Final = Permission.SESSIONS_READ


@router.route(
    "POST",
    "/api/sessions/{id}/initialize-with-qr",
    needs=Permission.SESSIONS_WRITE,
    gives={200: Success[InitializingJson]},
    refuses=(SessionDeleting, Contended, SessionQuotaExceeded, SessionDisabled, WorkerQuotaExceeded, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
    creates=True,
)
def initialize(call: Call, name: str) -> Answer:
    """Create the session if it isn't there, and want it running; what comes of it is told in its room.

    Repeated with its Idempotency-Key it doesn't start again what was stopped since.
    """
    with once(call) as made:
        if not (made and made.made):
            _start(call.tenant, name, made)
    return Answer(initializing(name))


@router.route(
    "POST",
    "/api/sessions/{id}/reconnect",
    needs=Permission.SESSIONS_WRITE,
    gives={200: Success[shapes.ReconnectingJson]},
    refuses=(SessionDeleting, Contended, SessionDisabled, WorkerQuotaExceeded),
)
def reconnect(call: Call, name: str) -> Answer:
    """Want the session running, and answer at once; what comes of it is told in its room."""
    bootstrap.sessions().start(call.tenant, name)
    return Answer(shapes.reconnecting(name))


@router.route(
    "POST",
    "/api/sessions/{id}/send-message",
    needs=Permission.MESSAGES_SEND,
    gives={200: shapes.SentJson, 202: shapes.SentJson},
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send(call: Call, name: str, body: SendBody) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    return send_answer(call, name, body, shapes.sent)


@router.route("GET", "/api/sessions/{id}/connection-state", needs=_READ, gives={200: Success[shapes.StateJson]})
def state(call: Call, name: str) -> Answer:
    """Give how the session stands with WhatsApp, in one word."""
    return Answer(shapes.state(bootstrap.sessions().get(call.tenant, name)))


@router.route("GET", "/api/sessions/{id}/authenticated", needs=_READ, gives={200: Success[shapes.AuthenticatedJson]})
def authenticated(call: Call, name: str) -> Answer:
    """Give whether the session is linked."""
    return Answer(shapes.authenticated(bootstrap.sessions().get(call.tenant, name)))


@router.route("GET", "/api/sessions/{id}/wid", needs=_READ, gives={200: Success[shapes.WidJson]})
def wid(call: Call, name: str) -> Answer:
    """Give whose session it is."""
    return Answer(shapes.wid(bootstrap.sessions().get(call.tenant, name)))


def _start(tenant: str, name: str, made: Reservation | None) -> None:
    sessions = bootstrap.sessions()
    try:
        sessions.create(
            tenant, session_id=name, phone=None, name=name, webhook_url=None, enabled=True, start=True, made=made
        )
    except SessionExists:
        sessions.start(tenant, name)
