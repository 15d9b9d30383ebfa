"""Which errors a route may answer with, and what each looks like in its dialect."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.api.auth import Public
from chalicelib.api.description import samples
from chalicelib.api.router import Route, Router
from chalicelib.dialects.dialect import ErrorShape
from chalicelib.domain import errors as e
from chalicelib.domain.session import Session

UNKNOWN: Final[dict[str, type[e.GatewayError]]] = {
    "{id}": e.SessionNotFound,
    "{message_id}": e.MessageNotFound,
    "{name}": e.UserNotFound,
    "{key_id}": e.KeyNotFound,
    "{tenant}": e.TenantNotFound,
    "{company}": e.TenantNotFound,
}
"""What a path says if nothing is there, by its variable."""
WAITING: Final = (
    e.NotReady,
    e.TooFast,
    e.TooManyAttempts,
    e.TicketQuotaExceeded,
    e.TooManyQuestions,
    e.SessionDeleting,
)
"""Errors that say when to come again."""

_STANDING: Final[Mapping[type[e.GatewayError], Session]] = {
    e.SessionNotConnected: samples.SCANNING,
    e.QRNotReady: samples.SCANNING,
    e.SessionStopped: samples.UNSCANNED,
    e.SessionFailed: samples.OUTDATED,
    e.PasskeyRequired: samples.PASSKEY,
}
"""How the session of an example stands; in all others it is linked."""


def of(route: Route) -> list[type[e.GatewayError]]:
    """Return the route's errors, each once: those that follow from what it is, and its own."""
    found: list[type[e.GatewayError]] = []
    if route.body:
        found += [e.Invalid, e.InvalidField, e.BodyTooLarge, e.UnsupportedEncoding]
    if route.takes or route.creates or (route.method == "GET" and not isinstance(route.needs, Public)):
        found.append(e.InvalidField)
    if not isinstance(route.needs, Public):
        found += [e.Unauthenticated, e.Forbidden]
    found += [kind for variable, kind in UNKNOWN.items() if variable in route.path]
    found += [*route.refuses, e.NotReady, e.GatewayError]
    return list(dict.fromkeys(found))


def by_status(kinds: Iterable[type[e.GatewayError]]) -> dict[int, list[type[e.GatewayError]]]:
    """Return the errors by their status."""
    told: dict[int, list[type[e.GatewayError]]] = {}
    for kind in kinds:
        told.setdefault(kind.status, []).append(kind)
    return dict(sorted(told.items()))


def shape_of(router: Router) -> Any:
    """Return the type of the router's errors: what its function says that it returns."""
    return inspect.signature(router.error).return_annotation


def sentence(kind: type[e.GatewayError]) -> str:
    """Return the first line of what the error says of itself; what all errors have in common is no error's sentence."""
    if kind is e.GatewayError:
        return "Something went wrong on our side; say the request id."
    return inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]


def example(kind: type[e.GatewayError], shape: ErrorShape) -> Mapping[str, Any]:
    """Return the error's body, made by the dialect's own function."""
    what = sentence(kind).partition(";")[0]
    error = kind(what.rstrip(".") + ".", **_fields(kind))
    about_a_session = issubclass(kind, (e.SessionNotFound, e.SessionExists, e.SessionNotConnected))
    return shape(error, now=samples.NOW, session_id=samples.SESSION.id if about_a_session else None)


def _fields(kind: type[e.GatewayError]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if kind is e.GatewayError:
        told["request_id"] = "7f3b2f0c-3c54-4a0e-9d5e-1f6f9a2b7c11"
    if issubclass(kind, e.InvalidField):
        told["field"] = "to"
    if issubclass(kind, WAITING):
        told["retry_after"] = 2
    if issubclass(kind, e.OfSession):
        told["session"] = _STANDING.get(kind, samples.SESSION)
    if issubclass(kind, e.OfMessage):
        told["failed"] = samples.FAILED
    return told
