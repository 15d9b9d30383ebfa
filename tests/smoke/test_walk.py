"""The whole walk on the local stack: what it says, how it ends, and that nothing is left however it ends."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.deploy import CannotDeploy
from infra.local.client import ROOT, Stack, eventually
from infra.smoke import NotWorking
from infra.smoke.target import SmokeTarget, local
from infra.smoke.walk import TimeLimits, walk

pytestmark = pytest.mark.subprocess

STEPS = [
    "the gateway answers at its address",
    "admin logs in",
    "a WebSocket answers",
    "a standby worker is ready",
    "a session is created",
    "its first QR code is there",
    "the session is deleted",
]
SHORT = TimeLimits(edge=0, standby=0, code=1)


@pytest.fixture
def target(stack: Stack) -> SmokeTarget:
    """The stack as the smoke test finds it."""
    return local(stack.url, stack.state)


@pytest.fixture
def unreached(stack: Stack) -> Iterator[None]:
    """A while in which no worker reaches the table: one that is given a session shows no code."""
    stack.cut_off_table(15, "workers")
    yield
    stack.cut_off_table(0, "workers")


def left(stack: Stack) -> list[str]:
    """Return the smoke test's sessions that are there."""
    sessions = stack.get("/v1/sessions?limit=100").json()["data"]
    return [one["id"] for one in sessions if one["id"].startswith("smoke-")]


def command(**environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "infra.smoke"],
        cwd=ROOT,
        env=os.environ | {"STAGE": "", "URL": ""} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_gateway_that_works_is_walked_through_step_by_step_with_times(stack: Stack) -> None:
    with command(URL=stack.url, LOCAL_STATE=str(stack.state)) as running:
        out, err = running.communicate(timeout=300)
    assert (running.returncode, err) == (0, "")
    first, *steps, last = out.splitlines()
    assert first == f"The smoke test of {stack.url}:"
    assert re.fullmatch(r"It works \(\d+\.\d s\)\.", last)
    assert [re.fullmatch(r"  (.+) \(\d+\.\d s\)", step)[1] for step in steps] == STEPS  # type: ignore[index]
    assert "admin123" not in out
    assert left(stack) == []


def test_a_pool_that_shall_be_empty_is_waited_for_by_nobody(stack: Stack, target: SmokeTarget) -> None:
    said: list[str] = []
    walk(replace(target, standbys=0), said.append)
    assert "  no worker waits in the pool, as was chosen" in said
    assert left(stack) == []


def test_websockets_are_opened_elsewhere_where_the_gateway_s_names_aren_t_known_yet(
    stack: Stack, target: SmokeTarget
) -> None:
    said: list[str] = []
    walk(replace(target, sockets=f"{stack.url.replace('http', 'ws')}/v1/ws"), said.append)
    assert said[-1].startswith("It works")
    with pytest.raises(NotWorking, match=r"Not so: a WebSocket answers\. The WebSocket ws://localhost:9/api\?"):
        walk(replace(target, sockets="ws://localhost:9/api"), print)


def test_a_standby_that_isn_t_there_is_told_with_what_ecs_says_of_its_task(stack: Stack, target: SmokeTarget) -> None:
    other = replace(target, resources={**target.resources, "WorkerTask": "worker:999"})
    with pytest.raises(
        NotWorking, match=r"Not so: a standby worker is ready. None is ready within 0 seconds. "
    ) as told:
        walk(other, print, SHORT)
    assert str(told.value).endswith(("Its task runs and gives no sign of life: see the workers' log.", "."))
    assert left(stack) == []


@pytest.mark.usefixtures("unreached")
def test_a_code_that_doesn_t_come_is_told_with_the_session_s_status_and_the_session_removed(
    stack: Stack, target: SmokeTarget
) -> None:
    sentence = "Not so: its first QR code is there. There is no code within 1 seconds: the session says STARTING"
    with pytest.raises(NotWorking, match=sentence) as told:
        walk(replace(target, standbys=0), print, replace(SHORT, removal=120))
    assert getattr(told.value, "__notes__", []) == []
    assert left(stack) == []


@pytest.mark.usefixtures("unreached")
def test_a_session_that_can_t_be_removed_is_named_beside_the_failure(stack: Stack, target: SmokeTarget) -> None:
    with pytest.raises(NotWorking, match="Not so: its first QR code is there") as told:
        walk(replace(target, standbys=0), print, replace(SHORT, removal=0))
    (note,) = told.value.__notes__
    (session,) = left(stack)
    assert note == f"The session {session} is left: it isn't gone within 0 seconds."
    stack.cut_off_table(0, "workers")
    eventually(lambda: not left(stack), within=120)


@pytest.mark.usefixtures("unreached")
def test_a_walk_that_is_ended_by_a_signal_leaves_nothing_either(stack: Stack) -> None:
    with command(URL=stack.url, LOCAL_STATE=str(stack.state)) as running:
        eventually(lambda: left(stack))
        stack.cut_off_table(0, "workers")
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=120)
    assert (running.returncode, err) == (130, "Interrupted.\n")
    assert left(stack) == []


def test_a_password_that_was_changed_meanwhile_is_told_as_such(target: SmokeTarget) -> None:
    other = replace(target, password="another one")
    with pytest.raises(
        NotWorking, match=r"Not so: admin logs in. The password of admin that was kept isn't theirs"
    ) as told:
        walk(other, print, SHORT)
    assert "another one" not in str(told.value)


def test_a_gateway_that_doesn_t_answer_is_told_with_its_address(target: SmokeTarget) -> None:
    other = replace(target, address="http://127.0.0.1:9")
    with pytest.raises(NotWorking, match=r"GET /health got no answer from http://127.0.0.1:9 .*refused"):
        walk(other, print, SHORT)


def test_a_local_stack_that_isn_t_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    with command(URL="http://localhost:9", LOCAL_STATE=str(tmp_path)) as running:
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (1, "")
    assert err.startswith(f"No local stack that keeps its state in {tmp_path} answers at http://localhost:9.")
    assert err.count("\n") == 1


def test_without_a_stage_or_an_address_it_asks_for_one() -> None:
    with command() as running:
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (1, "Which stage? Say it like STAGE=dev.\n")


def test_an_aws_that_doesn_t_tell_is_no_traceback(target: SmokeTarget) -> None:
    other = replace(target, resources={**target.resources, "Cluster": "nowhere", "WorkerTask": "worker:999"})
    with pytest.raises(CannotDeploy, match="AWS would not tell of the workers' tasks"):
        walk(other, print, SHORT)
