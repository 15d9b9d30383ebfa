"""The WebSocket API: watchers connect, send frames, and disconnect.

API Gateway's WebSocket APIs have no paths: which session, and in which dialect, the edge has put into the query.
Nothing can be posted to a connection before ``$connect`` has returned, so nothing is.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from chalice.app import Blueprint, Response, WebsocketAPI, WebsocketEvent

from chalicelib import bootstrap
from chalicelib.api.auth import authenticator, bearer, permit, reach
from chalicelib.api.call import JSON, came_right, note_edge
from chalicelib.api.fields import existing_id
from chalicelib.api.received import only_text
from chalicelib.api.router import busy, id_of, name_request
from chalicelib.api.socketio import engine
from chalicelib.dialects import DIALECTS
from chalicelib.dialects.enveloped import DIALECT as ENVELOPED
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.edge import DIALECT_PARAMETER, SESSION_PARAMETER
from chalicelib.domain.errors import GatewayError, Invalid, Unauthenticated
from chalicelib.services.correlation import in_call
from chalicelib.services.ports import Unavailable

sockets: Final = Blueprint(__name__)
# Without one, Chalice leaves a blueprint's WebSocket handlers bare, and Lambda could not call them.
sockets.websocket_api = WebsocketAPI()


@sockets.on_ws_connect(name="connect")
def connect(event: WebsocketEvent) -> Response:
    """Let a watcher in, or refuse its handshake with the error's status."""
    request = event.to_dict()
    with in_call(id_of(request.get("requestContext") or {})):
        return _connected(event.connection_id, request)


def _connected(watcher: str, request: Mapping[str, Any]) -> Response:
    query: Mapping[str, str] = request.get("queryStringParameters") or {}
    dialect = query.get(DIALECT_PARAMETER, "")
    try:
        came_right(request.get("headers") or {})
        note_edge(request.get("headers") or {})
        only_text("query", query.values())
        known = DIALECTS.get(dialect)
        if known is None or known.websockets is None:
            raise Invalid("There is no WebSocket at this address.")
        if known.rooms:
            engine.shake_hands(watcher, request, query)
            return Response(body="", status_code=200)
        by_key = known.subscribing is not None and "token" not in query
        authenticate = authenticator(_credential(request, query), key=by_key)
        principal = _admitted(authenticate(), subscribing=known.subscribing is not None)
        if known.subscribing:
            bootstrap.subscriptions().connect(watcher, principal, dialect=dialect)
            _check_again(watcher, authenticate, principal)
            return Response(body="", status_code=200)
        session = reach(principal, existing_id(unquote(query.get(SESSION_PARAMETER, ""))))
        bootstrap.watching().connect(watcher, principal, session=session, dialect=dialect)
        _check_again(watcher, authenticate, principal)
    except GatewayError as error:
        return _refusal(error, dialect, request)
    except Unavailable as error:
        return _refusal(busy(error), dialect, request)
    return Response(body="", status_code=200)


@sockets.on_ws_message(name="message")
def message(event: WebsocketEvent) -> None:
    """Answer a watcher's frame."""
    request = event.to_dict()
    text = request.get("body") or ""
    # Engine.IO's frames begin with a digit, all others with a brace.
    with in_call(id_of(request.get("requestContext") or {})):
        if not (text[:1].isdecimal() and bootstrap.socketio().hear(event.connection_id, text, engine.who)):
            bootstrap.watching().message(event.connection_id, text)


@sockets.on_ws_disconnect(name="disconnect")
def disconnect(event: WebsocketEvent) -> None:
    """Forget a watcher that went."""
    bootstrap.watching().disconnect(event.connection_id)
    bootstrap.socketio().leave(event.connection_id)


def _admitted(principal: Principal, *, subscribing: bool) -> Principal:
    """Return the principal if it may be told what the frames tell: of sessions and messages, or of one linking alone.

    Raises Forbidden.
    """
    if principal.linking and subscribing:
        return permit(principal, Permission.LINKING_FOLLOW)
    return permit(permit(principal, Permission.SESSIONS_READ), Permission.MESSAGES_READ)


def _refusal(error: GatewayError, dialect: str, request: Mapping[str, Any]) -> Response:
    # Past the edge, an address of no dialect can be asked for as well.
    known = DIALECTS.get(dialect, ENVELOPED)
    name_request(error, known, request.get("requestContext") or {})
    # Chalice takes no bytes here: what it hands to Lambda is JSON.
    body = json.dumps(known.say(error, now=bootstrap.clock()))
    return Response(body=body, status_code=error.status, headers={"Content-Type": JSON})


def _check_again(watcher: str, authenticate: Callable[[], Principal], came: Principal) -> None:
    """Let the watcher in only if its credential is as good as it was, now that it is on its principal's list.

    Whoever ends a credential writes that first and closes the list's watchers then: one of the two sees the other.
    """
    try:
        still = authenticate().role is came.role
    except Unauthenticated:
        bootstrap.watching().disconnect(watcher)
        raise
    if not still:
        bootstrap.watching().disconnect(watcher)
        raise Unauthenticated("Your role was changed at this moment. Connect again.")


def _credential(request: Mapping[str, Any], query: Mapping[str, str]) -> str:
    """Return the token or ticket: of ``?token=``, since browsers can't send headers here, or of a header."""
    headers = {name.lower(): value for name, value in (request.get("headers") or {}).items()}
    # An API key is told so, wherever it comes from.
    token = query.get("token") or bearer(headers.get("authorization")) or headers.get("x-api-key")
    if not token:
        raise Unauthenticated("This needs a token: add ?token=… to the address.")
    return token
