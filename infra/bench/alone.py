"""The raw client in a process of its own, on a loopback WhatsApp of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from infra.local.client import ROOT


@dataclass(frozen=True, slots=True)
class Alone:
    """A running raw client, and the way to its WhatsApp."""

    process: "subprocess.Popen[str]"
    control: str

    def until(self, what: str) -> dict[str, Any]:
        """Return what the client tells next of that kind."""
        for line in self.process.stdout or ():
            # The library prints lines of its own.
            if line.startswith("{") and (told := json.loads(line))["what"] == what:
                return dict(told)
        raise RuntimeError(f"the raw client ended before {what}")

    def do(self, **what: str) -> None:
        """Have the client send a text."""
        if self.process.stdin:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()

    def phone(self, path: str, body: dict[str, str]) -> None:
        """Have a phone do something."""
        requests.post(f"{self.control}/phones/{path}", json=body, timeout=30).raise_for_status()


@contextmanager
def raw_client(state: Path) -> Iterator[Alone]:
    """Start both; the client connects at once."""
    state.mkdir()
    command = [sys.executable, "-m", "infra.whatsapp_server", "--state", str(state)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        told = json.loads(server.stdout.readline() if server.stdout else "")
        environment = {**os.environ, **told["environment"]}
        environment["PYTHONPATH"] = os.pathsep.join([told["environment"]["PYTHONPATH"], str(ROOT)])
        client = subprocess.Popen(
            [sys.executable, "-m", "infra.bench.raw", str(state / "raw.db")],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield Alone(client, told["control"])
        finally:
            client.kill()
            client.wait()
    finally:
        server.terminate()
        server.wait()
