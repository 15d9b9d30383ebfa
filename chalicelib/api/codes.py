"""The answer to ``GET …/qr`` in all dialects: waits for a code, then gives it as JSON or as a picture."""

from collections.abc import Callable
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.doorway import Call
from chalicelib.api.fields import choice, seconds
from chalicelib.dialects.moments import iso
from chalicelib.domain import picture
from chalicelib.domain.session import QRCode, Session

DEFAULT_WAIT: Final = 20.0
LONGEST_WAIT: Final = 25.0
"""Seconds; API Gateway gives up after 29."""
FORMATS: Final = ("json", "png", "svg", "ascii", "raw")

CodeShape = Callable[[Session, QRCode, int], dict[str, Any]]


def code_answer(call: Call, session_id: str, shape: CodeShape) -> Answer:
    """Return the session's code in the form that ``?format=`` asks for, ``?wait=`` seconds from now at the latest."""
    wanted = choice(call.query("format"), FORMATS, field="format", default="json")
    wait = seconds(call.query("wait"), field="wait", default=DEFAULT_WAIT, most=LONGEST_WAIT)
    session, code = bootstrap.sessions().code(call.tenant, session_id, wait=wait)
    headers = {"X-QR-Expires-At": iso(code.expires_at) or ""}
    if wanted == "json":
        return Answer(shape(session, code, bootstrap.clock()), headers=headers)
    body, content_type = _drawn(code, wanted)
    return Answer(body, content_type=content_type, headers=headers)


def _drawn(code: QRCode, wanted: str) -> tuple[str | bytes, str]:
    match wanted:
        case "png":
            return picture.png(code.image), "image/png"
        case "svg":
            return picture.svg(code.matrix), "image/svg+xml"
        case "ascii":
            return picture.ascii_art(code.matrix), "text/plain; charset=utf-8"
        case _:
            return code.code, "text/plain; charset=utf-8"
