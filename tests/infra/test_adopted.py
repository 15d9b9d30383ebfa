"""The stack with a table and a file system that stand already: it makes none of its own, and leaves those alone."""

import ast
import json

import pytest

from infra.template import decided
from tests.infra.cloud import ACCOUNT, REGION, Cloud, moto_cloud
from tests.infra.networks import a_network
from tests.infra.parameter_sets import ADOPTED, MOUNTED
from tests.infra.removal import as_cloudformation_does

pytestmark = pytest.mark.subprocess


def left_behind(cloud: Cloud) -> dict[str, str]:
    """Make a table and a file system as an earlier stack leaves them; return the parameters that name them."""
    asked = decided(cloud.template, {})["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "BillingMode")
    made = cloud.client("dynamodb").create_table(
        TableName=f"{cloud.name}-Table-RESTORED",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **{name: asked[name] for name in names},
    )
    files = cloud.client("efs").create_file_system(CreationToken=cloud.name, Encrypted=True)
    table = made["TableDescription"]
    return {
        "AdoptedTable": table["TableName"],
        "AdoptedStream": table["LatestStreamArn"],
        "AdoptedFiles": files["FileSystemId"],
    }


def allowed(cloud: Cloud, role: str) -> set[str]:
    """Return the ARNs of the table and what belongs to it, as the role's policy names them."""
    (policy,) = cloud.template["Resources"][role]["Properties"]["Policies"]
    kept = cloud.client("iam").get_role_policy(RoleName=cloud.physical[role], PolicyName=policy["PolicyName"])
    # moto gives the document as Python would write it.
    resources = [one["Resource"] for one in ast.literal_eval(kept["PolicyDocument"])["Statement"]]
    every = [one for some in resources for one in ([some] if isinstance(some, str) else some)]
    return {one for one in every if one.startswith("arn:aws:dynamodb:")}


def test_a_stack_goes_on_with_a_table_and_files_that_stand_and_leaves_them(package):
    with moto_cloud(package, "switchboard-adopting") as cloud:
        given = ADOPTED | left_behind(cloud)
        cloud.create(given)
        table, stream, files = (given[name] for name in ("AdoptedTable", "AdoptedStream", "AdoptedFiles"))
        assert set(decided(cloud.template, given)["Resources"]) == set(cloud.physical)
        assert not {"Table", "DeviceFiles"} & set(cloud.physical)
        assert {cloud.asked(one)["EventSourceArn"] for one in ("ControlMapping", "FanoutMapping")} == {stream}
        assert cloud.function_environment("APIHandler")["TABLE_NAME"] == table
        assert (cloud.outputs["TableName"], cloud.outputs["DeviceFileSystem"]) == (table, files)
        # Roles are let to this table, its indexes and its stream, and to no other.
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
        assert allowed(cloud, "SweepRole") == {arn, f"{arn}/index/open", f"{arn}/index/due"}
        assert allowed(cloud, "ControlRole") == {arn, f"{arn}/index/open", stream}
        alarm = cloud.asked("TableThrottles")["Metrics"][1]["MetricStat"]["Metric"]["Dimensions"]
        assert alarm == [{"Name": "TableName", "Value": table}]
        efs = cloud.client("efs")
        (point,) = efs.describe_access_points(FileSystemId=files)["AccessPoints"]
        # A path that isn't there is no empty directory: tasks don't start, and say why.
        assert point["RootDirectory"] == {"Path": given["AdoptedPath"]}
        assert len(efs.describe_mount_targets(FileSystemId=files)["MountTargets"]) == 2
        task = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.outputs["WorkerTaskDefinition"])
        (volume,) = [one for one in task["taskDefinition"]["volumes"] if one["name"] == "devices"]
        assert volume["efsVolumeConfiguration"]["fileSystemId"] == files
        with as_cloudformation_does(cloud.client):
            cloud.client("cloudformation").delete_stack(StackName=cloud.name)
        assert table in cloud.client("dynamodb").list_tables()["TableNames"]
        assert efs.describe_file_systems(FileSystemId=files)["FileSystems"][0]["NumberOfMountTargets"] == 0


def test_files_that_are_mounted_already_get_no_other_mount_targets(package):
    with moto_cloud(package, "switchboard-mounted") as cloud:
        given = MOUNTED | left_behind(cloud) | a_network(cloud.client("ec2"), REGION)
        efs = cloud.client("efs")
        mine = {
            efs.create_mount_target(FileSystemId=given["AdoptedFiles"], SubnetId=given[subnet])["MountTargetId"]
            for subnet in ("SubnetIdA", "SubnetIdB")
        }
        cloud.create(given)
        assert set(decided(cloud.template, given)["Resources"]) == set(cloud.physical)
        found = efs.describe_mount_targets(FileSystemId=given["AdoptedFiles"])["MountTargets"]
        assert {one["MountTargetId"] for one in found} == mine


def test_the_dashboard_shows_the_adopted_ones(package):
    shown = json.dumps(decided(package.document(), ADOPTED)["Resources"]["Dashboard"]["Properties"])
    assert '"TableName": {"Ref": "AdoptedTable"}' in shown
    assert '"FilesId": {"Ref": "AdoptedFiles"}' in shown
