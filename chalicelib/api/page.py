"""The pages at ``/``, ``/passkey`` and ``/docs``, and their files where no edge takes requests to the bucket.

What the page shows comes from strangers, and it holds a credential: its policy lets nothing run that isn't a file of
its own, and nothing be asked but this gateway and the bucket of the messages' files.
"""

from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib import page
from chalicelib.api.auth import PUBLIC
from chalicelib.api.call import JSON, Answer, Call
from chalicelib.api.router import GATEWAY, Router
from chalicelib.config import settings
from chalicelib.dialects import websocket_paths
from chalicelib.dialects.bare import DIALECT
from chalicelib.dialects.native import DIALECT as NATIVE
from chalicelib.domain.edge import websocket_ways
from chalicelib.domain.errors import NotFound

HTML: Final = "text/html; charset=utf-8"
router: Final = Router(__name__, DIALECT, tag=GATEWAY)


@router.route("GET", "/", needs=PUBLIC, gives={200: {HTML: str}, 302: None})
def home(call: Call) -> Answer:
    """Give the page on which people link and watch their sessions."""
    path = call.request.context.get("path", "/")
    if not call.edge and not path.endswith("/"):
        # API Gateway's own address, its stage without a slash behind it: what is relative to it would be elsewhere.
        return Answer("", 302, content_type=HTML, headers={"Location": f"{path}/"})
    return _live(page.index())


@router.route("GET", "/passkey", needs=PUBLIC, gives={200: {HTML: str}})
def passkey(call: Call) -> Answer:
    """Give the page that leads somebody at a computer through the passkey that WhatsApp asks for."""
    return _live(page.passkey())


@router.route(
    "GET",
    "/page/{build}/{asset}",
    needs=PUBLIC,
    gives={200: {JSON: dict[str, Any]} | {kind: bytes for kind in page.TYPES.values() if kind != JSON}},
    refuses=(NotFound,),
)
def asset(call: Call, build: str, name: str) -> Answer:
    """Give a file of the page; of another build, which a tab still has open, the file of that name in this one."""
    from chalicelib.page import reference  # noqa: PLC0415 - most cold starts never need it

    of_reference = build.startswith(reference.PREFIX)
    found = (reference.files() if of_reference else page.files()).get(name)
    if found is None:
        raise NotFound("The page has no such file.", hint="Reload the page.")
    current = reference.build() if of_reference else page.build()
    headers = {"Cache-Control": page.KEPT} if build == current else {}
    return Answer(found.content, content_type=found.content_type, headers=ALONE | headers)


# As the edge's policy says of what it takes from the bucket.
ALONE: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The headers of the page's files: one that is opened by itself is no page, and no other page may have it."""


@router.route("GET", "/docs", needs=PUBLIC, gives={200: {HTML: str}})
def docs(call: Call) -> Answer:
    """Give the description of this API as a page to read, and to call the gateway from."""
    from chalicelib.page import reference  # noqa: PLC0415 - most cold starts never need it

    return _shown(reference.index(), REFERENCE_POLICY)


# RapiDoc writes its own styles into the page.
REFERENCE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def _live(document: str) -> Answer:
    """Show a document that opens a WebSocket: it is told where, if that isn't where its calls go."""
    sockets = settings().sockets_address
    if sockets:
        document = document.replace(
            "<head>", f'<head>\n<meta name="sockets" content="{escape(own_socket(sockets))}">', 1
        )
    return _shown(document, policy(settings().media_uploads, sockets))


def _shown(document: str, allowed: str) -> Answer:
    headers = {"Content-Security-Policy": allowed, "Referrer-Policy": "no-referrer"}
    return Answer(document, content_type=HTML, headers=headers)


def own_socket(sockets: str) -> str:
    """Return where the page's own WebSocket is opened, for the WebSocket API's own address."""
    return next(way.address for way in websocket_ways("", sockets, websocket_paths()) if way.dialect == NATIVE.name)


def policy(uploads: str, sockets: str = "") -> str:
    """Return the page's Content-Security-Policy.

    ``uploads`` is where files are posted to, ``sockets`` where WebSockets are opened; empty if nowhere else.
    """
    files, ways = _origin(uploads), _origin(sockets)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob:{files}; media-src 'self' blob:{files}; connect-src 'self'{files}{ways}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f" {parts.scheme}://{parts.netloc}" if address else ""
