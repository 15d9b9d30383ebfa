"""The first administrator, with a generated password that is kept in Secrets Manager and shown nowhere.

The user is written by the gateway's own code (``python -m infra.deploy.administrator``), in a process of its own that
is told of the stack by its environment as a function is.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from botocore.exceptions import ClientError

from infra import REPOSITORY
from infra.deploy import CannotDeploy
from infra.deploy.account import Account, explained, refused
from infra.deploy.tags import listed

USER: Final = "admin"
TENANT: Final = "default"
CREATED: Final = "created"


def secret_name(stack: str) -> str:
    """Return the name of the secret with the first administrator's user name and password."""
    return f"{stack}/first-administrator"


def ensure(account: Account, stack: str, outputs: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Create the first administrator unless that has been done; return whether it was. Raises CannotDeploy.

    ``tags`` are those of the password's secret.
    """
    manager, name = account.session.client("secretsmanager"), secret_name(stack)
    # The password is kept before it is used: a deployment that is interrupted between goes on with the same one.
    with explained("keep the first administrator's password"):
        known = _known(account, name)
        if known is None:
            password = secrets.token_urlsafe(18)
            text = json.dumps({"username": USER, "password": password})
            about = "Switchboard's first administrator"
            manager.create_secret(Name=name, SecretString=text, Description=about, Tags=listed(tags))
        else:
            password = known
            manager.tag_resource(SecretId=name, Tags=listed(tags))
    created = _create(account, outputs, password)
    if not created and known is None:
        # Somebody removed the secret of an administrator who is there: what was just made opens nothing.
        with explained("forget a password that isn't used"):
            manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    return created


def remove(account: Account, stack: str) -> bool:
    """Remove the secret; False if there is none. Raises CannotDeploy."""
    with explained("remove the first administrator's password"):
        if _known(account, secret_name(stack)) is None:
            return False
        account.session.client("secretsmanager").delete_secret(
            SecretId=secret_name(stack), ForceDeleteWithoutRecovery=True
        )
    return True


def _known(account: Account, name: str) -> str | None:
    try:
        text = account.session.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        if refused(error, "ResourceNotFoundException"):
            return None
        raise
    return str(json.loads(text)["password"])


def _create(account: Account, outputs: Mapping[str, str], password: str) -> bool:
    told = {"TABLE_NAME": outputs["TableName"], "SIGNING_KEYS_SECRET": outputs["SigningKeysSecret"]}
    # The configuration requires an address for pushes, though a new user has no watchers to push to.
    told |= {"WS_ENDPOINT": outputs["Address"]}
    done = subprocess.run(
        [sys.executable, "-m", "infra.deploy.administrator"],
        cwd=REPOSITORY,
        env={**os.environ, **told, "AWS_DEFAULT_REGION": account.region, "AWS_REGION": account.region},
        input=password,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise CannotDeploy(f"The first administrator could not be created: {last}")
    return done.stdout.strip() == CREATED


def _main() -> None:
    # Only here: it brings in all of the gateway.
    from chalicelib.bootstrap import first_administrator  # noqa: PLC0415

    new = first_administrator(USER, sys.stdin.read(), TENANT)
    sys.stdout.write(f"{CREATED if new else 'there already'}\n")


if __name__ == "__main__":
    _main()
