"""What may be in the functions' package, and what a cold start spends on importing it."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from infra import REPOSITORY

ELSEWHERE: Final = (
    "infra/",
    "tests/",
    "chalicelib/wire/",
    "chalicelib/worker/",
    "neonize/",
    "qrcode/",
    "PIL/",
    "boto3/",
    "botocore/",
    "moto/",
)
"""What belongs to the workers, to developers, or to Lambda itself, which has boto3."""
LIMIT: Final = 250 * 1024 * 1024
"""Bytes that Lambda takes, unpacked."""
GLIBC: Final = {"python3.10": (2, 26), "python3.11": (2, 26)}
"""The C library of the runtime (Amazon Linux 2); all later ones have Amazon Linux 2023's."""
NEWER_GLIBC: Final = (2, 34)
MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
_TAG: Final = re.compile(r"^Tag: (?P<python>\S+)-(?P<abi>\S+)-(?P<platform>\S+)$", re.MULTILINE)
_MANYLINUX: Final = re.compile(r"manylinux_(?P<major>\d+)_(?P<minor>\d+)_(?P<machine>\w+)")
# What the older names stand for.
_FORMER: Final = {
    "manylinux1_": "manylinux_2_5_",
    "manylinux2010_": "manylinux_2_12_",
    "manylinux2014_": "manylinux_2_17_",
}


def faults(archive: Path, *, runtime: str, architecture: str) -> Iterator[str]:
    """Yield what is wrong with the package, as sentences; ``runtime`` and ``architecture`` are Lambda's names."""
    with ZipFile(archive) as package:
        for name in package.namelist():
            if name.startswith(ELSEWHERE):
                yield f"{name} has no business in the functions' package."
            if name.endswith(".dist-info/WHEEL") and not _fits(package.read(name).decode(), runtime, architecture):
                yield f"{name.partition('.dist-info')[0]} isn't built for {runtime} on {architecture}."
        size = sum(entry.file_size for entry in package.infolist())
        if size > LIMIT:
            yield f"Unpacked it has {size} bytes, and Lambda takes {LIMIT}."


def _fits(wheel: str, runtime: str, architecture: str) -> bool:
    """Whether one of the wheel's tags is for the runtime; a package that was built here says ``linux_x86_64``."""
    return any(_runs(found["platform"], runtime, architecture) for found in _TAG.finditer(wheel))


def _runs(platform: str, runtime: str, architecture: str) -> bool:
    if platform == "any":
        return True
    for former, name in _FORMER.items():
        platform = platform.replace(former, name)
    found = _MANYLINUX.fullmatch(platform)
    if not found or found["machine"] != MACHINES[architecture]:
        return False
    return (int(found["major"]), int(found["minor"])) <= GLIBC.get(runtime, NEWER_GLIBC)


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
