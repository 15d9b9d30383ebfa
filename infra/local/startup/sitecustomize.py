"""Runs at the start of each worker of the local stack: ends it with the stack.

Python imports `sitecustomize` from the front of its path, so this reaches a process without a word in its code. It
wants an environment variable and does nothing without it. Standard library only: it runs before anything else.
"""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def _chain() -> None:
    """Run the `sitecustomize` that this one hides, if there is one: the next on the path."""
    here = Path(__file__).resolve().parent
    places = [Path(path).resolve() for path in sys.path]
    behind = sys.path[len(places) - places[::-1].index(here) :] if here in places else sys.path
    spec = PathFinder.find_spec("sitecustomize", behind)
    if spec and spec.loader:
        from importlib.util import module_from_spec  # noqa: PLC0415  # costs time, and is rarely needed

        spec.loader.exec_module(module_from_spec(spec))


_chain()

if "SWITCHBOARD_PARENT_PIPE" in os.environ:
    import parent_watch  # type: ignore[import-not-found]  # found beside this file, which heads the path

    parent_watch.start(int(os.environ["SWITCHBOARD_PARENT_PIPE"]))
