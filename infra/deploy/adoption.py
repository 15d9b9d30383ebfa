"""A table and a file system that stand already, for a new stack to go on with: looked at, and made ready.

A restored table is a new one, under a new name. DynamoDB restores its items, keys, indexes and encryption, while the
stream, time to live, point-in-time recovery, tags and protection are off (RestoreTableToPointInTime in its reference).
AWS Backup restores files into a directory of their own, with neither mount targets nor a policy. What is asked of both
is what the template says of the stack's own.

A copy is older than the world besides, which ``services.control.restored`` puts right before anything runs. That this
is done stands in a tag of the table: copies don't have their original's tags, so a copy of a copy is put right as well.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from infra import REPOSITORY
from infra.deploy import CannotDeploy
from infra.deploy import account as accounts
from infra.deploy.account import Account, explained, refused
from infra.deploy.choices import Choices, check_parameters
from infra.deploy.stack import DeployedStack, Say, StackState
from infra.template import TEMPLATE, load_template

TABLE: Final = "AdoptedTable"
FILES: Final = "AdoptedFiles"
PATH: Final = "AdoptedPath"
MOUNTS: Final = "AdoptedMounts"
OWN_PATH: Final = "/devices"
"""Where a stack's own file system has the files; elsewhere they are a copy, which AWS Backup has restored."""
FIXED: Final = {TABLE: "", FILES: "", PATH: OWN_PATH}
"""What can't change while workers run, who would go on with what was; with the values where nothing is adopted."""
SETTLED: Final = "switchboard:settled"
"""The tag of a table that was put right; its value says with which files."""
SETTLED_WITHIN: Final = 600.0
"""Seconds that DynamoDB may take for one change of a table's settings."""
PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, as a sentence; ``mend`` turns on what is missing, None where it can't be turned on."""

    sentence: str
    mend: Callable[[], None] | None = None


def check(account: Account, stage: str, parameters: Mapping[str, str], before: StackState | None) -> dict[str, str]:
    """Return what the deployment fills in for what is adopted; raises CannotDeploy unless all of it is ready.

    ``before`` is the stack that stands, None where a new one is made.
    """
    _refuse_change(parameters, before)
    table, files = parameters.get(TABLE), parameters.get(FILES)
    look = Adoption(account, parameters, before)
    found = [*(look.of_table() if table else []), *(look.of_files() if files else [])]
    if table and look.unsettled:
        found.append(Fault(look.unsettled, _nothing))
    if found:
        lines = [f"What is to be adopted isn't ready.{''.join(f'{chr(10)}  {one.sentence}' for one in found)}"]
        if any(one.mend for one in found):
            lines.append(f"To turn on what is missing: make adopt STAGE={stage} PARAMETERS='{_chosen(parameters)}'")
        raise CannotDeploy("\n".join(lines))
    return {"AdoptedStream": look.table["LatestStreamArn"]} if table else {}


def adopt(choices: Choices, say: Say) -> None:
    """Make a table and a file system ready to be adopted; can be repeated. Raises CannotDeploy."""
    template = load_template(TEMPLATE).document
    region = choices.region
    check_parameters(template, choices.parameters, region=region or "us-east-1")
    if not (choices.parameters.get(TABLE) or choices.parameters.get(FILES)):
        raise CannotDeploy(f"What is to be adopted? Say it like PARAMETERS='{TABLE}=…' or PARAMETERS='{FILES}=…'.")
    account = accounts.log_in(region)
    make_ready(account, choices, say)


def make_ready(account: Account, choices: Choices, say: Say) -> None:
    """Do what ``adopt`` does, in this account; raises CannotDeploy."""
    declared = load_template(TEMPLATE).document["Parameters"]
    parameters = {name: str(one.get("Default", "")) for name, one in declared.items()} | dict(choices.parameters)
    before = DeployedStack(account, choices.stack, say).free()
    look = Adoption(account, parameters, before)
    of_table = look.of_table() if parameters[TABLE] else []
    faults = [*of_table, *(look.of_files() if parameters[FILES] else [])]
    hopeless = [one.sentence for one in faults if one.mend is None]
    if hopeless:
        raise CannotDeploy("\n  ".join(["This can't be adopted.", *hopeless]))
    unsettled = look.unsettled if parameters[TABLE] else None
    if unsettled and look.has_stack(parameters[TABLE]):
        raise CannotDeploy(f"{unsettled} The stack {choices.stack} works with it already: remove that first.")
    if unsettled and look.is_copy:
        say(f"Raised the epochs of {_settle(account, parameters[TABLE], 'epochs')} sessions.")
    for one in faults:
        if one.mend:
            one.mend()
            say(f"Mended: {one.sentence}")
    if unsettled:
        ended = _settle(account, parameters[TABLE], "messages" if look.is_copy else "half-sent")
        say(f"{ended} messages may or may not have gone out, and are unknown now.")
        look.note_settled()
    if parameters[TABLE]:
        look.of_table()
        say(f"Its stream, for what isn't deployed by make: AdoptedStream={look.table['LatestStreamArn']}")
    say(f"Ready. Now: make deploy STAGE={choices.stage} PARAMETERS='{_chosen(choices.parameters)}'")


def _refuse_change(parameters: Mapping[str, str], before: StackState | None) -> None:
    stands = before.parameters if before else parameters
    changed = [name for name, usual in FIXED.items() if stands.get(name, usual) != parameters.get(name, usual)]
    if changed:
        raise CannotDeploy(
            f"{changed[0]} can only be chosen for a new stack: the workers of this one would go on with what they "
            "have. Remove the stage first (make destroy), which keeps the table and the files."
        )


def _chosen(parameters: Mapping[str, str]) -> str:
    usual = FIXED | {MOUNTS: "no"}
    named = {name: parameters[name] for name in usual if parameters.get(name, usual[name]) != usual[name]}
    return " ".join(f"{name}={value}" for name, value in named.items())


def _nothing() -> None:
    """Mend what is mended apart."""


@dataclass
class Adoption:
    """What AWS has of a table and of files, against what the template says of the stack's own.

    ``stack`` is the one that stands, if there is one: it may have either already.
    """

    account: Account
    parameters: Mapping[str, str]
    stack: StackState | None
    table: dict[str, Any] = field(default_factory=dict)

    def of_table(self) -> list[Fault]:
        """Return what the table lacks; raises CannotDeploy if there is none, or if it is just being made."""
        name = self.parameters[TABLE]
        rows = self.account.session.client("dynamodb")
        with explained(f"describe the table {name}"):
            try:
                self.table = dict(rows.describe_table(TableName=name)["Table"])
            except ClientError as error:
                if not refused(error, "ResourceNotFoundException"):
                    raise
                where = f"account {self.account.number}, region {self.account.region}"
                raise CannotDeploy(f"There is no table {name} in {where}.") from error
            if self.table["TableStatus"] not in {"ACTIVE", "UPDATING"}:
                raise CannotDeploy(f"The table {name} isn't there yet ({self.table['TableStatus']}). Wait for it.")
            ttl = rows.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            kept = rows.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
            readers = [] if self.has_stack(name) else self._readers()
        asked = load_template(TEMPLATE).decided({}).resources["Table"]["Properties"]
        found = [Fault(f"{one} reads the stream of the table {name}: another stack works with it.") for one in readers]
        found += [*self._keys(asked), *self._stream(asked), *self._time_to_live(asked, ttl), *self._encryption()]
        recovery = kept.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        if recovery != "ENABLED":
            on = {"PointInTimeRecoveryEnabled": True}
            found.append(
                Fault(
                    f"Point-in-time recovery of the table {name} is off.",
                    self._changing("update_continuous_backups", PointInTimeRecoverySpecification=on),
                )
            )
        if self.parameters.get("Protected") == "yes" and not self.table.get("DeletionProtectionEnabled"):
            protect = self._changing("update_table", DeletionProtectionEnabled=True)
            found.append(Fault(f"The table {name} isn't protected from deletion (Protected=yes).", protect))
        return found

    def has_stack(self, name: str) -> bool:
        """Whether the stack that stands works with the table or file system ``name``."""
        return self.stack is not None and name in self.stack.outputs.values()

    def _readers(self) -> list[str]:
        """Return the names of functions that read the table's stream, before there is a stack that adopts it."""
        stream = self.table.get("LatestStreamArn")
        if not stream:
            return []
        pages = self.account.session.client("lambda").get_paginator("list_event_source_mappings")
        found = [one for page in pages.paginate(EventSourceArn=stream) for one in page["EventSourceMappings"]]
        return [one["FunctionArn"].rpartition(":")[2] for one in found]

    def _keys(self, asked: Mapping[str, Any]) -> list[Fault]:
        """Keys and indexes come with a copy, and can't be changed."""
        name, found = self.parameters[TABLE], []
        if _key(self.table) != _key(asked):
            found.append(Fault(f"The table {name} has the key {_key(self.table)}, and not {_key(asked)}."))
        for kind, what in (("LocalSecondaryIndexes", "local"), ("GlobalSecondaryIndexes", "global")):
            there = {one["IndexName"]: one for one in self.table.get(kind, [])}
            for index in asked[kind]:
                one = there.get(index["IndexName"])
                if one is None or (_key(one), one["Projection"]) != (_key(index), index["Projection"]):
                    found.append(
                        Fault(f"The table {name} lacks the {what} index {index['IndexName']} on {_key(index)}.")
                    )
        return found

    def _stream(self, asked: Mapping[str, Any]) -> list[Fault]:
        name, wanted = self.parameters[TABLE], asked["StreamSpecification"]["StreamViewType"]
        stands = self.table.get("StreamSpecification", {})
        if not stands.get("StreamEnabled"):
            on = {"StreamEnabled": True, "StreamViewType": wanted}
            return [
                Fault(f"The stream of the table {name} is off.", self._changing("update_table", StreamSpecification=on))
            ]
        if stands.get("StreamViewType") != wanted:
            how = f"aws dynamodb update-table --table-name {name} --stream-specification StreamEnabled=false"
            return [Fault(f"The stream of the table {name} isn't one of {wanted}. Turn it off first: {how}")]
        return []

    def _time_to_live(self, asked: Mapping[str, Any], stands: Mapping[str, Any]) -> list[Fault]:
        name, wanted = self.parameters[TABLE], asked["TimeToLiveSpecification"]
        if stands.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            mend = self._changing("update_time_to_live", TimeToLiveSpecification=wanted)
            return [Fault(f"Time to live of the table {name} is off.", mend)]
        if stands.get("AttributeName") != wanted["AttributeName"]:
            other = f"goes by another attribute than {wanted['AttributeName']}"
            return [Fault(f"Time to live of the table {name} {other}.")]
        return []

    def _encryption(self) -> list[Fault]:
        name = self.parameters[TABLE]
        if self.table.get("SSEDescription", {}).get("Status") in {"ENABLED", "ENABLING", "UPDATING"}:
            return []
        key = self.parameters.get("KeyArn")
        by_kms = {"Enabled": True, "SSEType": "KMS"} | ({"KMSMasterKeyId": key} if key else {})
        return [
            Fault(f"The table {name} isn't encrypted by KMS.", self._changing("update_table", SSESpecification=by_kms))
        ]

    def _changing(self, operation: str, **change: Any) -> Callable[[], None]:
        """Return what makes one change of the table's settings, and waits until the next one can be made."""
        name = self.parameters[TABLE]
        rows = self.account.session.client("dynamodb")

        def mend() -> None:
            with explained(f"change the table {name}"):
                getattr(rows, operation)(TableName=name, **change)
                give_up_at = time.monotonic() + SETTLED_WITHIN
                while rows.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
                    if time.monotonic() > give_up_at:
                        raise CannotDeploy(f"The table {name} is still being changed. Try again in some minutes.")
                    time.sleep(PAUSE)

        return mend

    @property
    def is_copy(self) -> bool:
        """Whether the table was restored from another one. Call ``of_table`` first."""
        return "RestoreSummary" in self.table

    @property
    def _copied_files(self) -> bool:
        return bool(self.parameters.get(FILES)) and self.parameters.get(PATH, OWN_PATH) != OWN_PATH

    @property
    def _with(self) -> str:
        """What the tag says."""
        return f"{self.parameters[FILES]}:{self.parameters[PATH]}" if self._copied_files else "its own files"

    @property
    def unsettled(self) -> str | None:
        """Why the table must be put right first, None if there is no need, or if it was. Call ``of_table`` first."""
        if not (self.is_copy or self._copied_files):
            return None
        rows = self.account.session.client("dynamodb")
        with explained("tell the table's tags"):
            tags = rows.list_tags_of_resource(ResourceArn=self.table["TableArn"]).get("Tags", [])
        settled = next((one["Value"] for one in tags if one["Key"] == SETTLED), None)
        if settled == self._with or (settled and not self._copied_files):
            return None
        what = f"The table {self.parameters[TABLE]} is a copy" if self.is_copy else "The files are a copy"
        return f"{what}, and messages that were open in it may have gone out since."

    def note_settled(self) -> None:
        """Note in the table's tag that it was put right."""
        with explained("tag the table"):
            self.account.session.client("dynamodb").tag_resource(
                ResourceArn=self.table["TableArn"], Tags=[{"Key": SETTLED, "Value": self._with}]
            )

    def of_files(self) -> list[Fault]:
        """Return what the file system lacks; raises CannotDeploy if there is none."""
        files = self.parameters[FILES]
        efs = self.account.session.client("efs")
        with explained(f"describe the file system {files}"):
            try:
                (stands,) = efs.describe_file_systems(FileSystemId=files)["FileSystems"]
            except ClientError as error:
                if not refused(error, "FileSystemNotFound"):
                    raise
                where = f"account {self.account.number}, region {self.account.region}"
                raise CannotDeploy(f"There is no file system {files} in {where}.") from error
        found = []
        if not stands.get("Encrypted"):
            found.append(Fault(f"The file system {files} isn't encrypted, which it can only be made with."))
        return [*found, *self._mounts(int(stands["NumberOfMountTargets"])), *self._policy(), *self._backups()]

    def _mounts(self, there: int) -> list[Fault]:
        files, given = self.parameters[FILES], self.parameters.get(MOUNTS) == "yes"
        if given and not there:
            return [Fault(f"The file system {files} has no mount targets: leave {MOUNTS} out.")]
        if there and not given and not self.has_stack(files):
            other = f"Remove them (aws efs delete-mount-target), or say {MOUNTS}=yes"
            return [Fault(f"The file system {files} has mount targets, of which a zone can have one. {other}.")]
        return []

    def _policy(self) -> list[Fault]:
        files, asked = self.parameters[FILES], _files_asked()["FileSystemPolicy"]
        efs = self.account.session.client("efs")
        with explained(f"tell the policy of the file system {files}"):
            try:
                stands = json.loads(efs.describe_file_system_policy(FileSystemId=files)["Policy"])
            except ClientError as error:
                if not refused(error, "PolicyNotFound"):
                    raise
                stands = None
        if stands is None:
            return [Fault(f"The file system {files} may be mounted without TLS, and without a role.", self._guard)]
        denied = [one for one in stands["Statement"] if one["Effect"] == "Deny"]
        if any(one.get("Condition") == asked["Statement"][0]["Condition"] for one in denied):
            return []
        return [Fault(f"The policy of the file system {files} lets it be mounted without TLS. Add what denies that.")]

    def _guard(self) -> None:
        with explained("set the policy of the file system"):
            self.account.session.client("efs").put_file_system_policy(
                FileSystemId=self.parameters[FILES], Policy=json.dumps(_files_asked()["FileSystemPolicy"])
            )

    def _backups(self) -> list[Fault]:
        files = self.parameters[FILES]
        if self.parameters.get("FileBackups") != "yes":
            return []
        with explained(f"tell whether the file system {files} is backed up"):
            try:
                told = self.account.session.client("efs").describe_backup_policy(FileSystemId=files)
                status: str = told["BackupPolicy"]["Status"]
            except ClientError as error:
                if not refused(error, "PolicyNotFound"):
                    raise
                status = "DISABLED"
        if status in {"ENABLED", "ENABLING"}:
            return []
        return [Fault(f"The file system {files} isn't backed up (FileBackups=yes).", self._back_up)]

    def _back_up(self) -> None:
        with explained("have the file system backed up"):
            self.account.session.client("efs").put_backup_policy(
                FileSystemId=self.parameters[FILES], BackupPolicy={"Status": "ENABLED"}
            )


def _files_asked() -> dict[str, Any]:
    properties: dict[str, Any] = load_template(TEMPLATE).decided({}).resources["DeviceFiles"]["Properties"]
    return properties


def _key(of: Mapping[str, Any]) -> str:
    """Return a table's or index's key as a text: the attributes, with a slash between."""
    parts = sorted(of["KeySchema"], key=lambda part: part["KeyType"] != "HASH")
    return "/".join(part["AttributeName"] for part in parts)


def _settle(account: Account, table: str, what: str) -> int:
    """Have the gateway's own code put the table right, in a process of its own; return how many it changed."""
    # Of the rest of the configuration nothing is used, and some of it is required.
    told = {"TABLE_NAME": table, "WS_ENDPOINT": "https://nowhere.invalid"}
    done = subprocess.run(
        [sys.executable, "-m", "infra.deploy.adoption", what],
        cwd=REPOSITORY,
        env={**os.environ, **told, "AWS_DEFAULT_REGION": account.region, "AWS_REGION": account.region},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise CannotDeploy(f"The table {table} could not be put right: {last}")
    return int(done.stdout)


def _main(what: str) -> None:
    # Only here: it brings in all of the gateway.
    from chalicelib.bootstrap import restored  # noqa: PLC0415

    table = restored()
    count = table.raise_epochs() if what == "epochs" else table.end_messages(queued=what == "messages")
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    _main(sys.argv[1])
