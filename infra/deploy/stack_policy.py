"""What the role must be allowed that CloudFormation makes the stack with (``STACK_ROLE=``): IAM policies.

``python -m infra.deploy.stack_policy --stage prod --account 123456789012 --region eu-west-1`` prints them as one JSON
list, with ``--part 1`` one of them. Each type of resource says itself which actions it calls, in its schema, which
cfn-lint has. Of those, another service's are left out, and those that read, write or copy data. What the template
needs besides is added here, each with its reason. A test holds the result to the types of the packaged template, and
to what IAM knows.

What bears the stack's name is bounded by it. What has no name, as a network, is bounded by the region.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from infra.deploy.artifacts import named
from infra.deploy.policy import EXAMPLE, POLICY_LETTERS, DeployerPlace
from infra.template import TEMPLATE, load_template

MADE_BY_PACKAGING: Final = (
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
)
"""Types that Chalice and SAM add to those of the template."""
LEFT_OUT: Final = re.compile(
    r"dynamodb:(Scan|Query|(Get|Put|Update|Delete|BatchWrite)Item|Import\w+|\w*Replica|\w*Kinesis\w*)"
    r"|s3:(Get|Put|Delete|List|Replicate)Object\w*"
    r"|sqs:(Send|Receive|Delete)Message"
    r"|lambda:Invoke\w*"
    r"|secretsmanager:(ReplicateSecretToRegions|RemoveRegionsFromReplication)"
    r"|ecs:(RunTask|StartTask|PutAccountSetting\w*)"
    # Of users and groups, access grants and other tables: the same handlers serve types that aren't here.
    r"|iam:\w+(User|Group)\w*|s3:(TagResource|UntagResource|ListTagsForResource)|s3:\w*Metadata\w*"
    r"|lambda:(GetCodeSigningConfig|GetLayerVersion)|dynamodb:DescribeImport"
)
"""Actions that read, write or copy data, or are about something else: for what the template lacks."""
BESIDES: Final[Mapping[str, str]] = {
    "iam:PassRole": "functions, tasks and API Gateway are given the roles that the stack makes",
    "iam:CreateServiceLinkedRole": "ECS's, API Gateway's and AWS Backup's own roles, in an account that has none",
    "s3:GetObject": "the code of the functions, in the bucket that make deploy uploads it to",
    "s3:GetObjectVersion": "the same",
    "kms:CreateGrant": "a key of the stack's own encrypts the table and the files",
    "kms:Decrypt": "secrets that the template refers to, where a key of the stack's own encrypts them",
    "kms:GenerateDataKey": "the same, as the secret is made",
    "ec2:DescribeAvailabilityZones": "the template asks for the zones of the region (Fn::GetAZs)",
    "ec2:DescribeAccountAttributes": "the same",
    "ec2:CreateNetworkInterface": "EFS makes the mount targets' with the caller's rights",
    "ec2:DeleteNetworkInterface": "the same",
    "ec2:ModifyNetworkInterfaceAttribute": "the same",
    "acm:DescribeCertificate": "names of one's own",
    "route53:AssociateVPCWithHostedZone": "endpoints under AWS's own names (PrivateWorkers=yes)",
    "backup:DescribeBackupVault": "FileBackups=yes",
    "backup-storage:MountCapsule": "the same",
    "logs:DeleteLogDelivery": "the access logs of both APIs",
    "logs:GetLogDelivery": "the same",
    "logs:ListLogDeliveries": "the same",
    "logs:UpdateLogDelivery": "the same",
}
"""Actions that no schema of the template's types names, with what they are for."""


@cache
def permissions() -> Mapping[str, frozenset[str]]:
    """Return the actions that the handlers of each known type call, by the type."""
    found: dict[str, set[str]] = {}
    for file in (files("cfnlint") / "data" / "schemas" / "resources").iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text())
            called = found.setdefault(schema["typeName"], set())
            called.update(one for handler in schema.get("handlers", {}).values() for one in handler["permissions"])
    return {kind: frozenset(called) for kind, called in found.items()}


SERVICES: Final[Mapping[str, str]] = {
    "ApiGatewayV2": "apigateway",
    "EFS": "elasticfilesystem",
}
"""Services in types of resources, where their actions begin otherwise."""


def service_of(kind: str) -> str:
    """Return what the actions of a type like ``AWS::EFS::FileSystem`` begin with."""
    service = kind.split("::")[1]
    return SERVICES.get(service, service.lower())


def needed(kind: str) -> frozenset[str]:
    """Return the actions that a type needs of its own service."""
    own = service_of(kind)
    return frozenset(one for one in permissions()[kind] if one.startswith(f"{own}:") and not LEFT_OUT.fullmatch(one))


def types() -> frozenset[str]:
    """Return the types of all resources that the packaged template may have."""
    written = {one["Type"] for one in load_template(TEMPLATE).resources.values()}
    return frozenset({one for one in written if not one.startswith("AWS::Serverless::")} | set(MADE_BY_PACKAGING))


def actions() -> frozenset[str]:
    """Return all actions that the role needs."""
    return frozenset(BESIDES).union(*map(needed, types()))


def _resources(place: DeployerPlace) -> Mapping[str, list[str]]:
    """Return what may be acted upon by service: by the stack's name, where the service has names."""
    stack, own = place.stack, f"arn:{place.partition}"
    return {
        "apigateway": [f"{own}:apigateway:{place.region}::/*"],
        "cloudwatch": [
            place.arn("cloudwatch", f"alarm:{stack}-*"),
            f"{own}:cloudwatch::{place.account}:dashboard/{stack}-*",
        ],
        "dynamodb": [place.arn("dynamodb", f"table/{stack}-*")],
        "ecs": [place.arn("ecs", f"cluster/{stack}-*"), place.arn("ecs", f"task-definition/{stack}-worker:*")],
        "elasticfilesystem": [
            place.arn("elasticfilesystem", "file-system/*"),
            place.arn("elasticfilesystem", "access-point/*"),
        ],
        "events": [place.arn("events", f"rule/{stack}-*")],
        "iam": [f"{own}:iam::{place.account}:role/*{stack}-*"],
        "lambda": [place.arn("lambda", f"function:{stack}-*"), place.arn("lambda", "event-source-mapping:*")],
        "logs": [place.arn("logs", f"log-group:{stack}-*")],
        "s3": [f"{own}:s3:::{stack}-*"],
        "secretsmanager": [
            place.arn("secretsmanager", "secret:SigningKeys-*"),
            place.arn("secretsmanager", "secret:EdgeSecret-*"),
        ],
        "sns": [place.arn("sns", f"{stack}-*")],
        "sqs": [place.arn("sqs", f"{stack}-*")],
    }


WHOLE: Final = frozenset(
    {
        *("cloudwatch:ListDashboards", "dynamodb:ListTables", "ecs:DeregisterTaskDefinition"),
        *("ecs:DescribeTaskDefinition", "ecs:ListClusters", "ecs:ListTaskDefinitions", "ecs:RegisterTaskDefinition"),
        *("elasticfilesystem:CreateFileSystem", "events:ListRules", "iam:ListRoles"),
        *("lambda:CreateEventSourceMapping", "lambda:ListEventSourceMappings", "lambda:ListFunctions"),
        *("logs:CreateLogDelivery", "logs:DeleteIndexPolicy", "logs:DeleteLogDelivery", "logs:DeleteResourcePolicy"),
        *("logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"),
        *("logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutIndexPolicy", "logs:PutResourcePolicy"),
        *("logs:UpdateLogDelivery", "s3:ListAllMyBuckets", "secretsmanager:GetRandomPassword"),
        *("secretsmanager:ListSecrets", "sns:GetSubscriptionAttributes", "sns:ListSubscriptions", "sns:ListTopics"),
        *("sns:SetSubscriptionAttributes", "sns:Unsubscribe", "sqs:ListQueues"),
    }
)
"""Actions of services whose resources have names, of which IAM knows no resource."""
GLOBAL: Final = frozenset({"cloudfront", "iam", "route53", "wafv2"})
"""Services whose calls go to no region of the stack's."""
APART: Final = frozenset({"iam:PassRole", "iam:CreateServiceLinkedRole", "s3:GetObject", "s3:GetObjectVersion"})
"""Actions with resources or conditions of their own."""


def statements(place: DeployerPlace) -> Iterator[dict[str, Any]]:
    """Yield the statements, a service each, those without names last."""
    bounded = _resources(place)
    grouped: dict[tuple[str, bool], list[str]] = {}
    for action in sorted(actions() - APART):
        service = action.partition(":")[0]
        grouped.setdefault((service, service in bounded and action not in WHOLE), []).append(action)
    for (service, by_name), allowed in grouped.items():
        stated: dict[str, Any] = {
            "Effect": "Allow",
            "Action": allowed,
            "Resource": bounded[service] if by_name else ["*"],
        }
        if not by_name and service not in GLOBAL:
            stated["Condition"] = {"StringEquals": {"aws:RequestedRegion": place.region}}
        yield stated
    yield from _handed_over(place)


def _handed_over(place: DeployerPlace) -> Iterator[dict[str, Any]]:
    own = f"arn:{place.partition}"
    yield {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [f"{own}:iam::{place.account}:role/*{place.stack}-*"],
        "Condition": {
            "StringEquals": {
                "iam:PassedToService": ["apigateway.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]
            }
        },
    }
    yield {
        "Effect": "Allow",
        "Action": ["iam:CreateServiceLinkedRole"],
        "Resource": [f"{own}:iam::{place.account}:role/aws-service-role/*"],
    }
    code = named(place.stack, place.account, place.region)
    yield {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": [f"{own}:s3:::{code}/*"]}


def policies(place: DeployerPlace) -> list[dict[str, Any]]:
    """Return the policies, each no larger than IAM takes; all are to be attached to the role."""
    parts: list[list[dict[str, Any]]] = [[]]
    for statement in statements(place):
        if _letters([*parts[-1], statement]) > POLICY_LETTERS:
            parts.append([])
        parts[-1].append(statement)
    return [_document(part) for part in parts]


def _document(part: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(part)}


def _letters(part: Sequence[dict[str, Any]]) -> int:
    return len(json.dumps(_document(part), separators=(",", ":")))


def written(place: DeployerPlace, part: int | None = None) -> str:
    """Return the policies as a text, or the one with that number, from 1 on."""
    found = policies(place)
    return json.dumps(found if part is None else found[part - 1], indent=2) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Print the policies."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.stack_policy", description=__doc__)
    parser.add_argument("--stage", default=EXAMPLE.stage)
    parser.add_argument("--account", default=EXAMPLE.account, help="twelve digits")
    parser.add_argument("--region", default=EXAMPLE.region)
    parser.add_argument("--partition", default=EXAMPLE.partition, help="aws, aws-cn, aws-us-gov")
    parser.add_argument("--part", type=int, help="one policy alone, from 1 on")
    chosen = parser.parse_args(arguments)
    place = DeployerPlace(chosen.stage, chosen.account, chosen.region, "", chosen.partition)
    sys.stdout.write(written(place, chosen.part))


if __name__ == "__main__":
    main()
