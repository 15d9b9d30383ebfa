"""Answers: a value, a picture or an error as Chalice's Response, whose body is always bytes.

Every response type is binary to API Gateway (``*/*``): only so does it hand out a picture whatever the request's
Accept header says. The price is that each body goes to it as base64.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalice.app import Response

from chalicelib.domain.errors import GatewayError, Unauthenticated

JSON: Final = "application/json"
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""On every answer. Nothing here may be kept: codes and tokens are secrets, and statuses change."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view returns: a JSON value, or text or bytes of another ``content_type``."""

    body: Any = field(repr=False)
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def respond(answer: Answer) -> Response:
    """Return the answer as Chalice wants it."""
    return Response(
        body=_encoded(answer),
        status_code=answer.status,
        headers={**HEADERS, "Content-Type": answer.content_type, **answer.headers},
    )


def refuse(error: GatewayError, shape: Mapping[str, Any]) -> Response:
    """Return the error in ``shape``, with the headers that go with it."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return respond(Answer(shape, status=error.status, headers=headers))


def _encoded(answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    if answer.content_type == JSON:
        return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    text: str = answer.body
    return text.encode()
