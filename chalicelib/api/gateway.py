"""What all REST answers share: binary for everybody, and Chalice's own refusals in the caller's shape."""

from collections.abc import Callable
from typing import Any, Final

from chalice.app import CaseInsensitiveMapping, Chalice, Request, Response

from chalicelib import bootstrap
from chalicelib.api.answers import refuse
from chalicelib.dialects import bare, enveloped
from chalicelib.domain.errors import MethodNotAllowed

ANYTHING: Final = "*/*"


def answer_anything(app: Chalice) -> None:
    """Have ``app`` answer text and pictures alike to every Accept header, or none."""
    app.api.binary_types = [ANYTHING]
    app.register_middleware(_accept_anything, "http")
    app.register_middleware(_refuse_in_shape, "http")


def _accept_anything(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Give a request without Accept header one: Chalice would answer 400 to it, since all answers are binary."""
    request.headers = CaseInsensitiveMapping({"accept": ANYTHING, **request.headers})
    return get_response(request)


def _refuse_in_shape(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Turn Chalice's answer to a wrong method into the caller's dialect."""
    response = get_response(request)
    if response.status_code != MethodNotAllowed.status or isinstance(response.body, bytes):
        return response
    error = MethodNotAllowed(f"{request.method} is not possible here.", hint=f"Allowed: {response.headers['Allow']}.")
    shape: Any = enveloped.error if request.path.startswith("/api/") else bare.error
    answer = refuse(error, shape(error, now=bootstrap.clock(), session_id=None))
    answer.headers["Allow"] = response.headers["Allow"]
    return answer
