"""What stops a deployment before it begins is one clear sentence, and exit code 1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import REPOSITORY
from infra.deploy.__main__ import main
from infra.local.moto.server import MotoServer
from tests.deploy.cloud import Docker, environment

pytestmark = pytest.mark.subprocess

CERTIFICATE = f"arn:aws:acm:us-east-1:123456789012:certificate/{'0' * 8}-0000-0000-0000-{'0' * 12}"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own choices and credentials."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name in {"STAGE", "DRY_RUN", "IMAGE", "PARAMETERS", "DOMAIN", "CONFIRM"}:
            monkeypatch.delenv(name)
    kept = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED")
    for name in kept:
        monkeypatch.setenv(name, environment("", "")[name])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def tell(*arguments: str, **variables: str) -> str:
        """Return the one sentence that a deployment is refused with."""
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert main(list(arguments)) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err.strip()

    return tell


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def answering(**answers: tuple[int, str]) -> None:
        monkeypatch.setenv("PATH", str(Docker(tmp_path, sys.executable, **answers).path))

    return answering


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({}, "Which stage? Say it like STAGE=dev."),
        ({"STAGE": "Dev"}, "STAGE=Dev is no name for a stage"),
        ({"STAGE": "dev;rm"}, "STAGE=dev;rm is no name for a stage"),
        ({"STAGE": "local"}, "There is no stage local in .chalice/config.json, only dev and prod."),
        ({"STAGE": "dev", "DOMAIN": "https://x.example"}, "must be a host name in lower case"),
        ({"STAGE": "dev", "DOMAIN": "-x.example"}, "must be a host name in lower case"),
        ({"STAGE": "dev", "DOMAIN": "whatsapp.example.com"}, "DomainName needs CertificateArn."),
        (
            {"STAGE": "dev", "DOMAIN": "a.example.com", "CERTIFICATE": "arn:aws:acm:eu-west-1:1:certificate/x"},
            "it must be the ARN of an ACM certificate.",
        ),
        ({"STAGE": "dev", "ALARM_EMAIL": "ops"}, "AlarmEmail=ops can't be: it must be an e-mail address."),
        ({"STAGE": "dev", "PARAMETERS": "StandbyMin"}, "PARAMETERS=StandbyMin isn't understood."),
        ({"STAGE": "dev", "PARAMETERS": "=2"}, "PARAMETERS==2 isn't understood."),
        ({"STAGE": "dev", "PARAMETERS": "LogDays=30 LogDays=90"}, "LogDays is given twice, as 30 and as 90."),
        ({"STAGE": "dev", "EDGE": "none", "PARAMETERS": "Edge=cloudfront"}, "Edge is given twice"),
        ({"STAGE": "dev", "PARAMETERS": "StandbyMin=-1"}, "it must be 0 at least."),
        ({"STAGE": "dev", "PARAMETERS": "LogDays=31"}, "LogDays=31 can't be: it must be one of 1, 3, 5"),
        (
            {"STAGE": "dev", "IMAGE": "worker"},
            "IMAGE=worker can't be: it must be a repository's URI with a tag or a digest.",
        ),
        (
            {"STAGE": "dev", "IMAGE": "registry.example/worker:7"},
            "tasks have no way to log in at registry.example. Push the image into a repository of ECR",
        ),
        (
            {"STAGE": "dev", "PARAMETERS": "ImageRepository=x"},
            "The template has no parameter ImageRepository to choose.",
        ),
        ({"STAGE": "dev", "PARAMETERS": "WorkerImage=x"}, "The template has no parameter WorkerImage to choose."),
    ],
)
def test_a_choice_that_can_t_be_is_refused_in_words(told, chosen: dict[str, str], sentence: str) -> None:
    assert sentence in told(**chosen)


def test_a_command_that_there_is_not_deploys_nothing(told) -> None:
    assert told("destory", STAGE="dev").startswith("There is no command destory, only destroy, finish and adopt")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"version": (1, "")}, "Docker's engine doesn't answer."),
        ({"buildx_version": (1, "")}, "Docker's buildx plugin is missing"),
        ({"buildx_inspect": (0, "Platforms: linux/amd64, linux/386")}, "This machine can't build for linux/arm64."),
    ],
)
def test_a_docker_that_can_t_build_the_image_is_told(told, docker, answers, sentence: str) -> None:
    docker(**answers)
    assert sentence in told(STAGE="dev")


def test_without_docker_it_says_where_to_get_it(told, tmp_path: Path) -> None:
    assert "Docker isn't installed" in told(STAGE="dev", PATH=str(tmp_path))


def test_without_credentials_it_says_how_to_configure_them(told, docker) -> None:
    docker()
    assert "There are no AWS credentials." in told(STAGE="dev", AWS_REGION="eu-central-1")
    assert "There are no AWS credentials." in told("destroy", CONFIRM="dev")


def test_without_a_region_it_asks_for_one(told, docker) -> None:
    docker()
    assert "No AWS region is chosen." in told(STAGE="dev")


def test_a_region_that_can_t_be_is_told(told, docker) -> None:
    docker()
    assert told(STAGE="dev", AWS_REGION="europe") == "There is no AWS region europe."


def test_an_unknown_profile_is_named_as_such(told, docker) -> None:
    docker()
    assert "AWS_PROFILE names a profile" in told(STAGE="dev", AWS_PROFILE="nobody", AWS_REGION="eu-central-1")


def test_an_aws_out_of_reach_is_no_traceback(told, docker) -> None:
    docker()
    nowhere = environment("http://127.0.0.1:1", "eu-central-1") | {"AWS_MAX_ATTEMPTS": "1"}
    assert "AWS could not be asked" in told(STAGE="dev", **nowhere)


def test_what_is_there_to_remove_must_be_said_twice(told) -> None:
    with MotoServer() as server:
        assert "add CONFIRM=prod" in told(
            "destroy", STAGE="prod", CONFIRM="dev", **environment(server.url, "eu-west-3")
        )


def test_the_command_ends_with_one_line_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.deploy"],
        cwd=REPOSITORY,
        env=os.environ | {"STAGE": "nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no stage nowhere in .chalice/config.json, only dev and prod.\n"
