"""The keys that sign logins, changed in moto's Secrets Manager while tokens are issued and read."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.credentials import JwtTokens, SecretKeys
from chalicelib.domain.access import Role, User
from chalicelib.domain.errors import Unauthenticated
from infra.deploy.account import new_keys
from infra.signing_keys import main

NAME = "signing-keys"


@dataclass
class Gateway:
    """A function whose five minutes are always over."""

    secret: str = NAME

    def tokens(self) -> JwtTokens:
        return JwtTokens(SecretKeys(boto3.client("secretsmanager"), self.secret))

    def log_in(self) -> str:
        now = time.time_ns() // 1_000_000
        return self.tokens().issue(User("ana", "default", Role.ADMIN, "hash", created_at=now), now=now)[0]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "t",
        "AWS_SECRET_ACCESS_KEY": "t",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name=NAME, SecretString=json.dumps(new_keys()))
        yield Gateway()


def run(capsys, *arguments: str) -> str:
    main([NAME, *arguments])
    return str(capsys.readouterr().out)


def test_keys_change_with_overlap_and_nobody_is_logged_out(gateway, capsys):
    old = run(capsys, "list").split()[0]
    before = gateway.log_in()
    new = run(capsys, "add").split()[1].rstrip(".")
    gateway.tokens().read(before)
    run(capsys, "use", new)
    after = gateway.log_in()
    for token in (before, after):
        gateway.tokens().read(token)
    run(capsys, "drop", old)
    gateway.tokens().read(after)
    with pytest.raises(Unauthenticated):
        gateway.tokens().read(before)
    assert run(capsys, "list") == f"{new} (current)\n"


def test_the_key_in_use_is_not_dropped(gateway, capsys):
    current = run(capsys, "list").split()[0]
    with pytest.raises(SystemExit, match="Use another one first"):
        run(capsys, "drop", current)
    gateway.tokens().read(gateway.log_in())


@pytest.mark.parametrize("act", ["use", "drop"])
def test_a_key_that_is_not_there_is_said_so(gateway, capsys, act):
    with pytest.raises(SystemExit, match="There is no key nokey"):
        run(capsys, act, "nokey")


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"current": "k", "keys": {}}'])
def test_a_secret_of_another_kind_is_left_alone(gateway, capsys, text):
    boto3.client("secretsmanager").put_secret_value(SecretId=NAME, SecretString=text)
    for words in (["list"], ["add"]):
        with pytest.raises(SystemExit, match="holds no signing keys"):
            run(capsys, *words)
    assert boto3.client("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"] == text


def test_no_key_is_ever_shown(gateway, capsys):
    secrets = [
        one["secret"]
        for one in json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"])[
            "keys"
        ].values()
    ]
    shown = run(capsys, "list") + run(capsys, "add")
    assert not any(secret in shown for secret in secrets)
