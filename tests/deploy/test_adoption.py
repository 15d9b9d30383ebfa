"""A table and files that stand already: what they lack is said before anything is made, and switched on by one command."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation.models import cloudformation_backends
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import RestoredTable
from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from infra.deploy import CannotDeploy
from infra.deploy.account import Account, new_keys, signing_keys_of
from infra.deploy.adoption import SETTLED, adopt, check, make_ready
from infra.deploy.choices import Choices
from infra.deploy.stack import StackState
from infra.template import TEMPLATE, load_template
from tests.deploy.cloud import client, running

pytestmark = pytest.mark.subprocess

ORIGINAL = "switchboard-dev-Table-ORIGINAL"
COPY = "switchboard-dev-Table-RESTORED"
RESTORED_TO = "/aws-backup-restore_2026-11-28T10-00-00/devices"
ASKED = load_template(TEMPLATE).decided({}).resources["Table"]["Properties"]


def as_dynamodb_restores(patching: pytest.MonkeyPatch) -> None:
    """Have moto restore a table's encryption with it, as DynamoDB does."""
    plain = RestoredTable._parse_params_from_backup
    patching.setattr(
        RestoredTable,
        "_parse_params_from_backup",
        lambda self, backup: plain(self, backup) | {"sse_specification": copy.deepcopy(backup.table.sse_specification)},
    )


@pytest.fixture(scope="module")
def region() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as found:
        as_dynamodb_restores(patching)
        yield found


@pytest.fixture
def account(region: Account) -> Account:
    """The region, empty again."""
    for backends in (dynamodb_backends, efs_backends, cloudformation_backends, ec2_backends):
        backends[region.number][region.region].reset()
    return region


def a_table(account: Account, **other: Any) -> None:
    """Make the table as the template has it, but for ``other``."""
    names = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "BillingMode")
    asked = {name: ASKED[name] for name in (*names, "SSESpecification", "StreamSpecification")}
    asked["SSESpecification"] = {"Enabled": True, "SSEType": "KMS"}
    asked["StreamSpecification"] = {"StreamEnabled": True, **asked["StreamSpecification"]}
    given = {name: value for name, value in (asked | other).items() if value is not None}
    keys = json.dumps([given[name] for name in names[1:4] if name in given])
    given["AttributeDefinitions"] = [one for one in ASKED[names[0]] if f'"{one["AttributeName"]}"' in keys]
    client(account, "dynamodb").create_table(TableName=ORIGINAL, **given)


def a_copy(account: Account) -> None:
    """Restore the table from a copy, under another name."""
    rows = client(account, "dynamodb")
    made = rows.create_backup(TableName=ORIGINAL, BackupName="nightly")["BackupDetails"]
    rows.restore_table_from_backup(TargetTableName=COPY, BackupArn=made["BackupArn"])


def files(account: Account, *, encrypted: bool = True) -> str:
    made = client(account, "efs").create_file_system(CreationToken=account.region, Encrypted=encrypted)
    return str(made["FileSystemId"])


def checked(account: Account, before: StackState | None = None, **parameters: str) -> dict[str, str]:
    return check(account, "dev", {"Protected": "yes", **parameters}, before)


def refusal(account: Account, before: StackState | None = None, **parameters: str) -> str:
    with pytest.raises(CannotDeploy) as refused:
        checked(account, before, **parameters)
    return str(refused.value)


def made_ready(account: Account, **parameters: str) -> str:
    said: list[str] = []
    make_ready(account, Choices("dev", parameters), said.append)
    return "\n".join(said)


def test_what_a_restored_table_lacks_is_said_with_the_command_that_turns_it_on(account: Account) -> None:
    a_table(account)
    a_copy(account)
    assert refusal(account, AdoptedTable=COPY).splitlines() == [
        "What is to be adopted isn't ready.",
        f"  The stream of the table {COPY} is off.",
        f"  Time to live of the table {COPY} is off.",
        f"  Point-in-time recovery of the table {COPY} is off.",
        f"  The table {COPY} isn't protected from deletion (Protected=yes).",
        f"  The table {COPY} is a copy, and messages that were open in it may have gone out since.",
        f"To turn on what is missing: make adopt STAGE=dev PARAMETERS='AdoptedTable={COPY}'",
    ]


def test_that_command_makes_it_ready_and_can_be_repeated(account: Account) -> None:
    a_table(account)
    a_copy(account)
    said = made_ready(account, AdoptedTable=COPY)
    assert "Raised the epochs of 0 sessions." in said
    assert f"Ready. Now: make deploy STAGE=dev PARAMETERS='AdoptedTable={COPY}'" in said
    rows = client(account, "dynamodb")
    table = rows.describe_table(TableName=COPY)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    ttl = rows.describe_time_to_live(TableName=COPY)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")
    kept = rows.describe_continuous_backups(TableName=COPY)["ContinuousBackupsDescription"]
    assert kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table["DeletionProtectionEnabled"]
    assert checked(account, AdoptedTable=COPY) == {"AdoptedStream": table["LatestStreamArn"]}
    assert made_ready(account, AdoptedTable=COPY).splitlines() == [
        f"Its stream, for what isn't deployed by make: AdoptedStream={table['LatestStreamArn']}",
        f"Ready. Now: make deploy STAGE=dev PARAMETERS='AdoptedTable={COPY}'",
    ]


def test_a_table_that_an_earlier_stack_left_is_no_copy(account: Account) -> None:
    a_table(account)
    said = made_ready(account, AdoptedTable=ORIGINAL)
    assert "epochs" not in said
    assert "messages" not in said
    assert checked(account, AdoptedTable=ORIGINAL)["AdoptedStream"].startswith("arn:aws:dynamodb:")


def test_a_table_that_another_stack_works_with_is_refused(account: Account) -> None:
    a_table(account)
    trust = {"Version": "2012-10-17", "Statement": []}
    role = client(account, "iam").create_role(
        RoleName=f"reader-{account.region}", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    functions = client(account, "lambda")
    functions.create_function(
        FunctionName="switchboard-other-Control",
        Runtime="python3.13",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )
    stream = client(account, "dynamodb").describe_table(TableName=ORIGINAL)["Table"]["LatestStreamArn"]
    functions.create_event_source_mapping(
        FunctionName="switchboard-other-Control", EventSourceArn=stream, StartingPosition="TRIM_HORIZON"
    )
    said = "switchboard-other-Control reads the stream of the table"
    assert said in refusal(account, AdoptedTable=ORIGINAL)
    # Those of a stack that stands are its own.
    stands = StackState("UPDATE_COMPLETE", {"TableName": ORIGINAL}, {"AdoptedTable": ORIGINAL})
    assert said not in refusal(account, stands, AdoptedTable=ORIGINAL)


def test_a_copy_of_a_copy_is_put_right_as_well(account: Account) -> None:
    a_table(account)
    a_copy(account)
    made_ready(account, AdoptedTable=COPY)
    rows = client(account, "dynamodb")
    rows.update_table(TableName=ORIGINAL, DeletionProtectionEnabled=False)
    rows.delete_table(TableName=ORIGINAL)
    made = rows.create_backup(TableName=COPY, BackupName="later")["BackupDetails"]
    rows.restore_table_from_backup(TargetTableName=ORIGINAL, BackupArn=made["BackupArn"])
    assert f"The table {ORIGINAL} is a copy" in refusal(account, AdoptedTable=ORIGINAL)


KEYS = [{"AttributeName": "sk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"LocalSecondaryIndexes": None}, "lacks the local index open on pk/open_at"),
        ({"GlobalSecondaryIndexes": None}, "lacks the global index due on due_shard/due_at"),
        ({"KeySchema": KEYS, "LocalSecondaryIndexes": None}, "has the key sk/pk, and not pk/sk"),
        (
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
            "isn't one of NEW_AND_OLD_IMAGES. Turn it off first: aws dynamodb update-table",
        ),
    ],
)
def test_what_no_command_can_mend_is_refused_by_it_too(account: Account, other: dict[str, Any], sentence: str) -> None:
    a_table(account, **other)
    assert sentence in refusal(account, AdoptedTable=ORIGINAL)
    with pytest.raises(CannotDeploy, match="This can't be adopted") as refused:
        made_ready(account, AdoptedTable=ORIGINAL)
    assert sentence in str(refused.value)


def test_a_table_s_time_to_live_must_go_by_the_right_attribute(account: Account) -> None:
    a_table(account)
    on = {"Enabled": True, "AttributeName": "expires"}
    client(account, "dynamodb").update_time_to_live(TableName=ORIGINAL, TimeToLiveSpecification=on)
    assert "goes by another attribute than ttl" in refusal(account, AdoptedTable=ORIGINAL)


def test_a_table_without_encryption_by_kms_is_to_get_it(account: Account) -> None:
    a_table(account, SSESpecification=None)
    asked: list[dict[str, Any]] = []
    account.session.events.register(
        "provide-client-params.dynamodb.UpdateTable", lambda params, **_: asked.append(dict(params))
    )
    assert "isn't encrypted by KMS" in refusal(account, AdoptedTable=ORIGINAL)
    made_ready(account, AdoptedTable=ORIGINAL, KeyArn="arn:aws:kms:us-east-1:123456789012:key/1")
    (wanted,) = [one["SSESpecification"] for one in asked if "SSESpecification" in one]
    assert wanted == {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:us-east-1:123456789012:key/1"}


def test_what_isn_t_there_can_t_be_adopted(account: Account) -> None:
    where = f"in account {account.number}, region {account.region}."
    assert refusal(account, AdoptedTable="nothing") == f"There is no table nothing {where}"
    assert refusal(account, AdoptedFiles="fs-12345678") == f"There is no file system fs-12345678 {where}"


def test_files_get_the_policy_that_asks_for_tls_and_a_role(account: Account) -> None:
    there = files(account)
    assert "may be mounted without TLS, and without a role" in refusal(account, AdoptedFiles=there)
    made_ready(account, AdoptedFiles=there)
    assert checked(account, AdoptedFiles=there) == {}
    policy = json.loads(client(account, "efs").describe_file_system_policy(FileSystemId=there)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_policy_of_one_s_own_is_left_as_it_is(account: Account) -> None:
    there, efs = files(account), client(account, "efs")
    own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]}
    efs.put_file_system_policy(FileSystemId=there, Policy=json.dumps(own))
    with pytest.raises(CannotDeploy, match="lets it be mounted without TLS"):
        made_ready(account, AdoptedFiles=there)
    assert json.loads(efs.describe_file_system_policy(FileSystemId=there)["Policy"]) == own


def test_files_that_aren_t_encrypted_or_are_mounted_elsewhere_are_refused(account: Account) -> None:
    there, ec2 = files(account, encrypted=False), client(account, "ec2")
    assert "has no mount targets: leave AdoptedMounts out" in refusal(account, AdoptedFiles=there, AdoptedMounts="yes")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/24")["Subnet"]["SubnetId"]
    client(account, "efs").create_mount_target(FileSystemId=there, SubnetId=subnet)
    said = refusal(account, AdoptedFiles=there)
    assert "isn't encrypted, which it can only be made with" in said
    assert "or say AdoptedMounts=yes" in said
    # Those of a stack that stands are its own.
    stands = StackState("UPDATE_COMPLETE", {"DeviceFileSystem": there}, {"AdoptedFiles": there})
    assert "mount targets" not in refusal(account, stands, AdoptedFiles=there)


def test_files_are_backed_up_if_that_is_chosen(account: Account) -> None:
    there = files(account)
    assert "isn't backed up (FileBackups=yes)" in refusal(account, AdoptedFiles=there, FileBackups="yes")
    made_ready(account, AdoptedFiles=there, FileBackups="yes")
    assert checked(account, AdoptedFiles=there, FileBackups="yes") == {}


def test_copied_files_make_what_was_just_being_sent_uncertain(account: Account) -> None:
    a_table(account)
    given: Any = {"AdoptedTable": ORIGINAL, "AdoptedFiles": files(account), "AdoptedPath": RESTORED_TO}
    assert "The files are a copy, and messages that were open" in refusal(account, **given)
    said = made_ready(account, **given)
    assert "0 messages may or may not have gone out, and are unknown now." in said
    assert "epochs" not in said
    assert checked(account, **given)["AdoptedStream"]


@pytest.mark.parametrize("name", ["AdoptedTable", "AdoptedFiles", "AdoptedPath"])
def test_a_stack_that_stands_can_t_change_to_another_table_or_other_files(account: Account, name: str) -> None:
    usual: dict[str, Any] = {"AdoptedTable": "", "AdoptedFiles": "", "AdoptedPath": "/devices"}
    before = StackState("UPDATE_COMPLETE", parameters=usual)
    assert f"{name} can only be chosen for a new stack" in refusal(account, before, **{**usual, name: "new"})


def test_a_stack_from_before_there_was_a_choice_goes_on_with_its_own(account: Account) -> None:
    before = StackState("UPDATE_COMPLETE", parameters={"LogDays": "30"})
    assert checked(account, before, AdoptedTable="", AdoptedFiles="", AdoptedPath="/devices") == {}
    assert "AdoptedTable can only be chosen" in refusal(account, before, AdoptedTable=COPY)


def test_nothing_is_put_right_while_a_stack_runs_on_it(account: Account, tmp_path: Path) -> None:
    a_table(account)
    a_copy(account)
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    body = json.dumps({"Resources": {"Topic": topic}, "Outputs": {"TableName": {"Value": COPY}}})
    client(account, "cloudformation").create_stack(StackName="switchboard-dev", TemplateBody=body)
    with pytest.raises(CannotDeploy, match="The stack switchboard-dev works with it already"):
        made_ready(account, AdoptedTable=COPY)
    tags = client(account, "dynamodb").list_tags_of_resource(
        ResourceArn=client(account, "dynamodb").describe_table(TableName=COPY)["Table"]["TableArn"]
    )["Tags"]
    assert SETTLED not in [one["Key"] for one in tags]


def test_a_copy_is_made_ready_while_the_stack_still_serves_from_another_table(account: Account) -> None:
    a_table(account)
    a_copy(account)
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    body = json.dumps({"Resources": {"Topic": topic}, "Outputs": {"TableName": {"Value": ORIGINAL}}})
    client(account, "cloudformation").create_stack(StackName="switchboard-dev", TemplateBody=body)
    assert "Raised the epochs of 0 sessions." in made_ready(account, AdoptedTable=COPY)


def test_what_to_adopt_must_be_said(account: Account) -> None:
    with pytest.raises(CannotDeploy, match="What is to be adopted"):
        adopt(Choices("dev", {}, region=account.region), print)


@pytest.mark.parametrize("text", ["{}", "a password", '{"current": "1", "keys": {}}', '["current"]'])
def test_signing_keys_are_taken_over_from_a_secret_that_has_some(account: Account, text: str) -> None:
    manager = client(account, "secretsmanager")
    name = f"SigningKeys-{sum(text.encode())}"
    manager.create_secret(Name=name, SecretString=text)
    with pytest.raises(CannotDeploy, match=f"SIGNING_KEYS_FROM={name} has no signing keys in it"):
        signing_keys_of(account, name)
    keys = json.dumps(new_keys())
    manager.put_secret_value(SecretId=name, SecretString=keys)
    assert signing_keys_of(account, name) == keys


def test_a_secret_that_isn_t_there_has_none_to_take_over(account: Account) -> None:
    with pytest.raises(CannotDeploy, match="AWS would not show the signing keys in nothing"):
        signing_keys_of(account, "nothing")
