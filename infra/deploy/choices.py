"""What the person who deploys has chosen, and the template's parameters, checked before anything has been created."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra import REPOSITORY
from infra.deploy import CannotDeploy
from infra.deploy.given_image import located
from infra.deploy.rollback import USUAL_ROLLBACK, Rollback, read_rollback
from infra.deploy.tags import read_tags

CONFIG: Final = REPOSITORY / ".chalice" / "config.json"
ALIASES: Final = {
    # variable     the template's parameter
    "DOMAIN": "DomainName",
    "CERTIFICATE": "CertificateArn",
    "ZONE": "HostedZoneId",
    "SOCKET_DOMAIN": "SocketDomainName",
    "EDGE": "Edge",
    "ALARM_EMAIL": "AlarmEmail",
}
OFF: Final = frozenset({"", "0", "no"})
"""What turns a switch off, where the variable has it."""
LONGEST: Final = 16
"""Letters of a stage's name: it is part of names that AWS keeps short."""


@dataclass(frozen=True, slots=True)
class Choices:
    """``parameters`` are the template's that were named; ``region`` None leaves it to the AWS configuration.

    ``image`` is a worker's image that stands already, so that none is built; ``confirmed`` the stage that may go.
    ``smoke`` has the deployment end with the smoke test. ``tags`` and ``protect`` are None where the stack keeps its
    tags, and goes on refusing to be deleted or not. ``rollback`` says which alarms take a change back. ``role`` is
    the ARN of the role that CloudFormation works with, None leaves it to the deployer's own rights or the last role.
    ``keys_from`` names the secret of an earlier stack whose signing keys a new one goes on with.
    """

    stage: str
    parameters: Mapping[str, str]
    region: str | None = None
    image: str | None = None
    dry: bool = False
    confirmed: str = ""
    smoke: bool = True
    tags: Mapping[str, str] | None = None
    protect: bool | None = None
    rollback: Rollback = USUAL_ROLLBACK
    role: str | None = None
    keys_from: str | None = None

    @property
    def stack(self) -> str:
        """The stack's name, which begins the names of all that belongs to the stage."""
        return f"switchboard-{self.stage}"


def read_choices(environment: Mapping[str, str]) -> Choices:
    """Return the choices in ``environment``; raises CannotDeploy. Parameters are checked against the template later."""
    parameters = {ALIASES[name]: environment[name].strip() for name in ALIASES if environment.get(name)}
    for pair in environment.get("PARAMETERS", "").split():
        name, given, value = pair.partition("=")
        if not (name and given):
            raise CannotDeploy(
                f"PARAMETERS={pair} isn't understood. Write it like PARAMETERS='StandbyMin=2 LogDays=90'."
            )
        if parameters.setdefault(name, value) != value:
            raise CannotDeploy(f"{name} is given twice, as {parameters[name]} and as {value}. Leave one out.")
    return Choices(
        stage=_stage(environment.get("STAGE", "")),
        parameters=parameters,
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
        image=environment.get("IMAGE") or None,
        dry=environment.get("DRY_RUN", "") not in OFF,
        confirmed=environment.get("CONFIRM", ""),
        smoke=environment.get("SMOKE", "1") not in OFF,
        tags=read_tags(environment["TAGS"]) if "TAGS" in environment else None,
        protect=_yes_or_no("TERMINATION_PROTECTION", environment.get("TERMINATION_PROTECTION", "")),
        rollback=read_rollback(environment.get("ROLLBACK_ALARMS", ""), environment.get("ROLLBACK_MINUTES", "")),
        role=_role(environment.get("STACK_ROLE", "")),
        keys_from=environment.get("SIGNING_KEYS_FROM") or None,
    )


def _role(arn: str) -> str | None:
    if arn and not re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+", arn):
        raise CannotDeploy(f"STACK_ROLE={arn} can't be: it must be the ARN of a role.")
    return arn or None


def _yes_or_no(name: str, value: str) -> bool | None:
    if value not in {"", "yes", "no"}:
        raise CannotDeploy(f"{name}={value} can't be: it must be yes or no.")
    return value == "yes" if value else None


def _stage(name: str) -> str:
    known = sorted(json.loads(CONFIG.read_text())["stages"])
    if not name:
        raise CannotDeploy(f"Which stage? Say it like STAGE={known[0]}.")
    if not re.fullmatch(rf"[a-z][a-z0-9-]{{0,{LONGEST - 1}}}", name):
        raise CannotDeploy(
            f"STAGE={name} is no name for a stage: {LONGEST} small letters, digits and hyphens at the most."
        )
    if name not in known:
        raise CannotDeploy(f"There is no stage {name} in .chalice/config.json, only {' and '.join(known)}.")
    return name


OURS = frozenset(
    {"WorkerImage", "ImageRepository", "EdgeSecretVersion", "WaitingShare", "MailboxTags", "AdoptedStream"}
)
"""What the deployment itself fills in."""


def check_parameters(template: Mapping[str, Any], given: Mapping[str, str], *, region: str) -> None:
    """Raise CannotDeploy for the first parameter that is unknown, malformed, or at odds with another one."""
    declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    for name, value in given.items():
        if name not in declared or name in OURS:
            choice = ", ".join(sorted(set(declared) - OURS))
            raise CannotDeploy(f"The template has no parameter {name} to choose. It has {choice}.")
        wrong = _wrong(declared[name], value)
        if wrong:
            raise CannotDeploy(f"{name}={value} can't be: it must be {wrong}.")
    missing = [name for name, one in declared.items() if "Default" not in one and name not in {*given, *OURS}]
    if missing:
        raise CannotDeploy(f"The template needs a value for {', '.join(missing)}: add PARAMETERS='{missing[0]}=…'.")
    values = {name: str(one.get("Default", "")) for name, one in declared.items()} | dict(given)
    if values.get("AdoptedTable"):
        values["AdoptedStream"] = "found when the table is asked"
    _keep_rules(template.get("Rules", {}), values | {"AWS::Region": region})
    _check_network(values)


SUBNETS: Final = 4


def _check_network(values: Mapping[str, str]) -> None:
    """Raise CannotDeploy if four subnets don't fit into the VPC, which no rule of a template's can tell."""
    whole, bits = values.get("VpcCidr"), values.get("SubnetBits")
    if whole and bits and SUBNETS * 2 ** int(bits) > 2 ** (32 - int(whole.rpartition("/")[2])):
        raise CannotDeploy(f"VpcCidr={whole} has no room for {SUBNETS} subnets of SubnetBits={bits}.")


def check_image(template: Mapping[str, Any], image: str) -> None:
    """Raise CannotDeploy if this can't be the worker's image, or if tasks couldn't fetch it from there."""
    wrong = _wrong(template["Parameters"]["WorkerImage"], image)
    if wrong:
        raise CannotDeploy(f"IMAGE={image} can't be: it must be {wrong}.")
    located(image)


def _wrong(declared: Mapping[str, Any], value: str) -> str | None:
    """Return what the value must be and isn't."""
    allowed = [str(one) for one in declared.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"one of {', '.join(allowed)}"
    pattern = declared.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return str(declared.get("ConstraintDescription") or f"like {pattern}")
    if declared.get("Type") == "Number":
        return _no_such_number(declared, value)
    return None


def _no_such_number(declared: Mapping[str, Any], value: str) -> str | None:
    least, most = declared.get("MinValue"), declared.get("MaxValue")
    if not re.fullmatch(r"-?[0-9]{1,15}", value):
        return "a whole number"
    if least is not None and int(value) < int(least):
        return f"{least} at least"
    return f"{most} at most" if most is not None and int(value) > int(most) else None


def _keep_rules(rules: Mapping[str, Any], values: Mapping[str, str]) -> None:
    for rule in rules.values():
        if "RuleCondition" in rule and not _holds(rule["RuleCondition"], values):
            continue
        for one in rule["Assertions"]:
            if not _holds(one["Assert"], values):
                raise CannotDeploy(f"{one['AssertDescription']}.")


def _holds(expression: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    ((kind, inner),) = expression.items()
    match kind:
        case "Fn::Not":
            return not _holds(inner[0], values)
        case "Fn::And":
            return all(_holds(one, values) for one in inner)
        case "Fn::Or":
            return any(_holds(one, values) for one in inner)
        case "Fn::Equals":
            one, other = (_value(side, values) for side in inner)
            return one == other
        case "Fn::Contains":
            return _value(inner[1], values) in [_value(one, values) for one in inner[0]]
        case _:
            raise ValueError(f"{kind} isn't understood in the template's rules.")


def _value(side: Any, values: Mapping[str, str]) -> str:
    return values[side["Ref"]] if isinstance(side, dict) else str(side)
