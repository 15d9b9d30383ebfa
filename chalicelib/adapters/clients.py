"""The only maker of boto3 clients: each when it is first needed, once a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.services.ports import Unavailable

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_ecs.client import ECSClient
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sqs.client import SQSClient


_ONE_AT_A_TIME: Final = Lock()
"""boto3's default session, which makes the clients, isn't safe between threads; the clients are."""


@cache
def dynamodb() -> "DynamoDBClient":
    """Return the table's client."""
    with _ONE_AT_A_TIME:
        return boto3.client("dynamodb", config=_config(connect=2, read=5, attempts=4))


@cache
def lease_dynamodb() -> "DynamoDBClient":
    """Return the client for leases alone: it fails fast, once, so that the worker's fence knows where it stands."""
    with _ONE_AT_A_TIME:
        return boto3.client("dynamodb", config=_config(connect=1, read=2, attempts=1))


@cache
def sqs() -> "SQSClient":
    """Return the queues' client; its reads outlast a long poll of 20 s."""
    with _ONE_AT_A_TIME:
        return boto3.client("sqs", config=_config(connect=2, read=30, attempts=4))


@cache
def ecs() -> "ECSClient":
    """Return the tasks' client."""
    with _ONE_AT_A_TIME:
        return boto3.client("ecs", config=_config(connect=2, read=10, attempts=3))


@cache
def secrets() -> "SecretsManagerClient":
    """Return the secrets' client."""
    with _ONE_AT_A_TIME:
        return boto3.client("secretsmanager", config=_config(connect=2, read=5, attempts=3))


@cache
def sockets(endpoint: str) -> "ApiGatewayManagementApiClient":
    """Return the client of ``@connections`` at ``endpoint``; a slow watcher costs two seconds at the most."""
    with _ONE_AT_A_TIME:
        return boto3.client(
            "apigatewaymanagementapi", endpoint_url=endpoint, config=_config(connect=1, read=2, attempts=2, pool=32)
        )


def _config(*, connect: float, read: float, attempts: int, pool: int = 10) -> Config:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return Config(connect_timeout=connect, read_timeout=read, retries=retries, max_pool_connections=pool)  # type: ignore[arg-type]


@contextmanager
def translated() -> Iterator[None]:
    """Turn what botocore raises and nobody expected into Unavailable, chained."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(str(error)) from error


def refused(error: ClientError, *codes: str) -> bool:
    """Whether AWS refused with one of these codes."""
    return error.response.get("Error", {}).get("Code") in codes
