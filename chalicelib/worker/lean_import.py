"""Has libraries imported without what the worker never uses of them.

neonize, the client library, is also a tool box for bots: it makes stickers, reads web pages for previews, prints codes
and downloads its own binary. What it imports for that is half the time of its import, 20 MB, and three child processes;
one runs a shell, and isn't waited for. qrcode can draw on Pillow's pictures, in another 4 MB, and boto3 looks at what
moves large files with S3, 1.4 MB, before there is a client of S3's. So while one of them is imported each such package
is a stand-in, in the library's own modules alone: ``sys.modules`` has none of them, and whoever else imports one of
these packages gets the package.

Nothing is lost: a call on a stand-in is one on the package, which is imported then.
"""

import builtins
import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any, Final

UNUSED: Final = {
    "boto3.compat": frozenset({"s3transfer"}),
    "neonize": frozenset({"PIL", "httpx", "linkpreview", "magic", "phonenumbers", "requests", "segno", "tqdm"}),
    "qrcode": frozenset({"PIL"}),
}
"""What each library, or one module of it, imports first of all, and uses only for what Switchboard does otherwise."""
SHELL: Final = "neonize.utils.platform"
"""The module that asks a shell for the system's name, twice, to find out whether this is Android."""


def install() -> None:
    """Have the libraries imported so; repeatable, and without effect on one that has been imported already."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class StandIn:
    """Stands for a package, or for something in it, until it is called."""

    def __init__(self, package: str, *path: str) -> None:
        self._package = package
        self._path = path

    def __getattr__(self, name: str) -> "StandIn":
        """Stand for something of it; for nothing of Python's own, by which the import system tells modules apart."""
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(self._package, *self._path, name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Import the package, and call what this stands for."""
        return self._real()(*given, **named)

    def __instancecheck__(self, one: object) -> bool:
        """Import the package: whether ``one`` is of the class that this stands for."""
        return isinstance(one, self._real())

    def _real(self) -> Any:
        found: Any = importlib.import_module(self._package)
        name = self._package
        for part in self._path:
            name = f"{name}.{part}"
            found = getattr(found, part) if hasattr(found, part) else importlib.import_module(name)
        return found

    def __or__(self, _: object) -> "StandIn":
        """Be one of several types in an annotation."""
        return self

    __ror__ = __or__


def _builtins(unused: frozenset[str]) -> dict[str, Any]:
    """Return Python's built-in functions, with the one that ``import`` statements call replaced."""

    def import_(
        name: str,
        names: Mapping[str, object] | None = None,
        local: Mapping[str, object] | None = None,
        wanted: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        package = name.partition(".")[0]
        if level == 0 and package in unused:
            return StandIn(name if wanted else package)
        return builtins.__import__(name, names, local, wanted or (), level)

    return {**vars(builtins), "__import__": import_}


class _Finder:
    """Finds the libraries' modules where the other finders do, and changes how their code imports."""

    def __init__(self) -> None:
        self._builtins = {library: _builtins(unused) for library, unused in UNUSED.items()}

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        changed = self._builtins.get(name) or self._builtins.get(name.partition(".")[0])
        if changed is None:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        loader: Any = spec.loader if spec else None
        if loader:
            execute = loader.exec_module

            def execute_with_stand_ins(module: ModuleType) -> None:
                vars(module)["__builtins__"] = changed
                execute(module)
                if name == SHELL:
                    # Without a shell, which would be left behind as a defunct child.
                    vars(module)["os"] = SimpleNamespace(popen=lambda _: io.StringIO(" ".join(os.uname())))

            loader.exec_module = execute_with_stand_ins
        return spec
