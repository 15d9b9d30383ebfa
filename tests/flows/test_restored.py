"""A table that was put back to an older state while the devices' files went on: nothing is scanned, nothing is sent twice."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from chalicelib.adapters.dynamodb.accounts import DynamoTenants
from chalicelib.adapters.dynamodb.chats import DynamoChats
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.names import new_id
from chalicelib.bootstrap import clock
from chalicelib.services.control.restored import LEAP, Restored
from chalicelib.services.messages.outbox import Dispatch
from infra.local.aws import ACCOUNT, REGION
from infra.local.client import Phone, Stack, eventually, send
from infra.local.persistence import ROWS_FILE, Rows
from infra.local.state import LocalState
from infra.template import TEMPLATE, load_template
from tests.adapters.conftest import ELSEWHERE
from tests.flows.test_restarting import ANA, kill_in_the_air, settled, statuses

pytestmark = pytest.mark.subprocess

BO = "628777000001"
NEW_WITH_A_STACK = ("table", "stream", "queues", "tasks")
"""What a new stack has nothing of: the table's rows and its stream, the queues, tasks."""


def files(state: Path, *kinds: str) -> list[Path]:
    return [file for file in state.iterdir() if file.name.startswith(kinds)]


def epochs(stack: Stack) -> list[int]:
    """Return the epochs of which there is a database, in order."""
    return sorted(int(file.stem.removeprefix("device-")) for file in stack.state.glob("devices/*/device-*.db"))


def put_right(copy: Path, target: Path, patching: pytest.MonkeyPatch) -> tuple[int, int]:
    """Write the rows of a copy to ``target`` as ``make adopt`` leaves them; return how many sessions and messages changed."""
    for name, value in {"ACCESS_KEY_ID": "testing", "SECRET_ACCESS_KEY": "testing", "DEFAULT_REGION": REGION}.items():
        patching.setenv(f"AWS_{name}", value)
    asked = load_template(TEMPLATE).decided({}).resources["Table"]["Properties"]
    with mock_aws():
        client = boto3.client("dynamodb")
        given = {name: value for name, value in asked.items() if name not in {*ELSEWHERE, "StreamSpecification"}}
        client.create_table(TableName="copy", **given)
        rows = Rows(LocalState(copy))
        rows.restore(dynamodb_backends[ACCOUNT][REGION].tables["copy"])
        rows.close()
        table = Table(client, "copy")
        store = DynamoMessages(table)
        dispatch = Dispatch(store, DynamoChats(table), clock, new_id)
        restored = Restored(DynamoTenants(table), DynamoSessions(table), store, dispatch)
        changed = restored.raise_epochs(), restored.end_messages(queued=True)
        pages = client.get_paginator("scan").paginate(TableName="copy")
        items = [item for page in pages for item in page["Items"]]
    target.write_text(json.dumps(items, default=lambda binary: base64.b64encode(binary).decode()))
    return changed


def test_a_stack_goes_on_from_a_copy_of_its_table(
    own_stack: Callable[..., Stack], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = own_stack()
    stack.start()
    stack.link(ANA)
    friend = Phone(stack, BO).switch_on("Bo")
    kill_in_the_air(stack, friend)
    copy = tmp_path_factory.mktemp("copy")
    for file in files(stack.state, "table"):
        shutil.copy(file, copy)

    # The world goes on: what was open goes out, and claims of later epochs are in force.
    stack.start()
    settled(stack, friend)
    eventually(lambda: friend.heard() == ["0", "1", "2", "3", "4"])
    (latest,) = epochs(stack)
    stack.stop()

    # The table is put back to what it was then, and nothing else is.
    for file in files(stack.state, *NEW_WITH_A_STACK):
        file.unlink()
    assert put_right(copy, stack.state / ROWS_FILE, monkeypatch) == (1, 4)
    stack.start()
    # Nothing tells of what was lost: the sweep finds the lease that ran out.
    eventually(stack.serving, within=150)
    stack.until(ANA, "CONNECTED")
    assert statuses(stack, friend)[1:] == ["unknown"] * 4
    assert send(stack, ANA, friend.number, "5").status_code == 200
    eventually(lambda: friend.heard()[-1:] == ["5"])
    assert friend.heard() == ["0", "1", "2", "3", "4", "5"]
    eventually(lambda: [epoch for epoch in epochs(stack) if epoch > max(latest, LEAP)] == epochs(stack))
