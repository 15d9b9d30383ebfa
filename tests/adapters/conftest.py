"""The adapters against moto in this process, with the table that the template describes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.dynamodb.keys import KEYS
from chalicelib.adapters.dynamodb.table import Table
from infra.local.moto.patching import count_items_as_dynamodb_does
from infra.template import load_template

REGION = "eu-west-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    count_items_as_dynamodb_does()
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None) -> Iterator[Table]:
    properties = dict(load_template(Path("infra/template.yaml")).resources["Table"]["Properties"])
    for elsewhere in ("TimeToLiveSpecification", "PointInTimeRecoverySpecification", "DeletionProtectionEnabled"):
        properties.pop(elsewhere, None)
    properties["StreamSpecification"] |= {"StreamEnabled": True}
    properties["SSESpecification"] = {"Enabled": True}
    client = boto3.client("dynamodb")
    client.create_table(TableName="switchboard", **properties)
    yield Table(client, "switchboard")
    written = client.scan(
        TableName="switchboard", ProjectionExpression="pk, sk, #ttl", ExpressionAttributeNames={"#ttl": "ttl"}
    )
    for item in written["Items"]:
        assert_listed(item["pk"]["S"], item["sk"]["S"], goes="ttl" in item)


def assert_listed(pk: str, sk: str, *, goes: bool) -> None:
    """Hold an item that a test left in the table against the list of the table's keys."""
    fits = [one for one in KEYS if _fits(one.pk, pk) and _fits(one.sk, sk)]
    assert fits, (pk, sk)
    assert any(one.ttl is not None if goes else one.ttl is None or "none" in one.ttl for one in fits), (pk, sk, goes)


def _fits(pattern: str, key: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", ".*", re.escape(pattern)), key, re.DOTALL) is not None
