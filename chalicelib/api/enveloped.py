"""Seed 001's routes under ``/api``; each needs a token, but for the login."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.auth import PUBLIC
from chalicelib.api.bodies import EnvelopedSession, LoginBody
from chalicelib.api.codes import code_answer
from chalicelib.api.doorway import Call, Doorway
from chalicelib.api.fields import existing_message, line, webhook
from chalicelib.api.outgoing import send_answer
from chalicelib.api.pages import message_page, page
from chalicelib.dialects import enveloped as shapes
from chalicelib.dialects import enveloped_accounts as account_shapes
from chalicelib.dialects import enveloped_messages as message_shapes
from chalicelib.dialects.envelope import success
from chalicelib.domain.jid import phone_number
from chalicelib.domain.principal import Permission

doorway: Final = Doorway(__name__, shapes.error)
_READ, _WRITE = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND


@doorway.route("POST", "/api/auth/login", needs=PUBLIC)
def log_in(call: Call, body: LoginBody) -> Answer:
    """Give a token for a user name and a password."""
    name = line(body.username, field="username")
    login = bootstrap.accounts().login(name, body.password, address=call.address)
    return Answer(account_shapes.login(login.token, login.user, login.expires_at))


@doorway.route("POST", "/api/sessions", needs=_WRITE)
def create(call: Call, body: EnvelopedSession) -> Answer:
    """Create a session, named by its phone number if it is given one. It isn't started: connect does that."""
    phone = phone_number(body.phone, field="phone") if body.phone else None
    session = bootstrap.sessions().create(
        call.tenant,
        session_id=call.naming(phone),
        phone=phone,
        name=line(body.name or "", field="name"),
        webhook_url=webhook(body.webhook_url, field="webhook_url") if body.webhook_url else None,
        enabled=body.enabled is not False,
        start=False,
    )
    return Answer(shapes.one(session, "Session created", with_secret=True), status=201)


@doorway.route("GET", "/api/sessions", needs=_READ)
def index(call: Call) -> Answer:
    """List the tenant's sessions."""
    return Answer(shapes.many(*page(call)))


@doorway.route("GET", "/api/sessions/{id}", needs=_READ)
def show(call: Call, session_id: str) -> Answer:
    """Give one session."""
    session = bootstrap.sessions().get(call.tenant, session_id)
    return Answer(shapes.one(session, with_secret=call.may(_WRITE)))


@doorway.route("DELETE", "/api/sessions/{id}", needs=_WRITE)
def delete(call: Call, session_id: str) -> Answer:
    """Log the session out and remove it; 202 if that goes on after the answer."""
    if bootstrap.sessions().delete(call.tenant, session_id):
        return Answer(success({"id": session_id}, "Session deleted"))
    return Answer(success({"id": session_id}, "Session is being deleted"), status=202)


@doorway.route("POST", "/api/sessions/{id}/connect", needs=_WRITE)
def connect(call: Call, session_id: str) -> Answer:
    """Want the session running."""
    return Answer(shapes.one(bootstrap.sessions().start(call.tenant, session_id), "Connection initiated"))


@doorway.route("POST", "/api/sessions/{id}/login", needs=_WRITE)
def show_codes(call: Call, session_id: str) -> Answer:
    """Want the session running: one that isn't linked shows codes. The same as connect, which the guide has first."""
    return Answer(shapes.one(bootstrap.sessions().start(call.tenant, session_id), "Login process initiated"))


@doorway.route("POST", "/api/sessions/{id}/disconnect", needs=_WRITE)
def disconnect(call: Call, session_id: str) -> Answer:
    """Want the session stopped, its linked device kept."""
    return Answer(shapes.one(bootstrap.sessions().stop(call.tenant, session_id), "Session disconnected"))


@doorway.route("POST", "/api/sessions/{id}/logout", needs=_WRITE)
def log_out(call: Call, session_id: str) -> Answer:
    """Want the device unlinked, the session kept."""
    return Answer(shapes.one(bootstrap.sessions().unlink(call.tenant, session_id), "Session logged out successfully"))


@doorway.route("GET", "/api/sessions/{id}/qr", needs=_READ)
def qr(call: Call, session_id: str) -> Answer:
    """Give the code to scan."""
    return code_answer(call, session_id, shapes.code)


@doorway.route("POST", "/api/sessions/{id}/send", needs=_SEND)
def send(call: Call, session_id: str) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    return send_answer(call, session_id, message_shapes.sent)


@doorway.route("GET", "/api/sessions/{id}/messages", needs=_LOOK)
def messages(call: Call, session_id: str) -> Answer:
    """List the session's messages, newest first."""
    return Answer(message_shapes.many(*message_page(call, session_id)))


@doorway.route("GET", "/api/sessions/{id}/messages/{message_id}", needs=_LOOK)
def message(call: Call, session_id: str, message_id: str) -> Answer:
    """Give one message."""
    return Answer(message_shapes.one(bootstrap.messages().get(call.tenant, session_id, existing_message(message_id))))
