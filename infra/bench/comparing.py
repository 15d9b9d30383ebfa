"""``make bench-compare A=… B=…``: measure two revisions in turn, and name the medians that got worse.

Both are checked out beside this checkout, whose environment and benchmarks measure them: the figures need only HTTP and
/proc. What an older revision doesn't know can't be compared, and is said to be.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from infra.bench import times
from infra.bench.__main__ import MORE, OUT, PARTS, Part
from infra.bench.figures import Row, merged, revision, shown, this_machine
from infra.bench.measuring import FAILURES, Bench, sentence
from infra.local.client import ROOT, NotAsExpected

WORSE: Final = 0.10
"""The share by which a median may be worse before it is named."""
USUAL: Final = ("messages", "linking", "sessions", "processor")
"""The parts that are compared where nobody chooses; creates take over a minute each time."""
REQUIREMENTS: Final = ("requirements.txt", "infra/worker/requirements.txt", "pyproject.toml")
HERE: Final = "the working tree"


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of both revisions, before and after."""

    before: Row
    after: Row

    @property
    def share(self) -> float | None:
        """How much worse the median is, as a share of the one before; less than 0 is better, None can't be said."""
        early, late = self.before.median, self.after.median
        if not early:
            return 0.0 if not late else None
        return (early - late) / early if self.after.more else (late - early) / early

    @property
    def worse(self) -> bool:
        """Whether the median is so much worse that it is named; anything is more than nothing."""
        return self.share is None or self.share > WORSE

    @property
    def drift(self) -> float | None:
        """The change of the limit, which is the same code for both: how far the machine itself changed."""
        early, late = self.before.limit_median, self.after.limit_median
        return (late - early) / early if early and late is not None else None

    @property
    def line(self) -> str:
        """The change as a line of the terminal."""
        row = self.after
        text = f"{row.part:10} {row.name:58} {shown(self.before.median):>8} → {shown(row.median):>8} {row.unit:4}"
        text += f" {self._said:>14}"
        if self.drift is not None:
            text += f"   (limit {_percent(self.drift)})"
        return text + ("   WORSE" if self.worse else "")

    @property
    def _said(self) -> str:
        if self.share is None:
            return "from nothing"
        return f"{abs(self.share):.0%} {'worse' if self.share > 0 else 'better'}" if self.share else "the same"


def _percent(share: float) -> str:
    return f"{share:+.0%}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What can be compared, and sentences about what can't."""

    changes: tuple[RowChange, ...]
    missing: tuple[str, ...]

    @property
    def worse(self) -> list[RowChange]:
        """The changes to be named."""
        return [change for change in self.changes if change.worse]


def compare(before: Sequence[Row], after: Sequence[Row]) -> Comparison:
    """Pair the rows of two revisions, each merged over its runs, by part and name."""
    early = {(row.part, row.name): row for row in merged(before)}
    late = {(row.part, row.name): row for row in merged(after)}
    changes = tuple(RowChange(early[key], row) for key, row in late.items() if key in early)
    alone = [key for key in (*early, *late) if (key in early) != (key in late)]
    return Comparison(changes, tuple(f"{part}: {name} was measured in one of the two only" for part, name in alone))


@contextmanager
def checkout(named: str, directory: Path) -> Iterator[Path]:
    """Check a revision out below ``directory`` for the block's time; an empty name is this checkout as it is.

    Raises NotAsExpected with git's sentence where there is no such revision.
    """
    if not named:
        yield ROOT
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    made = subprocess.run([*git, "add", "--detach", str(directory), named], capture_output=True, text=True, check=False)
    if made.returncode:
        raise NotAsExpected(made.stderr.strip())
    try:
        yield directory
    finally:
        subprocess.run([*git, "remove", "--force", str(directory)], check=True)


def requirements_that_differ(*roots: Path) -> list[str]:
    """Return the files of requirements that aren't the same in this checkout, whose packages both run with."""
    mine = {name: (ROOT / name).read_bytes() for name in REQUIREMENTS}
    return [
        name
        for name in REQUIREMENTS
        if any((root / name).exists() and (root / name).read_bytes() != mine[name] for root in roots)
    ]


def alternate(
    roots: Mapping[str, Path], parts: Mapping[str, Part], runs: int, problems: list[str]
) -> dict[str, list[Row]]:
    """Measure each part of each revision, in turn and every other time the other way round; return the rows by name.

    A part that fails with a revision is told of in ``problems``, once, and left out from then on.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    failed: set[str] = set()
    for run in range(runs):
        for part, measure in parts.items():
            order = list(roots) if run % 2 == 0 else list(roots)[::-1]
            for name in order:
                if part in failed:
                    break
                print(f"{part}, {name}, {run + 1} of {runs}", file=sys.stderr, flush=True)
                try:
                    with tempfile.TemporaryDirectory() as state:
                        rows[name] += measure(Bench(Path(state), 1, roots[name]))
                except FAILURES as error:
                    failed.add(part)
                    problems.append(f"{part}: {name} can't be measured: {sentence(error)}")
    return rows


def main() -> int:
    """Parse the arguments and compare; the exit code is 1 if a median got worse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", help="a revision of git's")
    parser.add_argument("after", nargs="?", default="", help="another one (default: the working tree)")
    parser.add_argument("--runs", type=times, default=3, help="how often each part is run (default 3)")
    parser.add_argument("--only", choices=sorted(PARTS | MORE), help="compare only this part")
    chosen = parser.parse_args()
    every = PARTS | MORE
    parts = {name: every[name] for name in ([chosen.only] if chosen.only else USUAL)}
    machine, problems = this_machine(), list[str]()
    print(machine.line)
    if not machine.quiet:
        print("The machine isn't quiet: look at how far the limits moved as well.")
    names = (chosen.before, chosen.after or HERE)
    try:
        with (
            tempfile.TemporaryDirectory() as directory,
            checkout(chosen.before, Path(directory) / "before") as before,
            checkout(chosen.after, Path(directory) / "after") as after,
        ):
            for name in requirements_that_differ(before, after):
                print(f"{name} differs: both run with the packages of this checkout.")
            roots = dict(zip(("before", "after"), (before, after), strict=True))
            at = {label: revision(root) for label, root in roots.items()}
            rows = alternate(roots, parts, chosen.runs, problems)
    except NotAsExpected as error:
        print(error, file=sys.stderr)
        return 2
    found = compare(rows["before"], rows["after"])
    print(f"\nbefore: {names[0]} ({at['before']}), after: {names[1]} ({at['after']}); medians over {chosen.runs} runs")
    for line in (*(change.line for change in found.changes), *found.missing, *problems):
        print(line)
    _write_down(found, at, problems)
    if found.worse:
        named = "; ".join(change.after.name for change in found.worse)
        print(f"\nOver {WORSE:.0%} worse: {named}")
    else:
        print(f"\nNo median got over {WORSE:.0%} worse.")
    return 1 if found.worse else 0


def _write_down(found: Comparison, at: Mapping[str, str], problems: Sequence[str]) -> None:
    changes = [
        {"before": asdict(one.before), "after": asdict(one.after), "share": one.share, "worse": one.worse}
        for one in found.changes
    ]
    told = {
        "revisions": at,
        "machine": asdict(this_machine()),
        "changes": changes,
        "missing": [*found.missing, *problems],
    }
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "compare.json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"\nThe figures are {OUT / 'compare.json'}.")


if __name__ == "__main__":
    sys.exit(main())
