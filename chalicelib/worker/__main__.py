"""``python -m chalicelib.worker``: one worker, told by its environment what for."""

import gc
import signal
import sys

from chalicelib.worker import lean_import
from chalicelib.worker.handover import lacking, settle_region


def main() -> None:
    """Work, and end the process; without an order, say what is missing."""
    missing = lacking()
    if missing:
        sys.exit(
            f"This worker isn't told what to do: {', '.join(missing)} not set. The gateway starts workers by itself."
        )
    settle_region()
    # As a container's first process it would be deaf to SIGTERM, not ended by it, until it says what is to be done.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    lean_import.install()
    # What is imported stays. To look through it for garbage takes a sixth of the time that it is imported in, and 50 ms
    # of a whole processor each time after that.
    gc.disable()
    # Only now: they load AWS's library, which is no use to anybody who is told what is missing.
    from chalicelib.bootstrap import worker  # noqa: PLC0415
    from chalicelib.worker.process import work  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    work(worker)


if __name__ == "__main__":
    main()
