"""A worker's image that stands already (``IMAGE=``): whether tasks can fetch it from where it is.

Tasks fetch their image with the permissions of a role, which only ECR knows: from its private repositories, each by its
ARN, and from its public gallery, which asks for none. Another account's repository has a policy of its own besides:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html. For any other registry a task
would need a name and a password, which nobody is asked for here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import boto3
from botocore.exceptions import ClientError

from infra.deploy import CannotDeploy
from infra.deploy.account import Account, explained, refused

PUBLIC: Final = "public.ecr.aws"
_HOST: Final = (
    r"(?P<account>[0-9]{12})\.(?:dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"|dkr-ecr(?:-fips)?\.(?P<dual_stack>[a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn))"
)
_ECR: Final = re.compile(rf"{_HOST}/(?P<name>[a-z0-9][a-z0-9._/-]*)(?::(?P<tag>[^:@/]+)|@(?P<digest>sha256:[0-9a-f]+))")


@dataclass(frozen=True, slots=True)
class EcrImage:
    """An image in a private repository of ECR; it is named by ``tag`` or by ``digest``, the other one is None."""

    account: str
    region: str
    name: str
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """The repository's ARN."""
        partition = boto3.Session().get_partition_for_region(self.region)
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.name}"


def located(image: str) -> EcrImage | None:
    """Return which image of a private repository this is, None for a public one's of ECR; else raises CannotDeploy."""
    found = _ECR.fullmatch(image)
    if found:
        region = found["region"] or found["dual_stack"]
        return EcrImage(found["account"], region, found["name"], found["tag"], found["digest"])
    registry = image.partition("/")[0]
    if registry == PUBLIC:
        return None
    raise CannotDeploy(
        f"IMAGE={image} can't be: tasks have no way to log in at {registry}. Push the image into a repository of ECR, "
        "of any account and region (ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG), or have it built, without IMAGE."
    )


def repository_of(image: str) -> str:
    """Return the ARN that tasks need permission for, empty if they need none; raises CannotDeploy as ``located``."""
    found = located(image)
    return found.repository if found else ""


def check_there(account: Account, image: str, say: Callable[[str], None]) -> None:
    """Raise CannotDeploy if there is no such image, as far as ``account`` may know; say what it can't know."""
    found = located(image)
    if found is None:
        return
    with explained("look for the worker's image"):
        ecr = account.session.client("ecr", region_name=found.region)
        try:
            ecr.describe_images(
                registryId=found.account,
                repositoryName=found.name,
                imageIds=[{"imageDigest": found.digest} if found.digest else {"imageTag": found.tag or ""}],
            )
        except ClientError as error:
            if refused(error, "ImageNotFoundException", "RepositoryNotFoundException"):
                raise CannotDeploy(f"There is no image {image}.") from error
            if found.account == account.number or not refused(error, "AccessDeniedException"):
                raise
            say(f"Nobody here may see whether account {found.account} has {image}: go on as if it had.")
    if found.account != account.number:
        say(f"The policy of {found.repository} must let account {account.number} pull from it.")
