"""`make audit`: everything that is pinned is looked up, wherever it is told to ask."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
LISTS = ("requirements.txt", "infra/worker/requirements.txt")


def test_every_list_and_every_environment_is_looked_up() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "audit", "AUDIT_FLAGS=--osv-url here"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [line for line in done.stdout.splitlines() if line.startswith(".venv/audit/bin/pip-audit ")]
    assert all("--strict" in one and "--osv-url here" in one for one in calls)
    assert set(re.findall(r"--requirement (\S+)", done.stdout)) == set(LISTS)
    assert ".venv/{,checkov/,audit/}lib/" in calls[-1]


def test_every_group_is_installed_in_one_of_those_environments() -> None:
    installed = set(re.findall(r"--group (\w+)", (ROOT / "Makefile").read_text()))
    assert installed == set(tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"])


def test_everything_is_pinned() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted = [one for group in groups.values() for one in group if isinstance(one, str)]
    for name in LISTS:
        wanted += [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    loose = [one for one in wanted if [clause.operator for clause in Requirement(one).specifier] != ["=="]]
    assert loose == []
