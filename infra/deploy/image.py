"""The worker's image: built by Docker, kept in the account's registry, and named by what is in it.

What hasn't changed isn't built again, and moves no session: a change of the functions alone leaves the tag as it is.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from infra import REPOSITORY
from infra.deploy.account import Account, explained, refused
from infra.deploy.context import RECIPE, BuildContext
from infra.deploy.tags import listed

if TYPE_CHECKING:
    from types_boto3_ecr.client import ECRClient
import shutil
import subprocess
from collections.abc import Sequence

from infra.deploy import CannotDeploy

Say = Callable[[str], None]
KEPT: Final = 20
"""Images that stay, for going back to."""


def repository_name(stack: str) -> str:
    """Return the name of the stage's repository."""
    return f"{stack}-worker"


def tag() -> str:
    """Return the tag of the image as the working tree would build it."""
    return BuildContext().digest()[:16]


def put(account: Account, stack: str, tags: Mapping[str, str], say: Say) -> str:
    """Return the image's URI; it is built and pushed unless it is there. Raises CannotDeploy.

    ``tags`` are the repository's.
    """
    ecr, name = account.session.client("ecr"), repository_name(stack)
    with explained("make a registry for the worker's image"):
        uri = _repository(ecr, name, tags)
    image = f"{uri}:{tag()}"
    if _is_there(ecr, name, tag()):
        say(f"The worker's image is there already: {image}")
        return image
    registry = uri.partition("/")[0]
    say(f"Building the worker's image for {PLATFORM}: {image}")
    log_in_to_registry(registry, _password(ecr))
    try:
        build_and_push(image)
    finally:
        log_out_of_registry(registry)
    return image


def remove(account: Account, stack: str) -> bool:
    """Remove the repository with all images; False if there is none. Raises CannotDeploy."""
    with explained("remove the registry of the worker's image"):
        try:
            account.session.client("ecr").delete_repository(repositoryName=repository_name(stack), force=True)
        except ClientError as error:
            if refused(error, "RepositoryNotFoundException"):
                return False
            raise
    return True


def _repository(ecr: "ECRClient", name: str, tags: Mapping[str, str]) -> str:
    try:
        there = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ClientError as error:
        if not refused(error, "RepositoryNotFoundException"):
            raise
    else:
        ecr.tag_resource(resourceArn=there["repositoryArn"], tags=listed(tags))
        return there["repositoryUri"]
    made = ecr.create_repository(
        repositoryName=name,
        # At once: where tags are asked for, nothing may be made without.
        tags=listed(tags),
        # A tag means one content for good.
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "AES256"},
    )
    rule = {
        "rulePriority": 1,
        "description": "Old images go",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT},
        "action": {"type": "expire"},
    }
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    return made["repository"]["repositoryUri"]


def _is_there(ecr: "ECRClient", name: str, tag: str) -> bool:
    with explained("look for the worker's image"):
        try:
            ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if refused(error, "ImageNotFoundException"):
                return False
            raise
    return True


def _password(ecr: "ECRClient") -> str:
    with explained("let Docker into the registry"):
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]


PLATFORM: Final = "linux/arm64"
DOCKERFILE: Final = REPOSITORY / RECIPE
EMULATION: Final = "docker run --privileged --rm tonistiigi/binfmt --install arm64"


def docker_complaint() -> str | None:
    """Return what keeps Docker from building the image, as a sentence with what mends it, or None."""
    if shutil.which("docker") is None:
        return "Docker isn't installed; the worker's image is built with it: https://docs.docker.com/get-docker/"
    if not _ask("version", "--format", "{{.Server.Version}}"):
        return "Docker's engine doesn't answer. Start Docker, and see that this user may use it: docker version"
    if not _ask("buildx", "version"):
        return "Docker's buildx plugin is missing: https://docs.docker.com/build/install-buildx/"
    if PLATFORM not in (_ask("buildx", "inspect", "--bootstrap") or ""):
        return f"This machine can't build for {PLATFORM}. Install the emulation once: {EMULATION}"
    return None


def log_in_to_registry(registry: str, password: str) -> None:
    """Log in to an ECR registry; raises CannotDeploy."""
    _do(["login", "--username", "AWS", "--password-stdin", registry], f"log in to {registry}", given=password)


def log_out_of_registry(registry: str) -> None:
    """Forget the login, which is good for half a day."""
    _ask("logout", registry)


def build_and_push(image: str) -> None:
    """Build the worker's image for the platform that tasks run on, and push it as ``image``; raises CannotDeploy."""
    # Without attestations the registry holds one image under the tag, as ECS and the lifecycle rule expect.
    options = ["--platform", PLATFORM, "--provenance=false", "--sbom=false", "--file", str(DOCKERFILE)]
    _do(["buildx", "build", *options, "--tag", image, "--push", str(REPOSITORY)], "build and push the worker's image")


def _ask(*arguments: str) -> str | None:
    """Return what a command says, None if it fails."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout if done.returncode == 0 else None


def _do(arguments: Sequence[str], what: str, given: str | None = None) -> None:
    """Run a command; what it says goes to the terminal, but where it is ``given`` a secret."""
    done = subprocess.run(
        ["docker", *arguments],  # noqa: S607
        input=given,
        capture_output=given is not None,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotDeploy(f"Docker could not {what}. {(done.stderr or 'It says why above.').strip()}")
