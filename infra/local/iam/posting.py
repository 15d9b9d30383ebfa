"""Puts the door before the local AWS: what the template's roles say, with the local resources' names in them."""

from infra.local.aws import ACCOUNT, REGION, LocalAws
from infra.local.iam.callers import WORKER
from infra.local.iam.door import CONNECTIONS_API, Door
from infra.local.iam.permissions import Permissions
from infra.local.iam.roles import roles_of, statements_of, without_names

_BESIDE = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "WebsocketAPI": CONNECTIONS_API,
}
"""What the template's expressions call things that are not among the local resources."""


def post_door(aws: LocalAws) -> Door:
    """Hold every function and every worker to its role from now on; return the door, which notes what they use."""
    resources = without_names(aws.resolve(aws.template.resources), _BESIDE)
    roles = {caller: statements_of(role, resources) for caller, role in roles_of(aws.template.resources).items()}
    task = resources[WORKER]["Properties"]
    passed = (task["TaskRoleArn"], task["ExecutionRoleArn"])
    door = Door((ACCOUNT, REGION), Permissions(roles), lambda _: passed, aws.callers)
    aws.server.denial = door.service
    return door
