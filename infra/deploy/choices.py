"""What the person who deploys has chosen, read once from the environment (``make deploy STAGE=dev`` puts it there)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra import REPOSITORY
from infra.deploy.refusal import Refused

CONFIG: Final = REPOSITORY / ".chalice" / "config.json"
ALIASES: Final = {
    # variable     the template's parameter
    "DOMAIN": "DomainName",
    "CERTIFICATE": "CertificateArn",
    "ZONE": "HostedZoneId",
    "ALARM_EMAIL": "AlarmEmail",
}
LONGEST: Final = 16
"""Letters of a stage's name: it is part of names that AWS keeps short."""


@dataclass(frozen=True, slots=True)
class Choices:
    """``parameters`` are the template's that were named; ``region`` None leaves it to the AWS configuration.

    ``image`` is a worker's image that stands already, so that none is built; ``confirmed`` the stage that may go.
    """

    stage: str
    parameters: Mapping[str, str]
    region: str | None = None
    image: str | None = None
    dry: bool = False
    confirmed: str = ""

    @property
    def stack(self) -> str:
        """The stack's name, which begins the names of all that belongs to the stage."""
        return f"switchboard-{self.stage}"


def read_choices(environment: Mapping[str, str]) -> Choices:
    """Return the choices in ``environment``; raises Refused. Parameters are checked against the template later."""
    parameters = {ALIASES[name]: environment[name].strip() for name in ALIASES if environment.get(name)}
    for pair in environment.get("PARAMETERS", "").split():
        name, given, value = pair.partition("=")
        if not given:
            raise Refused(
                f"PARAMETERS={pair} isn't understood. Write it like PARAMETERS='StandbyWorkers=2 LogDays=90'."
            )
        parameters[name] = value
    return Choices(
        stage=_stage(environment.get("STAGE", "")),
        parameters=parameters,
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
        image=environment.get("IMAGE") or None,
        dry=environment.get("DRY_RUN", "") not in {"", "0"},
        confirmed=environment.get("CONFIRM", ""),
    )


def _stage(name: str) -> str:
    known = sorted(json.loads(CONFIG.read_text())["stages"])
    if not name:
        raise Refused(f"Which stage? Say it like STAGE={known[0]}.")
    if not re.fullmatch(rf"[a-z][a-z0-9-]{{0,{LONGEST - 1}}}", name):
        raise Refused(f"STAGE={name} is no name for a stage: {LONGEST} small letters, digits and hyphens at the most.")
    if name not in known:
        raise Refused(f"There is no stage {name} in .chalice/config.json, only {' and '.join(known)}.")
    return name
