"""``python -m infra.smoke`` with ``STAGE=`` or ``URL=``; also ``make smoke``. What doesn't work is said in words."""

import os
import signal
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from infra import REPOSITORY
from infra.deploy import CannotDeploy
from infra.smoke import NotWorking

if TYPE_CHECKING:
    from infra.smoke.target import SmokeTarget

INTERRUPTED = 130


def main(environment: Mapping[str, str]) -> int:
    """Return the exit code: 0 it works, 1 it doesn't, 130 interrupted; in every case nothing is left behind."""
    # As Ctrl-C does, it shall have what was made removed.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        # Only now: what these load may be missing.
        from infra.smoke.walk import walk  # noqa: PLC0415

        walk(_target(environment), partial(print, flush=True))
    except (NotWorking, CannotDeploy) as failure:
        sys.stderr.write("\n".join([str(failure), *getattr(failure, "__notes__", [])]) + "\n")
        return 1
    except ImportError as error:
        sys.stderr.write(f"The package {error.name} isn't installed. Run: rm -f .venv/dev && make smoke\n")
        return 1
    except KeyboardInterrupt as interrupted:
        sys.stderr.write("\n".join(["Interrupted.", *getattr(interrupted, "__notes__", [])]) + "\n")
        return INTERRUPTED
    return 0


def _target(environment: Mapping[str, str]) -> "SmokeTarget":
    from infra.deploy.account import log_in  # noqa: PLC0415
    from infra.deploy.choices import read_choices  # noqa: PLC0415
    from infra.smoke.target import deployed, local  # noqa: PLC0415

    url = environment.get("URL")
    if url:
        return local(url, Path(environment.get("LOCAL_STATE") or REPOSITORY / ".local"))
    choices = read_choices(environment)
    return deployed(log_in(choices.region), choices.stack)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(os.environ))
