"""``python -m infra.bench``: run the benchmarks, print what they found, and write it down as a page and as JSON."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from infra.bench import disk, linking, media, messages, processor, sessions, stories
from infra.bench.figures import Findings, Row, revision, this_machine
from infra.bench.measuring import Bench
from infra.bench.page import page
from infra.local.client import ROOT

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


def _stories(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as state:
        for story in stories.report(Bench(Path(state), chosen.runs, chosen.root), chosen.seed, chosen.only):
            print()
            for line in story.lines:
                print(line, flush=True)
            yield story.data


def main() -> int:
    """Parse the arguments and run; the exit code is 0 whether goals are met or not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each is run, in turn (default 5)")
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
    if chosen.cloud:
        findings = replace(findings, stories=tuple(_stories(chosen)), notes=(PLAYED,))
    for name in [] if chosen.cloud else [chosen.only] if chosen.only else PARTS:
        print(f"\n{name}", flush=True)
        with tempfile.TemporaryDirectory() as state:
            for row in (PARTS | MORE)[name](Bench(Path(state), chosen.runs, chosen.root)):
                findings = replace(findings, rows=(*findings.rows, row))
                print(f"  {row.line}", flush=True)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "bench.json").write_text(json.dumps(findings.data, indent=1) + "\n")
    (chosen.out / "index.html").write_text(page(findings))
    print(f"\nThe page is {chosen.out / 'index.html'}, the figures are {chosen.out / 'bench.json'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
