"""The enveloped API's routes under ``/api``: sessions and their settings, messages, people and groups."""

from dataclasses import replace
from typing import Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.auth import PUBLIC
from chalicelib.api.call import Answer, Call
from chalicelib.api.codes import FORMAT, NO_CODE, WAIT, code_answer, forms
from chalicelib.api.enveloped.requests import (
    CheckBody,
    EnabledBody,
    EnvelopedSession,
    EnvelopedSettings,
    LoginBody,
    NameBody,
    ProxyBody,
    ProxyConfig,
    SendFromBody,
    WebhookBody,
)
from chalicelib.api.fields import SendBody, existing_message, line, matching, proxy, some_of, webhook
from chalicelib.api.files import UNREAD, lead_to_file
from chalicelib.api.outgoing import REPEATED, UNSENT, UNTOLD, called, once, send_answer
from chalicelib.api.pages import MESSAGE_PAGE, PAGE, message_page, page
from chalicelib.api.parameters import IDEMPOTENCY_KEY, Parameter
from chalicelib.api.router import Router
from chalicelib.dialects.contents import temporary_file as names_of
from chalicelib.dialects.enveloped import ACCOUNTS, DIALECT
from chalicelib.dialects.enveloped import accounts as account_shapes
from chalicelib.dialects.enveloped import messages as message_shapes
from chalicelib.dialects.enveloped import sessions as shapes
from chalicelib.dialects.enveloped.accounts import LoginJson
from chalicelib.dialects.shared import ReceiptJson, Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    InvalidCredentials,
    InvalidField,
    MediaExpired,
    MediaNotFound,
    PhoneMismatch,
    SessionDeleting,
    SessionDisabled,
    SessionExists,
    SessionNotFound,
    SessionQuotaExceeded,
    TooManyAttempts,
    WorkerQuotaExceeded,
)
from chalicelib.domain.jid import phone_in, phone_number, recipient
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.services.sessions.sessions import is_called

router: Final = Router(__name__, DIALECT, names_session="phone")
_READ, _WRITE, _LINK = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE, Permission.SESSIONS_LINK
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
MOVED: Final = (SessionDeleting, Contended)
"""Why a session may not have been changed."""
STARTED: Final = (*MOVED, SessionDisabled, WorkerQuotaExceeded)
"""Why a session may not have been started."""


@router.route(
    "POST",
    "/api/auth/login",
    needs=PUBLIC,
    gives={200: Success[LoginJson]},
    refuses=(InvalidCredentials, Forbidden, TooManyAttempts),
    tag=ACCOUNTS,
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
    through = _proxy(body.proxy_config) if body.proxy_config else None
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
            proxy=through,
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
    gives={200: Success[ReceiptJson], 202: Success[ReceiptJson]},
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


@router.route("PUT", "/api/sessions/{id}", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED)
def change(call: Call, session_id: str, body: EnvelopedSettings) -> Answer:
    """Change what the body names."""
    return _change(call, session_id, body)


@router.route(
    "PUT", "/api/sessions/{id}/name", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED
)
def rename(call: Call, session_id: str, body: NameBody) -> Answer:
    """Change the name."""
    return _change(call, session_id, EnvelopedSettings(name=body.name))


@router.route(
    "PUT",
    "/api/sessions/{id}/webhook",
    needs=_WRITE,
    gives={200: Success[shapes.OneSessionJson]},
    refuses=MOVED,
)
def set_webhook(call: Call, session_id: str, body: WebhookBody) -> Answer:
    """Change the webhook's address; one that was gone for good (410) is tried again, also when it is the same."""
    return _change(call, session_id, EnvelopedSettings(webhook_url=body.webhook_url))


@router.route(
    "PUT",
    "/api/sessions/{id}/enabled",
    needs=_WRITE,
    gives={200: Success[shapes.OneSessionJson]},
    refuses=MOVED,
)
def enable(call: Call, session_id: str, body: EnabledBody) -> Answer:
    """Switch sending and webhooks on or off."""
    return _change(call, session_id, EnvelopedSettings(enabled=body.enabled))


@router.route(
    "PUT",
    "/api/sessions/{id}/proxy",
    needs=_WRITE,
    gives={200: Success[shapes.OneSessionJson]},
    refuses=MOVED,
)
def set_proxy(call: Call, session_id: str, body: ProxyBody) -> Answer:
    """Change the proxy; a session that runs reconnects by it at once."""
    return _change(call, session_id, EnvelopedSettings(proxy_config=body.proxy_config))


def _change(call: Call, session_id: str, body: EnvelopedSettings) -> Answer:
    through = _proxy(body.proxy_config) if isinstance(body.proxy_config, ProxyConfig) else None
    if through and through.username is None:
        # A client that sends a session back as it was given it has no credentials to send.
        stands = bootstrap.sessions().get(call.tenant, session_id).proxy
        same = stands is not None and replace(stands, username=None, password=None) == through
        through = stands if same else through
    session, changed = bootstrap.sessions().change(
        call.tenant,
        session_id,
        name=None if body.name is None else line(body.name, field="name"),
        enabled=body.enabled,
        webhook_url=_address(body.webhook_url),
        require_phone_match=body.require_phone_match,
        proxy=through,
        direct=through is None and body.proxy_config is not msgspec.UNSET,
    )
    some_of(body)  # last: a session that doesn't exist is a 404, even for a body that changes nothing
    said = "Session updated" if changed else "There was nothing to change: the session is as you want it"
    return Answer(shapes.one(session, said, with_secret=True))


def _proxy(given: ProxyConfig) -> Proxy | None:
    """Return the proxy, None where it is switched off."""
    if given.enabled is False:
        return None
    if not given.host or not given.port:
        missing = "port" if given.host else "host"
        raise InvalidField(f"'proxy_config.{missing}' is missing.", field=f"proxy_config.{missing}")
    # Forms send empty texts for what isn't filled in.
    shown = (given.username or None, given.password or None)
    return proxy(given.type or ProxyType.HTTP, (given.host, given.port), shown, field="proxy_config")


def _address(given: str | msgspec.UnsetType | None) -> str | None:
    """Return the address to set, an empty one to remove what is set, None to leave that."""
    if given is msgspec.UNSET:
        return None
    return webhook(given, field="webhook_url") if given else ""


def _until(value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise InvalidField("'expires' must be seconds since the Unix epoch.", field="expires")
    return int(value)


EXPIRES: Final = Parameter(
    "expires",
    "When the address ends, in seconds since the Unix epoch, as ``media_url`` has it.",
    _until,
    {"type": "integer", "minimum": 0},
)


@router.route("GET", "/api/media/temp/{file}", needs=_LOOK, gives={302: None}, refuses=UNREAD, takes=(EXPIRES,))
def temporary_file(call: Call, file: str) -> Answer:
    """Lead to the file of a message, at an address that can be read for 15 minutes: what its ``media_url`` does."""
    until, found = call.read(EXPIRES), names_of(file)
    if found is None or call.bound not in {None, found[0]}:
        raise MediaNotFound("There is no such file.", field="file")
    if until is not None and until * 1000 <= bootstrap.clock():
        raise MediaExpired("This address has ended.", field="expires")
    try:
        with called(media_id="file"):
            return lead_to_file(call, *found)
    except SessionNotFound as error:
        raise MediaNotFound("There is no such file.", field="file") from error


@router.route(
    "POST",
    "/api/sessions/{id}/check-number",
    # Not only a look: an account that looks up many numbers is banned.
    needs=_SEND,
    gives={200: message_shapes.CheckedAnswerJson},
    refuses=UNTOLD,
)
def check_number(call: Call, session_id: str, body: CheckBody) -> Answer:
    """Say whether a phone number, in any of its forms, or whom a JID names, is on WhatsApp."""
    jid = recipient(body.number, field="number")
    found = bootstrap.questions().contact(call.tenant, session_id, phone_in(jid) or jid)
    return Answer(message_shapes.checked(body.number, found))


@router.route("GET", "/api/sessions/{id}/groups", needs=_LOOK, gives={200: message_shapes.GroupsJson}, refuses=UNTOLD)
def groups(call: Call, session_id: str) -> Answer:
    """List the groups that the session's account is in."""
    return Answer(message_shapes.groups(bootstrap.questions().groups(call.tenant, session_id)))


@router.route(
    "POST",
    "/api/send",
    needs=_SEND,
    gives={200: Success[ReceiptJson], 202: Success[ReceiptJson]},
    refuses=(SessionNotFound, PhoneMismatch, *UNSENT),
    takes=(IDEMPOTENCY_KEY,),
)
def send_from(call: Call, body: SendFromBody) -> Answer:
    """Send a text from the session that the body names, else from the one that the API key is for."""
    session_id = _sender(call, body)
    return send_answer(call, session_id, body, message_shapes.sent, at=f"/api/sessions/{session_id}")


def _sender(call: Call, body: SendFromBody) -> str:
    """Return the id of the session to send from. Named by id and by number it must be both.

    Raises PhoneMismatch for the number of an account that isn't linked: what is sent would come from another one.
    """
    names = [name for name in (body.session_id, body.phone, call.bound) if name]
    if not names:
        raise InvalidField("'session_id' or 'phone' must say which session to send from.", field="session_id")
    naming = bootstrap.naming()
    if body.phone:
        session = naming.find_by_phone(call.tenant, body.phone, alone=call.bound)
    else:
        session = naming.find(call.tenant, names[0], alone=call.bound)
    for name in names:
        if not is_called(session, name):
            raise SessionNotFound(f"The session '{session.id}' isn't '{name}'.", field="phone")
    return session.id
