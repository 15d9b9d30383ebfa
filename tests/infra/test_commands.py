"""What stops a command is one sentence on the standard error, and an exit code other than 0; never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.local.moto.server import MotoServer
from tests.deploy.cloud import environment

pytestmark = pytest.mark.subprocess

SIGNING_KEYS = ("infra.signing_keys", "no-secret", "list")
REDRIVE = ("infra.redrive", "no-bucket", "--table", "t", "--wake-queue", "https://sqs.eu-west-1.amazonaws.com/1/q")
DEPLOY = ("infra.deploy",)
COMMANDS = pytest.mark.parametrize("command", [SIGNING_KEYS, REDRIVE], ids=lambda command: command[0])


def refused(*command: str, **variables: str) -> str:
    """The sentence that a command ends with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = environment("", "")
    none = {name: nothing[name] for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")}
    env = {**kept, **none, "AWS_EC2_METADATA_DISABLED": "true", **variables}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


@COMMANDS
def test_without_a_region_a_command_asks_for_one(command: tuple[str, ...]) -> None:
    assert refused(*command).startswith("No AWS region is chosen.")


@pytest.mark.parametrize("region", ["bad", "eu central 1", "mars-1"])
@pytest.mark.parametrize("command", [SIGNING_KEYS, REDRIVE, DEPLOY], ids=lambda command: command[0])
def test_a_region_that_can_t_be_is_named(command: tuple[str, ...], region: str) -> None:
    # A rehearsal looks at it as well, before it packages.
    said = refused(*command, AWS_REGION=region, AWS_DEFAULT_REGION=region, STAGE="dev", DRY_RUN="1")
    assert said == f"There is no AWS region {region}."


@COMMANDS
@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_that_it_asks_for_is_the_one_that_it_takes(command: tuple[str, ...], variable: str) -> None:
    # With a region it goes on to what else is missing.
    assert refused(*command, **{variable: "eu-west-1"}).startswith("There are no AWS credentials.")


@COMMANDS
def test_without_credentials_it_says_how_to_configure_them(command: tuple[str, ...]) -> None:
    assert refused(*command, AWS_DEFAULT_REGION="eu-west-1").startswith("There are no AWS credentials.")


@COMMANDS
def test_what_aws_refuses_is_said_in_its_words(command: tuple[str, ...]) -> None:
    with MotoServer() as server:
        said = refused(*command, **environment(server.url, "eu-west-1"))
    assert said.startswith("AWS would not ")
    assert ("ResourceNotFoundException" if command is SIGNING_KEYS else "NoSuchBucket") in said


@COMMANDS
def test_an_aws_out_of_reach_is_said(command: tuple[str, ...]) -> None:
    nowhere = environment("http://127.0.0.1:1", "eu-west-1") | {"AWS_MAX_ATTEMPTS": "1"}
    assert "could not be asked" in refused(*command, **nowhere)


def test_a_demo_at_no_port_is_refused(tmp_path: Path) -> None:
    assert refused("infra.demo", PORT="x", LOCAL_STATE=str(tmp_path)) == "PORT=x is no port."
