"""``make clean``: forget the local stack's state, but never under a running stack, and no real account's keys unasked.

The state is ``.local``, or what LOCAL_STATE names. States that lie in it (``.local/real``, that of NETWORK=whatsapp) go
with it. Where devices of real accounts are linked, a terminal is asked; without one, CONFIRM=real says yes beforehand.
Standard library only: it may run before anything is installed.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from infra import REPOSITORY
from infra.local.settings import Network
from infra.local.state import LOCK, NETWORK_FILE, LocalState

CONFIRMED: Final = "real"
_STATES: Final = ("", "*", "*/*")
"""Where states may lie in the directory that is cleaned."""


class NotCleaned(Exception):
    """Why nothing was removed; the text is a sentence for the developer."""


def clean(root: Path, sure: Callable[[str], bool]) -> str:
    """Remove what is in ``root``, and say so; what ``sure`` doesn't confirm is kept. Raises NotCleaned."""
    if not root.exists():
        return f"There is nothing to forget: {root} isn't there."
    states = list(_states(root))
    if root not in states and root != REPOSITORY / ".local":
        raise NotCleaned(f"{root} is no state of a local stack. Nothing was removed.")
    with ExitStack() as held:
        # Held until all is gone: no stack starts on what is being removed.
        for directory in states:
            held.enter_context(_held(directory))
        kept = {directory for directory in states if _is_real(directory) and not sure(_question(directory))}
        _remove(root, kept)
    if not kept:
        return f"Forgot {root}."
    names = " and ".join(str(one) for one in sorted(kept))
    return f"Kept {names}, with the keys of real accounts; forgot all else. To remove them too: make clean CONFIRM=real"


def _states(root: Path) -> Iterator[Path]:
    for pattern in _STATES:
        for directory in [root] if not pattern else sorted(root.glob(pattern)):
            if (directory / LOCK).is_file():
                yield directory


def _held(directory: Path) -> ExitStack:
    """Return the directory's lock, held; raises NotCleaned where a stack holds it."""
    stack = ExitStack()
    file = stack.enter_context((directory / LOCK).open("r+"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stack.close()
        raise NotCleaned(
            f"A stack runs on {directory}. Stop it first (Ctrl-C in its terminal). Nothing was removed."
        ) from None
    return stack


def _is_real(directory: Path) -> bool:
    """Whether devices of real accounts are linked in a state."""
    state = LocalState(directory)
    network = state.read(NETWORK_FILE, Network.LOOPBACK)
    return network == Network.WHATSAPP and state.devices.is_dir() and any(state.devices.iterdir())


def _question(directory: Path) -> str:
    return (
        f"{directory} has the keys of accounts that are linked over the real WhatsApp. Without them each must be "
        "linked anew, and the devices stay on the phones until somebody removes them there. Remove the keys? [y/N] "
    )


def _remove(directory: Path, kept: set[Path]) -> None:
    if directory in kept:
        return
    for entry in directory.iterdir():
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
        elif any(one.is_relative_to(entry) for one in kept):
            _remove(entry, kept)
        else:
            shutil.rmtree(entry)
    if not any(directory.iterdir()):
        directory.rmdir()


def _asking(environment: Mapping[str, str]) -> Callable[[str], bool]:
    """Return what confirms: CONFIRM, or whoever sits at the terminal."""

    def sure(question: str) -> bool:
        if environment.get("CONFIRM") == CONFIRMED:
            return True
        return sys.stdin.isatty() and input(question).strip().lower() in {"y", "yes"}

    return sure


def main(environment: Mapping[str, str]) -> int:
    """Return the exit code: 0 with what was done, 1 with why nothing was."""
    root = Path(environment.get("LOCAL_STATE") or REPOSITORY / ".local").absolute()
    try:
        print(clean(root, _asking(environment)))
    except NotCleaned as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
