"""The client library's protobuf classes without the library itself, whose import loads Go and starts programs."""

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType

__all__ = ["messages", "neonize"]


def _module(name: str) -> ModuleType:
    loaded = sys.modules.get("neonize")
    if loaded is None:
        spec = find_spec("neonize")
        assert spec
        package = ModuleType("neonize")
        package.__path__ = list(spec.submodule_search_locations or [])
        sys.modules["neonize"] = package
    try:
        return importlib.import_module(f"neonize.proto.{name}")
    finally:
        if loaded is None:
            del sys.modules["neonize"]


messages = _module("waE2E.WAWebProtobufsE2E_pb2")
"""What people write: waE2E.Message and its kinds."""
neonize = _module("Neonize_pb2")
"""What the library's events are made of."""
