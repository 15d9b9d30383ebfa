"""The native API's sessions, under ``/v1/sessions``.

A call writes what its owner wants and waits a little for the status to follow. It is answered 200 with the session as
it then stands, or 202 while the session is still on its way there.

Bodies refuse unknown fields by name. In a change what is absent stays as it is; null takes away what can be absent.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.codes import FORMAT, NO_CODE, WAIT, code_answer, forms
from chalicelib.api.fields import (
    MOST_OF_A_WORD,
    Name,
    Phone,
    SessionId,
    Url,
    line,
    matching,
    proxy,
    session_id,
    some_of,
    webhook,
)
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.pages import page, page_of
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import messages as message_shapes
from chalicelib.dialects.native import sessions as shapes
from chalicelib.dialects.native.answers import NativePageJson
from chalicelib.dialects.native.answers import page as page_shape
from chalicelib.dialects.native.frames import MOST_TYPES
from chalicelib.dialects.native.webhook import known
from chalicelib.domain.access import Permission
from chalicelib.domain.chats import LastMessages
from chalicelib.domain.errors import (
    AlreadyLinked,
    Contended,
    InvalidField,
    PasskeyRequired,
    SessionDeleting,
    SessionDisabled,
    SessionExists,
    SessionFailed,
    SessionQuotaExceeded,
    SessionStopped,
    WorkerQuotaExceeded,
)
from chalicelib.domain.jid import phone_number
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import ID, Desired, Session, Status

router: Final = Router(__name__, DIALECT)
_READ, _WRITE = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE
_FOLLOW, _LINK = Permission.LINKING_FOLLOW, Permission.LINKING_ACT
_MOVED: Final = (SessionDeleting, Contended)
STARTED: Final = (*_MOVED, SessionDisabled, WorkerQuotaExceeded)
"""Why a session may not be started."""
_ONE: Final = {200: shapes.NativeSessionJson}
_MAYBE_ON_ITS_WAY: Final = {**_ONE, 202: shapes.NativeSessionJson}
SESSIONS: Final = page_of(ID, name="cursor")
_MATCH: Final = "True: an account that isn't ``phone``'s is unlinked as soon as it scans."


Events = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=64)]],
    msgspec.Meta(
        min_length=1,
        max_length=MOST_TYPES,
        description="Only events of these types: ``message.received``, or ``message.*`` for a family. Null: all.",
    ),
]
MessageTypes = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=64)]],
    msgspec.Meta(
        min_length=1,
        max_length=MOST_TYPES,
        description="Of messages' events only those about messages of these types, such as ``text`` and ``image``; "
        "a session's events aren't concerned. Null: all.",
    ),
]


class NativeWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """Where a session's events are to be posted, and which of them."""

    url: Url
    events: Events | None = None
    message_types: MessageTypes | None = None


class NativeWebhookChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change of where a session's events are posted, and which of them."""

    url: Url | UnsetType = UNSET
    events: Events | UnsetType | None = UNSET
    message_types: MessageTypes | UnsetType | None = UNSET


class NativeProxy(msgspec.Struct, forbid_unknown_fields=True):
    """What all traffic of a session with WhatsApp is to go through. Its credentials are never shown again."""

    type: Annotated[ProxyType, msgspec.Meta(description="HTTP's CONNECT, the same in TLS, or SOCKS 5.")]
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=253, description="A public name or address.")]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    username: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_OF_A_WORD)] | None = None
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_OF_A_WORD)] | None = None


Metadata = Annotated[
    dict[
        Annotated[str, msgspec.Meta(min_length=1, max_length=40)],
        Annotated[str, msgspec.Meta(max_length=500)],
    ],
    msgspec.Meta(max_length=20, description="Words of your own, for yourself: 20 names with a text each."),
]


class NativeSession(msgspec.Struct, forbid_unknown_fields=True):
    """A new session."""

    id: Annotated[
        SessionId | None,
        msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; made up if it is absent."),
    ] = None
    name: Name | None = None
    phone: Annotated[Phone | None, msgspec.Meta(description="The number whose account is to be linked.")] = None
    require_phone_match: Annotated[bool | None, msgspec.Meta(description=_MATCH)] = None
    start: Annotated[bool, msgspec.Meta(description="Whether it starts at once, true if absent.")] = True
    webhook: NativeWebhook | None = None
    proxy: NativeProxy | None = None
    metadata: Metadata | None = None


class NativeSessionChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change of a session."""

    name: Name | UnsetType = UNSET
    enabled: Annotated[bool | UnsetType, msgspec.Meta(description="False: nothing is sent.")] = UNSET
    require_phone_match: Annotated[bool | UnsetType, msgspec.Meta(description=_MATCH)] = UNSET
    webhook: Annotated[
        NativeWebhookChange | UnsetType | None, msgspec.Meta(description="Null: nothing is posted any more.")
    ] = UNSET
    proxy: Annotated[
        NativeProxy | UnsetType | None, msgspec.Meta(description="Another one, as a whole; null: none any more.")
    ] = UNSET
    metadata: Annotated[Metadata | UnsetType | None, msgspec.Meta(description="In the place of all that is there.")] = (
        UNSET
    )


@router.route(
    "POST",
    "/v1/sessions",
    needs=_WRITE,
    gives={201: shapes.NativeSessionJson},
    refuses=(SessionExists, SessionDeleting, SessionQuotaExceeded, WorkerQuotaExceeded, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create(call: Call, body: NativeSession) -> Answer:
    """Create a session, and start it unless ``start`` is false. Its QR code comes by ``GET …/qr``, and as events."""
    named = call.naming(session_id(body.id, field="id") if body.id is not None else None, field="id")
    phone = phone_number(body.phone, field="phone") if body.phone is not None else None
    name = line(body.name or "", field="name")
    url = webhook(body.webhook.url, field="webhook.url") if body.webhook else None
    events, types = _filters(body.webhook) if body.webhook else (None, None)
    through = _proxy(body.proxy) if body.proxy else None
    metadata = _metadata(body.metadata or {})
    with once(call, body) as made:
        session = bootstrap.sessions().create(
            call.tenant,
            session_id=named,
            phone=phone,
            name=name,
            webhook_url=url,
            webhook_events=events or (),
            webhook_types=types or (),
            enabled=True,
            start=body.start,
            require_phone_match=matching(body.require_phone_match, phone, field="require_phone_match"),
            proxy=through,
            metadata=metadata,
            made=made,
        )
    return Answer(shape(call, session), status=201, headers={"Location": f"/v1/sessions/{session.id}"})


@router.route("GET", "/v1/sessions", needs=_READ, gives={200: NativePageJson[shapes.NativeSessionJson]}, takes=SESSIONS)
def index(call: Call) -> Answer:
    """List the tenant's sessions in the order of their ids."""
    found, after = page(call, SESSIONS)
    return Answer(page_shape([shapes.session(of) for of in found], after))


@router.route("GET", "/v1/sessions/{id}", needs=_FOLLOW, gives=_ONE)
def show(call: Call, name: str) -> Answer:
    """Give one session; it alone tells when its newest messages passed.

    The holder of its phone is shown nothing of its messages, its worker, its webhook, its proxy and its metadata.
    """
    found = bootstrap.sessions().get(call.tenant, name)
    last = None if call.caller.linking else bootstrap.chats().last(found.uid)
    return Answer(shape(call, found, last=last))


@router.route("PATCH", "/v1/sessions/{id}", needs=_WRITE, gives=_ONE, refuses=_MOVED)
def change(call: Call, name: str, body: NativeSessionChange) -> Answer:
    """Change a session's settings; those that are absent stay as they are.

    A webhook whose ``url`` is given, also the one that it has, is tried again though it was disabled. A new address
    gets a new secret. One that another family's call set is told in the native format once ``events`` or
    ``message_types`` are given here. A session that runs reconnects by another proxy, or by none, at once.
    """
    url = None if body.webhook is UNSET else _url(body.webhook) if body.webhook else ""
    events, types = _filters(body.webhook) if body.webhook else (None, None)
    session, _ = bootstrap.sessions().change(
        call.tenant,
        name,
        name=None if body.name is UNSET else line(body.name, field="name"),
        enabled=None if body.enabled is UNSET else body.enabled,
        webhook_url=url,
        webhook_events=events,
        webhook_types=types,
        require_phone_match=None if body.require_phone_match is UNSET else body.require_phone_match,
        proxy=_proxy(body.proxy) if body.proxy else None,
        direct=body.proxy is None,
        metadata=None if body.metadata is UNSET else _metadata(body.metadata or {}),
    )
    some_of(body)  # last: what isn't there isn't there, whatever is to be changed of it
    return Answer(shape(call, session))


@router.route(
    "DELETE",
    "/v1/sessions/{id}",
    needs=_WRITE,
    gives={200: shapes.NativeDeletionJson, 202: shapes.NativeDeletionJson},
    refuses=(Contended,),
)
def delete(call: Call, name: str) -> Answer:
    """Unlink the device, and remove the session with all that is stored for it."""
    done = bootstrap.sessions().delete(call.tenant, name)
    return Answer(shapes.deletion(name, gone=done.gone, reason=done.reason), status=200 if done.gone else 202)


@router.route(
    "POST",
    "/v1/sessions/{id}/start",
    needs=_LINK,
    gives=_MAYBE_ON_ITS_WAY,
    refuses=(*STARTED, AlreadyLinked, PasskeyRequired, SessionStopped, SessionFailed),
)
def start(call: Call, name: str) -> Answer:
    """Want it running. One that runs, or is about to, is left alone.

    The holder of its phone may so get new codes where all before have expired, and do nothing else: one that is linked
    is refused then, and one that its owner stopped, or that failed.
    """
    sessions = bootstrap.sessions()
    started = sessions.link_again if call.caller.linking else sessions.start
    return _moved(call, started(call.tenant, name))


@router.route("POST", "/v1/sessions/{id}/restart", needs=_WRITE, gives={202: shapes.NativeSessionJson}, refuses=STARTED)
def restart(call: Call, name: str) -> Answer:
    """Have it connect anew: one that runs over a new connection to WhatsApp; one that doesn't is started."""
    return Answer(shape(call, bootstrap.sessions().restart(call.tenant, name)), status=202)


@router.route("POST", "/v1/sessions/{id}/stop", needs=_WRITE, gives=_MAYBE_ON_ITS_WAY, refuses=_MOVED)
def stop(call: Call, name: str) -> Answer:
    """Want it stopped, its device kept linked: a later start needs no scan."""
    return _moved(call, bootstrap.sessions().stop(call.tenant, name))


@router.route("POST", "/v1/sessions/{id}/logout", needs=_WRITE, gives=_MAYBE_ON_ITS_WAY, refuses=_MOVED)
def log_out(call: Call, name: str) -> Answer:
    """Unlink its device and stop it; the session stays, and its next start needs a scan."""
    return _moved(call, bootstrap.sessions().unlink(call.tenant, name))


@router.route(
    "GET",
    "/v1/sessions/{id}/qr",
    needs=_LINK,
    gives={200: forms(shapes.NativeCodeJson)},
    refuses=NO_CODE,
    takes=(FORMAT, WAIT),
)
def qr(call: Call, name: str) -> Answer:
    """Give the code to scan; where there is no ``format``, Accept chooses: JSON, ``image/png`` or ``image/svg+xml``."""
    return code_answer(call, name, shapes.code, by_accept=True)


def shape(call: Call, session: Session, *, last: LastMessages | None = None) -> shapes.NativeSessionJson:
    """Return a session, as much of it as the caller may see."""
    seen = session.for_holder() if call.caller.linking else session
    return shapes.session(seen, with_secret=call.may(_WRITE), with_options=call.may(_LINK), last=last)


def _url(of: NativeWebhookChange) -> str | None:
    some_of(of, under="webhook")
    return None if of.url is UNSET else webhook(of.url, field="webhook.url")


def _filters(of: NativeWebhook | NativeWebhookChange) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return the types of events and of messages that are wanted: none for all, None where that isn't to change."""
    types = message_shapes.TYPES
    return (
        _known(of.events, known, field="webhook.events", what="event"),
        _known(of.message_types, types.__contains__, field="webhook.message_types", what="message"),
    )


def _known(
    said: list[str] | UnsetType | None, known: Callable[[str], bool], *, field: str, what: str
) -> tuple[str, ...] | None:
    if said is UNSET:
        return None
    for one in said or ():
        if not known(one):
            raise InvalidField(f"'{field}' has '{one}', which is no type of {what}.", field=field)
    return tuple(dict.fromkeys(said or ()))


def _proxy(of: NativeProxy) -> Proxy:
    return proxy(of.type, (of.host, of.port), (of.username, of.password), field="proxy")


def _metadata(of: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in of.items():
        line(name, field="metadata")
        line(text, field=f"metadata.{name}")
    return of


def _moved(call: Call, session: Session) -> Answer:
    runs = session.status is Status.CONNECTED and session.desired is Desired.RUNNING
    return Answer(shape(call, session), status=200 if runs or session.answered else 202)
