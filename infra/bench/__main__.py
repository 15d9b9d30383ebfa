"""``python -m infra.bench``: run the benchmarks and print what they found."""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from infra.bench import disk, linking, media, messages, processor

PARTS: Final = {
    "linking": linking.report,
    "disk": disk.report,
    "messages": messages.report,
    "media": media.report,
    "processor": processor.report,
}


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each is run, in turn (default 5)")
    parser.add_argument("--only", choices=sorted(PARTS), help="run only this part")
    chosen = parser.parse_args()
    for name, report in PARTS.items():
        if chosen.only in {None, name}:
            with tempfile.TemporaryDirectory() as state:
                for line in report(Path(state), chosen.runs):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
