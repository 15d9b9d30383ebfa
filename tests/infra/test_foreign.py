"""What a platform team brings itself: network, key, bounds of roles. Also the stack by every other set of parameters."""

import pytest

from infra.template import decided, references
from tests.infra.cloud import REGION, moto_cloud
from tests.infra.networks import a_network
from tests.infra.parameter_sets import FOREIGN, PRIVATE, SETS

pytestmark = pytest.mark.subprocess


@pytest.fixture(scope="module")
def foreign(package):
    with moto_cloud(package, "switchboard-foreign") as cloud:
        yield cloud, given_to(cloud)


def given_to(cloud):
    given = FOREIGN | a_network(cloud.client("ec2"), REGION)
    cloud.create(given)
    return given


def test_it_is_created_in_a_network_that_stands(foreign):
    cloud, given = foreign
    resources = decided(cloud.template, given)["Resources"]
    assert cloud.stack["StackStatus"] == "CREATE_COMPLETE"
    assert set(resources) == set(cloud.physical)
    assert {one["Type"] for one in resources.values() if one["Type"].startswith("AWS::EC2::")} == {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
    }
    told = cloud.function_environment("Control")
    assert told["WORKER_SUBNETS"].split(",") == [given["SubnetIdA"], given["SubnetIdB"]]
    assert told["WORKER_SECURITY_GROUPS"] == given["WorkerSecurityGroups"]
    assert told["WORKER_PUBLIC_ADDRESS"] == "0"


def test_its_files_are_in_both_subnets_for_the_first_group_alone(foreign):
    cloud, given = foreign
    found = cloud.client("efs").describe_mount_targets(FileSystemId=cloud.outputs["DeviceFileSystem"])["MountTargets"]
    assert {one["SubnetId"] for one in found} == {given["SubnetIdA"], given["SubnetIdB"]}
    described = cloud.client("ec2").describe_security_groups(GroupIds=[cloud.physical["DeviceSecurityGroup"]])
    (rule,) = described["SecurityGroups"][0]["IpPermissions"]
    first = given["WorkerSecurityGroups"].split(",")[0]
    assert ([one["GroupId"] for one in rule["UserIdGroupPairs"]], rule["FromPort"]) == ([first], 2049)


def test_every_role_is_bounded_and_stands_under_the_path(foreign):
    cloud, given = foreign
    roles = [name for name, one in cloud.template["Resources"].items() if one["Type"] == "AWS::IAM::Role"]
    found = [cloud.client("iam").get_role(RoleName=cloud.physical[name])["Role"] for name in roles]
    assert len(found) == 15
    assert {one["Path"] for one in found} == {given["RolePath"]}
    assert {one["PermissionsBoundary"]["PermissionsBoundaryArn"] for one in found} == {given["PermissionsBoundary"]}


def test_a_given_key_encrypts_all_that_an_own_one_would(foreign):
    cloud, given = foreign
    own = decided(cloud.template, given | {"KeyArn": "", "OwnKey": "yes"})["Resources"]
    mine = {name for name, one in own.items() if name != "Key" and "Key" in set(references(one))}
    resources = decided(cloud.template, given)["Resources"]
    assert {name for name, one in resources.items() if "KeyArn" in set(references(one))} == mine
    assert {"Table", "DeviceFiles", "SigningKeys", "MediaBucket", "Logs"} <= mine
    assert "Key" not in resources


def test_subnets_are_cut_from_the_addresses_that_were_chosen(package):
    with moto_cloud(package, "switchboard-private") as cloud:
        cloud.create(PRIVATE)
        names = ["SubnetA", "SubnetB", "PrivateSubnetA", "PrivateSubnetB"]
        described = cloud.client("ec2").describe_subnets(SubnetIds=[cloud.physical[name] for name in names])
        blocks = {one["CidrBlock"] for one in described["Subnets"]}
    assert blocks == {f"172.16.{number}.0/24" for number in range(8, 12)}


def test_each_set_of_parameters_has_a_test_that_creates_it():
    """Those of the others are in test_stack and test_adopted."""
    assert set(SETS) == {
        "default",
        "everything",
        "no edge",
        "no edge, no name",
        "private",
        "foreign",
        "adopted",
        "mounted",
    }
