"""A call and its answer: a request, who makes it and from where, what it says, and what is answered.

Where a call came from is what login limits and connection limits count. In the cloud API Gateway sees CloudFront, and
X-Forwarded-For is whatever a client wrote with addresses added behind it. So the edge tells the viewer's address in a
header of its own, beside a proof: whoever calls API Gateway directly can send the first but doesn't know the second.
The name that was called comes the same way.

Every response type is binary to API Gateway (``*/*``): only so does it hand out a picture whatever the request's
Accept header says. The price is that each body goes to it as base64.
"""

import hmac
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chalice.app import Request, Response

from chalicelib import bootstrap
from chalicelib.api.parameters import Parameter
from chalicelib.config import settings
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.edge import EDGE_ID_HEADER, HOST_HEADER, PROOF_HEADER, VIEWER_HEADER
from chalicelib.domain.errors import AroundTheEdge, Forbidden, GatewayError, NotReady, Unauthenticated
from chalicelib.services.waiting import Terms

_log: Final = logging.getLogger(__name__)
_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


def address(context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return the caller's network address; ``context`` and ``headers`` are the event's, their names in any case."""
    sent = {name.lower(): value for name, value in headers.items()}
    viewer = sent.get(VIEWER_HEADER.lower())
    if viewer and _proven(sent.get(PROOF_HEADER.lower(), "")):
        return viewer
    source: str = context.get("identity", {}).get("sourceIp", "")
    return source


def called(context: Mapping[str, Any], headers: Mapping[str, str], path: str) -> str | None:
    """Return the gateway's address, as the caller of ``path`` has it: ``https://name``, without a slash at its end.

    ``path`` is the route's, with its variables' names.

    None where the request has no name, or none that an address could have: a client may write there what it wants.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    named = sent.get(HOST_HEADER.lower())
    if named and _proven(sent.get(PROOF_HEADER.lower(), "")):
        return f"https://{named}" if _HOST.fullmatch(named) else None
    host, scheme = sent.get("host", ""), sent.get("x-forwarded-proto", "http")
    if not _HOST.fullmatch(host) or scheme not in {"http", "https"}:
        return None
    # Called without the edge, API Gateway has its stage before the path.
    route = "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path)))
    stage = re.fullmatch(rf"(/\w+)?{route}/?", context.get("path", path))
    return f"{scheme}://{host}{(stage and stage[1]) or ''}"


def _proven(proof: str) -> bool:
    # While the secret is changed there are two, and both are good.
    return any(hmac.compare_digest(proof.encode(), secret.encode()) for secret in settings().edge_secrets)


def came_right(headers: Mapping[str, str]) -> None:
    """Raise AroundTheEdge where an edge stands in front of the gateway, and the request didn't come through it.

    Around it there is no firewall, and nobody overwrites what a client says of itself.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    if settings().edge_secrets and not _proven(sent.get(PROOF_HEADER.lower(), "")):
        raise AroundTheEdge(
            "This address of the gateway takes no calls.",
            hint="Call the gateway at its public address.",
        )


def note_edge(headers: Mapping[str, str]) -> None:
    """Log the id by which the edge knows a request; a caller whom the gateway never answered has no other."""
    sent = {name.lower(): value for name, value in headers.items()}
    name = sent.get(EDGE_ID_HEADER.lower())
    if name and _proven(sent.get(PROOF_HEADER.lower(), "")):
        _log.info("a call came", extra={"edge_id": name})


SECURITY: Final = {"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}


def edgeless(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an answer that the edge's policy would set, for a request to a gateway without an edge.

    None where there is an edge. Over http, so on the local stack, nothing is said of https.
    """
    if settings().edge_secrets:
        return {}
    sent = {name.lower(): value for name, value in headers.items()}
    return SECURITY | (HSTS if sent.get("x-forwarded-proto") == "https" else {})


GATEWAY_WAITS: Final = 29_000
"""Milliseconds from a request's arrival after which API Gateway answers 504 in the API's place (its own limit)."""
ANSWERED_IN: Final = 26_000
"""Milliseconds from its arrival after which a request waits for nothing more: the rest is for saying so."""


def terms_of(request: Request) -> Terms:
    """Return until when the request has to be answered, and how it may wait.

    Raises NotReady, before anything was done, if that is over: a function that had to be started, or that had to wait
    for its turn, may get a request so late, and its caller would be told that it failed though it was carried out.
    """
    now = bootstrap.clock()
    came = request.context.get("requestTimeEpoch")
    # No clock but API Gateway's own says when it came; one that is ahead of ours changes nothing.
    arrived = min(came, now) if isinstance(came, int) else now
    if now >= arrived + ANSWERED_IN:
        raise NotReady("The gateway is busy.", hint="Nothing was done. Try again.", retry_after=1)
    return Terms(by=arrived + ANSWERED_IN, late=now - arrived, places=bootstrap.waiting_places)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request and who makes it."""

    request: Request
    principal: Principal | None

    @property
    def caller(self) -> Principal:
        """Who makes it, on routes that need to know."""
        if self.principal is None:
            raise Unauthenticated("This needs a credential.")
        return self.principal

    @property
    def tenant(self) -> str:
        """The caller's tenant."""
        return self.caller.tenant

    @property
    def name(self) -> str:
        """The caller's name: a user's, on routes that keys have no permission for."""
        return self.caller.name

    @property
    def bound(self) -> str | None:
        """The one session that the caller's key is for, if it is for one."""
        return self.principal.session if self.principal else None

    def naming(self, session_id: str | None, *, field: str) -> str | None:
        """Return the session that ``field`` names, None for none; by a key that is bound to one, always that one.

        Raises Forbidden if such a key names another.
        """
        if self.bound is not None and session_id not in {None, self.bound}:
            raise Forbidden("This credential is for another session alone.", field=field)
        return self.bound or session_id

    @property
    def address(self) -> str:
        """The network address that the caller calls from."""
        return address(self.request.context, self.request.headers)

    @property
    def gateway(self) -> str | None:
        """The address of the gateway as the caller has it, None where that isn't known."""
        return called(self.request.context, self.request.headers, self.request.path)

    @property
    def edge(self) -> str | None:
        """The gateway's address, if the request came over the edge, for which the local stack's one port stands."""
        sent = {name.lower(): value for name, value in self.request.headers.items()}
        return self.gateway if _proven(sent.get(PROOF_HEADER.lower(), "")) else None

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission."""
        return self.principal is not None and self.principal.may(permission)

    def query(self, name: str) -> str | None:
        """Return a query parameter, the last one of that name."""
        parameters = self.request.query_params
        return parameters[name] if parameters and name in parameters else None

    def read(self, parameter: Parameter[T]) -> T:
        """Return what came for a parameter; raises InvalidField. The route should say that it takes it."""
        came = self.request.headers.get(parameter.name) if parameter.header else self.query(parameter.name)
        return parameter.check(came)


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
