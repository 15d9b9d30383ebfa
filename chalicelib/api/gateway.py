"""What all REST answers share: binary for everybody, HEAD, pages from elsewhere, and refusals where there is no route.

A request that no route takes is refused in the words of the family that its path belongs to. It comes here because the
packaged API hands such requests to the function as well, by its resource ``CATCH_ALL``.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from chalice.app import CaseInsensitiveMapping, Chalice, Request, Response

from chalicelib import bootstrap
from chalicelib.api.call import Answer, came_right, edgeless, note_edge, refuse, respond
from chalicelib.api.router import Router, id_of, name_request
from chalicelib.config import settings
from chalicelib.dialects import DIALECTS, dialect_at, websocket_paths
from chalicelib.domain.edge import CATCH_ALL, destination
from chalicelib.domain.errors import GatewayError, MethodNotAllowed, NotFound, UpgradeRequired
from chalicelib.services.correlation import HEADER, in_call

ANYTHING: Final = "*/*"
TEXT: Final = "text/plain; charset=UTF-8"

Respond = Callable[[Request], Response]


def families() -> tuple[Router, ...]:
    """Return the routers of all dialects that have routes.

    They are the ``ROUTERS`` of the package beside this module that has the dialect's name.
    """
    packages = (import_module(f"chalicelib.api.{one.name}") for one in DIALECTS.values() if one.prefixes)
    return tuple(router for package in packages for router in package.ROUTERS)


def serve(app: Chalice, routers: Iterable[Router]) -> None:
    """Have ``app`` answer at the routers' paths, to HEAD and to OPTIONS as well, and refuse whatever has no route.

    Text and pictures are answered alike, whatever a request's Accept header says, or if there is none.
    """
    app.api.binary_types = [ANYTHING]
    app.register_middleware(_name_call, "http")
    app.register_middleware(_say_what_the_edge_would, "http")
    app.register_middleware(_accept_anything, "http")
    app.register_middleware(_let_pages_read, "http")
    app.register_middleware(_refuse_around_the_edge, "http")
    app.register_middleware(_refusing_unknown(app), "http")
    for router in routers:
        app.register_blueprint(router.blueprint)
    _answer_head(app)
    _let_pages_ask(app)


def _name_call(request: Request, get_response: Respond) -> Response:
    """Have all that a call does, and its answer, carry its id; log by which id the edge knows it."""
    name = id_of(request.context)
    with in_call(name):
        note_edge(request.headers)
        response = get_response(request)
    response.headers[HEADER] = name
    return response


def _say_what_the_edge_would(request: Request, get_response: Respond) -> Response:
    """Give answers the security headers that an edge adds, where none stands in front."""
    response = get_response(request)
    response.headers.update(edgeless(request.headers))
    return response


def _answer_head(app: Chalice) -> None:
    """Answer HEAD, as monitors send it, at each path that ``app`` has GET for by now: the same without its body."""
    for path, methods in list(app.routes.items()):
        if "GET" in methods:
            app.route(path, methods=["HEAD"], content_types=[])(_without_body(methods["GET"].view_function))


def _let_pages_ask(app: Chalice) -> None:
    """Answer, at each path that ``app`` has by now, a browser that asks which pages from elsewhere may call.

    Routes they are, because API Gateway's own answer to OPTIONS knows one origin at most.
    """

    def ask(**variables: str) -> Response:
        """Say which pages from elsewhere may call."""
        return _nothing()

    for path in list(app.routes):
        app.route(path, methods=["OPTIONS"], content_types=[])(ask)


def _without_body(view: Callable[..., Response]) -> Callable[..., Response]:
    def head(**variables: str) -> Response:
        response = view(**variables)
        response.body = b""
        return response

    head.__doc__ = view.__doc__
    return head


def _accept_anything(request: Request, get_response: Respond) -> Response:
    """Give a request without Accept header one: Chalice would answer 400 to it, since all answers are binary."""
    request.headers = CaseInsensitiveMapping({"accept": ANYTHING, **request.headers})
    return get_response(request)


def _let_pages_read(request: Request, get_response: Respond) -> Response:
    """Let pages that are on the list ask, and read the answer, refusals as well."""
    response = get_response(request)
    response.headers.update(preflight(request) if request.method == "OPTIONS" else allowed(request))
    return response


def _refuse_around_the_edge(request: Request, get_response: Respond) -> Response:
    """Refuse what didn't come through the edge, where there is one, in the words of the family that was asked for."""
    try:
        came_right(request.headers)
    except GatewayError as error:
        dialect = dialect_at(_asked(request))
        name_request(error, dialect, request.context)
        answer = refuse(error, dialect.say(error, now=bootstrap.clock()))
        if request.method == "HEAD":
            answer.body = b""
        return answer
    return get_response(request)


def _asked(request: Request) -> str:
    """Return the path; Chalice's own is the route's, with its variables' names."""
    return f"/{(request.uri_params or {}).get('proxy', '')}" if request.path == CATCH_ALL else request.path


def _refusing_unknown(app: Chalice) -> Callable[[Request, Respond], Response]:
    """Return what answers a request that ``app`` has no route for; Chalice would say 405 in words of its own."""

    def refuse_unknown(request: Request, get_response: Respond) -> Response:
        if request.method in app.routes.get(request.path, {}):
            return get_response(request)
        return _refused(app.routes, request)

    return refuse_unknown


def _refused(routes: Mapping[str, Mapping[str, Any]], request: Request) -> Response:
    if request.method == "OPTIONS":
        # A page may ask before it learns, from the answer itself, that there is nothing.
        return _nothing()
    proxied, path = request.path == CATCH_ALL, _asked(request)
    methods = ", ".join(_methods(routes, path) if proxied else routes.get(path, {}))
    error: GatewayError
    if _is_websocket(path):
        error = UpgradeRequired("This is the address of a WebSocket.", hint="Connect with a WebSocket client.")
    elif request.method in methods.split(", "):
        # An edge takes it away; API Gateway by itself has another resource there.
        error = NotFound("There is nothing at this address.", hint="Leave out the slash at its end.")
        methods = ""
    elif methods:
        error = MethodNotAllowed(f"{request.method} is not possible here.", hint=f"Allowed: {methods}.")
    else:
        error = NotFound("There is nothing at this address.", hint="GET /docs shows what there is.")
    dialect = dialect_at(path)
    name_request(error, dialect, request.context)
    answer = refuse(error, dialect.say(error, now=bootstrap.clock()))
    if isinstance(error, UpgradeRequired):
        answer.headers["Upgrade"] = "websocket"
    elif methods:
        answer.headers["Allow"] = methods
    if request.method == "HEAD":
        answer.body = b""
    return answer


def _is_websocket(path: str) -> bool:
    return destination(path, {}, websocket_paths(), handshake=True).api == "websocket"


def _methods(routes: Mapping[str, Mapping[str, Any]], path: str) -> list[str]:
    """Return the methods of the route that a path fits, none where there is none; names win over variables."""
    for template in sorted(routes, key=lambda one: one.count("{")):
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path.removesuffix("/")):
            return list(routes[template])
    return []


def _nothing() -> Response:
    return respond(Answer("", 204, content_type=TEXT))


METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, X-API-Key"
READABLE: Final = "Retry-After, X-QR-Expires-At, X-Request-Id"
"""What a page's script may read beside the few headers that it always may."""
KEPT: Final = 600
"""Seconds that a browser may remember a preflight's answer."""


def allowed(request: Request) -> dict[str, str]:
    """Return the CORS headers for the page that calls; none for a page of our own, or one that isn't on the list."""
    origin = request.headers.get("origin")
    if origin is None or not listed(origin, settings().allowed_origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": READABLE,
        "Vary": "Origin",
    }


def listed(origin: str, origins: Collection[str]) -> bool:
    """Return whether ``origins`` has ``origin``, as it is or, as ``http://localhost:*``, with any port."""
    place, _, port = origin.rpartition(":")
    return origin in origins or (port.isdecimal() and f"{place}:*" in origins)


def preflight(request: Request) -> dict[str, str]:
    """Return the headers that answer an OPTIONS request."""
    found = allowed(request)
    if not found:
        return {}
    return found | {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": str(KEPT),
    }
