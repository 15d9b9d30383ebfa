"""API Gateway's REST API in front of the Chalice app: what a Lambda proxy event holds, and how long an answer may take.

Chalice's own local gateway does the routing and the CORS preflight; this adds what it leaves out of the event.
"""

import asyncio
import base64
import json
import logging
from concurrent.futures import Executor
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import CustomLocalChalice, LocalChalice, LocalGateway, LocalGatewayException
from multidict import CIMultiDict

from infra.local.functions import REST_NAME
from infra.local.iam.callers import calling_as

INTEGRATION_TIMEOUT_S: Final = 29.0
"""API Gateway's own limit."""
PAYLOAD_LIMIT: Final = 10 * 1024 * 1024
"""API Gateway's own limit, in bytes."""

UNKNOWN_PATH: Final = {"error": {"code": "NOT_FOUND", "message": "There is nothing at this address."}}
"""The template's answer to a path without a route; a test holds the two together."""

log = logging.getLogger(__name__)


class RestApi:
    """The app's routes, each request in a thread of ``executor``."""

    def __init__(self, app: Chalice, executor: Executor, timeout_s: float = INTEGRATION_TIMEOUT_S) -> None:
        self._gateway = _Gateway(thread_safe(app), Config.create(chalice_app=app))
        self._executor = executor
        self._timeout_s = timeout_s

    async def handle(self, request: web.Request, path: str | None = None) -> web.StreamResponse:
        """Answer one request as API Gateway would; ``path`` is where the edge leads it, if not where it came to."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _message(413, "Request Too Long")
        target = request.raw_path
        if path is not None:
            target = f"{path}?{request.rel_url.raw_query_string}"
        if target.startswith("//"):
            # Chalice's gateway would take the first name for a host, and serve the rest.
            return web.json_response(UNKNOWN_PATH, status=404)
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(self._executor, self._call, request.method, target, dict(request.headers), body)
        try:
            return _response(request, await asyncio.wait_for(call, self._timeout_s))
        except TimeoutError:
            return _message(504, "Endpoint request timed out")
        except LocalGatewayException:
            # No route. Chalice's text for that repeats the caller's credentials; API Gateway's is the template's.
            return web.json_response(UNKNOWN_PATH, status=404)

    def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        try:
            with calling_as(REST_NAME):
                return dict(self._gateway.handle_request(method, path, headers, body))
        except LocalGatewayException:
            raise
        except Exception:
            # What the app itself doesn't catch would be a failed Lambda call.
            log.exception("the REST function failed")
            return {"statusCode": 502, "body": json.dumps({"message": "Internal server error"})}


def thread_safe(app: Chalice) -> Chalice:
    """Give the app a request of its own in each thread, as ``chalice local`` does."""
    if not isinstance(app, LocalChalice):
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice
    return app


class _Gateway(LocalGateway):
    def _generate_lambda_event(self, method: str, path: str, headers: Any, body: bytes | None) -> dict[str, Any]:
        event: dict[str, Any] = super()._generate_lambda_event(method, path, headers, None)
        context = self._generate_lambda_context()
        agent = event["headers"].get("user-agent")
        event["requestContext"] |= {"requestId": context.aws_request_id, "stage": "api"}
        event["requestContext"]["identity"]["userAgent"] = agent
        event["pathParameters"] = {name: unquote(value) for name, value in event["pathParameters"].items()}
        event["body"], event["isBase64Encoded"] = self._body(event["headers"], body)
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


def _message(status: int, text: str) -> web.Response:
    return web.json_response({"message": text}, status=status)
