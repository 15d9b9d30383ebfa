"""Seed 001's routes under ``/api``; each needs a token, but for the login."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.auth import PUBLIC
from chalicelib.api.bodies import EnvelopedSession, LoginBody, SendBody
from chalicelib.api.call import Call
from chalicelib.api.codes import FORMAT, NO_CODE, WAIT, code_answer, forms
from chalicelib.api.fields import existing_message, line, matching, webhook
from chalicelib.api.outgoing import REPEATED, UNSENT, once, send_answer
from chalicelib.api.pages import MESSAGE_PAGE, PAGE, message_page, page
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import accounts as account_shapes
from chalicelib.dialects.enveloped import messages as message_shapes
from chalicelib.dialects.enveloped import sessions as shapes
from chalicelib.dialects.enveloped.accounts import LoginJson
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    InvalidCredentials,
    SessionDeleting,
    SessionExists,
    SessionQuotaExceeded,
    TooManyAttempts,
    WorkerQuotaExceeded,
)
from chalicelib.domain.jid import phone_number

router: Final = Router(__name__, shapes.error, names_session="phone")
_READ, _WRITE, _LINK = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE, Permission.SESSIONS_LINK
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
MOVED: Final = (SessionDeleting, Contended)
"""Why a session may not have been changed."""
STARTED: Final = (*MOVED, WorkerQuotaExceeded)
"""Why a session may not have been started."""


@router.route(
    "POST",
    "/api/auth/login",
    needs=PUBLIC,
    gives={200: Success[LoginJson]},
    refuses=(InvalidCredentials, Forbidden, TooManyAttempts),
)
def log_in(call: Call, body: LoginBody) -> Answer:
    """Give a token for a user name and a password."""
    name = line(body.username, field="username")
    login = bootstrap.accounts().login(name, body.password, address=call.address)
    return Answer(account_shapes.login(login.token, login.user, login.expires_at))


@router.route(
    "POST",
    "/api/sessions",
    needs=_WRITE,
    gives={201: Success[shapes.OneSessionJson]},
    refuses=(SessionExists, SessionDeleting, SessionQuotaExceeded, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create(call: Call, body: EnvelopedSession) -> Answer:
    """Create a session, named by its phone number if it is given one. It isn't started: connect does that."""
    phone = phone_number(body.phone, field="phone") if body.phone is not None else None
    session_id, name = call.naming(phone, field="phone"), line(body.name or "", field="name")
    url = webhook(body.webhook_url, field="webhook_url") if body.webhook_url else None
    with once(call, body) as made:
        session = bootstrap.sessions().create(
            call.tenant,
            session_id=session_id,
            phone=phone,
            name=name,
            webhook_url=url,
            enabled=body.enabled is not False,
            start=False,
            require_phone_match=matching(body.require_phone_match, phone, field="require_phone_match"),
            made=made,
        )
    return Answer(shapes.one(session, "Session created", with_secret=True), status=201)


@router.route("GET", "/api/sessions", needs=_READ, gives={200: Success[shapes.SessionPageJson]}, takes=PAGE)
def index(call: Call) -> Answer:
    """List the tenant's sessions."""
    return Answer(shapes.many(*page(call)))


@router.route("GET", "/api/sessions/{id}", needs=_READ, gives={200: Success[shapes.OneSessionJson]})
def show(call: Call, session_id: str) -> Answer:
    """Give one session."""
    session = bootstrap.sessions().get(call.tenant, session_id)
    return Answer(shapes.one(session, with_secret=call.may(_WRITE)))


@router.route(
    "DELETE",
    "/api/sessions/{id}",
    needs=_WRITE,
    gives={200: Success[shapes.SessionGoneJson], 202: Success[shapes.SessionGoneJson]},
    refuses=(Contended,),
)
def delete(call: Call, session_id: str) -> Answer:
    """Log the session out and remove it; 202 if that goes on after the answer."""
    done = bootstrap.sessions().delete(call.tenant, session_id)
    shape = shapes.gone(session_id, at_once=done.gone, now=bootstrap.clock(), reason=done.reason)
    return Answer(shape, status=200 if done.gone else 202)


@router.route(
    "POST", "/api/sessions/{id}/connect", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=STARTED
)
def connect(call: Call, session_id: str) -> Answer:
    """Want the session running."""
    return Answer(shapes.one(bootstrap.sessions().start(call.tenant, session_id), "Connection initiated"))


@router.route(
    "POST", "/api/sessions/{id}/login", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=STARTED
)
def show_codes(call: Call, session_id: str) -> Answer:
    """Want the session running: one that isn't linked shows codes. The same as connect."""
    return Answer(shapes.one(bootstrap.sessions().start(call.tenant, session_id), "Login process initiated"))


@router.route(
    "POST", "/api/sessions/{id}/disconnect", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED
)
def disconnect(call: Call, session_id: str) -> Answer:
    """Want the session stopped, its linked device kept."""
    return Answer(shapes.stopped(bootstrap.sessions().stop(call.tenant, session_id)))


@router.route(
    "POST", "/api/sessions/{id}/logout", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED
)
def log_out(call: Call, session_id: str) -> Answer:
    """Want the device unlinked, the session kept."""
    return Answer(shapes.logged_out(bootstrap.sessions().unlink(call.tenant, session_id)))


@router.route(
    "GET",
    "/api/sessions/{id}/qr",
    needs=_LINK,
    gives={200: forms(Success[shapes.CodeJson])},
    refuses=NO_CODE,
    takes=(FORMAT, WAIT),
)
def qr(call: Call, session_id: str) -> Answer:
    """Give the code to scan."""
    return code_answer(call, session_id, shapes.code)


@router.route(
    "POST",
    "/api/sessions/{id}/send",
    needs=_SEND,
    gives={200: Success[message_shapes.ReceiptJson], 202: Success[message_shapes.ReceiptJson]},
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send(call: Call, session_id: str, body: SendBody) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    return send_answer(call, session_id, body, message_shapes.sent)


@router.route(
    "GET",
    "/api/sessions/{id}/messages",
    needs=_LOOK,
    gives={200: Success[message_shapes.MessagePageJson]},
    takes=MESSAGE_PAGE,
)
def messages(call: Call, session_id: str) -> Answer:
    """List the session's messages, newest first."""
    return Answer(message_shapes.many(*message_page(call, session_id)))


@router.route(
    "GET", "/api/sessions/{id}/messages/{message_id}", needs=_LOOK, gives={200: Success[message_shapes.MessageJson]}
)
def message(call: Call, session_id: str, message_id: str) -> Answer:
    """Give one message."""
    return Answer(message_shapes.one(bootstrap.messages().get(call.tenant, session_id, existing_message(message_id))))
