"""JavaScript against a stack: npm's unmodified clients, installed once for all tests and runs, run by node."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from infra.local.client import ROOT, NotAsExpected

PACKAGES = Path(__file__).parent / "node"
NEEDED = "The documents' JavaScript runs in node: install node 18 or newer and npm (apt-get install nodejs npm)."


def installed(packages: Path = PACKAGES) -> Path:
    """Return the directory with node_modules, made by ``npm ci`` when the lock file in ``packages`` is new."""
    assert shutil.which("node"), NEEDED
    assert shutil.which("npm"), NEEDED
    lock = (packages / "package-lock.json").read_bytes()
    cache = ROOT / ".pytest_cache" / f"node-{hashlib.sha256(lock).hexdigest()[:12]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        if not (cache / "done").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(packages / name, cache / name)
            done = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=cache,
                capture_output=True,
                text=True,
                check=False,
                timeout=280,
            )
            assert done.returncode == 0, done.stderr
            (cache / "done").touch()
    return cache


def run(text: str, directory: Path) -> str:
    """Run a program as its developer would, in ``directory`` with the packages at hand; return what it prints."""
    (directory / "index.js").write_text(text)
    done = subprocess.run(
        ["node", "index.js"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*", "NODE_PATH": str(installed() / "node_modules")},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Script:
    """A running script, which says what it hears as lines of JSON ``[what, …values]``."""

    def __init__(self, text: str, **environment: str) -> None:
        self.heard: list[list[Any]] = []
        self._lines: Queue[list[Any] | None] = Queue()
        self.process = subprocess.Popen(
            ["node", "--input-type=commonjs", "-"],
            cwd=installed(),
            env={"PATH": os.environ["PATH"], "NO_PROXY": "*"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin
        self.process.stdin.write(text)
        self.process.stdin.close()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def next(self, what: str, *, within: float = 60.0) -> list[Any]:
        """Return the values of the next line that says ``what``."""
        ends = time.monotonic() + within
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, ends - time.monotonic()))
            except Empty:
                raise NotAsExpected(f"no {what} within {within} s, but {self._shown()}") from None
            if line is None:
                raise NotAsExpected(f"no {what} before the end, but {self._shown()}: {self._errors()}")
            self.heard.append(line)
            if line[0] == what:
                return line[1:]

    def end(self) -> None:
        """Kill it, if it still runs."""
        self.process.kill()
        self.process.wait(10)
        self._reading.join(10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def _shown(self) -> list[Any]:
        """What was heard, without codes."""
        return [line[0] for line in self.heard]

    def _errors(self) -> str:
        return self.process.stderr.read() if self.process.stderr else ""
