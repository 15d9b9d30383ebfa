"""What whoever runs ``make deploy`` and ``make smoke`` must be allowed, and nothing else: an IAM policy.

``python -m infra.deploy.policy --stage prod --account 123456789012 --region eu-west-1 --role ARN`` prints it. What the
stack's own resources need is CloudFormation's, by the role that is handed over with the change set (``STACK_ROLE=``).
A test deploys with every call recorded, and holds the actions here to those.

Removing a stage (``make destroy``) takes more, and so does making a restored table ready (``make adopt``): neither is a
pipeline's business.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.deploy import image
from infra.deploy.account import ECS, ECS_ROLE
from infra.deploy.administrator import secret_name
from infra.deploy.artifacts import named
from infra.deploy.checks import CERTIFICATES

DOCKER: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
"""What Docker does when it pushes, by itself and not by the code here."""
POLICY_LETTERS: Final = 6144
"""What IAM takes for a managed policy, spaces aside."""


@dataclass(frozen=True, slots=True)
class DeployerPlace:
    """Where a stage is deployed; ``role`` is the ARN of the role that CloudFormation makes the stack with."""

    stage: str
    account: str
    region: str
    role: str
    partition: str = "aws"

    @property
    def stack(self) -> str:
        """The stack's name."""
        return f"switchboard-{self.stage}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def policy(place: DeployerPlace) -> dict[str, Any]:
    """Return the policy as IAM takes it."""
    statements = [*_account(place), *_stack(place), *_code(place), *_finish(place), *_smoke(place), *_clear(place)]
    return {"Version": "2012-10-17", "Statement": statements}


def actions(document: dict[str, Any]) -> set[str]:
    """Return all actions that a policy allows."""
    return {action for one in document["Statement"] for action in one["Action"]}


def _allow(sid: str, what: Sequence[str], resources: Sequence[str], **condition: Any) -> dict[str, Any]:
    told = {"Sid": sid, "Effect": "Allow", "Action": sorted(what), "Resource": list(resources)}
    return told | ({"Condition": condition} if condition else {})


def _account(place: DeployerPlace) -> list[dict[str, Any]]:
    """What is asked of the account before anything is changed."""
    linked = f"arn:{place.partition}:iam::{place.account}:role/aws-service-role/{ECS}/{ECS_ROLE}"
    asked = ["cloudfront:ListDistributions", "cloudwatch:DescribeAlarms", "ecr:GetAuthorizationToken"]
    quotas = ["lambda:GetAccountSettings", "servicequotas:GetServiceQuota"]
    network = ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute"]
    readers = "lambda:ListEventSourceMappings"
    return [
        # These know no resource, or none that is known before.
        _allow("Ask", [*asked, *quotas, *network, readers, "sts:GetCallerIdentity"], ["*"]),
        # Whether CloudFront takes the account is tried with a distribution that is switched off, and goes again.
        _allow(
            "TryCloudFront",
            ["cloudfront:CreateDistribution", "cloudfront:DeleteDistribution", "cloudfront:GetDistributionConfig"],
            [f"arn:{place.partition}:cloudfront::{place.account}:distribution/*"],
        ),
        _allow(
            "CheckDomain",
            ["acm:DescribeCertificate", "route53:GetHostedZone"],
            [
                # CloudFront looks for them in one region, and API Gateway, without an edge, in the stack's own.
                *(
                    f"arn:{place.partition}:acm:{region}:{place.account}:certificate/*"
                    for region in sorted({CERTIFICATES, place.region})
                ),
                f"arn:{place.partition}:route53:::hostedzone/*",
            ],
        ),
        # What is adopted, if anything is. A table is found here by the name that the stack would give it.
        _allow(
            "CheckAdopted",
            [
                "dynamodb:DescribeContinuousBackups",
                "dynamodb:DescribeTable",
                "dynamodb:DescribeTimeToLive",
                "dynamodb:ListTagsOfResource",
                "elasticfilesystem:DescribeBackupPolicy",
                "elasticfilesystem:DescribeFileSystemPolicy",
                "elasticfilesystem:DescribeFileSystems",
            ],
            [_table(place), place.arn("elasticfilesystem", "file-system/*")],
        ),
        _allow("LookForEcsRole", ["iam:GetRole"], [linked]),
        _allow("MakeEcsRole", ["iam:CreateServiceLinkedRole"], [linked], StringEquals={"iam:AWSServiceName": ECS}),
    ]


def _stack(place: DeployerPlace) -> list[dict[str, Any]]:
    whole = [
        "CreateChangeSet",
        "DeleteChangeSet",
        "DeleteStack",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "DescribeStacks",
        "ExecuteChangeSet",
        "GetTemplate",
        "ListStackResources",
        "UpdateTerminationProtection",
    ]
    return [
        _allow(
            "ChangeStack",
            [f"cloudformation:{one}" for one in whole],
            [place.arn("cloudformation", f"stack/{place.stack}/*")],
        ),
        _allow(
            "HandOverRole",
            ["iam:PassRole"],
            [place.role],
            StringEquals={"iam:PassedToService": "cloudformation.amazonaws.com"},
        ),
    ]


def _code(place: DeployerPlace) -> list[dict[str, Any]]:
    """The worker's image, and the bucket of the functions' code."""
    bucket = f"arn:{place.partition}:s3:::{named(place.stack, place.account, place.region)}"
    settings = [
        "CreateBucket",
        "ListBucket",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutEncryptionConfiguration",
        "PutLifecycleConfiguration",
    ]
    kept = ["CreateRepository", "DescribeImages", "DescribeRepositories", "PutLifecyclePolicy", "TagResource"]
    repository = place.arn("ecr", f"repository/{image.repository_name(place.stack)}")
    return [
        _allow("KeepCode", [f"s3:{one}" for one in settings], [bucket]),
        _allow("UploadCode", ["s3:GetObject", "s3:PutObject"], [f"{bucket}/*"]),
        _allow("PushImage", [*(f"ecr:{one}" for one in kept), *DOCKER], [repository]),
    ]


def _finish(place: DeployerPlace) -> list[dict[str, Any]]:
    """What a template can't: the page's files, the keys that sign logins, the first administrator."""
    # CloudFormation names a bucket after the stack, in small letters, and a secret after its logical id alone.
    page = f"arn:{place.partition}:s3:::{place.stack}-pagebucket-*"
    administrator = place.arn("secretsmanager", f"secret:{secret_name(place.stack)}-*")
    return [
        _allow("ListPage", ["s3:ListBucket"], [page]),
        _allow("PublishPage", ["s3:DeleteObject", "s3:PutObject"], [f"{page}/page/*"]),
        _allow(
            "KeepAdministrator",
            [f"secretsmanager:{one}" for one in ("CreateSecret", "DeleteSecret", "GetSecretValue", "TagResource")],
            [administrator],
        ),
        _allow(
            "KeepSigningKeys",
            ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
            [place.arn("secretsmanager", "secret:SigningKeys-*")],
        ),
        _allow(
            "LookAtEdgeSecret", ["secretsmanager:DescribeSecret"], [place.arn("secretsmanager", "secret:EdgeSecret-*")]
        ),
        _allow("WriteAdministrator", ["dynamodb:PutItem"], [_table(place)]),
    ]


def _smoke(place: DeployerPlace) -> list[dict[str, Any]]:
    return [
        _allow("LookAtPool", ["dynamodb:Query"], [_table(place)]),
        _allow("ListWorkers", ["ecs:ListTasks"], ["*"], ArnLike={"ecs:cluster": _cluster(place)}),
        _allow("DescribeWorkers", ["ecs:DescribeTasks"], [_tasks(place)]),
        _allow("ReadRefusals", ["logs:FilterLogEvents"], [place.arn("logs", f"log-group:{place.stack}-Logs-*")]),
    ]


def _clear(place: DeployerPlace) -> list[dict[str, Any]]:
    """What is left of a first deployment that failed goes before the next one."""
    return [
        _allow("StillFunctions", ["lambda:PutFunctionConcurrency"], [place.arn("lambda", f"function:{place.stack}-*")]),
        _allow("StopWorkers", ["ecs:StopTask"], [_tasks(place)]),
        _allow("ListMailboxes", ["sqs:ListQueues"], ["*"]),
        _allow("RemoveMailboxes", ["sqs:DeleteQueue"], [place.arn("sqs", f"{place.stack}-worker-*")]),
        _allow("RemoveTable", ["dynamodb:DeleteTable", "dynamodb:UpdateTable"], [_table(place)]),
    ]


def _table(place: DeployerPlace) -> str:
    return place.arn("dynamodb", f"table/{place.stack}-Table-*")


def _cluster(place: DeployerPlace) -> str:
    return place.arn("ecs", f"cluster/{place.stack}-Cluster-*")


def _tasks(place: DeployerPlace) -> str:
    return place.arn("ecs", f"task/{place.stack}-Cluster-*/*")


def written(place: DeployerPlace) -> str:
    """Return the policy as a text."""
    return json.dumps(policy(place), indent=2) + "\n"


EXAMPLE: Final = DeployerPlace("prod", "123456789012", "eu-west-1", "arn:aws:iam::123456789012:role/switchboard-stack")
"""Whose policy stands in docs/ci."""


def main(arguments: list[str] | None = None) -> None:
    """Print the policy."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.policy", description=__doc__)
    parser.add_argument("--stage", default=EXAMPLE.stage)
    parser.add_argument("--account", default=EXAMPLE.account, help="twelve digits")
    parser.add_argument("--region", default=EXAMPLE.region)
    parser.add_argument("--role", default=EXAMPLE.role, help="the ARN of the role that CloudFormation works with")
    parser.add_argument("--partition", default=EXAMPLE.partition, help="aws, aws-cn, aws-us-gov")
    sys.stdout.write(written(DeployerPlace(**vars(parser.parse_args(arguments)))))


if __name__ == "__main__":
    main()
