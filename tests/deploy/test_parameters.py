"""Parameters are checked as CloudFormation checks them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.deploy import CannotDeploy
from infra.deploy.choices import check_parameters
from infra.template import TEMPLATE, load_template

REAL = load_template(TEMPLATE).document
SMALL = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": 1, "MinValue": 0, "MaxValue": 9},
        "Name": {
            "Type": "String",
            "Default": "",
            "AllowedPattern": "^[a-z]*$",
            "ConstraintDescription": "small letters",
        },
        "Mode": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]},
    },
    "Rules": {
        "BigNeedsName": {
            "RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, 1]}]},
            "Assertions": [
                {"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]}, "AssertDescription": "Size needs Name"}
            ],
        },
        "Somewhere": {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [["r1", "r2"], {"Ref": "AWS::Region"}]},
                    "AssertDescription": "Only in r1, r2",
                }
            ]
        },
    },
}


def test_the_template_s_own_defaults_fit() -> None:
    check_parameters(REAL, {}, region="eu-central-1")
    check_parameters(
        REAL, {"PrivateWorkers": "yes", "LogDays": "90", "AllowedOrigins": "https://a.example"}, region="us-east-1"
    )


def test_what_holds_in_one_region_alone_is_refused_elsewhere() -> None:
    check_parameters(REAL, {"RequestsPerFiveMinutes": "500"}, region="us-east-1")
    with pytest.raises(CannotDeploy, match="us-east-1 only"):
        check_parameters(REAL, {"RequestsPerFiveMinutes": "500"}, region="eu-central-1")


def test_a_parameter_without_a_default_must_be_given() -> None:
    with pytest.raises(CannotDeploy, match="needs a value for Place"):
        check_parameters({"Parameters": {"Place": {"Type": "String"}}}, {}, region="r1")


@given(st.integers(-20, 20))
def test_a_number_is_within_its_bounds(size: int) -> None:
    if 0 <= size <= 9:
        check_parameters(SMALL, {"Size": str(size), "Name": "x"}, region="r1")
    else:
        with pytest.raises(CannotDeploy, match="Size="):
            check_parameters(SMALL, {"Size": str(size), "Name": "x"}, region="r1")


@pytest.mark.parametrize("size", ["", "1.5", "one", "1e3", "٣"])
def test_what_is_no_whole_number_is_refused(size: str) -> None:
    with pytest.raises(CannotDeploy, match="must be a whole number"):
        check_parameters(SMALL, {"Size": size}, region="r1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"Name": "Ana"}, "must be small letters"),
        ({"Name": "ana\n"}, "must be small letters"),
        ({"Mode": "c"}, "must be one of a, b"),
        ({"Size": "2"}, "Size needs Name."),
    ],
)
def test_what_doesn_t_fit_is_said(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotDeploy, match=sentence):
        check_parameters(SMALL, given, region="r1")


def test_a_rule_may_ask_for_the_region() -> None:
    with pytest.raises(CannotDeploy, match="Only in r1, r2"):
        check_parameters(SMALL, {}, region="r3")


@pytest.mark.parametrize("limit", ["9", "-1", "05", "1000000000", "ten"])
def test_a_firewall_s_limit_is_one_that_it_takes(limit: str) -> None:
    with pytest.raises(CannotDeploy, match="0, or a whole number from 10"):
        check_parameters(REAL, {"RequestsPerFiveMinutes": limit}, region="us-east-1")


VPC = {"VpcId": "vpc-0123456789abcdef0"}
SUBNETS = {"SubnetIdA": "subnet-0123456789abcdef0", "SubnetIdB": "subnet-0123456789abcdef1"}
KEY = {"KeyArn": "arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012"}


def test_a_network_and_a_key_that_stand_fit() -> None:
    check_parameters(REAL, {**VPC, **SUBNETS, **KEY, "RolePath": "/a/b/"}, region="eu-central-1")
    check_parameters(REAL, {"VpcCidr": "10.1.0.0/20", "SubnetBits": "10"}, region="eu-central-1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (VPC, "VpcId needs SubnetIdA and SubnetIdB"),
        ({**VPC, "SubnetIdA": SUBNETS["SubnetIdA"]}, "VpcId needs SubnetIdA and SubnetIdB"),
        (SUBNETS, "need VpcId"),
        ({**VPC, **SUBNETS, "SubnetIdB": SUBNETS["SubnetIdA"]}, "They must be in two availability zones"),
        ({"WorkerSecurityGroups": "sg-0123456789abcdef0"}, "WorkerSecurityGroups needs VpcId"),
        ({**KEY, "OwnKey": "yes"}, "two keys"),
        ({"RolePath": "platform"}, "with a slash at both ends"),
        ({"PermissionsBoundary": "boundary"}, "the ARN of a managed policy"),
        ({"VpcCidr": "10.0.0.0/8"}, "from /16 to /26"),
        ({"VpcCidr": "10.0.256.0/16"}, "a range of addresses"),
        ({"VpcCidr": "10.0.0.0/20"}, "VpcCidr=10.0.0.0/20 has no room for 4 subnets of SubnetBits=14"),
    ],
)
def test_what_a_platform_team_brings_must_fit_together(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotDeploy, match=sentence):
        check_parameters(REAL, given, region="eu-central-1")


CERTIFICATE = f"arn:aws:acm:eu-central-1:123456789012:certificate/{'0' * 8}-0000-0000-0000-{'0' * 12}"
OWN_NAMES = {"DomainName": "wa.example.com", "SocketDomainName": "ws.example.com", "CertificateArn": CERTIFICATE}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"DomainName": "wa.example.com", "CertificateArn": CERTIFICATE}, "Give SocketDomainName too"),
        ({**OWN_NAMES, "SocketDomainName": "wa.example.com"}, "DomainName and SocketDomainName are the same"),
        ({"SocketDomainName": "ws.example.com"}, "SocketDomainName needs DomainName"),
        ({"RequestsPerFiveMinutes": "100"}, "A firewall stands at the edge"),
    ],
)
def test_without_an_edge_each_api_has_a_name_of_its_own(given: dict[str, str], sentence: str) -> None:
    check_parameters(REAL, {**OWN_NAMES, "Edge": "none"}, region="eu-central-1")
    with pytest.raises(CannotDeploy, match=sentence):
        check_parameters(REAL, {**given, "Edge": "none"}, region="eu-central-1")


def test_a_pattern_that_isn_t_kept_is_said_in_words() -> None:
    """Whoever mistypes a value is not to read a regular expression."""
    for name, declared in REAL["Parameters"].items():
        assert "AllowedPattern" not in declared or "ConstraintDescription" in declared, name


FILES = {"AdoptedFiles": "fs-0123456789abcdef0"}
GROUPS = {**VPC, **SUBNETS, "WorkerSecurityGroups": "sg-0123456789abcdef0"}


def test_a_table_and_files_that_stand_fit_without_the_stream_which_is_found() -> None:
    adopted = {
        "AdoptedTable": "switchboard-dev-Table-1",
        **FILES,
        "AdoptedPath": "/aws-backup-restore_2026-11-28T10:00/d",
    }
    check_parameters(REAL, adopted, region="eu-central-1")
    check_parameters(REAL, {**FILES, **GROUPS, "AdoptedMounts": "yes"}, region="eu-central-1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"AdoptedStream": "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2026"},
            "no parameter AdoptedStream",
        ),
        ({"AdoptedTable": "arn:aws:dynamodb:eu-central-1:123456789012:table/t"}, "the name of a table"),
        ({"AdoptedFiles": "devices"}, "the id of a file system"),
        ({"AdoptedPath": "/elsewhere"}, "AdoptedPath needs AdoptedFiles"),
        ({**FILES, "AdoptedPath": "/a/b/c/d/e"}, "four directories at the most"),
        ({**FILES, "AdoptedPath": "/../devices"}, "four directories at the most"),
        ({**GROUPS, "AdoptedMounts": "yes"}, "AdoptedMounts needs AdoptedFiles"),
        ({**FILES, "AdoptedMounts": "yes"}, "AdoptedMounts needs WorkerSecurityGroups"),
    ],
)
def test_what_is_adopted_must_fit_together(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotDeploy, match=sentence):
        check_parameters(REAL, given, region="eu-central-1")
