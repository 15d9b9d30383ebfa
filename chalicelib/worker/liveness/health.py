"""``python -m chalicelib.worker.liveness.health [SECONDS]``: the container's health check, 0 for healthy and 1 for not.

It loads neither AWS's nor WhatsApp's library, since it runs every half minute beside the worker on a quarter of a
processor. What it finds is told, not acted on: a worker that can't prove its lease is ended by its fence.
"""

import sys
from pathlib import Path
from typing import Final

from chalicelib.config import settings
from chalicelib.worker.clock import monotonic
from chalicelib.worker.liveness.heartbeat import last_beat

STALE_AFTER: Final = 60.0
"""Seconds without a beat. At rest there is one every 10 at least; a worker waits 45 for a lease that isn't free."""


def complaint(path: Path | None, *, within: float, now: int) -> str | None:
    """Return what is wrong, as a sentence, or None; ``within`` is seconds, ``now`` in the heartbeat's milliseconds."""
    if path is None:
        return "HEARTBEAT isn't set, so nobody can tell whether the worker lives."
    beat = last_beat(path)
    if beat is None:
        return "The worker hasn't begun yet."
    silence = (now - beat) / 1000
    # A beat from the future is another boot's.
    if not 0 <= silence <= within:
        return f"The worker's main thread hasn't come round for {silence:.0f} s."
    return None


def main(arguments: list[str]) -> int:
    """Say a sentence, and return the exit code."""
    within = float(arguments[0]) if arguments else STALE_AFTER
    wrong = complaint(settings().heartbeat, within=within, now=monotonic())
    sys.stdout.write(f"{wrong or 'The worker lives.'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
