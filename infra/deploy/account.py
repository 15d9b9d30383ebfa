"""The account that is deployed into: its credentials, AWS's refusals as sentences, and what it must have beforehand.

That is ECS's own role, and the keys that sign logins. A new account lacks the role: the console makes it with the first
cluster, while CloudFormation's first cluster with capacity providers fails without it. The keys are made once a stage,
and nobody ever sees them.
"""

import base64
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    UnknownRegionError,
)

from infra.deploy import CannotDeploy

HOW: Final = "Configure them (aws configure, or AWS_PROFILE=…), then try: aws sts get-caller-identity"


@dataclass(frozen=True, slots=True)
class Account:
    """``number`` is the account's twelve digits; ``session`` makes clients for its region."""

    number: str
    region: str
    session: boto3.Session


def log_in(region: str | None) -> Account:
    """Return the account that the credentials are for; raises CannotDeploy."""
    session = new_session(region)
    with explained("say whose credentials these are"):
        number = session.client("sts").get_caller_identity()["Account"]
        return Account(number, session.region_name, session)


def new_session(region: str | None = None) -> boto3.Session:
    """Return what makes clients for the region, or for the one that is configured for AWS; raises CannotDeploy."""
    with explained("say which region is meant"):
        # AWS's other SDKs read AWS_REGION, and all that we print names it. boto3 reads AWS_DEFAULT_REGION alone.
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
        if session.region_name is None:
            raise NoRegionError
    check_region(session.region_name)
    return session


def check_region(region: str) -> None:
    """Refuse what can't be a region's name, by its form: there are more of them than boto3 has heard of."""
    with explained("say which region is meant"):
        try:
            boto3.Session().get_partition_for_region(region)
        except UnknownRegionError as error:
            raise CannotDeploy(f"There is no AWS region {region}.") from error


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn whatever boto3 raises into CannotDeploy, in words; ``what`` says what AWS was to do."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise CannotDeploy(f"There are no AWS credentials. {HOW}") from error
    except ProfileNotFound as error:
        raise CannotDeploy(f"AWS_PROFILE names a profile that isn't configured. {HOW}") from error
    except NoRegionError as error:
        raise CannotDeploy("No AWS region is chosen. Add AWS_REGION=eu-central-1, or whichever it is to be.") from error
    except ClientError as error:
        told = error.response["Error"]
        if told.get("Code") in {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"}:
            raise CannotDeploy(f"The AWS credentials aren't good any more: {told.get('Message')}") from error
        raise CannotDeploy(f"AWS would not {what}: {told.get('Message')} ({told.get('Code')})") from error
    except BotoCoreError as error:
        raise CannotDeploy(f"AWS could not be asked to {what}: {error}") from error


def refused(error: ClientError, *codes: str) -> bool:
    """Whether AWS refused with one of these codes."""
    return error.response["Error"].get("Code") in codes


ECS_ROLE: Final = "AWSServiceRoleForECS"
ECS: Final = "ecs.amazonaws.com"


def ensure_linked_role(account: Account) -> bool:
    """Create the role unless the account has it; return whether it hadn't. Raises CannotDeploy."""
    iam = account.session.client("iam")
    with explained(f"look for the role {ECS_ROLE}"):
        try:
            iam.get_role(RoleName=ECS_ROLE)
        except ClientError as error:
            if not refused(error, "NoSuchEntity"):
                raise
        else:
            return False
    with explained(f"create the role {ECS_ROLE}"):
        try:
            iam.create_service_linked_role(AWSServiceName=ECS)
        except ClientError as error:
            # Somebody was faster: IAM says that the name is taken.
            if not refused(error, "InvalidInput", "EntityAlreadyExists"):
                raise
            return False
    return True


KEY_BYTES: Final = 32


def new_keys() -> dict[str, Any]:
    """Return ``{"current": kid, "keys": {kid: {"secret": base64url of 32 bytes}}}``."""
    kid = secrets.token_hex(4)
    secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
    return {"current": kid, "keys": {kid: {"secret": secret}}}


def signing_keys_of(account: Account, secret: str) -> str:
    """Return the signing keys that the secret ``secret`` has, as its text; raises CannotDeploy if that has none."""
    with explained(f"show the signing keys in {secret}"):
        text = account.session.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    try:
        told = json.loads(text)
        known = told["current"] in told["keys"]
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise CannotDeploy(f"SIGNING_KEYS_FROM={secret} has no signing keys in it.")
    return text


def ensure_signing_keys(account: Account, secret: str, keys: str | None = None) -> bool:
    """Put signing keys into the secret ``secret`` if it has none; return whether it had none. Raises CannotDeploy.

    ``keys`` are those of an earlier stack, as their secret's text; without them new ones are made.
    """
    manager = account.session.client("secretsmanager")
    with explained("keep the keys that sign logins"):
        try:
            manager.get_secret_value(SecretId=secret)
        except ClientError as error:
            # There is a secret, and it has no version yet.
            if not refused(error, "ResourceNotFoundException"):
                raise
        else:
            return False
        manager.put_secret_value(SecretId=secret, SecretString=keys or json.dumps(new_keys()))
    return True
