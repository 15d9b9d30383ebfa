"""Docker's command line: whether it can build the worker's image, and building and pushing it."""

import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from infra import REPOSITORY
from infra.deploy.refusal import Refused

PLATFORM: Final = "linux/arm64"
DOCKERFILE: Final = REPOSITORY / "infra" / "worker" / "Dockerfile"
EMULATION: Final = "docker run --privileged --rm tonistiigi/binfmt --install arm64"


def complaint() -> str | None:
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


def log_in(registry: str, password: str) -> None:
    """Log in to an ECR registry; raises Refused."""
    _do(["login", "--username", "AWS", "--password-stdin", registry], f"log in to {registry}", given=password)


def log_out(registry: str) -> None:
    """Forget the login, which is good for half a day."""
    _ask("logout", registry)


def build_and_push(image: str) -> None:
    """Build the worker's image for the platform that tasks run on, and push it as ``image``; raises Refused."""
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
        raise Refused(f"Docker could not {what}. {(done.stderr or 'It says why above.').strip()}")
