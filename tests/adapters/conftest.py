"""The adapters against moto in this process, with the table that the template describes."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.dynamodb.table import Table
from infra.local.moto.patching import count_items_as_dynamodb_does
from infra.local.moto.quick import make_moto_quick
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
    make_moto_quick()
    count_items_as_dynamodb_does()
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None) -> Table:
    properties = dict(load_template(Path("infra/template.yaml")).resources["Table"]["Properties"])
    for elsewhere in ("TimeToLiveSpecification", "PointInTimeRecoverySpecification", "DeletionProtectionEnabled"):
        properties.pop(elsewhere, None)
    properties["StreamSpecification"] |= {"StreamEnabled": True}
    properties["SSESpecification"] = {"Enabled": True}
    client = boto3.client("dynamodb")
    client.create_table(TableName="switchboard", **properties)
    return Table(client, "switchboard")
