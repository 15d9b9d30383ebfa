"""Compressed bodies: whoever stands before the function may inflate them, and leaves the header as it was.

API Gateway's documentation says that it inflates bodies, and people report so; where it takes all bodies for binary, as
for this API, nobody says. So a body is inflated here if it is compressed indeed, and taken as it is if it isn't.
"""

import zlib
from typing import Final

from chalice.app import Request

from chalicelib.domain.errors import BodyTooLarge, Invalid, UnsupportedEncoding

_GZIP: Final = (b"\x1f\x8b",)
_MAGIC: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")}
"""How a compressed body begins; no JSON, no form and no text of Engine.IO does."""
_EITHER: Final = zlib.MAX_WBITS | 32
"""Take gzip's header or zlib's."""


def body_of(request: Request, limit: int, too_large: str) -> bytes:
    """Return the request's body, inflated; raises BodyTooLarge (saying ``too_large``), Invalid, UnsupportedEncoding.

    No more than ``limit`` bytes are ever inflated.
    """
    raw = request.raw_body
    body: bytes = raw if isinstance(raw, bytes) else raw.encode()
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity", *_MAGIC}:
        raise UnsupportedEncoding(
            f"Content-Encoding: {coding} is not supported.", hint="Send the body as it is, or compress it by gzip."
        )
    if body.startswith(_MAGIC.get(coding, ())):
        body = _inflated(body, limit)
    if len(body) > limit:
        raise BodyTooLarge(too_large)
    return body


def _inflated(body: bytes, limit: int) -> bytes:
    inflating = zlib.decompressobj(_EITHER)
    try:
        found = inflating.decompress(body, limit + 1)
    except zlib.error:
        found = None
    if found is None or (len(found) <= limit and not inflating.eof):
        raise Invalid("The body is not whole, or not compressed as its Content-Encoding says.")
    return found
