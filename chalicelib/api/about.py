"""What the gateway says of itself, to anybody: that it answers (``/health``), and the API's description."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Annotated, Any, Final, Literal, TypedDict

from chalicelib import __version__, bootstrap
from chalicelib.api.auth import PUBLIC
from chalicelib.api.call import JSON, Answer, Call
from chalicelib.api.page import HTML
from chalicelib.api.router import GATEWAY, Router
from chalicelib.dialects.bare import DIALECT
from chalicelib.dialects.shared import Moment, iso

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


ELSEWHERE: Final = "https://gateway.example"
"""Stands for an address that isn't known."""
# The page has no script, and nothing of it comes from elsewhere: whatever got into it could do nothing.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def describe(routers: Iterable[Router]) -> Router:
    """Return the router to the description of these routers' routes, and of its own."""
    router = Router(f"{__name__}.describe", DIALECT, tag=GATEWAY)
    described = (*routers, router)

    @cache
    def document() -> dict[str, Any]:
        # Most of an hour's cold starts never need it.
        from chalicelib.api.description.document import document  # noqa: PLC0415

        return document(described)

    @cache
    def page() -> str:
        from chalicelib.api.description.page import page  # noqa: PLC0415

        return page(document())

    _serve(router, document, page)
    return router


def _serve(router: Router, document: Callable[[], dict[str, Any]], page: Callable[[], str]) -> None:
    @router.route("GET", "/openapi.json", needs=PUBLIC, gives={200: dict[str, Any]})
    def openapi(call: Call) -> Answer:
        """Give the description of this API as OpenAPI 3.1."""
        return Answer(document(), content_type=JSON)

    @router.route("GET", "/docs", needs=PUBLIC, gives={200: {HTML: str}})
    def docs(call: Call) -> Answer:
        """Give the description of this API as a page to read."""
        from chalicelib.api.description.page import HERE  # noqa: PLC0415

        told = page().replace(HERE, call.gateway or ELSEWHERE)
        return Answer(told, content_type=HTML, headers={"Content-Security-Policy": POLICY})
