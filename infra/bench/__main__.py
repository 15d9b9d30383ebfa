"""``python -m infra.bench``: run the benchmarks and print what they found."""

import argparse
import tempfile
from pathlib import Path

from infra.bench import linking


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each is run, in turn (default 5)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as state:
        for line in linking.report(Path(state), runs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
