"""Seed 002's routes under ``/sessions``. Its documents show no credential: where configured so, none is needed."""

import uuid
from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.bodies import BareSession, read
from chalicelib.api.codes import LONGEST_WAIT, code_answer
from chalicelib.api.doorway import Call, Doorway
from chalicelib.api.fields import existing_message, line, session_id, webhook
from chalicelib.api.outgoing import send_answer
from chalicelib.api.pages import message_page, page
from chalicelib.dialects import bare as shapes
from chalicelib.dialects import bare_messages as message_shapes
from chalicelib.domain.jid import phone_number
from chalicelib.domain.principal import Permission

doorway: Final = Doorway(__name__, shapes.error, anonymous=True)
_READ, _WRITE = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
_ASK_AGAIN: Final = 2
"""Seconds after which a code that hadn't come is worth asking for."""


@doorway.route("POST", "/sessions", needs=_WRITE)
def create(call: Call) -> Answer:
    """Create a session, start it and wait for its code; ``qrCode`` is null if none came in time."""
    body, sessions = read(call.request, BareSession), bootstrap.sessions()
    named = call.naming(session_id(body.session_id, field="sessionId") if body.session_id else None)
    created = sessions.create(
        call.tenant,
        session_id=named or str(uuid.uuid4()),
        phone=phone_number(body.phone_number, field="phoneNumber") if body.phone_number else None,
        name=line(body.name or "", field="name"),
        webhook_url=webhook(body.webhook_url, field="webhookUrl") if body.webhook_url else None,
        enabled=True,
        start=True,
    )
    shape = shapes.created(sessions.await_code(call.tenant, created.id, wait=LONGEST_WAIT), bootstrap.clock())
    headers = {"Location": f"/sessions/{created.id}"}
    return Answer(shape, 201, headers=headers if shape["qrCode"] else {**headers, "Retry-After": str(_ASK_AGAIN)})


@doorway.route("GET", "/sessions", needs=_READ)
def index(call: Call) -> Answer:
    """List the tenant's sessions."""
    return Answer(shapes.many(*page(call)))


@doorway.route("GET", "/sessions/{id}", needs=_READ)
def show(call: Call, name: str) -> Answer:
    """Give one session."""
    session = bootstrap.sessions().get(call.tenant, name)
    return Answer(shapes.session(session, with_secret=call.may(_WRITE)))


@doorway.route("DELETE", "/sessions/{id}", needs=_WRITE)
def delete(call: Call, name: str) -> Answer:
    """Log the session out and remove it; 202 if that goes on after the answer."""
    if bootstrap.sessions().delete(call.tenant, name):
        return Answer({"message": "Session deleted successfully", "sessionId": name})
    return Answer({"message": "Session is being deleted", "sessionId": name}, status=202)


@doorway.route("POST", "/sessions/{id}/connect", needs=_WRITE)
def connect(call: Call, name: str) -> Answer:
    """Want the session running."""
    return Answer(shapes.session(bootstrap.sessions().start(call.tenant, name)))


@doorway.route("POST", "/sessions/{id}/login", needs=_WRITE)
def show_codes(call: Call, name: str) -> Answer:
    """Want the session running; the same as connect."""
    return Answer(shapes.session(bootstrap.sessions().start(call.tenant, name)))


@doorway.route("POST", "/sessions/{id}/disconnect", needs=_WRITE)
def disconnect(call: Call, name: str) -> Answer:
    """Want the session stopped, its linked device kept."""
    return Answer(shapes.session(bootstrap.sessions().stop(call.tenant, name)))


@doorway.route("POST", "/sessions/{id}/logout", needs=_WRITE)
def log_out(call: Call, name: str) -> Answer:
    """Want the device unlinked, the session kept."""
    return Answer(shapes.session(bootstrap.sessions().unlink(call.tenant, name)))


@doorway.route("GET", "/sessions/{id}/qr", needs=_READ)
def qr(call: Call, name: str) -> Answer:
    """Give the code to scan."""
    return code_answer(call, name, shapes.code)


@doorway.route("POST", "/sessions/{id}/send-message", needs=_SEND)
def send(call: Call, name: str) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    return send_answer(call, name, message_shapes.sent)


@doorway.route("GET", "/sessions/{id}/messages", needs=_LOOK)
def messages(call: Call, name: str) -> Answer:
    """List the session's messages, newest first."""
    return Answer(message_shapes.many(*message_page(call, name)))


@doorway.route("GET", "/sessions/{id}/messages/{message_id}", needs=_LOOK)
def message(call: Call, name: str, message_id: str) -> Answer:
    """Give one message."""
    return Answer(message_shapes.message(bootstrap.messages().get(call.tenant, name, existing_message(message_id))))
