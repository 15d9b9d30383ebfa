"""``python -m infra.deploy [destroy|finish|adopt]``, which ``make deploy``, ``make destroy`` and so on run.

What stops it is said in words.
"""

import os
import sys
from functools import partial

from infra.deploy import CannotDeploy

INTERRUPTED = 130
COMMANDS = frozenset({"", "destroy", "finish", "adopt"})


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 done, 1 refused."""
    say = partial(print, flush=True)
    what = " ".join(arguments)
    if what not in COMMANDS:
        sys.stderr.write(f"There is no command {what}, only destroy, finish and adopt; without one it deploys.\n")
        return 1
    try:
        # Only now: what these load may be missing.
        from infra.deploy.adoption import adopt  # noqa: PLC0415
        from infra.deploy.choices import read_choices  # noqa: PLC0415
        from infra.deploy.deployment import deploy, finish  # noqa: PLC0415
        from infra.deploy.destruction import destroy  # noqa: PLC0415

        act = {"": deploy, "destroy": destroy, "finish": finish, "adopt": adopt}[what]
        act(read_choices(os.environ), say)
    except CannotDeploy as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    except ImportError as error:
        sys.stderr.write(f"The package {error.name} isn't installed. Run: rm -f .venv/dev && make deploy\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. What CloudFormation has begun it finishes by itself; try again later.\n")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
