"""What the gateway says of itself, to anybody: that it answers (``/health``), and the API's description."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Final, Literal, TypedDict

from chalicelib import __version__, bootstrap
from chalicelib.api.auth import PUBLIC
from chalicelib.api.call import JSON, Answer, Call
from chalicelib.api.router import GATEWAY, Router
from chalicelib.config import settings
from chalicelib.dialects import websocket_paths
from chalicelib.dialects.bare import DIALECT
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.edge import websocket_ways

VERSION: Final = __version__
_STARTED: Final = bootstrap.clock()


def uptime(now: int) -> int:
    """Return how many whole seconds it has been there. Functions come and go: this is one's age, not the gateway's."""
    return max(0, now - _STARTED) // 1000


class HealthJson(TypedDict):
    """The gateway answers."""

    status: Literal["ok"]
    service: Literal["switchboard"]
    timestamp: Moment
    uptime: Annotated[int, "Seconds that the function which answers has been there: functions come and go."]


router: Final = Router(__name__, DIALECT, tag=GATEWAY)


@router.route("GET", "/health", needs=PUBLIC, gives={200: HealthJson})
@router.route("GET", "/api/health", needs=PUBLIC, gives={200: HealthJson})
def health(call: Call) -> Answer:
    """Say that the gateway answers."""
    now = bootstrap.clock()
    return Answer(HealthJson(status="ok", service="switchboard", timestamp=iso(now), uptime=uptime(now)))


class WebSocketJson(TypedDict):
    """A WebSocket of one dialect."""

    path: Annotated[str, "Where it is in these documents; `{id}` is the session's id, percent-encoded."]
    dialect: Annotated[str, "The family of its frames."]
    address: Annotated[
        str, "Where it is opened. Put the session's id for `{id}`, percent-encoded, and add `token=` to the query."
    ]


class EdgeJson(TypedDict):
    """Which address is for what."""

    edge: Annotated[bool, "Whether one address is for all: each path leads to the API that it belongs to."]
    rest: Annotated[str, "What stands before the path of every call, without a slash at its end."]
    websockets: Annotated[list[WebSocketJson], "Where each WebSocket is opened."]


UNKNOWN: Final = "https://gateway.example"
"""The gateway's address where the request has no name that could be one."""


@router.route("GET", "/edge.json", needs=PUBLIC, gives={200: EdgeJson})
def edge(call: Call) -> Answer:
    """Say where calls go and where WebSockets are opened: without an edge, the two APIs have an address each."""
    gateway, sockets = call.gateway or UNKNOWN, settings().sockets_address
    ways = [
        WebSocketJson(path=way.path, dialect=way.dialect, address=way.address)
        for way in websocket_ways(gateway, sockets, websocket_paths())
    ]
    return Answer(EdgeJson(edge=not sockets, rest=gateway, websockets=ways))


def describe(routers: Iterable[Router]) -> Router:
    """Return the router to the description of these routers' routes, and of its own."""
    router = Router(f"{__name__}.describe", DIALECT, tag=GATEWAY)
    described = (*routers, router)

    @cache
    def document() -> dict[str, Any]:
        # Most of an hour's cold starts never need it.
        from chalicelib.api.description.document import document  # noqa: PLC0415

        return document(described)

    @router.route("GET", "/openapi.json", needs=PUBLIC, gives={200: dict[str, Any]})
    def openapi(call: Call) -> Answer:
        """Give the description of this API as OpenAPI 3.1."""
        from chalicelib.api.description.guide import addressed  # noqa: PLC0415

        return Answer(addressed(document(), call.gateway), content_type=JSON)

    return router
