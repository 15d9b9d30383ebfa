"""The drill of docs/operations.md: the stack is deleted, its table lost and restored from a copy, and deployed over it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from chalicelib.services.control.restored import LEAP
from chalicelib.worker.session.device import Devices
from infra import REPOSITORY
from infra.deploy import CannotDeploy, administrator, packaging
from infra.deploy import account as accounts
from infra.deploy.account import Account
from infra.deploy.adoption import make_ready
from infra.deploy.choices import Choices
from infra.deploy.deployment import bring
from infra.deploy.destruction import destroy
from infra.package.building import Package
from tests.deploy import cloud as stands_in
from tests.deploy.cloud import QUOTA, Docker, environment, objects_disposed
from tests.deploy.test_adoption import as_dynamodb_restores
from tests.infra.cloud import REGION, Cloud
from tests.infra.removal import as_cloudformation_does
from tests.infra.test_job import EDGE
from tests.worker.databases import leave

pytestmark = pytest.mark.subprocess

STACK = "switchboard-prod"
COPY = f"{STACK}-Table-RESTORED-1"
SECRET = administrator.secret_name(STACK)


@pytest.fixture
def account(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    stands_in.as_cloudformation_does(monkeypatch)
    as_dynamodb_restores(monkeypatch)
    monkeypatch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    for name, value in environment(cloud.url, REGION).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(Docker(tmp_path, sys.executable).path))
    with objects_disposed(monkeypatch):
        yield accounts.log_in(REGION)


@dataclass
class Drill:
    """A stage of the whole template, by way of the deployment; ``cloud`` looks at its stack."""

    cloud: Cloud
    account: Account
    package: Package

    def change(self, parameters: dict[str, str], keys: str | None = None) -> str:
        said: list[str] = []
        whole = packaging.PackagedStack(self.package.archive, self.package.document(), self.package.page)
        bring(self.account, whole, Choices("prod", parameters, keys_from=keys), said.append)
        return "\n".join(said)

    def deploy(self, parameters: dict[str, str], keys: str | None = None) -> str:
        said = self.change(parameters, keys)
        # Without host names, which moto's CloudFormation leaves out of a VPC, its RunTask fails.
        vpc = self.cloud.physical["Vpc"]
        self.cloud.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        return said

    def adopt(self, parameters: dict[str, str]) -> str:
        said: list[str] = []
        make_ready(self.account, Choices("prod", parameters), said.append)
        return "\n".join(said)

    def destroy(self) -> str:
        said: list[str] = []
        with as_cloudformation_does(self.cloud.client):
            destroy(Choices("prod", {}, region=REGION, confirmed="prod"), said.append)
        return "\n".join(said)

    def password(self) -> str:
        """The first administrator's secret, as it is kept."""
        return str(self.cloud.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])

    def stream(self, table: str) -> str:
        return str(self.cloud.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"])

    def run(self, act: str, token: str = "") -> dict[str, Any]:
        """Have the stack's functions do what happens ``before`` or ``after``."""
        filters = self.cloud.asked("ControlMapping")["FilterCriteria"]["Filters"]
        told = {
            "password": json.loads(self.password())["password"],
            "stream": self.stream(self.cloud.outputs["TableName"]),
            "patterns": [json.loads(one["Pattern"]) for one in filters],
            "token": token,
        }
        given = self.cloud.sdk_environment() | self.cloud.function_environment("APIHandler") | EDGE
        done = subprocess.run(
            [sys.executable, "-m", "tests.infra.restoring", act],
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"]} | given,
            input=json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
        )
        # What a function outlives is logged with its trace.
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        return dict(json.loads(done.stdout))


@pytest.mark.timeout(300)
def test_a_stage_goes_on_from_a_copy_of_its_table(
    cloud: Cloud, account: Account, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill = Drill(replace(cloud, name=STACK, clients={}), account, package)
    drill.deploy({})
    rows = cloud.client("dynamodb")
    table, files = drill.cloud.outputs["TableName"], drill.cloud.outputs["DeviceFileSystem"]
    # moto's CloudFormation leaves it out.
    dynamodb_backends[account.number][REGION].tables[table].sse_specification = {"Enabled": True, "SSEType": "KMS"}
    done = drill.run("before")
    assert done["sent"]["status"] in {200, 202}
    copy = rows.create_backup(TableName=table, BackupName="drill")["BackupDetails"]["BackupArn"]
    secret, keys = drill.password(), drill.cloud.outputs["SigningKeysSecret"]

    # 1. The stack goes, with what it keeps; then the table is lost as well.
    assert f"aws dynamodb delete-table --table-name {table}" in drill.destroy()
    rows.update_table(TableName=table, DeletionProtectionEnabled=False)
    rows.delete_table(TableName=table)

    # 2. A copy, which nothing can be deployed over as it is.
    rows.restore_table_from_backup(TargetTableName=COPY, BackupArn=copy)
    chosen = {"AdoptedTable": COPY, "AdoptedFiles": files}
    with pytest.raises(CannotDeploy, match=f"The stream of the table {COPY} is off"):
        drill.deploy(chosen)

    # 3. Made ready.
    said = drill.adopt(chosen)
    assert "Raised the epochs of 1 sessions." in said
    assert "1 messages may or may not have gone out, and are unknown now." in said

    # 4. The stack anew.
    cloud.client("secretsmanager").create_secret(Name=SECRET, SecretString=secret)
    said = drill.deploy(chosen, keys)
    assert "created now" not in said
    assert "Took over the keys that sign logins." in said
    assert (drill.cloud.outputs["TableName"], drill.cloud.outputs["DeviceFileSystem"]) == (COPY, files)
    assert {drill.cloud.asked(one)["EventSourceArn"] for one in ("ControlMapping", "FanoutMapping")} == {
        drill.stream(COPY)
    }
    stands = drill.run("after", token=done["token"])
    (session,) = stands["sessions"]
    assert (session["id"], session["status"]) == ("5511999990001", "CONNECTED")
    # What was open in the copy isn't sent a second time.
    (message,) = stands["messages"]
    assert (message["status"], message["failure"]["code"]) == ("unknown", "RESTORED")
    # A worker is claimed for it, above all claims that the copy doesn't know, and finds the device in their files.
    epoch = stands["claimed"]["epoch"]
    assert epoch == done["epoch"] + LEAP + 1
    since = tmp_path / done["uid"] / "device-0000000007.db"
    leave(since, "ana")
    opened = Devices(tmp_path).open(done["uid"], epoch)
    assert (opened.linked, opened.origin) == (True, 7)

    # Later deployments go on with them, and the next end of the stack leaves them alone.
    # What is reserved now isn't free any more, as AWS says and moto doesn't.
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", 860)
    assert "Nothing has changed." in drill.change({})
    assert f"The table {COPY} was adopted, and is left as it is." in drill.destroy()
    assert COPY in rows.list_tables()["TableNames"]
