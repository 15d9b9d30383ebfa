"""``python -m infra.bench``: run the benchmarks, print what they found, and write it down as a page and as JSON."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from infra.bench import disk, linking, media, messages, processor, sessions, stories, times
from infra.bench.figures import Findings, Row, revision, this_machine
from infra.bench.measuring import FAILURES, Bench, sentence
from infra.bench.page import page
from infra.local.client import ROOT

T = TypeVar("T")
Part = Callable[[Bench], Iterator[Row]]
PARTS: Final[dict[str, Part]] = {
    "messages": messages.report,
    "linking": linking.report,
    "sessions": sessions.report,
    "creates": sessions.report_creates,
    "processor": processor.report,
}
MORE: Final[dict[str, Part]] = {
    "linkers": linking.report_linkers,
    "disk": disk.report,
    "media": media.report,
}
"""Parts that take minutes each and whose goals are elsewhere: only where they are asked for."""
OUT: Final = ROOT / "out" / "bench"


PLAYED: Final = (
    "AWS's latencies are played from infra/bench/latencies.toml, in which each has its source or the word assumed. "
    "The caller's way to the edge and WhatsApp's own take no time here."
)


def main() -> int:
    """Parse the arguments and run; the exit code is 1 if a part couldn't be measured, not if a goal isn't met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=times, default=5, help="how often each is run, in turn (default 5)")
    parser.add_argument("--only", choices=sorted(PARTS | MORE), help="run only this part")
    parser.add_argument("--cloud", action="store_true", help="play AWS's latencies, and show where a story's time goes")
    parser.add_argument("--seed", type=int, default=0, help="which latencies are drawn")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout whose stack is measured (default: this)")
    parser.add_argument("--out", type=Path, default=OUT, help="where the page and the JSON go (default out/bench)")
    chosen = parser.parse_args()
    if chosen.cloud and chosen.only not in {None, stories.MESSAGES, stories.SESSIONS}:
        parser.error("with --cloud, --only is messages or sessions")
    findings = Findings(datetime.now(UTC).isoformat(timespec="seconds"), revision(chosen.root), this_machine())
    print(findings.machine.line)
    if not findings.machine.quiet:
        print("The machine isn't quiet: times are of little worth, counts and the processor's time of some.")
    problems = list[str]()
    if chosen.cloud:
        played = {"stories": lambda bench: _stories(bench, chosen.seed, chosen.only)}
        told = tuple(measured(played, chosen.runs, chosen.root, problems))
        findings = replace(findings, stories=told, notes=(PLAYED, *problems))
    else:
        every = PARTS | MORE
        parts = {chosen.only: every[chosen.only]} if chosen.only else PARTS
        rows = tuple(measured({name: _shown(part) for name, part in parts.items()}, chosen.runs, chosen.root, problems))
        findings = replace(findings, rows=rows, notes=tuple(problems))
    write_down(findings, chosen.out)
    print(f"\nThe page is {chosen.out / 'index.html'}, the figures are {chosen.out / 'bench.json'}.")
    return 1 if problems else 0


def measured(
    parts: Mapping[str, Callable[[Bench], Iterator[T]]], runs: int, root: Path, problems: list[str]
) -> Iterator[T]:
    """Measure the parts one after another, and yield what they find; what goes wrong ends a part.

    It becomes one of the ``problems``.
    """
    for name, measure in parts.items():
        print(f"\n{name}", flush=True)
        try:
            with tempfile.TemporaryDirectory() as state:
                yield from measure(Bench(Path(state), runs, root))
        except FAILURES as error:
            problems.append(f"{name} can't be measured: {sentence(error)}")
            print(problems[-1], file=sys.stderr)


def write_down(findings: Findings, directory: Path) -> None:
    """Write the page and the JSON."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "bench.json").write_text(json.dumps(findings.data, indent=1) + "\n")
    (directory / "index.html").write_text(page(findings))


def _shown(part: Part) -> Part:
    def shown(bench: Bench) -> Iterator[Row]:
        for row in part(bench):
            print(f"  {row.line}", flush=True)
            yield row

    return shown


def _stories(bench: Bench, seed: int, only: str | None) -> Iterator[dict[str, Any]]:
    for story in stories.report(bench, seed, only):
        print()
        for line in story.lines:
            print(line, flush=True)
        yield story.data


if __name__ == "__main__":
    sys.exit(main())
