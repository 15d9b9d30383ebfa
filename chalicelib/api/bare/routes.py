"""The bare API's routes: sessions, messages and webhooks under ``/sessions``, and ``GET /status``."""

import uuid
from typing import Annotated, Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.about import VERSION, uptime
from chalicelib.api.call import Answer, Call
from chalicelib.api.codes import FORMAT, LONGEST_WAIT, NO_CODE, WAIT, code_answer, forms
from chalicelib.api.fields import (
    Name,
    Phone,
    SendBody,
    SessionId,
    Url,
    existing_media,
    existing_message,
    line,
    matching,
    session_id,
    webhook,
)
from chalicelib.api.files import UNREAD, lead_to_file
from chalicelib.api.outgoing import REPEATED, UNSENT, once, send_answer
from chalicelib.api.pages import MESSAGE_PAGE, MOST, PAGE, message_page, page, sessions_after
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.bare import DIALECT
from chalicelib.dialects.bare import messages as message_shapes
from chalicelib.dialects.bare import sessions as shapes
from chalicelib.dialects.bare import webhook as webhook_shapes
from chalicelib.dialects.bare.webhook import Event
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    InvalidField,
    SessionDeleting,
    SessionDisabled,
    SessionExists,
    SessionQuotaExceeded,
    WorkerQuotaExceeded,
)
from chalicelib.domain.jid import phone_number


class BareSession(msgspec.Struct, rename="camel"):
    """A new session; null is as good as absent."""

    session_id: Annotated[
        SessionId | None,
        msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; made up if it is absent."),
    ] = None
    phone_number: Annotated[Phone | None, msgspec.Meta(description="The number to link.")] = None
    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="Where its events go: a public https address.")] = None
    require_phone_match: Annotated[
        bool | None,
        msgspec.Meta(description="True: an account that isn't ``phoneNumber``'s is unlinked as soon as it scans."),
    ] = None


class BareWebhook(msgspec.Struct, rename="camel"):
    """Where a session's events go."""

    webhook_url: Url | None = None
    url: Annotated[Url | None, msgspec.Meta(description="The older name of ``webhookUrl``.")] = None
    events: Annotated[
        Annotated[list[Event], msgspec.Meta(min_length=1, max_length=20)] | None,
        msgspec.Meta(description="Those to tell of; all if none is named."),
    ] = None
    secret: Annotated[
        Annotated[str, msgspec.Meta(max_length=256)] | None,
        msgspec.Meta(description="What ``X-Webhook-Signature`` and its ``-V2`` are made with: 8 characters or more."),
    ] = None


router: Final = Router(__name__, DIALECT, anonymous=True, names_session="sessionId")
_READ, _WRITE, _LINK = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE, Permission.SESSIONS_LINK
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
MOVED: Final = (SessionDeleting, Contended)
"""Why a session may not have been changed."""
STARTED: Final = (*MOVED, SessionDisabled, WorkerQuotaExceeded)
"""Why a session may not have been started."""
_NAMES: Final = uuid.UUID("5d1c1d0e-7b0b-4c5e-9a2f-1f6f0c1e8b57")
"""What ids that are made from reservations are made in, whatever it is."""
_ASK_AGAIN: Final = 2
"""Seconds after which a code that hadn't come is worth asking for."""
COUNTED: Final = 1_000
"""Sessions that are counted at most: each page of them costs two operations."""
SHORTEST_SECRET: Final = 8
"""Characters of a secret that a caller brings along."""


@router.route(
    "POST",
    "/sessions",
    needs=_WRITE,
    gives={201: shapes.BareCreatedJson},
    refuses=(SessionExists, SessionDeleting, SessionQuotaExceeded, WorkerQuotaExceeded, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create(call: Call, body: BareSession) -> Answer:
    """Create a session, start it and wait for its code; ``qrCode`` is null if none came in time."""
    sessions = bootstrap.sessions()
    wanted = session_id(body.session_id, field="sessionId") if body.session_id is not None else None
    named = call.naming(wanted, field="sessionId")
    phone = phone_number(body.phone_number, field="phoneNumber") if body.phone_number is not None else None
    title = line(body.name or "", field="name")
    url = webhook(body.webhook_url, field="webhookUrl") if body.webhook_url else None
    with once(call, body) as made:
        created = sessions.create(
            call.tenant,
            session_id=named or str(uuid.uuid5(_NAMES, made.id) if made else uuid.uuid4()),
            phone=phone,
            name=title,
            webhook_url=url,
            enabled=True,
            start=True,
            require_phone_match=matching(body.require_phone_match, phone, field="requirePhoneMatch"),
            made=made,
        )
    stands = sessions.await_code(call.tenant, created.id, wait=LONGEST_WAIT)
    shape = shapes.created(stands if call.may(_LINK) else stands.without_code(), bootstrap.clock())
    headers = {"Location": f"/sessions/{created.id}"}
    return Answer(shape, 201, headers=headers if shape["qrCode"] else {**headers, "Retry-After": str(_ASK_AGAIN)})


@router.route("GET", "/sessions", needs=_READ, gives={200: shapes.BareSessionPageJson}, takes=PAGE)
def index(call: Call) -> Answer:
    """List the tenant's sessions."""
    return Answer(shapes.many(*page(call)))


@router.route("GET", "/sessions/{id}", needs=_READ, gives={200: shapes.BareSessionJson})
def show(call: Call, name: str) -> Answer:
    """Give one session."""
    session = bootstrap.sessions().get(call.tenant, name)
    return Answer(shapes.session(session, with_secret=call.may(_WRITE)))


@router.route(
    "DELETE",
    "/sessions/{id}",
    needs=_WRITE,
    gives={200: shapes.BareGoneJson, 202: shapes.BareGoneJson},
    refuses=(Contended,),
)
def delete(call: Call, name: str) -> Answer:
    """Log the session out and remove it; 202 if that goes on after the answer."""
    done = bootstrap.sessions().delete(call.tenant, name)
    return Answer(shapes.gone(name, at_once=done.gone, reason=done.reason), status=200 if done.gone else 202)


@router.route("POST", "/sessions/{id}/connect", needs=_WRITE, gives={200: shapes.BareSessionJson}, refuses=STARTED)
def connect(call: Call, name: str) -> Answer:
    """Want the session running."""
    return Answer(shapes.session(bootstrap.sessions().start(call.tenant, name)))


@router.route("POST", "/sessions/{id}/login", needs=_WRITE, gives={200: shapes.BareSessionJson}, refuses=STARTED)
def show_codes(call: Call, name: str) -> Answer:
    """Want the session running; the same as connect."""
    return Answer(shapes.session(bootstrap.sessions().start(call.tenant, name)))


@router.route("POST", "/sessions/{id}/disconnect", needs=_WRITE, gives={200: shapes.BareSessionJson}, refuses=MOVED)
def disconnect(call: Call, name: str) -> Answer:
    """Want the session stopped, its linked device kept."""
    return Answer(shapes.session(bootstrap.sessions().stop(call.tenant, name)))


@router.route("POST", "/sessions/{id}/logout", needs=_WRITE, gives={200: shapes.BareSessionJson}, refuses=MOVED)
def log_out(call: Call, name: str) -> Answer:
    """Want the device unlinked, the session kept."""
    return Answer(shapes.session(bootstrap.sessions().unlink(call.tenant, name)))


@router.route(
    "GET",
    "/sessions/{id}/qr",
    needs=_LINK,
    gives={200: forms(shapes.BareCodeJson)},
    refuses=NO_CODE,
    takes=(FORMAT, WAIT),
)
def qr(call: Call, name: str) -> Answer:
    """Give the code to scan."""
    return code_answer(call, name, shapes.code)


@router.route(
    "POST",
    "/sessions/{id}/send-message",
    needs=_SEND,
    gives={200: message_shapes.BareSentJson, 202: message_shapes.BareSentJson},
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send(call: Call, name: str, body: SendBody) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    return send_answer(call, name, body, message_shapes.sent)


@router.route(
    "GET", "/sessions/{id}/messages", needs=_LOOK, gives={200: message_shapes.BareMessagePageJson}, takes=MESSAGE_PAGE
)
def messages(call: Call, name: str) -> Answer:
    """List the session's messages, newest first."""
    found, before = message_page(call, name)
    seen = bootstrap.chats().seen(found)
    return Answer(message_shapes.many(found, before, seen=seen, gateway=call.gateway))


@router.route("GET", "/sessions/{id}/messages/{message_id}", needs=_LOOK, gives={200: message_shapes.BareMessageJson})
def message(call: Call, name: str, message_id: str) -> Answer:
    """Give one message."""
    found = bootstrap.messages().get(call.tenant, name, existing_message(message_id))
    seen = bootstrap.chats().seen([found])
    return Answer(message_shapes.message(found, read=found.id in seen, gateway=call.gateway))


@router.route(
    "GET",
    "/sessions/{id}/media/{media_id}",
    needs=_LOOK,
    gives={302: None},
    refuses=UNREAD,
)
def file(call: Call, name: str, media_id: str) -> Answer:
    """Lead to the file of a message, at an address that can be read for 15 minutes: what its ``mediaUrl`` does."""
    return lead_to_file(call, name, existing_media(media_id))


@router.route("GET", "/status", needs=_READ, gives={200: shapes.BareStatusJson})
def status(call: Call) -> Answer:
    """Say how the gateway stands, and how many sessions stand how.

    A key that is bound to a session is told of that one alone.
    """
    asked = bootstrap.clock()
    found, after = sessions_after(call, None, limit=MOST)
    latency = bootstrap.clock() - asked
    while after is not None and len(found) < COUNTED:
        page, after = sessions_after(call, after, limit=MOST)
        found += page
    now = bootstrap.clock()
    counts = shapes.counts(found, complete=after is None)
    shape = shapes.status(counts, version=VERSION, uptime=uptime(now), latency=latency, now=now)
    return Answer(shape)


@router.route(
    "POST",
    "/sessions/{id}/webhook",
    needs=_WRITE,
    gives={200: webhook_shapes.BareWebhookJson},
    refuses=(*MOVED, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def set_webhook(call: Call, name: str, body: BareWebhook) -> Answer:
    """Have the session's events posted to an address, those that are named or all."""
    url = _address(body)
    wanted = set(body.events or webhook_shapes.EVENTS)
    events = tuple(event for event in webhook_shapes.EVENTS if event in wanted)
    key = _key(body.secret) if body.secret is not None else None
    sessions = bootstrap.sessions()
    with once(call, body) as made:
        if made and made.made:
            session = sessions.get(call.tenant, name)
        else:
            session = sessions.set_webhook(
                call.tenant, name, url, words=DIALECT.name, events=events, key=key, gateway=call.gateway
            )
    return Answer(webhook_shapes.webhook(session))


@router.route(
    "DELETE",
    "/sessions/{id}/webhook",
    needs=_WRITE,
    gives={200: webhook_shapes.BareWebhookGoneJson},
    refuses=MOVED,
)
def remove_webhook(call: Call, name: str) -> Answer:
    """Have nothing posted any more."""
    _, changed = bootstrap.sessions().change(call.tenant, name, webhook_url="")
    return Answer(webhook_shapes.removed(name, there_was_one=changed))


def _address(body: BareWebhook) -> str:
    field = "webhookUrl" if body.webhook_url is not None or body.url is None else "url"
    address = body.webhook_url if body.webhook_url is not None else body.url
    if not address:
        raise InvalidField(f"'{field}' is missing.", field=field)
    return webhook(address, field=field)


def _key(secret: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise InvalidField(f"'secret' must have {SHORTEST_SECRET} characters or more.", field="secret")
    return line(secret, field="secret")
