"""The account that is deployed into: whose credentials these are, and AWS's refusals as sentences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

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

from infra.deploy.refusal import Refused

HOW: Final = "Configure them (aws configure, or AWS_PROFILE=…), then try: aws sts get-caller-identity"


@dataclass(frozen=True, slots=True)
class Account:
    """``number`` is the account's twelve digits; ``session`` makes clients for its region."""

    number: str
    region: str
    session: boto3.Session


def log_in(region: str | None) -> Account:
    """Return the account that the credentials are for; raises Refused."""
    session = new_session(region)
    with explained("say whose credentials these are"):
        number = session.client("sts").get_caller_identity()["Account"]
        return Account(number, session.region_name, session)


def new_session(region: str | None = None) -> boto3.Session:
    """Return what makes clients for the region, or for the one that is configured for AWS; raises Refused."""
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
            raise Refused(f"There is no AWS region {region}.") from error


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn whatever boto3 raises into Refused, in words; ``what`` says what AWS was to do."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise Refused(f"There are no AWS credentials. {HOW}") from error
    except ProfileNotFound as error:
        raise Refused(f"AWS_PROFILE names a profile that isn't configured. {HOW}") from error
    except NoRegionError as error:
        raise Refused("No AWS region is chosen. Add AWS_REGION=eu-central-1, or whichever it is to be.") from error
    except ClientError as error:
        told = error.response["Error"]
        if told.get("Code") in {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"}:
            raise Refused(f"The AWS credentials aren't good any more: {told.get('Message')}") from error
        raise Refused(f"AWS would not {what}: {told.get('Message')} ({told.get('Code')})") from error
    except BotoCoreError as error:
        raise Refused(f"AWS could not be asked to {what}: {error}") from error


def refused(error: ClientError, *codes: str) -> bool:
    """Whether AWS refused with one of these codes."""
    return error.response["Error"].get("Code") in codes
