"""Which permissions a request needs, as AWS's service authorization reference lists them.

All services that Switchboard's code calls speak AWS's JSON protocol, but for ``@connections`` and S3, whose requests
come here as if they did (see ``infra/local/moto/s3.py``).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from infra.local.iam.policy import ApiUse

Body = Mapping[str, Any]
Roles = Callable[[str], tuple[str, ...]]
"""The ARNs of the roles that a task definition names."""

# A batch is allowed by the permission for the single request; ``sqs:…Batch`` doesn't exist.
_SQS_ACTIONS: Final = {"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage"}
ECS_SERVICE: Final = "ecs-tasks.amazonaws.com"


class Unread(LookupError):
    """A request of a kind whose permissions aren't listed here."""


def uses(place: tuple[str, str], target: str, raw: bytes, roles: Roles) -> list[ApiUse]:
    """Return what a JSON request needs; ``target`` is its ``X-Amz-Target``, ``place`` account and region."""
    service, _, operation = target.rpartition(".")
    body: Body = json.loads(raw or b"{}")
    match service:
        case "DynamoDB_20120810":
            return list(_dynamodb(place, operation, body))
        case "AmazonSQS":
            return list(_sqs(place, operation, body))
        case "AmazonEC2ContainerServiceV20141113":
            return list(_ecs(place, operation, body, roles))
        case "AmazonS3":
            return list(_s3(place, operation, body))
        case "secretsmanager":
            return [ApiUse(f"secretsmanager:{operation}", _secret(place, body["SecretId"]))]
        case _:
            raise Unread(target)


def connection_use(place: tuple[str, str], api: str, stage: str, method: str) -> ApiUse:
    """Return what a request to ``@connections`` needs."""
    account, region = place
    resource = f"arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/@connections/watcher"
    return ApiUse("execute-api:ManageConnections", resource)


def _dynamodb(place: tuple[str, str], operation: str, body: Body) -> Iterator[ApiUse]:
    action = f"dynamodb:{operation}"
    if "RequestItems" in body:
        yield from (ApiUse(action, _table(place, table)) for table in body["RequestItems"])
        return
    index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
    yield ApiUse(action, _table(place, body["TableName"]) + index)


def _sqs(place: tuple[str, str], operation: str, body: Body) -> Iterator[ApiUse]:
    account, region = place
    name = body["QueueName"] if operation in {"CreateQueue", "GetQueueUrl"} else body["QueueUrl"].rpartition("/")[2]
    resource = f"arn:aws:sqs:{region}:{account}:{name}"
    yield ApiUse(f"sqs:{_SQS_ACTIONS.get(operation, operation)}", resource)
    if operation == "CreateQueue" and body.get("tags"):
        yield ApiUse("sqs:TagQueue", resource)


def _ecs(place: tuple[str, str], operation: str, body: Body, roles: Roles) -> Iterator[ApiUse]:
    account, region = place
    cluster = body["cluster"]
    if not cluster.startswith("arn:"):
        cluster = f"arn:aws:ecs:{region}:{account}:cluster/{cluster}"
    context = (("ecs:cluster", cluster),)
    match operation:
        case "RunTask":
            definition = body["taskDefinition"]
            yield ApiUse("ecs:RunTask", definition, context)
            if body.get("tags") or body.get("propagateTags"):
                resource = f"arn:aws:ecs:{region}:{account}:task/{cluster.rpartition('/')[2]}/new"
                yield ApiUse("ecs:TagResource", resource, (("ecs:CreateAction", "RunTask"),))
            passed = (("iam:PassedToService", ECS_SERVICE),)
            yield from (ApiUse("iam:PassRole", role, passed) for role in roles(definition))
        case "StopTask":
            yield ApiUse("ecs:StopTask", body["task"], context)
        case "DescribeTasks":
            yield from (ApiUse("ecs:DescribeTasks", task, context) for task in body["tasks"])
        case "ListTasks":
            # It has no resource of its own: the cluster is a condition.
            yield ApiUse("ecs:ListTasks", "*", context)
        case _:
            raise Unread(operation)


def _s3(place: tuple[str, str], permission: str, body: Body) -> Iterator[ApiUse]:
    context: tuple[tuple[str, str], ...] = (("s3:ResourceAccount", place[0]),)
    bucket = f"arn:aws:s3:::{body['Bucket']}"
    if "Prefix" in body:
        context += (("s3:prefix", body["Prefix"]),)
    yield from (ApiUse(f"s3:{permission}", f"{bucket}/{key}", context) for key in body["Keys"])
    if not body["Keys"]:
        yield ApiUse(f"s3:{permission}", bucket, context)
    if "CopySource" in body:
        yield ApiUse("s3:GetObject", f"arn:aws:s3:::{body['CopySource'].removeprefix('/')}", context)


def _table(place: tuple[str, str], name: str) -> str:
    account, region = place
    return name if name.startswith("arn:") else f"arn:aws:dynamodb:{region}:{account}:table/{name}"


def _secret(place: tuple[str, str], name: str) -> str:
    account, region = place
    return name if name.startswith("arn:") else f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"
