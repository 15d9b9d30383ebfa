"""Wire shapes, a folder per family of clients. Pure: no I/O, no clock, no knowledge of services or routes.

Families are strangers to each other; what several have in common is in ``shared`` and ``contents``. A new family is a
folder here, a folder in ``api`` for its routes, and its place in ``DIALECTS``.
"""

from typing import Final

from chalicelib.dialects import bare, company, enveloped, letsbot, native, socketio
from chalicelib.dialects.dialect import Dialect, Frames, WebhookWords
from chalicelib.domain.session import Session

DIALECTS: Final[dict[str, Dialect]] = {
    family.DIALECT.name: family.DIALECT for family in (native, enveloped, bare, socketio, letsbot, company)
}
"""All dialects by name, in the order in which the API's description has them."""


def dialect_at(path: str) -> Dialect:
    """Return the dialect that ``path`` lies under, whether there is a route or not: it says what is wrong there."""
    under = [
        (len(prefix), dialect)
        for dialect in DIALECTS.values()
        for prefix in dialect.prefixes
        if path == prefix or path.startswith(f"{prefix}/")
    ]
    return max(under, key=lambda one: one[0])[1]


def frames_in(name: str) -> Frames:
    """Return what watchers of a dialect are told; raises KeyError for a dialect that has none, or that isn't known."""
    dialect = DIALECTS.get(name)
    if dialect is None or dialect.frames is None:
        raise KeyError(name)
    return dialect.frames


def webhook_words(session: Session) -> WebhookWords:
    """Return what the session's endpoint is told: in the dialect whose call set it, else in the native words."""
    asked = DIALECTS.get(session.webhook_format or "")
    return asked.webhook if asked and asked.webhook else native.WORDS


def websocket_paths() -> tuple[tuple[str, str], ...]:
    """Return the rows of the edge table: path templates of plain WebSockets, each with its dialect's name."""
    return tuple(
        (path, dialect.name)
        for dialect in DIALECTS.values()
        if dialect.websockets and not dialect.rooms
        for path in dialect.websockets.paths
    )
