"""Requests of the busiest services (DynamoDB, SQS), handed straight to moto's class for them.

Between a socket and that class, moto's server builds an application of Flask's and looks through all its services: ten
times the work of the answer itself. The class, then, looks for a form, files and an account in what is always JSON.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, Final

from moto.core import responses, utils
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler
from moto.iam.models import get_account_id_from
from moto.sqs.responses import SQSResponse
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from infra.local.moto.patching import Place

JSON: Final = "application/x-amz-json-1.0"
PLACES: Final = (
    Place(responses, "method_names_from_class", cache(utils.method_names_from_class)),
    Place(responses, "camelcase_to_underscores", cache(utils.camelcase_to_underscores)),
)
"""moto lists the methods of a service for each call, and finds out the name of the one that it wants."""

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

    @property
    def signed_for(self) -> tuple[str, str]:
        """The access key's id that the call is signed by, and the region that it is signed for."""
        parts = self.headers.get("authorization", "").partition("Credential=")[2].split("/")
        return (parts[0], parts[2]) if len(parts) > 2 else ("", BaseResponse.default_region)


@dataclass(frozen=True, slots=True)
class MotoAnswer:
    """The answer to a call."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_NUMBERS: Final = count(1)
_account_of: Final = cache(get_account_id_from)
"""The account whose access key signs, which moto looks for in all of them each time; a stranger's is the first."""


class _Straight(BaseResponse):
    """A service's class that takes a call as it is."""

    def setup_class(self, request: MotoCall, *_: object) -> None:  # type: ignore[override]  # dispatched with calls alone
        """Set all that moto's methods for these services ask for."""
        self.headers = {**request.headers, "Content-Type": JSON}
        self.response_headers = {"server": "amazon.com"}
        self.uri = f"http://{request.headers.get('host', '')}{request.path}"
        self.path = self.raw_path = request.path
        self.raw_body, self.method = request.body, "POST"
        self.querystring = self.data = {}
        self.uri_match = {}
        key, self.region = request.signed_for
        self.current_account = _account_of(key)
        self.partition = get_partition(self.region)
        self.params = self.read(request)

    @staticmethod
    def _enrich_response(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
        # moto draws 52 letters and looks for a place in XML to put them.
        return {**headers, "x-amzn-requestid": f"{next(_NUMBERS):052}"}, body

    def read(self, call: MotoCall) -> Any:
        """Return the parameters of a call."""
        model = utils.get_service_model(self.boto3_service_name).operation_model(self._get_action())
        parser = PROTOCOL_PARSERS["json"](model, map_type=self.PROTOCOL_PARSER_MAP_TYPE)
        asked: Any = {"method": "POST", "values": {}, "headers": self.headers, "body": call.body}
        return parser.parse(asked | {"url_path": call.path, "url_params": {}})


class _Dynamo(_Straight, DynamoHandler):
    def read(self, call: MotoCall) -> Any:
        # Only what is binary is written otherwise than moto has it.
        return super().read(call) if b'"B' in call.body else json.loads(call.body or b"{}")


class _Sqs(_Straight, SQSResponse):
    pass


HANDLERS: Final[Mapping[str, type[_Straight]]] = {"DynamoDB_20120810": _Dynamo, "AmazonSQS": _Sqs}


def answered(call: MotoCall) -> MotoAnswer:
    """Return moto's answer to a direct call; an exception in moto is a 500, as behind its own server."""
    handler = HANDLERS[call.target.partition(".")[0]]
    try:
        status, headers, body = handler.dispatch(call)
    except HTTPException as error:
        status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
    except Exception:
        log.exception("moto failed at %s", call.target)
        status, headers, body = 500, {}, "{}"
    named = {"content-type": JSON} | {name.lower(): str(value) for name, value in headers.items()}
    return MotoAnswer(int(status), named, body.encode() if isinstance(body, str) else body)
