"""The end of a deployment: what stands is tried, and a stack that doesn't work is no success."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deploy import CannotDeploy
from infra.deploy.account import Account
from infra.deploy.choices import Choices, read_choices
from infra.deploy.deployment import bring, prove
from infra.deploy.stack import StackState
from infra.smoke import NotWorking
from infra.smoke.target import addresses, deployed
from infra.smoke.walk import TimeLimits
from tests.deploy.cloud import a_package, client, running

pytestmark = pytest.mark.subprocess

CHOICES = Choices("dev", {}, image="public.ecr.aws/example/worker:7")
WORKERS = {
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {}},
    "WorkerTask": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"ContainerDefinitions": [{"Name": "worker", "Image": "x", "Memory": 512}]},
    },
}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        packaged = a_package(tmp_path, **WORKERS)
        packaged.template["Outputs"]["Address"]["Value"] = "http://127.0.0.1:9"
        bring(account, packaged, CHOICES, lambda _: None)
        yield account


def test_a_stack_is_found_with_its_administrator_its_resources_and_its_pool(account: Account) -> None:
    target = deployed(account, "switchboard-dev")
    kept = client(account, "secretsmanager").get_secret_value(SecretId="switchboard-dev/first-administrator")
    assert (target.address, target.username, target.standbys) == ("http://127.0.0.1:9", "admin", 1)
    assert f'"{target.password}"' in kept["SecretString"]
    assert target.password not in repr(target)
    assert target.resources["Table"] in client(account, "dynamodb").list_tables()["TableNames"]
    assert {"Cluster", "WorkerTask"} <= set(target.resources)


def test_a_stack_that_isn_t_there_is_told(account: Account) -> None:
    with pytest.raises(NotWorking, match=f"There is no stack switchboard-prod that is up in account {account.number}"):
        deployed(account, "switchboard-prod")


def test_a_stack_that_stands_and_doesn_t_work_is_no_success(account: Account) -> None:
    said: list[str] = []
    with pytest.raises(CannotDeploy) as told:
        prove(account, CHOICES, said.append, TimeLimits(edge=0))
    first, second, third = str(told.value).splitlines()
    assert first == "The stack stands, but it doesn't work."
    assert re.match(r"Not so: the gateway answers at its address\. GET /health got no answer", second)
    assert third == "Once that is mended, try it again: make smoke STAGE=dev"
    assert said == ["The smoke test of http://127.0.0.1:9:"]


NAMED = {"DomainName": "wa.example.com", "HostedZoneId": ""}
ENTERED = {**NAMED, "HostedZoneId": "Z1"}


@pytest.mark.parametrize(
    ("parameters", "outputs", "found"),
    [
        ({}, {"Address": "https://d1.cloudfront.net/"}, ("https://d1.cloudfront.net", "")),
        (ENTERED, {"Address": "https://wa.example.com"}, ("https://wa.example.com", "")),
        (
            NAMED,
            {"Address": "https://wa.example.com", "DistributionAddress": "d1.cloudfront.net"},
            ("https://d1.cloudfront.net", ""),
        ),
        (
            NAMED,
            {"Address": "https://wa.example.com", "SocketsAddress": "wss://ws.example.com/"},
            (
                "https://rest1.execute-api.eu-west-3.amazonaws.com/api",
                "wss://sockets1.execute-api.eu-west-3.amazonaws.com/api",
            ),
        ),
    ],
    ids=["CloudFront's own", "entered by the stack", "CloudFront with a name", "no edge with names"],
)
def test_a_name_that_the_stack_didn_t_enter_isn_t_relied_upon(
    parameters: dict[str, str], outputs: dict[str, str], found: tuple[str, str]
) -> None:
    """Whoever owns the domain learns at the end of the deployment what to enter."""
    state = StackState("CREATE_COMPLETE", outputs, parameters)
    assert addresses(state, {"RestAPI": "rest1", "WebsocketAPI": "sockets1"}, "eu-west-3") == found


@pytest.mark.parametrize(
    ("given", "smoke"), [({}, True), ({"SMOKE": "1"}, True), ({"SMOKE": "0"}, False), ({"SMOKE": "no"}, False)]
)
def test_it_can_be_left_out(given: dict[str, str], smoke: bool) -> None:
    assert read_choices({"STAGE": "dev", **given}).smoke is smoke
