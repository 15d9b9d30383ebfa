"""What all REST answers share: binary for everybody, pages from elsewhere, and Chalice's own refusals in shape."""

from collections.abc import Callable
from typing import Any, Final

from chalice.app import CaseInsensitiveMapping, Chalice, Request, Response

from chalicelib import bootstrap
from chalicelib.api.answers import Answer, refuse, respond
from chalicelib.api.origins import allowed, preflight
from chalicelib.dialects import bare, enveloped
from chalicelib.domain.errors import MethodNotAllowed

ANYTHING: Final = "*/*"
TEXT: Final = "text/plain; charset=UTF-8"


def answer_anything(app: Chalice) -> None:
    """Have ``app`` answer text and pictures alike to every Accept header, or none."""
    app.api.binary_types = [ANYTHING]
    app.register_middleware(_accept_anything, "http")
    app.register_middleware(_let_pages_read, "http")
    app.register_middleware(_refuse_in_shape, "http")


def let_pages_ask(app: Chalice) -> None:
    """Answer, at each path that ``app`` has by now, a browser that asks which pages from elsewhere may call.

    Routes they are, because API Gateway's own answer to OPTIONS knows one origin at most.
    """

    def ask(**variables: str) -> Response:
        """Say which pages from elsewhere may call."""
        return respond(Answer("", 204, content_type=TEXT))

    for path in list(app.routes):
        app.route(path, methods=["OPTIONS"], content_types=[])(ask)


def _accept_anything(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Give a request without Accept header one: Chalice would answer 400 to it, since all answers are binary."""
    request.headers = CaseInsensitiveMapping({"accept": ANYTHING, **request.headers})
    return get_response(request)


def _let_pages_read(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Let pages that are on the list ask, and read the answer, refusals as well."""
    response = get_response(request)
    response.headers.update(preflight(request) if request.method == "OPTIONS" else allowed(request))
    return response


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
