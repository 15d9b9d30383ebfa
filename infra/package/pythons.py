"""Which Python packages: Chalice makes the functions' runtime the one that it runs on, and 3.12 is the oldest wanted.

Lambda's 3.11 has the C library of 2018, for which new wheels are no longer made.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from infra import REPOSITORY

OLDEST: Final = (3, 12)
NAMES: Final = ("python3.13", "python3.12")
"""Lambda's runtimes, the newest first."""


def packager(environment: Mapping[str, str]) -> Path | None:
    """Return a Python of 3.12 or newer that has Chalice and the functions' packages; None if there is no such Python.

    It is this one where that is new enough, else one from PACKAGE_PYTHON or the PATH in an environment of its own.
    """
    if sys.version_info >= OLDEST:
        return Path(sys.executable)
    for name in _candidates(environment):
        if _tells_version(name):
            return _own_environment(name)
    return None


def _candidates(environment: Mapping[str, str]) -> Iterator[str]:
    if environment.get("PACKAGE_PYTHON"):
        yield environment["PACKAGE_PYTHON"]
    yield from (found for found in map(shutil.which, NAMES) if found)


def _tells_version(python: str) -> bool:
    """Whether it runs and is new enough: version managers leave commands on the PATH that only complain."""
    check = f"import sys, venv; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _own_environment(python: str) -> Path:
    told = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=True, capture_output=True, text=True
    ).stdout.strip()
    folder = REPOSITORY / ".venv" / f"package-{told}"
    made, requirements = folder / "bin" / "python", REPOSITORY / "requirements.txt"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.stat().st_mtime < requirements.stat().st_mtime:
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        # The packages of this environment that packaging uses, in the same versions; app.py is imported for its routes.
        pinned = [f"{name}=={version(name)}" for name in ("chalice", "boto3")]
        pip: list[str | Path] = [made, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-r", requirements, *pinned], check=True)
        stamp.touch()
    return made
