"""The deployer's policy against the calls that deploying makes, each recorded."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.acm.models import acm_backends
from moto.cloudformation.models import cloudformation_backends
from moto.cloudfront.models import cloudfront_backends

from infra import REPOSITORY
from infra.deploy import CannotDeploy, administrator, adoption, checks, given_image, verification
from infra.deploy import account as accounts
from infra.deploy.account import Account
from infra.deploy.choices import Choices
from infra.deploy.deployment import bring
from infra.deploy.policy import DOCKER, EXAMPLE, POLICY_LETTERS, actions, policy, written
from infra.deploy.rollback import KIND, Rollback, triggers
from infra.edge import secret as edge_secret
from infra.local.moto.server import MotoServer
from infra.smoke.target import SmokeTarget, deployed
from infra.smoke.workers import Fleet
from tests.deploy import cloud, test_adoption
from tests.deploy.cloud import Docker, a_package, a_page, a_repository, client, running
from tests.deploy.test_deployment import run_task
from tests.infra.networks import a_network

pytestmark = pytest.mark.subprocess

STACK = "switchboard-dev"
BUILDS = ("1", "2", "3", "4", "5")
NAMED_OTHERWISE = {
    # The operation, and the action that IAM asks for.
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
SERVICES = {"service-quotas": "servicequotas", "monitoring": "cloudwatch", "efs": "elasticfilesystem"}
"""boto3's names of services whose actions begin otherwise."""
WITH_ITS_ARGUMENTS = {"iam:PassRole"}
"""What is asked for over and above a call, for the role that it hands over."""


class Recorded:
    """The actions of all calls: those that this process makes, and those of the table's that others make."""

    def __init__(self) -> None:
        self.actions = {"sts:GetCallerIdentity"}

    def note(self, model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        action = f"{SERVICES.get(service, service)}:{model.name}"
        self.actions.add(NAMED_OTHERWISE.get(action, action))

    def denial(self, _authorization: str, target: str, body: bytes) -> None:
        service, _, operation = target.rpartition(".")
        if not service.startswith("DynamoDB_"):
            return
        if operation == "TransactWriteItems":
            writes = [kind for one in json.loads(body)["TransactItems"] for kind in one]
            self.actions |= {f"dynamodb:{kind}{'' if kind == 'ConditionCheck' else 'Item'}" for kind in writes}
        else:
            self.actions.add(f"dynamodb:{operation}")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Have every moto that is started tell of the calls of other processes."""
    calls = Recorded()

    def server() -> MotoServer:
        made = MotoServer()
        made.denial = calls.denial
        return made

    monkeypatch.setattr(cloud, "MotoServer", server)
    return calls


@pytest.fixture
def account(recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with running(monkeypatch) as found:
        monkeypatch.setenv("PATH", str(Docker(tmp_path, sys.executable).path))
        found.session.events.register("before-call", recorded.note)
        yield found


def test_it_allows_what_deploying_does_and_nothing_else(account: Account, recorded: Recorded, tmp_path: Path) -> None:
    others = Account(account.number, account.region, accounts.new_session(account.region))
    _deploy_again_and_again(account, others, tmp_path)
    _check_what_is_chosen(account, others)
    _look_at_workers(account)
    _check_adopted(account, others, recorded)
    allowed = actions(policy(EXAMPLE)) - set(DOCKER) - WITH_ITS_ARGUMENTS
    assert {"not allowed": recorded.actions - allowed, "never asked for": allowed - recorded.actions} == {
        "not allowed": set(),
        "never asked for": set(),
    }


def _deploy_again_and_again(account: Account, others: Account, directory: Path) -> None:
    """Deploy first, over what failed, with nothing to do, and until old builds of the page go."""
    # Another test of this process may have had it made: roles are of no region.
    for one in client(others, "iam").list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]:
        client(others, "iam").delete_service_linked_role(RoleName=one["RoleName"])
    role = client(others, "iam").create_role(RoleName=f"p-{account.region}", AssumeRolePolicyDocument="{}")["Role"]
    function = {"Runtime": "python3.13", "Handler": "index.handler", "Role": role["Arn"]}
    more = {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {}},
        "Api": {"Type": "AWS::Lambda::Function", "Properties": function | {"Code": {"ZipFile": "def handler(): pass"}}},
    }
    choices = Choices("dev", {"ReservedConcurrency": "1"}, protect=False)
    bring(account, a_package(directory, **more), choices, lambda _: None)
    client(others, "sqs").create_queue(QueueName=f"{STACK}-worker-1")
    run_task(others)
    cloudformation_backends[account.number][account.region].get_stack(STACK).status = "ROLLBACK_FAILED"
    bring(account, a_package(directory, **more), Choices("dev", {}, protect=True), lambda _: None)
    found = client(others, "cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId="Cluster")
    run_task(others, found["StackResourceDetail"]["PhysicalResourceId"])
    # Somebody has removed it.
    client(others, "secretsmanager").delete_secret(
        SecretId=administrator.secret_name(STACK), ForceDeleteWithoutRecovery=True
    )
    for build in BUILDS:
        packaged = a_package(directory, **more)
        a_page(directory, build)
        bring(account, packaged, Choices("dev", {}), lambda _: None)


def _check_what_is_chosen(account: Account, others: Account) -> None:
    repository, digest = a_repository(others, "workers")
    given_image.check_there(account, f"{repository['repositoryUri']}@{digest}", lambda _: None)
    acm = others.session.client("acm", region_name="us-east-1")
    arn = acm.request_certificate(DomainName="a.example.com", ValidationMethod="DNS")["CertificateArn"]
    # moto validates it after a minute.
    acm_backends[account.number]["us-east-1"].get_certificate(arn).status = "ISSUED"
    with pytest.raises(CannotDeploy, match="hosted zone"):
        checks.check_domain(account, {"DomainName": "a.example.com", "CertificateArn": arn, "HostedZoneId": "Z1"})
    checks.check_network(account, a_network(client(others, "ec2"), account.region))
    verification.check_verified(account)
    made = cloudfront_backends[account.number]["aws"].distributions
    for one in made.values():
        one.status = "Deployed"
    assert verification.forget_attempt(account)
    kept = client(others, "secretsmanager").create_secret(Name="EdgeSecret-1", SecretString="{}")["ARN"]
    assert not edge_secret.version(account, kept)
    assert triggers(account, [("RestErrors", KIND, "none")], Rollback()) == ([], [])


def _check_adopted(account: Account, others: Account, recorded: Recorded) -> None:
    before = set(recorded.actions)
    test_adoption.a_table(others)
    test_adoption.a_copy(others)
    there = test_adoption.files(others)
    # Whoever makes and restores a table isn't the deployer.
    recorded.actions = before
    for table in (test_adoption.ORIGINAL, test_adoption.COPY):
        adopted = {"AdoptedTable": table, "AdoptedFiles": there, "FileBackups": "yes"}
        with pytest.raises(CannotDeploy, match="make adopt"):
            adoption.check(account, "dev", adopted, None)


def _look_at_workers(account: Account) -> None:
    client(account, "secretsmanager").create_secret(
        Name=administrator.secret_name(STACK), SecretString='{"username": "admin", "password": ""}'
    )
    target = deployed(account, STACK)
    logs = SmokeTarget(
        target.address, target.username, "", target.client, {**target.resources, "WorkerTask": "", "Logs": "none"}, 1
    )
    fleet = Fleet(logs)
    assert not fleet.ready()
    assert fleet.why_none("standby-")


def test_the_one_in_the_documents_is_the_one_that_is_generated() -> None:
    assert (REPOSITORY / "docs" / "ci" / "deployer-policy.json").read_text() == written(EXAMPLE)


def test_a_certificate_may_be_looked_at_where_each_kind_of_gateway_has_it() -> None:
    """CloudFront's is in one region for all; without an edge it is in the stack's own."""
    (check,) = [one for one in policy(EXAMPLE)["Statement"] if one["Sid"] == "CheckDomain"]
    regions = {one.split(":")[3] for one in check["Resource"] if one.split(":")[2] == "acm"}
    assert regions == {checks.CERTIFICATES, EXAMPLE.region}


def test_it_is_short_enough_for_iam_and_names_what_it_can() -> None:
    document = policy(EXAMPLE)
    assert len("".join(json.dumps(document).split())) <= POLICY_LETTERS
    assert {one["Sid"] for one in document["Statement"] if "*" in one["Resource"]} == {
        "Ask",
        "ListWorkers",
        "ListMailboxes",
    }
    assert not [one for one in actions(document) if "*" in one]
