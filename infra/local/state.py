"""The state directory: what outlives the stack, and the lock that keeps a second stack off it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LOCK: Final = "lock"
"""The file whose lock says that a stack runs on a directory."""
NETWORK_FILE: Final = "network.json"
"""Which WhatsApp the accounts in a directory are of."""


class InUse(RuntimeError):
    """Another stack runs on this directory; the text is a sentence for the developer."""


@dataclass(frozen=True, slots=True)
class State:
    """The directory. Everything in it is the developer's alone: it holds keys and sessions."""

    directory: Path

    @property
    def devices(self) -> Path:
        """The workers' linked devices, /devices in a container."""
        return self.directory / "devices"

    @property
    def whatsapp(self) -> Path:
        """The loopback WhatsApp server's accounts."""
        return self.directory / "whatsapp"

    @property
    def logs(self) -> Path:
        """One file a worker, and the functions' own."""
        return self.directory / "logs"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for the block; raises InUse. The lock goes with the process, however it ends."""
        for one in (self.directory, self.devices, self.whatsapp, self.logs):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.directory / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUse(
                    f"Another stack already runs on {self.directory}. Stop it first (Ctrl-C in its terminal), "
                    f"or keep this one apart: make run PORT=8081 LOCAL_STATE=.local/second"
                ) from None
            yield

    def read(self, name: str, default: Any) -> Any:
        """Return the JSON kept under ``name``, or ``default`` if there is none."""
        try:
            return json.loads((self.directory / name).read_text())
        except FileNotFoundError:
            return default

    def write(self, name: str, value: Any) -> None:
        """Keep ``value`` under ``name``, whole or not at all."""
        self.write_text(name, json.dumps(value))

    def write_text(self, name: str, text: str, *, synced: bool = False) -> None:
        """Keep ``text`` under ``name``, whole or not at all; if ``synced``, even when the machine loses its power."""
        draft = self.directory / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            if synced:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(self.directory / name)

    def forget(self, name: str) -> None:
        """Remove what is kept under ``name``."""
        (self.directory / name).unlink(missing_ok=True)
