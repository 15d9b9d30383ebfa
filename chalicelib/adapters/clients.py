"""The only maker of boto3 clients (each when first needed, once a process), what their errors mean, and deadlines."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError, ParamValidationError
from botocore.loaders import JSONFileLoader, Loader

from chalicelib.services.ports import Misconfigured, Rejected, Unavailable

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_ecs.client import ECSClient
    from types_boto3_s3.client import S3Client
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sqs.client import SQSClient
import socket
import time
from contextlib import suppress
from threading import Timer
from typing import Self, TypeVar

_ONE_AT_A_TIME: Final = Lock()
"""boto3's default session, which makes the clients, isn't safe between threads; the clients are."""
SERVICES: Final = frozenset({"apigatewaymanagementapi", "dynamodb", "ecs", "s3", "secretsmanager", "sqs", "sts"})
"""What there are clients for, and what botocore may ask for credentials."""


class LeanDescriptions(JSONFileLoader):
    """Reads AWS's descriptions of itself, and keeps of them what clients of ours use.

    Where all the other services are, and the text of the manual, is 8 MB in each process otherwise.
    """

    def load_file(self, file_path: str) -> Any:
        """Return what is in the file, None if there is none."""
        read: Any = super().load_file(file_path)
        match Path(file_path).name:
            case "endpoints" if read:
                for partition in read["partitions"]:
                    kept = {name: one for name, one in partition["services"].items() if name in SERVICES}
                    partition["services"] = kept
            case "service-2" if read:
                _without_manual(read)
        return read


def _without_manual(described: Any) -> None:
    """Take the texts out of a description of a service."""
    for operation in described["operations"].values():
        operation.pop("documentation", None)
    for shape in described["shapes"].values():
        shape.pop("documentation", None)
        for member in shape.get("members", {}).values():
            member.pop("documentation", None)


@contextmanager
def _session() -> Iterator[None]:
    """Let no other thread make a client meanwhile, and have boto3 make it from a session that reads what is needed."""
    with _ONE_AT_A_TIME:
        if boto3.DEFAULT_SESSION is None:
            session = botocore.session.get_session()
            session.register_component("data_loader", Loader(file_loader=LeanDescriptions()))
            boto3.setup_default_session(botocore_session=session)
        yield


@cache
def dynamodb() -> "DynamoDBClient":
    """Return the table's client."""
    with _session():
        return boto3.client("dynamodb", config=_config(connect=2, read=5, attempts=4))


@cache
def lease_dynamodb() -> "DynamoDBClient":
    """Return the client for leases alone: it fails fast, once, so that the worker knows whether it holds its lease."""
    with _session():
        return boto3.client("dynamodb", config=_config(connect=1, read=2, attempts=1))


@cache
def sqs() -> "SQSClient":
    """Return the queues' client; its reads outlast a long poll of 20 s."""
    with _session():
        return boto3.client("sqs", config=_config(connect=2, read=30, attempts=4))


@cache
def ecs() -> "ECSClient":
    """Return the tasks' client."""
    with _session():
        return boto3.client("ecs", config=_config(connect=2, read=10, attempts=3))


@cache
def secrets() -> "SecretsManagerClient":
    """Return the secrets' client."""
    with _session():
        return boto3.client("secretsmanager", config=_config(connect=2, read=5, attempts=3))


@cache
def s3() -> "S3Client":
    """Return the buckets' client. Between two pieces of a file it waits for 30 s at the most."""
    with _session():
        # What is signed for others to send is by default signed in a way that S3 takes no more for what a key encrypts,
        # and for a host that leads elsewhere: CloudFront asks the bucket's own region, by the name that is signed.
        signing = Config(
            signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
        )
        return boto3.client("s3", config=_config(connect=2, read=30, attempts=4).merge(signing))


@cache
def sockets(endpoint: str) -> "ApiGatewayManagementApiClient":
    """Return the client of ``@connections`` at ``endpoint``; a slow watcher costs two seconds at the most."""
    with _session():
        return boto3.client(
            "apigatewaymanagementapi", endpoint_url=endpoint, config=_config(connect=1, read=2, attempts=2, pool=32)
        )


def _config(*, connect: float, read: float, attempts: int, pool: int = 10) -> Config:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return Config(connect_timeout=connect, read_timeout=read, retries=retries, max_pool_connections=pool)  # type: ignore[arg-type]


PASSING: Final = frozenset(
    {
        # Throttled. The names differ from service to service.
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        # Conflicts between two calls that run at the same time.
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "QueueDeletedRecently",
        "ReplicatedWriteConflictException",
        "ResourceInUseException",
        "TransactionConflictException",
        "TransactionInProgressException",
        # The SDK gets new credentials by itself, and corrects its clock.
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        # Broken on AWS's side.
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
    }
)
"""Codes of refusals that pass, though their HTTP status may be 400."""
MISCONFIGURED: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "AccessDenied",
        "AccessDeniedException",
        "ClusterNotFoundException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
"""Codes of refusals that an operator can mend: something is missing, or not permitted."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn an error of botocore's into Unavailable, Misconfigured or another Rejected, chained.

    Unavailable means that the same call may succeed later: no answer, a throttle, a fault of AWS's own.
    """
    try:
        yield
    except (ParamValidationError, NoRegionError) as error:
        # Never sent: the call itself is wrong. The error repeats what it was made with, texts and secrets among it, and
        # would take that into a log.
        raise Rejected("The client refused the call.", type(error).__name__) from None
    except ClientError as error:
        raise _verdict(error) from error
    except BotoCoreError as error:
        raise Unavailable(str(error)) from error


def _verdict(error: ClientError) -> Unavailable | Rejected:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in PASSING or status in {408, 429} or status >= 500:
        return Unavailable(str(error))
    return (
        Misconfigured(str(error), code) if code in MISCONFIGURED or status in {401, 403} else Rejected(str(error), code)
    )


def refused(error: ClientError, *codes: str) -> bool:
    """Whether AWS refused with one of these codes."""
    return error.response.get("Error", {}).get("Code") in codes


S = TypeVar("S", bound=socket.socket)


class Deadline:
    """A context that shuts the watched socket ``seconds`` after entering, which ends whatever call waits on it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._pass)
        self._timer.daemon = True
        self._watched: socket.socket | None = None
        self.passed = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._watched is not None:
            self._watched.close()

    @property
    def left(self) -> float:
        """Seconds until the deadline; raises TimeoutError if it has passed."""
        left = self._ends - time.monotonic()
        if self.passed or left <= 0:
            raise TimeoutError
        return left

    def watch(self, sock: S) -> S:
        """Watch ``sock`` from now on, and close it at the end; raises TimeoutError if the deadline has passed."""
        self._watched = sock
        sock.settimeout(self.left)
        return sock

    def _pass(self) -> None:
        self.passed = True
        if self._watched is not None:
            with suppress(OSError):
                # Not an SSL socket's own shutdown, which drops the encryption first and lets what is still being
                # written go out in plain.
                socket.socket.shutdown(self._watched, socket.SHUT_RDWR)
