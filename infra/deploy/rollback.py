"""Which alarms take a change of the stack back by itself, and for how long they are watched once it is done.

CloudFormation takes five alarms at the most, and undoes a change while one of them rings. It would undo at once what is
deployed to end an alarm that rings already, so such an alarm is left out. A stack that is only made has no alarms yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.deploy import CannotDeploy
from infra.deploy.account import Account, explained

ALARMS: Final = ("FunctionErrors", "FunctionThrottles", "RestErrors", "WebsocketErrors", "PoisonRecordsAlarm")
"""Those that a faulty version of the functions sets off within minutes, and that hardly anything else does.

SweepStopped isn't among them: it rings wherever data is missing, so also in the first minutes of a stack.
"""
MOST: Final = 5
MINUTES: Final = 10
"""Two periods of the slowest of them."""
MOST_MINUTES: Final = 180
KIND: Final = "AWS::CloudWatch::Alarm"
Resource = tuple[str, str, str]
"""Logical id, type, and physical id."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """The alarms by logical id, and the minutes that CloudFormation goes on watching them; 0 minutes watch none."""

    alarms: Sequence[str] = ALARMS
    minutes: int = MINUTES


USUAL_ROLLBACK: Final = Rollback()


def read_rollback(alarms: str, minutes: str) -> Rollback:
    """Return what was chosen, of names with commas between and a number; raises CannotDeploy."""
    if minutes and not (minutes.isascii() and minutes.isdigit() and int(minutes) <= MOST_MINUTES):
        raise CannotDeploy(f"ROLLBACK_MINUTES={minutes} can't be: it must be a whole number up to {MOST_MINUTES}.")
    names = tuple(one.strip() for one in alarms.split(",") if one.strip()) or ALARMS
    if len(names) > MOST:
        raise CannotDeploy(f"ROLLBACK_ALARMS names {len(names)} alarms, and CloudFormation takes {MOST}.")
    return Rollback(names, int(minutes) if minutes else MINUTES)


def check_alarms(template: Mapping[str, Mapping[str, Mapping[str, object]]], rollback: Rollback) -> None:
    """Raise CannotDeploy if the template has no alarm of one of the names."""
    known = sorted(name for name, one in template["Resources"].items() if one["Type"] == KIND)
    wrong = [name for name in rollback.alarms if name not in known]
    if wrong and rollback.alarms is not ALARMS:
        raise CannotDeploy(
            f"ROLLBACK_ALARMS names {wrong[0]}, which is no alarm of the template. It has {', '.join(known)}."
        )


def triggers(account: Account, resources: Sequence[Resource], rollback: Rollback) -> tuple[list[str], list[str]]:
    """Return the ARNs of the alarms to watch, and the logical ids of those that ring already; raises CannotDeploy."""
    if rollback.minutes == 0:
        return [], []
    names = {physical: logical for logical, kind, physical in resources if kind == KIND and logical in rollback.alarms}
    if not names:
        return [], []
    with explained("tell how the alarms are"):
        found = account.session.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    ringing = [names[one["AlarmName"]] for one in found if one["StateValue"] == "ALARM"]
    return [one["AlarmArn"] for one in found if one["StateValue"] != "ALARM"], ringing
