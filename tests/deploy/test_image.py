"""The worker's image, as far as it can be made without an engine: linted, installed, started."""

import fcntl
import hashlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chalicelib.adapters.dynamodb.control import DynamoStandbys
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.lease import Order
from chalicelib.services.ports import Standby
from infra.local.aws import LocalAws
from infra.template import TEMPLATE, load_template
from tests.deploy.dockerfile import (
    DOCKERFILE,
    IGNORED,
    REQUIREMENTS,
    ROOT,
    Image,
    environment,
    only,
    stages,
)

pytestmark = pytest.mark.subprocess

BUILD, FINAL = stages()


def digest_of(*paths: Path) -> str:
    found = hashlib.sha256(sys.executable.encode())
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


@pytest.fixture(scope="session")
def image() -> Image:
    """The image, whose packages are fetched and installed anew only when its recipe changes."""
    recipe = digest_of(DOCKERFILE, IGNORED, REQUIREMENTS)
    code = digest_of(*sorted((ROOT / "chalicelib").rglob("*.py")))
    made = Image(ROOT / ".pytest_cache" / f"image-{recipe}")
    done = made.root / "done"
    made.root.parent.mkdir(exist_ok=True)
    with (made.root.parent / "image.lock").open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        if not done.exists():
            for former in made.root.parent.glob("image-*"):
                shutil.rmtree(former)
            made.install()
            done.write_text("")
        if done.read_text() != code:
            made.fill()
            done.write_text(code)
    return made


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws(load_template(TEMPLATE), {"WorkerImage": "local"}, f"test-{uuid4().hex[:8]}") as running:
        yield running


def test_the_dockerfile_is_linted() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_both_stages_stand_on_one_pinned_image() -> None:
    assert [stage[0].rest.split()[0] for stage in (BUILD, FINAL)] == ["${PYTHON}"] * 2
    assert "ARG PYTHON=python:3.13.15-slim-trixie@sha256:" in DOCKERFILE.read_text()


def test_nobody_is_root_and_everything_is_started_without_a_shell() -> None:
    assert only(FINAL, "USER").rest == "10001:10001"
    assert only(FINAL, "STOPSIGNAL").rest == "SIGTERM"
    assert only(FINAL, "CMD").words == ["python", "-m", "chalicelib.worker"]
    assert only(FINAL, "HEALTHCHECK").rest.endswith('CMD ["python", "-m", "chalicelib.worker.health"]')


def test_the_task_runs_the_image_as_it_is() -> None:
    """ECS reads its own health check, command and user: whoever runs the image by hand gets the same."""
    template = load_template(TEMPLATE)
    (told,) = template.of_type("AWS::ECS::TaskDefinition")["WorkerTask"]["ContainerDefinitions"]
    check = told["HealthCheck"]
    spans = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod"}
    wanted = [f"--{name}={check[key]}s" for name, key in spans.items()] + [f"--retries={check['Retries']}"]
    assert only(FINAL, "HEALTHCHECK").rest.split(" CMD ")[0].split() == wanted
    assert ["CMD", *only(FINAL, "HEALTHCHECK").words] == check["Command"]
    assert (only(FINAL, "CMD").words, only(FINAL, "USER").rest) == (told["Command"], told["User"])
    variables = environment(FINAL)
    values = {one["Name"]: one["Value"] for one in told["Environment"] if one["Name"] in variables}
    usual = {name: one.get("Default") for name, one in template.document["Parameters"].items()}
    plain = {name: usual[value["Ref"]] if isinstance(value, dict) else value for name, value in values.items()}
    assert plain == {name: variables[name] for name in values}
    assert {mount["ContainerPath"] for mount in told["MountPoints"]} == {"/tmp", variables["DEVICES"]}  # noqa: S108


def test_the_last_stage_installs_one_library_and_takes_the_packages_from_the_first() -> None:
    assert "--only-binary :all:" in next(one.rest for one in BUILD if "pip" in one.rest)
    assert "install --yes --no-install-recommends libmagic1t64 &&" in only(FINAL, "RUN").rest
    assert only(FINAL, "COPY").rest == "--from=packages /opt/worker /opt/worker"


def test_a_worker_without_an_order_says_what_is_missing(image: Image) -> None:
    before = image.files()
    process = image.start(only(FINAL, "CMD").words)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, len(err.splitlines())) == (1, "", 1)
    assert "TABLE_NAME, AWS_REGION, SWITCHBOARD_WORKER, SWITCHBOARD_MAILBOX not set" in err
    assert image.files() == before


def test_the_entry_point_works_with_what_is_in_the_image(image: Image, aws: LocalAws) -> None:
    """A standby loads all that a session's worker does, comes to the pool, is healthy, and ends when told to."""
    before = image.files()
    standbys = DynamoStandbys(Table(aws.client("dynamodb"), aws.variables["TABLE_NAME"]))
    standbys.put(Standby("standby-1", "mailbox", until=time.time_ns() // 1_000_000 + 60_000))
    mailbox = aws.client("sqs").create_queue(QueueName=f"{aws.variables['QUEUE_PREFIX']}standby-1")["QueueUrl"]
    beat = image.root / "tmp" / f"beat-{uuid4().hex}"
    told = aws.environment() | Order("standby-1", mailbox).to_env()
    told |= {name: aws.variables[name] for name in ("TABLE_NAME", "WAKE_QUEUE_URL", "QUEUE_PREFIX")}
    process = image.start(only(FINAL, "CMD").words, HEARTBEAT=str(beat), **told)
    try:
        deadline = time.monotonic() + 60
        while not (item := standbys.get("standby-1")) or not item.ready:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        check = image.start(only(FINAL, "HEALTHCHECK").words, HEARTBEAT=str(beat))
        assert (check.communicate(timeout=30)[0], check.returncode) == ("The worker lives.\n", 0)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        beat.unlink(missing_ok=True)
    assert process.returncode == 0, out + err
    assert image.files() == before
