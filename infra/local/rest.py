"""API Gateway's REST API in front of the Chalice app: which function answers, what its event holds, and how long.

All that the template says nothing about is the one function's that Chalice makes, whose concurrency is the account's.

Chalice's own local gateway does the routing and the CORS preflight; this adds what it leaves out of the event, and what
the template adds to the API: the resource that takes all that no other does, and API Gateway's own answers.
"""

import asyncio
import base64
import json
import logging
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from aiohttp import web
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    CustomLocalChalice,
    LambdaEventConverter,
    LocalChalice,
    LocalGateway,
    MatchResult,
    RouteMatcher,
)
from multidict import CIMultiDict

from chalicelib.domain.edge import CATCH_ALL
from infra.local.functions import REST_NAME, Reserved, Submits, Throttled
from infra.local.iam.callers import calling_as
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.template import TEMPLATE, load_template

T = TypeVar("T")

_FUNCTION: Final = re.compile(r"functions/\$\{(?P<name>\w+)\.Arn\}/invocations")


def integrations(api: Mapping[str, Any], functions: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Reserved]:
    """Return the functions with a reserved concurrency that serve the REST API, by method and path.

    ``api`` and ``functions`` are the properties of the template's resources, those of the functions resolved.
    """
    made: dict[str, Reserved] = {}
    found = {}
    for path, methods in api["DefinitionBody"]["paths"].items():
        for method, said in methods.items():
            name = _function(said)
            most = functions.get(name, {}).get("ReservedConcurrentExecutions")
            if most is not None:
                found[method.upper(), path] = made.setdefault(name, Reserved(name, int(most)))
    return found


def _function(said: Mapping[str, Any]) -> str:
    uri = said["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    named = _FUNCTION.search(uri)
    if named is None:
        raise ValueError(f"The template has an integration with no function of its own: {uri}")
    return named["name"]


INTEGRATION_TIMEOUT_S: Final = 29.0
"""API Gateway's own limit."""
PAYLOAD_LIMIT: Final = 10 * 1024 * 1024
"""API Gateway's own limit, in bytes."""
LAMBDA_LIMIT: Final = 6 * 1024 * 1024
"""Bytes of the JSON that Lambda hands to a function, or takes from it; binary bodies are in base64 there."""

ID_HEADER: Final = "x-amz-apigw-id"
"""Where API Gateway itself says by which id its log has a request."""

_ARRIVED: Final[ContextVar[int]] = ContextVar("arrived")
"""The arrival time of the request that this thread serves, for which Chalice's gateway has no parameter."""
_CALLED: Final[ContextVar[str]] = ContextVar("called")
"""Its path as it came."""

log = logging.getLogger(__name__)


class RestApi:
    """The app's routes, each request in a thread of ``executor``; ``apart`` are those with functions of their own."""

    def __init__(
        self,
        app: Chalice,
        executor: Submits,
        timeout_s: float = INTEGRATION_TIMEOUT_S,
        apart: Mapping[tuple[str, str], Reserved] | None = None,
        latencies: Latencies = NO_LATENCIES,
    ) -> None:
        self._gateway = _Gateway(thread_safe(app), Config.create(chalice_app=app))
        self._executor = executor
        self._timeout_s = timeout_s
        self._apart = apart or {}
        self._latencies = latencies

    async def handle(
        self,
        request: web.Request,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        staged: bool = False,
    ) -> web.StreamResponse:
        """Answer one request as API Gateway would.

        ``path`` is where the edge or the API's stage leads it, if not where it came to; ``headers`` those that the edge
        hands on, if not those that came. ``staged``: what came has the stage before its path, as functions are told.
        """
        arrived = time.time_ns() // 1_000_000
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _own_answer(request, "REQUEST_TOO_LARGE", 413)
        target = request.raw_path
        if path is not None:
            target = f"{path}?{request.rel_url.raw_query_string}"
        called = request.rel_url.raw_path if staged else target.partition("?")[0]
        sent = dict(request.headers if headers is None else headers)
        asked = _Asking(request.method, target, called, sent, body, arrived)
        apart = self._apart.get((request.method, target.partition("?")[0]))
        await self._latencies.later("api gateway", REST_NAME if apart is None else apart.name)
        try:
            # One that hasn't begun by the time that it is given up is never carried out: the wait cancels it.
            if apart is None:
                call = asyncio.wrap_future(self._executor.submit(self._call, REST_NAME, asked))
            else:
                call = asyncio.wrap_future(apart.submit(self._call, apart.name, asked))
            return _response(request, await asyncio.wait_for(call, self._timeout_s))
        except Throttled:
            return _own_answer(request, "DEFAULT_5XX", 500)
        except TimeoutError:
            return _own_answer(request, "DEFAULT_5XX", 504)
        except _EventTooLarge:
            return _own_answer(request, "REQUEST_TOO_LARGE", 413)
        except _FunctionFailed:
            return _own_answer(request, "DEFAULT_5XX", 502)

    def _call(self, function: str, asked: "_Asking") -> dict[str, Any]:
        tokens = _ARRIVED.set(asked.arrived), _CALLED.set(asked.called)
        try:
            with self._latencies.invocation(function), calling_as(function):
                answer = dict(self._gateway.handle_request(asked.method, asked.target, asked.headers, asked.body))
        except _EventTooLarge:
            raise
        except Exception as error:
            # What the app itself doesn't catch would be a failed Lambda call.
            log.exception("%s failed", function)
            raise _FunctionFailed from error
        finally:
            _ARRIVED.reset(tokens[0])
            _CALLED.reset(tokens[1])
        if _size(answer, answer.get("body")) > LAMBDA_LIMIT:
            log.error("%s answered with more than Lambda takes", function)
            raise _FunctionFailed
        return answer


@dataclass(frozen=True, slots=True)
class _Asking:
    """A request, and when it came, in milliseconds since the Unix epoch; ``called`` is the path that came."""

    method: str
    target: str
    called: str
    headers: dict[str, str]
    body: bytes
    arrived: int


class _FunctionFailed(Exception):
    """The function ended with an exception, or with more than Lambda takes."""


class _EventTooLarge(Exception):
    """The function can't be called with so much."""


def thread_safe(app: Chalice) -> Chalice:
    """Give the app a request of its own in each thread, as ``chalice local`` does."""
    if not isinstance(app, LocalChalice):
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice
    return app


class _Gateway(LocalGateway):
    def __init__(self, app: Chalice, config: Config) -> None:
        super().__init__(app, config)
        self.event_converter = LambdaEventConverter(_Resources(list(app.routes)), app.api.binary_types)

    def _has_user_defined_options_method(self, event: dict[str, Any]) -> bool:
        if event["requestContext"]["resourcePath"] == CATCH_ALL:
            return True
        return bool(super()._has_user_defined_options_method(event))

    def _generate_lambda_event(self, method: str, path: str, headers: Any, body: bytes | None) -> dict[str, Any]:
        event: dict[str, Any] = super()._generate_lambda_event(method, path, headers, None)
        context = self._generate_lambda_context()
        agent = event["headers"].get("user-agent")
        event["requestContext"] |= {"requestId": context.aws_request_id, "stage": "api"}
        event["requestContext"]["path"] = _CALLED.get()
        event["requestContext"]["extendedRequestId"] = str(uuid4())
        event["requestContext"]["requestTimeEpoch"] = _ARRIVED.get()
        event["requestContext"]["identity"]["userAgent"] = agent
        event["pathParameters"] = {name: unquote(value) for name, value in event["pathParameters"].items()}
        event["body"], event["isBase64Encoded"] = self._body(event["headers"], body)
        if _size(event, event["body"]) > LAMBDA_LIMIT:
            raise _EventTooLarge
        return event

    def _body(self, headers: dict[str, str], body: bytes | None) -> tuple[str | None, bool]:
        if not body:
            return None, False
        kind = headers.get("content-type", "").partition(";")[0].strip()
        binary = {kind, kind.partition("/")[0] + "/*", "*/*"} & set(self._app_object.api.binary_types)
        try:
            return (base64.b64encode(body).decode(), True) if binary else (body.decode(), False)
        except UnicodeDecodeError:
            return body.decode(errors="replace"), False


def _size(message: Mapping[str, Any], body: str | None) -> int:
    """Return the bytes of an event or of an answer as JSON, 0 for one that is too small to be worth counting."""
    if body is None or len(body) < LAMBDA_LIMIT // 8:
        return 0
    return len(json.dumps(message, separators=(",", ":"), ensure_ascii=False, default=str).encode())


class _Resources(RouteMatcher):
    def match_route(self, url: str) -> MatchResult:
        """Return the resource of the request's path; the template's catch-all resource where no other fits."""
        path, _, query = url.partition("?")
        # The matcher would take the name behind two slashes for a host, and serve the rest. A slash at the end makes
        # another resource, though the matcher passes over it.
        if not path.startswith("//") and (path == "/" or not path.endswith("/")):
            with suppress(ValueError):
                return super().match_route(url)
        return MatchResult(CATCH_ALL, {"proxy": path.removeprefix("/")}, parse_qs(query, keep_blank_values=True))


def _response(request: web.Request, answer: dict[str, Any]) -> web.Response:
    headers: CIMultiDict[str] = CIMultiDict(answer.get("headers") or {})
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        for value in values if isinstance(values, list) else [values]:
            headers.add(name, value)
    headers.setdefault("Content-Type", "application/json")
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    if request.method == "HEAD":
        content = b""
    return web.Response(status=answer["statusCode"], headers=headers, body=content)


@cache
def _own_answers() -> dict[str, Any]:
    return dict(load_template(TEMPLATE).resources["RestAPI"]["Properties"]["GatewayResponses"])


def _own_answer(request: web.Request, kind: str, status: int) -> web.Response:
    """Return what API Gateway says without the function: the template's gateway response of that kind."""
    said = _own_answers()[kind]
    headers = {name: value.strip("'") for name, value in said.get("ResponseParameters", {}).get("Headers", {}).items()}
    # The template's answers are all over https, of which nothing is said over http.
    headers.pop("Strict-Transport-Security", None)
    name = str(uuid4())
    headers[ID_HEADER] = name
    told = said["ResponseTemplates"]["application/json"].replace("$context.extendedRequestId", name)
    text = "" if request.method == "HEAD" else told
    return web.Response(status=status, headers=headers, text=text, content_type="application/json")
