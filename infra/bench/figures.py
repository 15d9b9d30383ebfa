"""What the benchmarks find, as values: rows with a limit, a goal and a verdict, and the machine that they are of."""

import os
import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from infra.local.client import ROOT

QUIET: Final = 0.3
"""Processes that want to run, per core, up to which a machine counts as quiet."""


class GoalKind(StrEnum):
    """What a goal's value is compared with: our median itself, or what it is over the limit's."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    OVER_LIMIT = "over the limit at most"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach, in the row's own unit."""

    kind: GoalKind
    value: float


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured: a figure of each run, in ``unit``, beside those of ``limit``, of the same run.

    ``limit_name`` says what the limit is; empty where nothing bounds the figure. ``more`` is whether more is better.
    """

    part: str
    name: str
    unit: str
    ours: tuple[float, ...]
    limit: tuple[float, ...] = ()
    limit_name: str = ""
    goal: Goal | None = None
    more: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        """Our median."""
        return statistics.median(self.ours)

    @property
    def worst(self) -> float:
        """Our worst figure: the largest, or the smallest where more is better."""
        return min(self.ours) if self.more else max(self.ours)

    @property
    def limit_median(self) -> float | None:
        """The limit's median, None where there is none."""
        return statistics.median(self.limit) if self.limit else None

    @property
    def ratio(self) -> float | None:
        """Our median as a multiple of the limit's, None where there is none or it is 0."""
        return self.median / self.limit_median if self.limit_median else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal, or without the limit that it is of."""
        if self.goal is None:
            return None
        match self.goal.kind:
            case GoalKind.AT_MOST:
                return self.median <= self.goal.value
            case GoalKind.AT_LEAST:
                return self.median >= self.goal.value
            case GoalKind.OVER_LIMIT:
                return None if self.limit_median is None else self.median - self.limit_median <= self.goal.value

    @property
    def wanted(self) -> str:
        """The goal in words, empty without one."""
        if self.goal is None:
            return ""
        over = "limit + " if self.goal.kind is GoalKind.OVER_LIMIT else ""
        sign = "≥" if self.goal.kind is GoalKind.AT_LEAST else "≤"
        return f"{sign} {over}{shown(self.goal.value)} {self.unit}".strip()

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, or nothing."""
        return {True: "met", False: "not met", None: ""}[self.met]

    @property
    def line(self) -> str:
        """The row as a line of the terminal."""
        text = f"{self.name:44} {shown(self.median):>8} {self.unit} (worst {shown(self.worst)})"
        if self.limit_median is not None:
            text += f"   {self.limit_name} {shown(self.limit_median)} {self.unit}"
        if self.ratio is not None:
            text += f"   ratio {self.ratio:.2f}"
        if self.goal is not None:
            text += f"   goal {self.wanted}: {self.verdict or 'no limit to compare with'}"
        return text + (f"   {self.note}" if self.note else "")


def shown(value: float) -> str:
    """Return a figure with as many digits as matter."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures were taken on; memory in MB, ``load`` the average of the minute before the run."""

    processor: str
    cores: int
    memory: int
    kernel: str
    python: str
    load: float

    @property
    def quiet(self) -> bool:
        """Whether so little else ran before that times mean something."""
        return self.load <= QUIET * self.cores

    @property
    def line(self) -> str:
        """The machine as a line of the terminal."""
        return (
            f"{self.processor}, {self.cores} cores, {self.memory:,} MB, Linux {self.kernel}, Python {self.python}, "
            f"load {self.load:.2f} before the run"
        )


def this_machine() -> Machine:
    """Return this machine as it is now."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        model[1] if model else platform.machine(),
        os.cpu_count() or 1,
        pages >> 20,
        platform.release(),
        platform.python_version(),
        os.getloadavg()[0],
    )


def revision(root: Path = ROOT) -> str:
    """Return the commit that a checkout is at, with a plus sign where files differ from it; empty outside of git."""
    git = ["git", "-C", str(root)]
    named = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    if named.returncode:
        return ""
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    return named.stdout.strip() + ("+" if changed.strip() else "")


@dataclass(frozen=True, slots=True)
class Findings:
    """One run of the benchmarks; ``made`` is when it began, in ISO 8601."""

    made: str
    revision: str
    machine: Machine
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    stories: tuple[dict[str, Any], ...] = field(default=())
    """Stories with the cloud's latencies, as ``infra.bench.stories`` writes them down."""

    @property
    def data(self) -> dict[str, Any]:
        """The findings as JSON, with what follows from each row's figures beside them."""
        rows = [
            asdict(row)
            | {"median": row.median, "worst": row.worst, "limit_median": row.limit_median}
            | {"ratio": row.ratio, "met": row.met}
            for row in self.rows
        ]
        return asdict(self) | {"rows": rows, "machine": asdict(self.machine) | {"quiet": self.machine.quiet}}


def merged(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with those of the same part and name as one, which has the figures of all, in their order."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row.part, row.name)
        before = found.get(key)
        if before is None:
            found[key] = row
            continue
        both = {"ours": before.ours + row.ours, "limit": before.limit + row.limit}
        found[key] = Row(**{name: getattr(row, name) for name in row.__dataclass_fields__} | both)
    return list(found.values())
