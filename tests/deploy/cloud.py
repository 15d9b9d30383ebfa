"""AWS as a deployment meets it: moto behind HTTP, with what its CloudFormation lacks of a change set's end.

moto executes a change set in one go: a resource that fails is an internal error, and outputs stay empty. CloudFormation
would record the failure, take everything back, and say so; that is added here.
"""

import itertools
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from moto.awslambda import urls as lambda_urls
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.efs.responses import EFSResponse
from moto.iam import models as iam_models
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeKey

from infra.deploy import account as accounts
from infra.deploy.account import Account
from infra.deploy.packaging import PackagedStack
from infra.local.moto.cloudformation import register
from infra.local.moto.server import MotoServer
from infra.template import decided

REGION = "eu-west-3"
NUMBERS = itertools.count(200_000_000_000)
"""Each test has an account of its own, since moto holds all of them as long as the process lives."""
QUOTA = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
"""What Lambda says of the account; moto doesn't know."""


def _account_settings(*_: Any) -> tuple[int, dict[str, str], str]:
    return 200, {}, json.dumps({"AccountLimit": QUOTA, "AccountUsage": {}})


lambda_urls.url_paths["{0}/2016-08-19/account-settings/$"] = _account_settings


def _put_backup_policy(self: EFSResponse) -> tuple[str, dict[str, str]]:
    """Switch a file system's backups on or off, which moto only tells of."""
    wanted = json.loads(self.body)["BackupPolicy"]
    self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")]._backup = wanted["Status"] == "ENABLED"
    return json.dumps({"BackupPolicy": wanted}), {"Content-Type": "application/json"}


def _protect(self: CloudFormationResponse) -> ActionResult:
    """Protect a stack from being deleted, or not any more, which moto doesn't know at all."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = bool(self._get_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})


# Before any call: what a service can do is looked up once a process.
EFSResponse.put_backup_policy = _put_backup_policy  # type: ignore[attr-defined]
CloudFormationResponse.update_termination_protection = _protect  # type: ignore[attr-defined]
# As AWS writes it.
iam_models.SERVICE_NAME_CONVERSION["ecs"] = "ECS"


@contextmanager
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Run an empty account, and make this process's environment one that has credentials for it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    as_cloudformation_does(monkeypatch)
    # moto reads a bucket's policy without its conditions: what is denied but over TLS would be denied at all.
    monkeypatch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    register()
    owner = iam_models.iam_backends[str(next(NUMBERS))]["aws"]
    owner.create_user(REGION, "owner")
    key = owner.create_access_key("owner")
    with MotoServer() as server:
        for name, value in environment(server.url, REGION, key.access_key_id, key.secret_access_key).items():
            monkeypatch.setenv(name, value)
        with objects_disposed(monkeypatch):
            yield accounts.log_in(REGION)


def as_cloudformation_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have moto end change sets as CloudFormation does."""
    monkeypatch.setattr(CloudFormationBackend, "execute_change_set", execute)


@contextmanager
def objects_disposed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the files behind the objects that are put from here on: moto leaves that to a collection at any time."""
    made: list[FakeKey] = []
    make, fill = FakeKey.__init__, FakeKey.__setstate__

    def making(self: FakeKey, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        made.append(self)

    def copied(self: FakeKey, state: Any) -> None:
        fill(self, state)
        made.append(self)

    monkeypatch.setattr(FakeKey, "__init__", making)
    monkeypatch.setattr(FakeKey, "__setstate__", copied)
    yield
    for key in made:
        key.dispose()


def environment(url: str, region: str, key_id: str = "test", secret: str = "test") -> dict[str, str]:
    """Return what leads an AWS SDK to moto, with credentials: of its first account, if no others are given."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def execute(self: CloudFormationBackend, change_set_name: str, stack_name: str | None = None) -> None:
    """Execute a change set as CloudFormation does: with outputs, or with a failure that is taken back."""
    (change_set,) = (one for one in self.change_sets.values() if one.change_set_name == change_set_name)
    stack, kind = change_set.stack, change_set.change_set_type
    before = dict(stack.template_dict), dict(stack.parameters)
    stack._add_stack_event(f"{kind}_IN_PROGRESS")
    try:
        _apply(stack, change_set)
    except Exception as error:  # noqa: BLE001 - whatever it was, the resource failed
        _fail(stack, kind, error)
        _restore(stack, *before, new=kind == "CREATE")
    else:
        stack._add_stack_event(f"{kind}_COMPLETE")
        stack.status = f"{kind}_COMPLETE"
    change_set.execution_status = "EXECUTE_COMPLETE"


def _apply(stack: Stack, change_set: ChangeSet) -> None:
    # moto leaves holes where a condition leaves something out of a list, so they are decided first.
    change_set.template_dict = decided(change_set.template_dict, change_set.parameters)
    change_set.apply()
    stack.template, stack.template_dict = change_set.template, change_set.template_dict
    stack.parameters = change_set.parameters
    stack.output_map = stack._create_output_map()


def _fail(stack: Stack, kind: str, error: Exception) -> None:
    for name, status, reason in (
        ("First", f"{kind}_FAILED", str(error)),
        ("Second", f"{kind}_FAILED", "Resource creation cancelled"),
    ):
        stack.events.append(
            Event(stack.stack_id, stack.name, name, "physical", "AWS::Some::Thing", status, reason, "{}")
        )


def _restore(stack: Stack, template: dict[str, Any], parameters: dict[str, str], *, new: bool) -> None:
    if new:
        # moto would go on making what the template has, whenever it is asked what there is.
        template = {"Resources": {}}
    stack.template, stack.template_dict, stack.parameters = json.dumps(template), template, parameters
    stack.resource_map._template, stack.resource_map._resource_json_map = template, template["Resources"]
    if new:
        stack.resource_map = stack._create_resource_map()
    stack.status = "ROLLBACK_COMPLETE" if new else "UPDATE_ROLLBACK_COMPLETE"
    stack._add_stack_event(stack.status)


MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 7,
        "digest": f"sha256:{'0' * 64}",
    },
    "layers": [],
}
DOCKER = """#!{python}
import json, os, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    given = sys.stdin.read() if "--password-stdin" in arguments else None
    log.write(json.dumps([arguments, given]) + "\\n")
answers = {answers}
if arguments[:2] == ["buildx", "build"]:
    import boto3
    repository, tag = arguments[arguments.index("--tag") + 1].partition("/")[2].split(":")
    boto3.client("ecr").put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps({manifest} | {{"tag": tag}}))
for words, (code, text) in answers.items():
    if " ".join(arguments).startswith(words):
        print(text)
        sys.exit(code)
"""


class Docker:
    """A stand-in for Docker's command line, the one thing that can't be had here: it writes down what it is told.

    ``answers`` are exit codes and texts by how the arguments begin.
    """

    def __init__(self, directory: Path, python: str, **answers: tuple[int, str]) -> None:
        self._log = directory / "docker.log"
        said = {
            "version": (0, "28.2.2"),
            "buildx version": (0, "v0.24"),
            "buildx inspect": (0, "linux/amd64, linux/arm64"),
        }
        said |= {name.replace("_", " "): answer for name, answer in answers.items()}
        self.path = directory / "bin"
        self.path.mkdir()
        program = self.path / "docker"
        program.write_text(DOCKER.format(python=python, log=str(self._log), answers=said, manifest=MANIFEST))
        program.chmod(0o755)

    @property
    def told(self) -> list[tuple[list[str], str | None]]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [(arguments, given) for arguments, given in map(json.loads, lines)]

    def builds(self) -> list[list[str]]:
        return [arguments for arguments, _ in self.told if arguments[:2] == ["buildx", "build"]]


def a_package(directory: Path, **resources: Any) -> PackagedStack:
    """Return a package of a template that moto makes in no time: what a deployment itself touches, and ``resources``."""
    archive = directory / "deployment.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("app.py", "")
    keyed = [{"AttributeName": name, "KeyType": kind} for name, kind in (("pk", "HASH"), ("sk", "RANGE"))]
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        "KeySchema": keyed,
    }
    made = {
        "Table": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": table},
        "SigningKeys": {"Type": "AWS::SecretsManager::Secret", "DeletionPolicy": "Retain", "Properties": {}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "WorkerImage"}}},
        "PageBucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
        **resources,
    }
    outputs = {"Address": "https://d111.cloudfront.net", "TableName": {"Ref": "Table"}}
    outputs |= {"SigningKeysSecret": {"Ref": "SigningKeys"}, "PageBucketName": {"Ref": "PageBucket"}}
    parameters = {"WorkerImage": {"Type": "String"}, "StandbyMin": {"Type": "Number", "Default": 1}}
    parameters |= {"ReservedConcurrency": {"Type": "Number", "Default": 0}}
    parameters |= {"ImageRepository": {"Type": "String", "Default": ""}}
    parameters |= {"MailboxTags": {"Type": "String", "Default": ""}}
    template = {
        "Parameters": parameters,
        "Resources": made,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    a_page(directory, "1" * 16)
    return PackagedStack(archive, template, directory)


def a_page(directory: Path, build: str) -> None:
    """Make ``directory`` hold the files of one build of the page, and of no other."""
    shutil.rmtree(directory / "page", ignore_errors=True)
    (directory / "page" / build).mkdir(parents=True)
    (directory / "page" / build / "main.js").write_text(f"// {build}")


def client(account: Account, service: str) -> Any:
    return account.session.client(service)  # type: ignore[call-overload]


def a_repository(account: Account, name: str) -> tuple[dict[str, Any], str]:
    """Make a repository with an image, tagged ``1``; return how ECR describes it, and the image's digest."""
    ecr = client(account, "ecr")
    repository = ecr.create_repository(repositoryName=name)["repository"]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
    manifest["config"] = {"digest": "sha256:" + "0" * 64, "size": 1}
    put = ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag="1")
    return dict(repository), str(put["image"]["imageId"]["imageDigest"])
