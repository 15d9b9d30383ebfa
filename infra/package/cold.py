"""What a cold start spends on importing the app: half of what a caller may have to wait for."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from infra import REPOSITORY

RUNS: Final = 5
_TIMED: Final = "import time; t = time.process_time(); import app; print((time.process_time() - t) * 1000)"


def import_ms(python: Path = Path(sys.executable), runs: int = RUNS) -> float:
    """Return the median processor time of ``import app`` in fresh processes, in milliseconds, on this machine."""
    with tempfile.TemporaryDirectory() as bytecode:
        # The package brings its bytecode, and Lambda's own libraries have theirs: the first run only makes it.
        _once(python, bytecode)
        return statistics.median(_once(python, bytecode) for _ in range(runs))


def _once(python: Path, bytecode: str) -> float:
    here = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    here["PYTHONPYCACHEPREFIX"] = bytecode
    done = subprocess.run([python, "-c", _TIMED], cwd=REPOSITORY, env=here, check=True, capture_output=True, text=True)
    return float(done.stdout)
