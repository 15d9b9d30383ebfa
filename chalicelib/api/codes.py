"""The answer to ``GET …/qr`` in all dialects: waits for a code, then gives it as JSON or as a picture."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.api.call import JSON, Answer, Call
from chalicelib.api.parameters import one_of, seconds
from chalicelib.dialects.shared import iso
from chalicelib.domain import picture
from chalicelib.domain.errors import (
    AlreadyConnected,
    PasskeyRequired,
    QRNotReady,
    SessionDeleting,
    SessionFailed,
    SessionStopped,
)
from chalicelib.domain.session import QRCode, Session

DEFAULT_WAIT: Final = 20.0
LONGEST_WAIT: Final = 25.0
"""Seconds; API Gateway gives up after 29."""
FORMATS: Final = ("json", "png", "svg", "ascii", "raw")
FORMAT: Final = one_of("format", "The form of the code.", FORMATS, default="json")
WAIT: Final = seconds("wait", "Seconds to wait for a code.", default=DEFAULT_WAIT, most=LONGEST_WAIT)
PNG, SVG, TEXT = "image/png", "image/svg+xml", "text/plain; charset=utf-8"
_BY_KIND: Final = {JSON: "json", "*/*": "json", PNG: "png", "image/*": "png", SVG: "svg"}
NO_CODE: Final = (AlreadyConnected, PasskeyRequired, SessionStopped, SessionFailed, SessionDeleting, QRNotReady)
"""Why there may be none."""

CodeShape = Callable[[Session, QRCode, int], Mapping[str, Any]]


def forms(shape: Any) -> dict[str, Any]:
    """Return what the answer is, by content type; ``shape`` is the dialect's JSON."""
    return {JSON: shape, PNG: bytes, SVG: str, TEXT: str}


def code_answer(call: Call, session_id: str, shape: CodeShape, *, by_accept: bool = False) -> Answer:
    """Return the session's code in the form that ``?format=`` asks for, ``?wait=`` seconds from now at the latest.

    With ``by_accept`` the Accept header chooses the form where the query doesn't.
    """
    wanted = call.read(FORMAT)
    if by_accept and call.query(FORMAT.name) is None:
        wanted = _accepted(call.request.headers.get("accept", ""))
    session, code = bootstrap.sessions().code(call.tenant, session_id, wait=call.read(WAIT))
    headers = {"X-QR-Expires-At": iso(code.expires_at)}
    if wanted == "json":
        return Answer(shape(session, code, bootstrap.clock()), headers=headers)
    body, content_type = _drawn(code, wanted)
    return Answer(body, content_type=content_type, headers=headers)


def _accepted(header: str) -> str:
    """Return the form that an Accept header names first, JSON if it names none of them."""
    kinds = (kind.partition(";")[0].strip().lower() for kind in header.split(","))
    return next((_BY_KIND[kind] for kind in kinds if kind in _BY_KIND), "json")


def _drawn(code: QRCode, wanted: str) -> tuple[str | bytes, str]:
    match wanted:
        case "png":
            return picture.png(code.image), PNG
        case "svg":
            return picture.svg(code.matrix), SVG
        case "ascii":
            return picture.ascii_art(code.matrix), TEXT
        case _:
            return code.code, TEXT
