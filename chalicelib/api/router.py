"""A router: the routes of one dialect, each declared with the one permission that it needs, and its errors.

Chalice turns a view's exception into its own Response before any middleware sees it, so errors are answered here.
"""

import inspect
import logging
import uuid
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final
from urllib.parse import unquote

from chalice.app import Blueprint, Request, Response
from msgspec import Struct

from chalicelib import bootstrap
from chalicelib.api.auth import Need, admit, reach
from chalicelib.api.call import Answer, Call, refuse, respond, terms_of
from chalicelib.api.fields import existing_id, session_id
from chalicelib.api.parameters import Parameter, refuse_unknown_paging
from chalicelib.api.received import LIMIT, only_text, read
from chalicelib.dialects.dialect import Dialect, ErrorShape, Tag
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.errors import GatewayError, InvalidField, NotReady, OfSession
from chalicelib.reading import Reader
from chalicelib.services.correlation import request_id
from chalicelib.services.ports import Unavailable
from chalicelib.services.waiting import answering

_log: Final = logging.getLogger(__name__)


def busy(error: Unavailable) -> GatewayError:
    """Log what AWS couldn't do just now, and return what the caller is told of it."""
    _log.warning("a request had to be refused for now: %s", error)
    return NotReady("The gateway is busy.", hint="Try again.", retry_after=1)


def unexpected(request: Request) -> GatewayError:
    """Log what nobody foresaw, without the request's body, and return what the caller is told of it."""
    name = request_id() or id_of(request.context)
    _log.exception("unexpected error in %s %s, request %s", request.method, request.path, name)
    return GatewayError(
        "Something went wrong on our side.",
        hint="Try again; if it stays, say the request id.",
        request_id=name,
    )


def id_of(context: Mapping[str, Any]) -> str:
    """Return the id by which a request is found in API Gateway's log, or a new one where its context has none.

    It is the one that API Gateway calls extended: the other one a client may choose.
    """
    return str(context.get("extendedRequestId") or uuid.uuid4())


def name_request(error: GatewayError, dialect: Dialect, context: Mapping[str, Any]) -> None:
    """Have the error name its request, in dialects whose errors all do."""
    if dialect.names_requests and error.request_id is None:
        error.request_id = request_id() or id_of(context)


View = Callable[..., Answer]

GATEWAY: Final = Tag("Gateway", "About the gateway itself.")
"""The tag of routes that are no family's."""


class Route(Struct, frozen=True):
    """One method at one path: what it needs and takes, and what it may answer."""

    method: str
    path: str
    needs: Need
    view: View
    gives: Mapping[int, Any]
    """The type of the body by status: a TypedDict for JSON; or by content type, with str or bytes for what isn't."""
    refuses: tuple[type[GatewayError], ...]
    """The errors of its own, besides those that any such route may answer with."""
    takes: tuple[Parameter[Any], ...] = ()
    """Its query parameters and headers."""
    ended: bool = False
    """Whether it takes a token also after its end."""
    creates: bool = False
    """Whether it creates the session that its path names, if there is none: then that name must be a legal one."""
    tag: Tag | None = None
    """Its tag in the description, where that isn't its router's."""
    largest: int = LIMIT
    """Bytes that its body may have."""

    @property
    def body(self) -> Any:
        """The model of the request's body, a Struct or a union: that of the view's parameter ``body``, else None."""
        parameter = inspect.signature(self.view).parameters.get("body")
        return parameter.annotation if parameter else None


class Router:
    """Routes of one dialect that are declared together: one of Chalice's blueprints, and how their errors are said."""

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        *,
        tag: Tag | None = None,
        error: ErrorShape | None = None,
        anonymous: bool = False,
        names_session: str = "id",
    ) -> None:
        """Make a router without routes; ``tag`` and ``error`` are the dialect's unless others are given.

        ``anonymous`` lets callers without credential in, where that is configured. ``names_session`` is the part of a
        request that names a session where its path doesn't. Raises ValueError for a dialect that says no errors.
        """
        shape, its_tag = error or dialect.error, tag or dialect.tag
        if shape is None or its_tag is None:
            raise ValueError(f"The dialect {dialect.name} has no routes.")
        self.name = name
        self.dialect = dialect
        self.blueprint = Blueprint(name)
        self.routes: list[Route] = []
        self.error = shape
        self.tag = its_tag
        self.anonymous = anonymous
        self.names_session = names_session

    @property
    def needs(self) -> dict[tuple[str, str], Need]:
        """What each method and path needs."""
        return {(route.method, route.path): route.needs for route in self.routes}

    def route(
        self,
        method: str,
        path: str,
        *,
        needs: Need,
        gives: Mapping[int, Any] | None = None,
        refuses: tuple[type[GatewayError], ...] = (),
        takes: tuple[Parameter[Any], ...] = (),
        ended: bool = False,
        creates: bool = False,
        tag: Tag | None = None,
        largest: int = LIMIT,
    ) -> Callable[[View], View]:
        """Register a view: it takes a Call and the path's variables, and returns an Answer or raises GatewayError.

        A view with a parameter ``body`` is given the request's body, read as the model that the parameter names.
        """

        def register(view: View) -> View:
            route = Route(method, path, needs, view, gives or {}, refuses, takes, ended, creates, tag, largest)
            model = Reader(route.body) if route.body else None

            def handle(**variables: str) -> Response:
                return self._handle(route, model, {name: unquote(value) for name, value in variables.items()})

            handle.__name__, handle.__doc__ = view.__name__, view.__doc__
            # No content type is refused: curl's -d sends a form's, and a body that isn't JSON is told so.
            self.blueprint.route(path, methods=[method], content_types=[])(handle)
            self.routes.append(route)
            return view

        return register

    def _handle(self, route: Route, model: Reader[Any] | None, variables: Mapping[str, str]) -> Response:
        try:
            with answering(terms_of(self.blueprint.current_request)):
                return self._answered(route, model, variables)
        except GatewayError as error:
            return self._refuse(error, variables, None)

    def _answered(self, route: Route, model: Reader[Any] | None, variables: Mapping[str, str]) -> Response:
        request, principal = self.blueprint.current_request, None
        try:
            only_text("path", variables.values())
            only_text("query", chain.from_iterable((request.query_params or {}).items()))
            principal = admit(request, route.needs, anonymous=self.anonymous, ended=route.ended)
            if "id" in variables:
                named = variables["id"]
                reach(principal, session_id(named, field="id") if route.creates else existing_id(named))
            if principal is not None and route.method == "GET":
                refuse_unknown_paging(request.query_params or (), route.takes)
            body = {} if model is None else {"body": read(request, model, route.largest)}
            return respond(route.view(Call(request, principal), *variables.values(), **body))
        except GatewayError as error:
            return self._refuse(error, variables, principal)
        except Unavailable as error:
            return self._refuse(busy(error), variables, principal)
        except Exception:  # noqa: BLE001 - nobody above can answer in the caller's shape
            return self._refuse(unexpected(request), variables, principal)

    def _refuse(self, error: GatewayError, variables: Mapping[str, str], principal: Principal | None) -> Response:
        # Whatever a refusal tells of a session, its code is for those who may link it.
        if isinstance(error, OfSession) and not (principal and principal.may(Permission.SESSIONS_LINK)):
            error.session = error.session.without_code()
        # Services call the session's id "id". An InvalidField already has the name that the caller used.
        if error.field == "id" and "id" not in variables and not isinstance(error, InvalidField):
            error.field = self.names_session
        name_request(error, self.dialect, self.blueprint.current_request.context)
        shape = self.error(error, now=bootstrap.clock(), session_id=variables.get("id"))
        return refuse(error, shape)
