"""A network that stands and doesn't fit is told before anything is made."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import CannotDeploy
from infra.deploy.account import Account
from infra.deploy.checks import check_network
from tests.deploy.cloud import client, running
from tests.infra.networks import a_network


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        yield account


@pytest.fixture
def ec2(account: Account) -> Any:
    return client(account, "ec2")


@pytest.fixture
def network(account: Account, ec2: Any) -> Iterator[dict[str, str]]:
    made = a_network(ec2, account.region)
    yield made
    for group in made["WorkerSecurityGroups"].split(","):
        ec2.delete_security_group(GroupId=group)


def test_one_that_fits_passes_and_so_does_the_stack_s_own(account: Account, network: dict[str, str]) -> None:
    check_network(account, network)
    check_network(account, network | {"WorkerSecurityGroups": ""})
    check_network(account, {"VpcId": "", "SubnetIdA": "", "SubnetIdB": "", "WorkerSecurityGroups": ""})


def test_subnets_and_groups_are_the_vpc_s(account: Account, network: dict[str, str], ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.98.0.0/24", AvailabilityZone=f"{account.region}b")["Subnet"]
    with pytest.raises(
        CannotDeploy, match=f"The subnet {subnet['SubnetId']} isn't in {network['VpcId']}, but in {vpc}"
    ):
        check_network(account, network | {"SubnetIdB": subnet["SubnetId"]})
    group = ec2.create_security_group(GroupName="foreign", Description="foreign", VpcId=vpc)["GroupId"]
    with pytest.raises(CannotDeploy, match=f"The security group {group} isn't in {network['VpcId']}"):
        check_network(account, network | {"WorkerSecurityGroups": f"{network['WorkerSecurityGroups']},{group}"})


def test_the_subnets_are_in_two_zones(account: Account, network: dict[str, str], ec2: Any) -> None:
    beside = {"CidrBlock": "10.99.9.0/24", "AvailabilityZone": f"{account.region}a"}
    subnet = ec2.create_subnet(VpcId=network["VpcId"], **beside)["Subnet"]["SubnetId"]
    with pytest.raises(CannotDeploy, match=f"{subnet} are both in {account.region}a"):
        check_network(account, network | {"SubnetIdB": subnet})


def test_a_subnet_that_isn_t_there_is_aws_s_word(account: Account, network: dict[str, str]) -> None:
    with pytest.raises(CannotDeploy, match=r"AWS would not show the network: .*\(InvalidSubnetID\.NotFound\)"):
        check_network(account, network | {"SubnetIdB": "subnet-0123456789abcdef1"})


@pytest.mark.parametrize(
    ("asked", "told"), [("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")]
)
def test_workers_find_their_files_by_names(
    account: Account, network: dict[str, str], ec2: Any, asked: str, told: str
) -> None:
    ec2.modify_vpc_attribute(VpcId=network["VpcId"], **{asked: {"Value": False}})
    with pytest.raises(CannotDeploy, match=f"{network['VpcId']} has {told} off"):
        check_network(account, network)


def test_who_may_not_ask_deploys_nevertheless(account: Account, network: dict[str, str]) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeSubnets")

    account.session.events.register("before-call.ec2.DescribeSubnets", refuse)
    try:
        check_network(account, network | {"SubnetIdB": "subnet-0123456789abcdef1"})
    finally:
        account.session.events.unregister("before-call.ec2.DescribeSubnets", refuse)
