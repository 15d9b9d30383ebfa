"""Files of the server's state: readable by their owner alone, and never half written."""

import os
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Replace a file at once, with mode 0600; its directory is made if needed, with mode 0700."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)
