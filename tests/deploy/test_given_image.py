"""A worker's image that stands already: from where tasks can fetch it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import CannotDeploy
from infra.deploy.account import Account
from infra.deploy.given_image import check_there, located, repository_of
from infra.template import TEMPLATE, decided, load_template
from tests.deploy.cloud import a_repository, running

OTHERS = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/workers:7"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        (OTHERS, "arn:aws:ecr:eu-west-1:210987654321:repository/workers"),
        (
            f"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/worker@{DIGEST}",
            "arn:aws:ecr:us-east-1:123456789012:repository/team/worker",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/worker:1.2",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/worker",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/worker:1",
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/worker",
        ),
        ("123456789012.dkr-ecr.eu-west-1.on.aws/worker:1", "arn:aws:ecr:eu-west-1:123456789012:repository/worker"),
        ("public.ecr.aws/example/worker:7", ""),
    ],
)
def test_the_repository_that_a_task_pulls_from_is_read_from_the_image(image: str, arn: str) -> None:
    assert repository_of(image) == arn


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/example/worker:7",
        "docker.io/example/worker:7",
        "worker:7",
        "localhost:5000/worker:7",
        "12345.dkr.ecr.eu-west-1.amazonaws.com/worker:7",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example/worker:7",
        "public.ecr.aws.example/worker:7",
    ],
)
def test_a_registry_that_tasks_cannot_log_in_at_is_refused(image: str) -> None:
    with pytest.raises(CannotDeploy, match="tasks have no way to log in at"):
        located(image)


def pulled_from(repository: str) -> list[Any]:
    """Return what the template lets ECS pull from, with that parameter."""
    document = load_template(TEMPLATE).document
    values = {name: str(one.get("Default", "")) for name, one in document["Parameters"].items()}
    role = decided(document, values | {"ImageRepository": repository})["Resources"]["WorkerStartRole"]
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    (pulls,) = (one for one in statements if "ecr:BatchGetImage" in one["Action"])
    return list(pulls["Resource"])


def test_the_role_may_pull_from_the_stage_s_repositories_and_from_the_given_one_alone() -> None:
    own = pulled_from("")
    assert len(own) == 1
    assert "repository/switchboard*" in str(own[0])
    assert len(pulled_from(repository_of(OTHERS))) == 2


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        yield account


@pytest.mark.subprocess
def test_an_image_that_is_not_there_is_told_before_anything_is_changed(account: Account) -> None:
    said: list[str] = []
    repository, digest = a_repository(account, "workers")
    uri = repository["repositoryUri"]
    check_there(account, f"{uri}:1", said.append)
    check_there(account, f"{uri}@{digest}", said.append)
    for wrong in (f"{uri}:2", f"{uri}@{DIGEST}", f"{uri}s:1"):
        with pytest.raises(CannotDeploy, match="There is no image"):
            check_there(account, wrong, said.append)
    assert said == []


class Registry:
    """ECR, which refuses whoever asks."""

    def __init__(self, code: str) -> None:
        self._code = code

    def client(self, *_: str, **__: str) -> "Registry":
        return self

    def describe_images(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "DescribeImages")


def refusing(code: str, number: str = "123456789012") -> Account:
    session: Any = Registry(code)
    return Account(number, "eu-west-1", session)


def test_what_another_account_does_not_show_is_said_and_what_its_policy_must_allow() -> None:
    said: list[str] = []
    check_there(refusing("AccessDeniedException"), OTHERS, said.append)
    assert said == [
        f"Nobody here may see whether account 210987654321 has {OTHERS}: go on as if it had.",
        f"The policy of {repository_of(OTHERS)} must let account 123456789012 pull from it.",
    ]


@pytest.mark.parametrize(
    "account", [refusing("ServerException"), refusing("AccessDeniedException", "210987654321")], ids=["fault", "own"]
)
def test_what_ecr_refuses_otherwise_ends_the_deployment(account: Account) -> None:
    with pytest.raises(CannotDeploy, match="look for the worker's image"):
        check_there(account, OTHERS, print)
