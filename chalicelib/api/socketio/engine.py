"""Engine.IO's two transports under Socket.IO: polls, and the handshake of WebSockets.

A client's credential may come with the handshake or only when the client connects to the namespace, so the credential
is checked here and not by the router; see ``services.watching.socketio``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.api.auth import PUBLIC, bearer, identify, permit
from chalicelib.api.call import Answer, Call, address
from chalicelib.api.parameters import Parameter, word
from chalicelib.api.received import body_of
from chalicelib.api.router import Router
from chalicelib.config import settings
from chalicelib.dialects.socketio import DIALECT
from chalicelib.dialects.socketio.sessions import BAD_METHOD, BAD_VERSION, UNKNOWN_TRANSPORT
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.edge import SOCKETIO_PATH
from chalicelib.domain.engineio import MAX_PAYLOAD
from chalicelib.domain.errors import (
    BodyTooLarge,
    EngineRefused,
    Forbidden,
    Invalid,
    NotReady,
    TooManyAttempts,
    TooManyWatchers,
    Unauthenticated,
    UnsupportedEncoding,
)
from chalicelib.domain.watchers import POLL
from chalicelib.services.waiting import a_place, in_time
from chalicelib.services.watching.socketio import opening

TEXT: Final = "text/plain; charset=UTF-8"
VERSION: Final = "4"
"""Of Engine.IO: that of Socket.IO 3 and 4."""


def _version(value: str | None) -> str:
    if value != VERSION:
        raise EngineRefused("Unsupported protocol version", engine=BAD_VERSION)
    return value


def _polling(value: str | None) -> str:
    if value != "polling":
        raise EngineRefused("Transport unknown", engine=UNKNOWN_TRANSPORT)
    return value


EIO: Final = Parameter("EIO", "Engine.IO's version.", _version, {"type": "string", "const": VERSION}, required=True)
TRANSPORT: Final = Parameter(
    "transport",
    "With ``websocket`` the connection is a WebSocket.",
    _polling,
    {"type": "string", "const": "polling"},
    required=True,
)
SID: Final = word("sid", "The channel that the handshake opened; a handshake has none.")
REFUSED: Final = (Invalid, Unauthenticated, Forbidden, TooManyAttempts, TooManyWatchers)
"""What is wrong with a poll or its caller."""
TOKEN: Final = word("token", "A token, for clients that don't show it otherwise.")

router: Final = Router(__name__, DIALECT)


@router.route(
    "GET", SOCKETIO_PATH, needs=PUBLIC, gives={200: {TEXT: str}}, refuses=REFUSED, takes=(EIO, TRANSPORT, SID, TOKEN)
)
def poll(call: Call) -> Answer:
    """Open a channel; or, with its sid, give what waits in it, 20 seconds from now at the latest.

    Until the client has shown who it is, no poll waits. One that polls twice at a time is disconnected.
    """
    call.read(EIO), call.read(TRANSPORT)
    authenticate = _authenticator(call.request.headers, call.read(TOKEN))
    # A credential that isn't good is refused before anything is counted or written.
    principal = authenticate() if authenticate else None
    if call.request.method == "HEAD":
        # HEAD, as monitors send it, neither opens a channel nor takes the packets that wait in one.
        return _text(call, "")
    sid, server = call.read(SID), bootstrap.socketio()
    if sid is None:
        return _text(call, opening(*server.open(authenticate, call.address)))
    channel = server.known(sid, principal)
    if settings().polls_apart:
        return _text(call, server.poll(channel))
    now = bootstrap.clock()
    with a_place(now, in_time(now + round(POLL * 1000))) as held:
        if not held:
            raise NotReady("The gateway has no room for one more poll.", hint="Use a WebSocket.", retry_after=5)
        return _text(call, server.poll(channel))


@router.route(
    "POST",
    SOCKETIO_PATH,
    needs=PUBLIC,
    gives={200: {TEXT: str}},
    refuses=(*REFUSED, BodyTooLarge, UnsupportedEncoding),
    takes=(EIO, TRANSPORT, SID, TOKEN),
)
def take(call: Call) -> Answer:
    """Take in a client's packets."""
    call.read(EIO), call.read(TRANSPORT)
    sid, server = call.read(SID), bootstrap.socketio()
    if sid is None:
        raise EngineRefused("Bad handshake method", engine=BAD_METHOD)
    authenticate = _authenticator(call.request.headers, call.read(TOKEN))
    channel = server.known(sid, authenticate() if authenticate else None)
    server.take(channel, _body(call.request), who)
    return _text(call, "ok")


def shake_hands(connection: str, request: Mapping[str, Any], query: Mapping[str, str]) -> None:
    """Let a client's WebSocket in, or let the connection ask for the channel that its client polls.

    ``request`` is API Gateway's ``$connect`` event. Raises what is wrong with the handshake or its credential.
    """
    if query.get("EIO") != VERSION:
        raise EngineRefused("Unsupported protocol version", engine=BAD_VERSION)
    headers = {name.lower(): value for name, value in (request.get("headers") or {}).items()}
    authenticate = _authenticator(headers, query.get("token"))
    principal, sid, server = authenticate() if authenticate else None, query.get("sid"), bootstrap.socketio()
    if sid:
        server.attach(server.known(sid, principal), connection)
    else:
        server.open(authenticate, address(request["requestContext"], headers), connection=connection)


def who(token: str | None) -> Principal:
    """Return who a client is: its token's bearer, or nobody in particular where that is allowed."""
    principal = identify(token) if token else bootstrap.accounts().anonymous()
    if principal is None:
        raise Unauthenticated("This needs a token: io(url, {auth: {token}}).")
    return permit(principal, Permission.SESSIONS_READ)


def _authenticator(headers: Mapping[str, str], token: str | None) -> Callable[[], Principal] | None:
    """Return a function that authenticates, at each call anew, the client with that ``?token=`` or these headers.

    None for a client without a credential, which may show one when it connects. Names of headers are in lower case.
    """
    shown = token or bearer(headers.get("authorization"))
    return (lambda: who(shown)) if shown else None


def _body(request: Request) -> str:
    body = body_of(request, 4 * MAX_PAYLOAD, f"The body is larger than {MAX_PAYLOAD} characters.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Invalid("The body is not text.") from None


def _text(call: Call, body: str) -> Answer:
    return Answer(body, content_type=TEXT)
