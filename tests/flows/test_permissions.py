"""Each role allows what its function does in a full run, and nothing that nobody uses.

The local AWS refuses whatever a role doesn't allow and notes the rest, so the run's end shows both what was missing and
what is too much.
"""

import json
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from infra.local.client import Stack
from infra.local.iam.policy import like
from infra.local.stack import PERMISSIONS_FILE
from tests.flows.everything import Everything
from tests.receivers import listening

RECONCILERS: Final = frozenset({"Control", "Wake", "Sweep", "TaskState"})
"""All four run the same decision about a session; which of them comes first is chance, so each may do what any does."""

BY_AWS: Final = (
    "logs:*",  # the runtimes write the logs
    "dynamodb:DescribeStream",  # Lambda reads the stream and the queues for the function, with its role
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "elasticfilesystem:*",  # ECS mounts the devices
)
"""What AWS does in a role's name where the local stack has parts of its own."""
FAILURES: Final = "failurebucket"
"""In its name: where Lambda keeps failed stream records, in a function's name."""
POLLED: Final = {"Wake", "Deliver", "Push"}
"""For these, Lambda takes messages from a queue, and removes them."""

READ_FOR_ALL: Final = "secretsmanager:GetSecretValue"
"""Here all functions share a process, and so what it keeps of the signing keys: the first one reads them for all."""

SELDOM: Final = {
    ("WebsocketConnect", "dynamodb:DeleteItem", ""): "a credential ends while its watcher connects",
    ("Fanout", "dynamodb:DeleteItem", ""): "a watcher is gone, and API Gateway hasn't said so yet",
    ("Deliver", "sqs:SendMessage", "DeliveryDeadLetterQueue"): "a delivery is given up after its last attempt",
    ("WorkerTask", "sqs:SendMessage", "worker-"): "a worker's client failed, and another image takes its mailbox over",
    ("WorkerTask", "dynamodb:DeleteItem", ""): "a session is removed while its worker gives its lease back",
    ("WorkerTask", "s3:DeleteObject", ""): "a session is removed while a file of it is fetched",
    ("APIHandler", "s3:ListBucket", ""): "the same as for workers",
    ("WorkerTask", "s3:ListBucket", ""): "it is what makes S3 tell a file that isn't there from a forbidden one",
    ("Fanout", "sqs:SendMessage", "push.fifo"): "a session has more watchers than the fan-out tells itself",
    **{
        ("Push", action, ""): "the same; test_crowds.py has such a session"
        for action in (
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:BatchWriteItem",
            "sqs:SendMessage",
            "execute-api:ManageConnections",
        )
    },
}
"""What no run of a minute comes to, and when it does: who, what, and a part of the resource's name."""


@pytest.mark.timeout(400)
def test_every_permission_is_used_and_none_is_missing(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack()
    stack.start()
    with listening((503, {}), (200, {}), (410, {})) as endpoint:
        Everything(stack, endpoint.url).happen()
    stack.stop()
    noted = json.loads((stack.state / PERMISSIONS_FILE).read_text())
    assert noted["refused"] == []
    granted = {one for caller in noted["allowed"] for one in permissions(caller, noted["allowed"])}
    assert sorted(one for one in granted if not excused(*one) and not made_use(*one, noted["used"])) == []


def permissions(caller: str, allowed: dict[str, list[list[str]]]) -> Iterator[tuple[str, str, str]]:
    yield from ((caller, action, resource) for action, resource in allowed[caller])


def excused(caller: str, action: str, resource: str) -> bool:
    polled = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} if caller in POLLED else set()
    seldom = any((who, what) == (caller, action) and part in resource for who, what, part in SELDOM)
    failures = action.startswith("s3:") and FAILURES in resource
    return failures or action in {READ_FOR_ALL, *polled} or seldom or any(like(pattern, action) for pattern in BY_AWS)


def made_use(caller: str, action: str, resource: str, used: dict[str, list[list[str]]]) -> bool:
    callers = RECONCILERS if caller in RECONCILERS else {caller}
    return any(did == action and like(resource, on) for one in callers for did, on in used.get(one, []))
