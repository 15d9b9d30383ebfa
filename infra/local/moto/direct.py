"""Requests of the busiest services (DynamoDB, SQS), handed straight to moto's class for them.

Between a socket and that class, moto's server builds an application of Flask's and looks through all its services: ten
times the work of the answer itself.
"""

import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.core.request import Request, environ_key_for_header
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.responses import SQSResponse
from werkzeug.exceptions import HTTPException

HANDLERS: Final[Mapping[str, type[BaseResponse]]] = {"DynamoDB_20120810": DynamoHandler, "AmazonSQS": SQSResponse}
JSON: Final = "application/x-amz-json-1.0"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MotoCall:
    """A POST of AWS's JSON protocol; the names of ``headers`` are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        """The service and the operation, as in ``DynamoDB_20120810.GetItem``."""
        return self.headers.get("x-amz-target", "")

    @property
    def direct(self) -> bool:
        """Whether the call's service is answered directly."""
        return self.target.partition(".")[0] in HANDLERS


@dataclass(frozen=True, slots=True)
class MotoAnswer:
    """The answer to a call."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answered(call: MotoCall) -> MotoAnswer:
    """Return moto's answer to a direct call; an exception in moto is a 500, as behind its own server."""
    handler = HANDLERS[call.target.partition(".")[0]]
    request = _MotoRequest(_environ(call))
    try:
        status, headers, body = handler.dispatch(request, request.raw_url, dict(request.headers))
    except HTTPException as error:
        status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
    except Exception:
        log.exception("moto failed at %s", call.target)
        status, headers, body = 500, {}, "{}"
    named = {"content-type": JSON} | {name.lower(): str(value) for name, value in headers.items()}
    return MotoAnswer(int(status), named, body.encode() if isinstance(body, str) else body)


class _MotoRequest(Request):
    from_wsgi_server = True


def _environ(call: MotoCall) -> dict[str, Any]:
    name, _, port = call.headers.get("host", "").partition(":")
    environ: dict[str, Any] = {environ_key_for_header(name): value for name, value in call.headers.items()}
    return environ | {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path,
        "RAW_URI": call.path,
        "QUERY_STRING": "",
        "SERVER_NAME": name,
        "SERVER_PORT": port or "80",
        "CONTENT_LENGTH": str(len(call.body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(call.body),
    }
