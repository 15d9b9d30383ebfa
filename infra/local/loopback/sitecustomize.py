"""Runs at the start of each worker of the local stack: turns its client to the loopback server, ends it with the stack.

Python imports `sitecustomize` from the front of its path, so this reaches a process without a word in its code. Each
part wants an environment variable and does nothing without it. Standard library only: it runs before anything else.
"""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def _chain() -> None:
    """Run the `sitecustomize` that this one hides, if there is one."""
    here = Path(__file__).resolve().parent
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if Path(path).resolve() != here])
    if spec and spec.loader:
        from importlib.util import module_from_spec  # noqa: PLC0415  # costs time, and is rarely needed

        spec.loader.exec_module(module_from_spec(spec))


_chain()

if "SWITCHBOARD_PARENT_PIPE" in os.environ:
    import parent_watch  # type: ignore[import-not-found]  # found beside this file, which heads the path

    parent_watch.start(int(os.environ["SWITCHBOARD_PARENT_PIPE"]))

if "SWITCHBOARD_LOOPBACK_ROOT_KEY" in os.environ:
    import root_key  # type: ignore[import-not-found]

    root_key.install(bytes.fromhex(os.environ["SWITCHBOARD_LOOPBACK_ROOT_KEY"]))
