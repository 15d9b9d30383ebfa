"""``python -m infra.edge.secret SECRET add|use|drop``: what the edge proves itself with, changed with overlap.

The functions take every value in the secret, and CloudFront sends the current one. Both are told by a deployment, which
changes them side by side: so a new value is added, deployed, used, deployed, and the old one dropped and deployed; in
each of these deployments, whichever comes first, nobody is refused. No value is ever shown.
"""

import argparse
import json
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.deploy import CannotDeploy
from infra.deploy.account import Account, explained, new_session

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

BYTES: Final = 36
"""Random bytes of a value."""
FORMER: Final = "AWSPREVIOUS"
"""Secrets Manager's mark of the version before the current one."""


class NotRotated(Exception):
    """Why nothing was changed; its text is a sentence."""


def version(account: Account, secret: str) -> str:
    """Return the id of the secret's current version, empty for one that was never changed. Raises CannotDeploy.

    So a deployment changes nothing for a secret that is as the template made it.
    """
    with explained(f"tell about the secret {secret}"):
        stages = account.session.client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    if not any(FORMER in marks for marks in stages.values()):
        return ""
    return next(one for one, marks in stages.items() if "AWSCURRENT" in marks)


@dataclass(frozen=True, slots=True)
class EdgeRotation:
    """The values in one secret: ``{"current": text, "other": text}``, the other one empty where there is one alone."""

    client: "SecretsManagerClient"
    secret: str

    def add(self) -> None:
        """Add a value that the functions are to take, and CloudFront isn't to send yet."""
        told = self._read()
        if told["other"]:
            raise NotRotated("There are two values already: use the other one, or drop it.")
        self._write({**told, "other": secrets.token_urlsafe(BYTES)})

    def use(self) -> None:
        """Have CloudFront send the other value."""
        told = self._read()
        if not told["other"]:
            raise NotRotated("There is no other value. Add one first.")
        self._write({"current": told["other"], "other": told["current"]})

    def drop(self) -> None:
        """Have the functions take the current value alone."""
        told = self._read()
        if not told["other"]:
            raise NotRotated("There is no other value.")
        self._write({**told, "other": ""})

    def _read(self) -> dict[str, str]:
        text = self.client.get_secret_value(SecretId=self.secret)["SecretString"]
        try:
            told: dict[str, str] = json.loads(text)
            held = bool(told["current"]) and "other" in told
        except (ValueError, KeyError, TypeError):
            held = False
        if not held:
            raise NotRotated(f"The secret {self.secret} isn't the edge's.")
        return told

    def _write(self, told: dict[str, str]) -> None:
        self.client.put_secret_value(SecretId=self.secret, SecretString=json.dumps(told))


def main(arguments: list[str] | None = None) -> None:
    """Change the secret, and say what comes next."""
    parser = argparse.ArgumentParser(prog="python -m infra.edge.secret", description=__doc__)
    parser.add_argument("secret", help="the stack's output EdgeSecretName")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("add", help="add a value that the functions take")
    acts.add_parser("use", help="have CloudFront send it")
    acts.add_parser("drop", help="take the former no more")
    chosen = parser.parse_args(arguments)
    try:
        rotation = EdgeRotation(new_session().client("secretsmanager"), chosen.secret)
        with explained(f"show or change the secret {chosen.secret}"):
            sys.stdout.write(_act(rotation, chosen.act) + "\n")
    except (NotRotated, CannotDeploy) as reason:
        sys.exit(str(reason))


def _act(rotation: EdgeRotation, act: str) -> str:
    match act:
        case "add":
            rotation.add()
            return "Added one. Run make deploy, then: use"
        case "use":
            rotation.use()
            return "CloudFront is to send it. Run make deploy, then: drop"
        case _:
            rotation.drop()
            return "The former one is dropped. Run make deploy"


if __name__ == "__main__":
    main()
