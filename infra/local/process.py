"""One worker process: started from a task's definition and overrides, ended like a Fargate task's container."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.local.settings import REPOSITORY

PARENT_PIPE: Final = "SWITCHBOARD_PARENT_PIPE"
"""Names the variable that holds the number of a descriptor which reads as ended once the stack is gone."""
STARTUP: Final = REPOSITORY / "infra" / "local" / "startup"
"""Its sitecustomize ends the process at the end of that pipe."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: the full environment, and where the output goes."""

    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path


def launch(definition: Mapping[str, Any], overrides: Mapping[str, Any], base: Mapping[str, str], log: Path) -> Launch:
    """Join a container's definition, RunTask's overrides and the stack's own variables ``base``; the last win."""
    mine = [one for one in overrides.get("containerOverrides", []) if one.get("name") == definition["name"]]
    environment = _pairs(definition.get("environment", []))
    for one in mine:
        environment |= _pairs(one.get("environment", []))
    command = next((one["command"] for one in mine if one.get("command")), definition["command"])
    return Launch(tuple(command), environment | dict(base), log)


def log_name(started_by: str, task_arn: str) -> str:
    """Return the name of a task's log: after whom it was started for, the worker."""
    name = started_by or task_arn.rpartition("/")[2]
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name) + ".log"


async def start(one: Launch, alive: int) -> asyncio.subprocess.Process:
    """Start the process; ``alive`` is the reading end of a pipe whose writing end only the stack holds."""
    program, *rest = one.command
    if program == "python":
        program = sys.executable
    one.log.parent.mkdir(parents=True, exist_ok=True)
    with one.log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            program,
            *rest,
            env=_inherited() | one.environment | {PARENT_PIPE: str(alive)},
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(alive,),
            # A Ctrl-C in the terminal is for the stack alone: it ends its workers in order.
            start_new_session=True,
        )


async def stop(process: asyncio.subprocess.Process, grace_s: float) -> None:
    """SIGTERM, then SIGKILL for what is there after ``grace_s`` seconds: a frozen process only feels the second."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), grace_s)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def search_path(*parts: str) -> str:
    """Return a PYTHONPATH of all ``parts`` (each may be a list already), each directory once."""
    directories = [one for part in parts for one in part.split(os.pathsep) if one]
    return os.pathsep.join(dict.fromkeys(directories))


def _inherited() -> dict[str, str]:
    """Return what a container would have of its own: no variable that leads to the developer's account or session."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_PRELOAD")
    # A benchmark's slow disk (infra/bench/disk_delay.c) is a library in front of the worker's own.
    return {name: value for name, value in os.environ.items() if name in kept or name.startswith("DISK_DELAY_")}


def _pairs(variables: list[dict[str, str]]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in variables}
