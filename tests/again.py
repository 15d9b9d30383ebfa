"""Run pytest, and what failed once more, one test at a time: ``python -m tests.again`` with pytest's own arguments.

The flows hold a dozen processes to WhatsApp's real times. Where the machine itself stands still for seconds, a test may
fail that has found no fault. A fault fails again: each failure is shown, and passes only if it passes alone. More than
``MOST`` failures are nobody's bad luck, and stand.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MOST: Final = 10
FAILED: Final = 1
"""pytest's exit code where it ran all, and not all passed."""


def main(arguments: Sequence[str]) -> int:
    """Return pytest's exit code: that of the second run, where there was one."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "pytest", *arguments, "-o", f"cache_dir={cache}"]
        code = subprocess.call(command)
        failed = _failed(Path(cache)) if code == FAILED else []
        if not 0 < len(failed) <= MOST:
            return code
        _say(f"{len(failed)} failed. Once more, one at a time:", failed)
        code = subprocess.call([*command, "-n", "0", "--last-failed", "--last-failed-no-failures", "none"])
        again = _failed(Path(cache)) if code else []
        _say("These failed among others and passed alone:", [one for one in failed if one not in again])
        return code


def _failed(cache: Path) -> list[str]:
    found = cache / "v/cache/lastfailed"
    return sorted(json.loads(found.read_text())) if found.exists() else []


def _say(heading: str, names: Sequence[str]) -> None:
    print("", heading, *(f"  {name}" for name in names), "", sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
