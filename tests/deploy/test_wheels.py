"""The worker's packages on both platforms of its image: each has a wheel that loads there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.dockerfile import DOCKERFILE, REQUIREMENTS

pytestmark = pytest.mark.subprocess

TRIXIE_GLIBC = 41
"""The minor version of the C library in the image's release of Debian."""


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_every_package_has_a_wheel_for_it(machine: str, tmp_path: Path) -> None:
    found = re.search(r"python:3\.(\d+)\.\d+-slim-trixie@", DOCKERFILE.read_text())
    assert found
    minor = found[1]
    tags = [f"manylinux2014_{machine}", *(f"manylinux_2_{glibc}_{machine}" for glibc in range(17, TRIXIE_GLIBC + 1))]
    report = tmp_path / "report.json"
    words = [
        *("--dry-run", "--ignore-installed", "--target", str(tmp_path / "none"), "--report", str(report)),
        *("--only-binary", ":all:", "--requirement", str(REQUIREMENTS)),
        *("--implementation", "cp", "--python-version", f"3.{minor}"),
        *(word for abi in (f"cp3{minor}", "abi3", "none") for word in ("--abi", abi)),
        *(word for tag in tags for word in ("--platform", tag)),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "install", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    files = [one["download_info"]["url"].rsplit("/", 1)[1] for one in json.loads(report.read_text())["install"]]
    native = [file for file in files if not file.endswith("-none-any.whl")]
    assert any(file.startswith("neonize-") for file in native)
    assert all(file.endswith(f"_{machine}.whl") for file in native)
