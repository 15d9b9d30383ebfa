"""Two workers for one session: never are both connected."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.client import ROOT, Stack, eventually, open_files
from tests.flows.table import Service, environment_of


def test_a_second_worker_for_the_same_session_never_connects_beside_the_first(own_stack, number):
    """Whatever started it: RunTask twice, or a claim that is over."""
    stack = own_stack()
    stack.start()
    stack.link(number)
    (first,) = stack.serving()
    environment = environment_of(first)
    (database,) = {Path(name) for name in open_files(first) if name.endswith(".db")}
    epoch = int(database.stem.rpartition("-")[2])
    environment.pop("SWITCHBOARD_PARENT_PIPE")
    before = stack.network("hosts").json()["asked"]
    rivals = [
        subprocess.Popen(
            [sys.executable, "-m", "chalicelib.worker"],
            cwd=ROOT,
            env=environment | {"SWITCHBOARD_UID": database.parent.name, "SWITCHBOARD_EPOCH": str(claimed)},
        )
        for claimed in (epoch, epoch - 1)
    ]
    try:
        ended = [rival.wait(100) for rival in rivals]
    finally:
        for rival in rivals:
            rival.kill()
    assert ended == [75, 75], "there is nothing for them to do"
    assert stack.network("hosts").json()["asked"] == before, "they never as much as asked for WhatsApp"
    assert stack.serving() == [first]
    assert stack.session(number)["status"] == "CONNECTED"


@pytest.mark.timeout(400)
def test_a_frozen_worker_is_replaced_and_harms_nothing_when_it_thaws(stack: Stack, number: str) -> None:
    stack.link(number)
    service = Service(stack, number)
    (frozen,) = service.workers()
    os.kill(frozen, signal.SIGSTOP)
    # The lease runs out, the sweep finds it within a minute and calls the worker in vain, another one takes over.
    service.successor([frozen], within=260)
    stack.until(number, "CONNECTED")
    os.kill(frozen, signal.SIGCONT)
    eventually(lambda: not Path(f"/proc/{frozen}").exists())
    assert stack.until(number, "CONNECTED")["logged_in"] is True
    # If the two met, WhatsApp had one of them go, and the one who stayed may be a third.
    eventually(lambda: len(service.workers()) == 1)
