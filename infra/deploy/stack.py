"""The CloudFormation stack: a change set made, shown, executed, and waited for.

A deployment that fails leaves the old version serving: CloudFormation takes back what it had changed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from infra.deploy import CannotDeploy
from infra.deploy.account import Account, explained, refused
from infra.deploy.verification import explained_failure

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient

Say = Callable[[str], None]
CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
STILLBORN: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "CREATE_FAILED"})
"""A stack in one of these was never up, and CloudFormation takes no change to it."""
GONE: Final = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
NOTHING: Final = ("didn't contain changes", "No updates are to be performed")
AFTERWARDS: Final = {
    "UPDATE_ROLLBACK_COMPLETE": "The old version goes on serving.",
    "ROLLBACK_COMPLETE": "Nothing of it is left.",
    "ROLLBACK_FAILED": "The next deployment clears away what is left of it.",
}
"""What a failed deployment leaves, by the stack's status."""
PAUSE: Final = 3.0
"""Seconds between looks."""


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack as it stands; ``outputs``, ``parameters`` and ``tags`` by name; ``protected`` refuses to be deleted."""

    status: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def stillborn(self) -> bool:
        """Whether it was never up, so that it has to go before there can be one."""
        return self.status in STILLBORN


@dataclass(frozen=True, slots=True)
class StackChange:
    """What a stack is to become: the template's address, parameters and tags by name.

    ``alarms`` are the ARNs of those that take it back, watched for ``minutes`` more once it is done. ``role`` is that
    of the role that CloudFormation works with, None for the last one.
    """

    template_url: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    alarms: Sequence[str] = ()
    minutes: int = 0
    role: str | None = None


class DeployedStack:
    """One stack by its name. Every method raises CannotDeploy for what AWS won't do."""

    def __init__(self, account: Account, name: str, say: Say) -> None:
        self._client: CloudFormationClient = account.session.client("cloudformation")
        self._name = name
        self._say = say

    def state(self) -> StackState | None:
        """Return how the stack stands, None if there is none."""
        with explained(f"tell about the stack {self._name}"):
            try:
                found = self._client.describe_stacks(StackName=self._name)["Stacks"][0]
            except ClientError as error:
                if refused(error, "ValidationError"):
                    return None
                raise
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
        given = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}
        tags = {one["Key"]: one["Value"] for one in found.get("Tags", [])}
        return StackState(found["StackStatus"], outputs, given, tags, bool(found.get("EnableTerminationProtection")))

    def free(self) -> StackState | None:
        """Return how the stack stands, None if there is none; CannotDeploy where it can't be changed now."""
        state = self.state()
        if state is None or state.status == "DELETE_COMPLETE":
            return None
        if state.status.endswith("_IN_PROGRESS") and not state.stillborn:
            raise CannotDeploy(
                f"The stack {self._name} is being changed ({state.status}). Try again when that is over."
            )
        if state.status == "DELETE_FAILED":
            raise CannotDeploy(f"The stack {self._name} could not be removed before. Go on with that: make destroy")
        if state.status == "UPDATE_ROLLBACK_FAILED":
            how = f"aws cloudformation continue-update-rollback --stack-name {self._name}"
            raise CannotDeploy(
                f"The stack {self._name} is stuck in a rollback that failed. Mend what it names, then: {how}"
            )
        return state

    def change(self, wanted: StackChange, before: StackState | None) -> bool:
        """Bring the stack to what is wanted; False if there was nothing to change.

        A parameter that isn't given stays what it was.
        """
        change_set = f"deploy-{time.time_ns() // 1_000_000}"
        with explained("take the template"):
            self._client.create_change_set(
                StackName=self._name,
                ChangeSetName=change_set,
                ChangeSetType="UPDATE" if before else "CREATE",
                TemplateURL=wanted.template_url,
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value} for name, value in wanted.parameters.items()
                ],
                Capabilities=CAPABILITIES,
                Tags=[{"Key": name, "Value": value} for name, value in wanted.tags.items()],
                **({"RoleARN": wanted.role} if wanted.role else {}),  # type: ignore[arg-type]
                # Always said: what isn't stays as it was at the last change.
                RollbackConfiguration={
                    "RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in wanted.alarms],
                    "MonitoringTimeInMinutes": wanted.minutes if wanted.alarms else 0,
                },
            )
            made = self._until_made(change_set)
            if made["Status"] == "FAILED":
                return self._not_made(change_set, made.get("StatusReason", ""), before)
            self._show(made.get("Changes", []))
            began = self._last_event()
            self._client.execute_change_set(StackName=self._name, ChangeSetName=change_set)
        self._until_done("UPDATE_COMPLETE" if before else "CREATE_COMPLETE", since=began)
        return True

    def protect(self, *, on: bool) -> None:
        """Have CloudFormation refuse to delete the stack, or not any more."""
        with explained(f"protect the stack {self._name}, or not any more"):
            self._client.update_termination_protection(StackName=self._name, EnableTerminationProtection=on)

    def delete(self) -> None:
        """Delete the stack, and wait until it is gone."""
        with explained(f"delete the stack {self._name}"):
            # By its id a stack can be asked about after its end.
            found = self._client.describe_stacks(StackName=self._name)["Stacks"][0]["StackId"]
            began = self._last_event()
            self._client.delete_stack(StackName=found)
        while (status := self._status(found)) != "DELETE_COMPLETE":
            if status == "DELETE_FAILED":
                raise CannotDeploy(f"CloudFormation could not delete the stack.\n{self._failures(found, since=began)}")
            time.sleep(PAUSE)

    def resources(self) -> list[tuple[str, str, str]]:
        """Return (logical id, type, physical id) of all that the stack still has."""
        found: list[tuple[str, str, str]] = []
        with explained(f"list what the stack {self._name} has"):
            for page in self._client.get_paginator("list_stack_resources").paginate(StackName=self._name):
                found += [
                    (one["LogicalResourceId"], one["ResourceType"], one["PhysicalResourceId"])
                    for one in page["StackResourceSummaries"]
                    if one["ResourceStatus"] not in GONE and one.get("PhysicalResourceId")
                ]
        return found

    def template(self) -> Any:
        """Return the template that the stack stands on."""
        with explained(f"show the stack {self._name}'s template"):
            return self._client.get_template(StackName=self._name)["TemplateBody"]

    def _until_made(self, change_set: str) -> Any:
        while True:
            made = self._client.describe_change_set(StackName=self._name, ChangeSetName=change_set)
            if made["Status"] in {"CREATE_COMPLETE", "FAILED"}:
                return made
            time.sleep(PAUSE)

    def _not_made(self, change_set: str, reason: str, before: StackState | None) -> bool:
        if before and any(words in reason for words in NOTHING):
            self._client.delete_change_set(StackName=self._name, ChangeSetName=change_set)
            return False
        raise CannotDeploy(f"CloudFormation refused the template: {reason}")

    def _show(self, changes: Any) -> None:
        told = [one["ResourceChange"] for one in changes]
        counts = [
            f"{sum(one['Action'] == kind for one in told)} to {kind.lower()}" for kind in ("Add", "Modify", "Remove")
        ]
        self._say(f"Changes: {', '.join(counts)}. CloudFormation is at it ...")
        for one in told:
            if one.get("Replacement") == "True":
                self._say(f"  replaces {one['LogicalResourceId']} ({one['ResourceType']})")

    def _until_done(self, wanted: str, *, since: str) -> None:
        while (status := self._status(self._name)).endswith("_IN_PROGRESS"):
            time.sleep(PAUSE)
        if status != wanted:
            after = AFTERWARDS.get(status, "See the stack's events in the console.")
            reasons = explained_failure(self._failures(self._name, since=since))
            raise CannotDeploy(f"The deployment failed ({status}). {after}\n{reasons}")

    def _status(self, name: str) -> str:
        with explained("tell how far the stack is"):
            return self._client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

    def _last_event(self) -> str:
        events = self._client.describe_stack_events(StackName=self._name)["StackEvents"]
        return events[0]["EventId"] if events else ""

    def _failures(self, name: str, *, since: str) -> str:
        """Return what failed since an event, the first failure first: the others mostly follow from it."""
        failed: list[str] = []
        with explained("tell what failed"):
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=name):
                for event in page["StackEvents"]:
                    if event["EventId"] == since:
                        return "\n".join(reversed(failed))
                    reason = event.get("ResourceStatusReason", "")
                    if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                        failed.append(f"  {event['LogicalResourceId']} ({event['ResourceType']}): {reason}")
        return "\n".join(reversed(failed))
