"""A stage into an account and out of it again, over HTTP, with a stand-in for Docker alone."""

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation.models import cloudformation_backends

from chalicelib.adapters.credentials import ArgonPasswords
from infra.deploy import CannotDeploy, artifacts, destruction, image
from infra.deploy.account import Account
from infra.deploy.choices import Choices
from infra.deploy.deployment import bring, complete
from infra.deploy.destruction import destroy
from tests.deploy.cloud import QUOTA, Docker, a_package, a_repository, client, running

pytestmark = pytest.mark.subprocess

STAGE = "dev"
STACK = "switchboard-dev"
SECRET = "switchboard-dev/first-administrator"
PREBUILT = "public.ecr.aws/example/worker:7"
BROKEN = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "not a name at all!"}}


class Deploying:
    """Deploys into the account, and remembers what was said."""

    def __init__(self, account: Account, directory: Path, docker: Docker) -> None:
        self.account = account
        self.docker = docker
        self.directory = directory
        self.said: list[str] = []

    def __call__(self, *, build: bool = False, given: str = PREBUILT, parameters: Any = None, **resources: Any) -> str:
        """Deploy the small template with ``resources`` more; return what was said."""
        self.said.clear()
        choices = Choices(STAGE, parameters or {}, image=None if build else given)
        bring(self.account, a_package(self.directory, **resources), choices, self.said.append)
        return "\n".join(self.said)

    def destroy(self) -> str:
        self.said.clear()
        destroy(Choices(STAGE, {}, region=self.account.region, confirmed=STAGE), self.said.append)
        return "\n".join(self.said)

    @property
    def stack(self) -> Any:
        return client(self.account, "cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]


@contextmanager
def an_account(directory: Path) -> Iterator[Deploying]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        docker = Docker(directory, sys.executable)
        patching.setenv("PATH", str(docker.path))
        yield Deploying(account, directory, docker)


@pytest.fixture
def deploying(tmp_path: Path) -> Iterator[Deploying]:
    with an_account(tmp_path) as deploying:
        yield deploying


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deploying]:
    """A stage that was deployed once, with an image; tests of it only look."""
    with an_account(tmp_path_factory.mktemp("deployed")) as deploying:
        deploying(build=True)
        yield deploying


def run_task(account: Account, cluster: str | None = None) -> Callable[[], Any]:
    """Run a task in the stage's cluster, the only one unless it is named; return who tells about it."""
    ecs, ec2 = client(account, "ecs"), client(account, "ec2")
    if cluster is None:
        (cluster,) = ecs.list_clusters()["clusterArns"]
    ecs.register_task_definition(
        family="worker",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "worker", "image": PREBUILT, "memory": 512}],
    )
    place = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroups": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    started = ecs.run_task(
        cluster=cluster,
        taskDefinition="worker",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": place},
    )
    task = started["tasks"][0]["taskArn"]
    return lambda: ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]


def test_a_deployment_ends_with_addresses_and_where_the_password_is(deployed: Deploying) -> None:
    said = "\n".join(deployed.said)
    assert "Address: https://d111.cloudfront.net" in said
    assert f"aws secretsmanager get-secret-value --secret-id {SECRET} --region {deployed.account.region}" in said
    kept = json.loads(client(deployed.account, "secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])
    assert kept["username"] == "admin"
    assert len(kept["password"]) >= 20
    assert kept["password"] not in said + json.dumps(deployed.docker.told)


def test_the_first_administrator_is_in_the_table_and_logins_have_keys(deployed: Deploying) -> None:
    outputs = {one["OutputKey"]: one["OutputValue"] for one in deployed.stack["Outputs"]}
    rows = client(deployed.account, "dynamodb").scan(TableName=outputs["TableName"])["Items"]
    (user,) = (row for row in rows if row["pk"]["S"] == "U#admin")
    secrets = client(deployed.account, "secretsmanager")
    password = json.loads(secrets.get_secret_value(SecretId=SECRET)["SecretString"])["password"]
    (hashed,) = (value["S"] for value in user.values() if value.get("S", "").startswith("$argon2"))
    assert ArgonPasswords().matches(hashed, password)
    keys = json.loads(secrets.get_secret_value(SecretId=outputs["SigningKeysSecret"])["SecretString"])
    secret = keys["keys"][keys["current"]]["secret"]
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


def test_the_image_is_built_for_arm_and_pushed_with_a_login_that_is_forgotten(deployed: Deploying) -> None:
    uri = f"{deployed.account.number}.dkr.ecr.{deployed.account.region}.amazonaws.com"
    (build,) = deployed.docker.builds()
    assert build[build.index("--platform") + 1] == "linux/arm64"
    assert build[build.index("--tag") + 1] == f"{uri}/switchboard-dev-worker:{image.tag()}"
    assert build[-1] == str(Path(__file__).parents[2])
    assert (
        ["login", "--username", "AWS", "--password-stdin", uri],
        f"{deployed.account.number}-auth-token",
    ) in deployed.docker.told
    assert deployed.docker.told[-1] == (["logout", uri], None)
    repository = client(deployed.account, "ecr").describe_repositories()["repositories"][0]
    assert repository["imageTagMutability"] == "IMMUTABLE"


def test_the_bucket_of_the_code_is_private_encrypted_versioned_and_over_tls_only(deployed: Deploying) -> None:
    s3, name = client(deployed.account, "s3"), artifacts.bucket_name(deployed.account, STACK)
    assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_deploying_twice_builds_uploads_and_changes_nothing(deploying: Deploying) -> None:
    deploying(build=True)
    secrets = client(deploying.account, "secretsmanager")
    before = secrets.get_secret_value(SecretId=SECRET)["SecretString"]
    said = deploying(build=True)
    assert "Nothing has changed." in said
    assert "The worker's image is there already" in said
    assert "created now" not in said
    assert len(deploying.docker.builds()) == 1
    assert secrets.get_secret_value(SecretId=SECRET)["SecretString"] == before
    bucket = artifacts.bucket_name(deploying.account, STACK)
    assert len(client(deploying.account, "s3").list_object_versions(Bucket=bucket)["Versions"]) == 2


def test_a_stack_that_something_else_made_gets_what_no_template_can_give_it(deploying: Deploying) -> None:
    packaged, said = a_package(deploying.directory), list[str]()
    with pytest.raises(CannotDeploy, match="There is no stack switchboard-dev that is up"):
        complete(deploying.account, packaged, Choices(STAGE, {}), said.append)
    body = {**packaged.template, "Parameters": {"WorkerImage": {"Type": "String", "Default": PREBUILT}}}
    client(deploying.account, "cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(body))
    complete(deploying.account, packaged, Choices(STAGE, {}), said.append)
    told = "\n".join(said)
    assert "Made the keys that sign logins." in told
    assert "The first administrator is admin, created now" in told


def test_what_was_chosen_before_stays_until_it_is_chosen_anew(deploying: Deploying) -> None:
    deploying(parameters={"StandbyMin": "3"})
    deploying(Another={"Type": "AWS::SNS::Topic", "Properties": {}})
    given = {one["ParameterKey"]: one["ParameterValue"] for one in deploying.stack["Parameters"]}
    assert (given["StandbyMin"], given["WorkerImage"]) == ("3", PREBUILT)
    # An image that stands already needs no Docker.
    assert deploying.docker.told == []


def test_all_that_is_made_has_the_stack_s_tags_and_keeps_up_with_them(deploying: Deploying) -> None:
    deploying(build=True)
    assert parameters_of(deploying)["MailboxTags"] == "application=switchboard"
    assert tags_of(deploying.stack["Tags"]) == {"application": "switchboard"}
    assert tags_beside(deploying) == [{"application": "switchboard"}] * 3
    choices = Choices(STAGE, {}, tags={"team": "messaging"})
    bring(deploying.account, a_package(deploying.directory), choices, deploying.said.append)
    assert tags_beside(deploying) == [{"application": "switchboard", "team": "messaging"}] * 3


def tags_of(listed: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in listed}


def tags_beside(deploying: Deploying) -> list[dict[str, str]]:
    """The tags of the repository, the code's bucket and the first administrator's secret."""
    account = deploying.account
    repository = client(account, "ecr").describe_repositories()["repositories"][0]["repositoryArn"]
    found = [
        client(account, "ecr").list_tags_for_resource(resourceArn=repository)["tags"],
        client(account, "s3").get_bucket_tagging(Bucket=artifacts.bucket_name(account, STACK))["TagSet"],
        client(account, "secretsmanager").describe_secret(SecretId=SECRET)["Tags"],
    ]
    return [tags_of(tags) for tags in found]


def test_an_image_that_stands_in_a_repository_is_pulled_with_the_permission_for_that_one(deploying: Deploying) -> None:
    repository, digest = a_repository(deploying.account, "workers")
    deploying(given=f"{repository['repositoryUri']}@{digest}")
    assert parameters_of(deploying)["ImageRepository"] == repository["repositoryArn"]
    deploying(build=True)
    assert parameters_of(deploying)["ImageRepository"] == "", "its own it may pull anyhow"
    with pytest.raises(CannotDeploy, match=r"There is no image .*workers:other"):
        deploying(given=f"{repository['repositoryUri']}:other")


def parameters_of(deploying: Deploying) -> dict[str, str]:
    return {one["ParameterKey"]: one["ParameterValue"] for one in deploying.stack["Parameters"]}


def test_a_failed_change_says_what_failed_and_leaves_the_old_version(deploying: Deploying) -> None:
    deploying()
    with pytest.raises(CannotDeploy) as refused:
        deploying(Another=BROKEN)
    lines = str(refused.value).splitlines()
    assert lines[0] == "The deployment failed (UPDATE_ROLLBACK_COMPLETE). The old version goes on serving."
    assert len(lines) == 2
    assert lines[1].startswith("  First (AWS::Some::Thing): ")
    assert "Nothing has changed" not in deploying(Another={"Type": "AWS::SNS::Topic", "Properties": {}})


def test_a_first_deployment_that_failed_is_cleared_away_by_the_next(deploying: Deploying) -> None:
    with pytest.raises(CannotDeploy, match="ROLLBACK_COMPLETE"):
        deploying(Another=BROKEN)
    said = deploying()
    assert "which was never up (ROLLBACK_COMPLETE)" in said
    assert deploying.stack["StackStatus"] == "CREATE_COMPLETE"


def test_what_protects_a_table_doesn_t_keep_the_remains_of_a_first_deployment(deploying: Deploying) -> None:
    """CloudFormation takes back what it has made, but no table that may not be deleted."""
    deploying()
    rows, stacks = client(deploying.account, "dynamodb"), cloudformation_backends[deploying.account.number]
    (before,) = rows.list_tables()["TableNames"]
    rows.update_table(TableName=before, DeletionProtectionEnabled=True)
    stacks[deploying.account.region].get_stack(STACK).status = "ROLLBACK_FAILED"
    assert "which was never up (ROLLBACK_FAILED)" in deploying()
    (after,) = rows.list_tables()["TableNames"]
    assert after != before


def test_a_reservation_that_the_account_has_no_room_for_is_refused_before_anything_is_made(
    deploying: Deploying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUOTA, "ConcurrentExecutions", 10)
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", 10)
    with pytest.raises(CannotDeploy, match="Add PARAMETERS=ReservedConcurrency=0, or ask AWS for more"):
        deploying(build=True, parameters={"ReservedConcurrency": "20"})
    assert client(deploying.account, "ecr").describe_repositories()["repositories"] == []
    assert client(deploying.account, "cloudformation").list_stacks()["StackSummaries"] == []


def test_a_build_that_fails_creates_no_stack(
    deploying: Deploying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    broken = Docker(tmp_path / "other", sys.executable, buildx_build=(1, ""))
    monkeypatch.setenv("PATH", str(broken.path))
    with pytest.raises(CannotDeploy, match="could not build and push the worker's image"):
        deploying(build=True)
    assert client(deploying.account, "cloudformation").list_stacks()["StackSummaries"] == []


def test_a_removed_stage_leaves_what_is_protected_and_says_so(
    deploying: Deploying, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = client(deploying.account, "iam").create_role(
        RoleName=f"r-{deploying.account.region}", AssumeRolePolicyDocument="{}"
    )
    code = {"ZipFile": "def handler(): pass"}
    function = {"Runtime": "python3.13", "Handler": "index.handler", "Role": role["Role"]["Arn"], "Code": code}
    deploying(
        Cluster={"Type": "AWS::ECS::Cluster", "Properties": {}},
        Api={"Type": "AWS::Lambda::Function", "Properties": function},
    )
    outputs = {one["OutputKey"]: one["OutputValue"] for one in deploying.stack["Outputs"]}
    task = run_task(deploying.account)
    sqs = client(deploying.account, "sqs")
    mailboxes = {sqs.create_queue(QueueName=f"{STACK}-worker-{number}")["QueueUrl"] for number in range(5)}
    # More of them than are listed at once.
    monkeypatch.setattr(destruction, "PAGE", 2)
    said = deploying.destroy()
    assert f"aws dynamodb delete-table --table-name {outputs['TableName']}" in said
    assert f"aws secretsmanager delete-secret --secret-id {outputs['SigningKeysSecret']}" in said
    assert "and 5 mailboxes of workers" in said
    assert client(deploying.account, "dynamodb").list_tables()["TableNames"] == [outputs["TableName"]]
    assert task()["desiredStatus"] == "STOPPED"
    assert client(deploying.account, "lambda").list_functions()["Functions"] == []
    assert client(deploying.account, "ecr").describe_repositories()["repositories"] == []
    bucket = artifacts.bucket_name(deploying.account, STACK)
    assert bucket not in [one["Name"] for one in client(deploying.account, "s3").list_buckets()["Buckets"]]
    assert not mailboxes & set(sqs.list_queues().get("QueueUrls", []))
    assert SECRET not in [
        one["Name"] for one in client(deploying.account, "secretsmanager").list_secrets()["SecretList"]
    ]


def test_removing_what_isn_t_there_says_so(deploying: Deploying) -> None:
    assert deploying.destroy() == (
        f"There is no stack {STACK} in account {deploying.account.number}, region {deploying.account.region}."
    )


def test_a_stage_is_removed_only_by_its_name() -> None:
    with pytest.raises(CannotDeploy, match="add CONFIRM=dev"):
        destroy(Choices(STAGE, {}, confirmed="prod"), print)
