"""What the edge proves itself with, rotated in moto's Secrets Manager: at no moment is a request refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import boto3
import pytest
from moto import mock_aws

from infra.deploy.account import Account
from infra.edge.secret import main, version

NAME = "edge-secret"
ACTS = ("add", "use", "drop")


@dataclass
class Deployed:
    """What functions and CloudFront were told by the last deployment that got to them."""

    taken: set[str] = field(default_factory=set)
    sent: str = ""

    def functions(self) -> None:
        self.taken = {one for one in kept().values() if one}

    def cloudfront(self) -> None:
        self.sent = kept()["current"]


def kept() -> dict[str, str]:
    told: dict[str, str] = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"])
    return told


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "t",
        "AWS_SECRET_ACCESS_KEY": "t",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        text = json.dumps({"other": "", "current": "as the template made it"})
        boto3.client("secretsmanager").create_secret(Name=NAME, SecretString=text)
        yield Account("123456789012", "eu-west-1", boto3.Session())


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("order", list(product(["functions", "cloudfront"], repeat=len(ACTS))))
def test_whichever_a_deployment_changes_first_what_is_sent_is_always_taken(order: tuple[str, ...]) -> None:
    deployed, before = Deployed(), kept()["current"]
    deployed.functions()
    deployed.cloudfront()
    for act, first in zip(ACTS, order, strict=True):
        main([NAME, act])
        for one in (first, {"functions": "cloudfront", "cloudfront": "functions"}[first]):
            getattr(deployed, one)()
            assert deployed.sent in deployed.taken
    assert deployed.taken == {deployed.sent}
    assert before not in deployed.taken


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("acts", "sentence"),
    [
        (["use"], "There is no other value. Add one first."),
        (["drop"], "There is no other value."),
        (["add", "add"], "There are two values already: use the other one, or drop it."),
    ],
)
def test_a_step_out_of_turn_changes_nothing(acts: list[str], sentence: str) -> None:
    for act in acts[:-1]:
        main([NAME, act])
    before = kept()
    with pytest.raises(SystemExit) as refused:
        main([NAME, acts[-1]])
    assert (str(refused.value), kept()) == (sentence, before)


@pytest.mark.usefixtures("account")
def test_another_secret_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=NAME, SecretString='{"current": "kid", "keys": {}}')
    with pytest.raises(SystemExit, match="isn't the edge's"):
        main([NAME, "add"])
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("account")
def test_no_value_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    values = set(kept().values())
    for act in ACTS:
        main([NAME, act])
        values |= set(kept().values())
    said = capsys.readouterr().out
    assert not [one for one in values if one and one in said]


def test_a_deployment_is_told_of_the_secret_s_version_only_once_that_was_changed(account: Account) -> None:
    assert version(account, NAME) == ""
    main([NAME, "add"])
    first = version(account, NAME)
    main([NAME, "use"])
    assert first
    assert version(account, NAME) not in {"", first}
