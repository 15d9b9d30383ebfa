"""Baileys, a client library of another family, on a stack's WhatsApp: unmodified from npm, run by Node 20."""

import json
import os
import platform
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.client import NotAsExpected, Stack
from tests.flows.javascript import NEEDED, installed

HERE = Path(__file__).parent
NEWEST_NEEDED = 20
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


def node_20() -> str:
    """Return a node that runs Baileys: the machine's own if it is new enough, else npm's package of one."""
    own = shutil.which("node")
    assert own, NEEDED
    version = subprocess.run([own, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) >= NEWEST_NEEDED:
        return own
    packages = installed(HERE / "node_20") / "node_modules"
    return str(packages / f"node-linux-{_MACHINES[platform.machine()]}" / "bin" / "node")


def _beside(packages: Path, program: Path) -> Path:
    """Return the program's copy beside its packages, where node looks for them; at no time is it half written."""
    copy, draft = packages / program.name, packages / f"{program.name}.{os.getpid()}"
    shutil.copy(program, draft)
    return draft.replace(copy)


class Baileys:
    """The client's process. What it says waits until it is asked for; what was said before is passed over."""

    def __init__(self, stack: Stack, file: Path) -> None:
        packages = installed(HERE / "node_baileys")
        program = _beside(packages, HERE / "node_baileys" / "client.mjs")
        whatsapp: dict[str, str] = stack.network("environment").json()
        environment = {"PATH": os.environ["PATH"], **whatsapp, "NODE_EXTRA_CA_CERTS": whatsapp["SSL_CERT_FILE"]}
        self._heard: list[str] = []
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        with file.with_suffix(".log").open("ab") as errors:
            self._process = subprocess.Popen(
                [node_20(), str(program), str(file)],
                cwd=packages,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def next(self, event: str, *, within: float = 120.0, **fields: object) -> dict[str, Any]:
        """Return the next of what it says about ``event`` with those fields."""
        ends = time.monotonic() + within
        while True:
            try:
                said = self._said.get(timeout=max(0.01, ends - time.monotonic()))
            except queue.Empty:
                raise NotAsExpected(f"no {event} within {within} s, but {self._heard}") from None
            if said is None:
                raise NotAsExpected(f"it ended before {event}, after {self._heard}")
            self._heard.append(said["event"])
            if said["event"] == event and fields.items() <= said.items():
                return said
            if said["event"] == "failed":
                raise NotAsExpected(f"{said['act']}: {said['error']}")

    def do(self, act: str, **fields: object) -> dict[str, Any]:
        """Have it do something, and wait until that is done."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": act, **fields}) + "\n")
        self._process.stdin.flush()
        return self.next("done", act=act)

    def end(self) -> None:
        """Kill it, if it still runs."""
        self._process.kill()
        self._process.wait(30)
        self._reading.join(30)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._said.put(json.loads(line))
        self._said.put(None)


@contextmanager
def baileys(stack: Stack, file: Path) -> Iterator[Baileys]:
    """Run the client with the account that ``file`` keeps, or a new one."""
    client = Baileys(stack, file)
    try:
        yield client
    finally:
        client.end()
