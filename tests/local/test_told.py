import asyncio
import os
import signal
import subprocess
import sys

import pytest

from infra import REPOSITORY
from infra.local.run import told_to_stop

pytestmark = pytest.mark.subprocess

WAIT = """
import asyncio, os
from infra.local.run import told_to_stop
async def run():
    told = told_to_stop(os.environ)
    print(os.getpid(), flush=True)
    await told.wait()
    print("told", flush=True)
asyncio.run(run())
"""


def test_each_of_the_three_signals_tells():
    async def run(which):
        told = told_to_stop({})
        os.kill(os.getpid(), which)
        await asyncio.wait_for(told.wait(), 5)
        asyncio.get_running_loop().remove_signal_handler(which)

    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.run(run(which))


def test_the_end_of_make_tells():
    """The shell in between stands for make; killed, it can't pass anything on."""
    environment = os.environ | {"MAKELEVEL": "1", "PYTHONPATH": str(REPOSITORY)}
    command = ["/bin/sh", "-c", '"$0" -c "$1"; :', sys.executable, WAIT]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as make:
        assert make.stdout is not None
        make.stdout.readline()
        make.kill()
        assert make.stdout.readline() == "told\n"
