"""Makes the unmodified client trust the loopback server: overwrites one key in the loaded library's memory.

The client checks the server's Noise certificates against WhatsApp's public root key, a constant of 32 bytes in the
library's writable data. The library's file stays as it is.
"""

import ctypes
import re
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_LOADS_THE_LIBRARY = "neonize._binder"
_WHATSAPP_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw\S* .*/neonize-[^/]*\.so")


def install(key: bytes) -> None:
    """Have the key overwritten with `key` right after the client library was loaded."""
    sys.meta_path.insert(0, _Finder(key))


class _Finder:
    """Finds the one module that loads the library, and adds the overwriting to its execution."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _LOADS_THE_LIBRARY:
            return None
        spec = PathFinder.find_spec(name, path, target)
        loader: Any = spec.loader if spec else None
        if loader:
            execute = loader.exec_module

            def execute_and_overwrite(module: ModuleType) -> None:
                execute(module)
                overwrite(self._key)

            loader.exec_module = execute_and_overwrite
        return spec


def overwrite(key: bytes) -> None:
    """Overwrite the key in memory; ends the process if it isn't there exactly once, for then nobody knows the rest."""
    found = _places()
    if len(found) != 1:
        sys.exit(f"The client library holds WhatsApp's root key {len(found)} times in its writable data, not once.")
    ctypes.memmove(found[0], key, len(_WHATSAPP_ROOT))


def _places() -> list[int]:
    found = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        match = _MAPPING.match(line)
        if match:
            start, end = int(match[1], 16), int(match[2], 16)
            data = ctypes.string_at(start, end - start)
            found += [start + hit.start() for hit in re.finditer(re.escape(_WHATSAPP_ROOT), data)]
    return found
