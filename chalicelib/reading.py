"""Plain values as the types they stand for, read by msgspec; the only place that asks it to.

msgspec works out how to read a type when it first meets it, and other threads that meet the type meanwhile read with
what isn't finished: that kills the process (seen in 0.22, with classes and dataclasses alike). So each type is worked
out when the module that names it is imported, one after the other.
"""

from threading import Lock
from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

_ONE_AT_A_TIME: Final = Lock()


class Reader(Generic[T]):
    """Reads one type. Make it while its module is imported, and keep it."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        with _ONE_AT_A_TIME:
            self._decoder = msgspec.json.Decoder(kind)

    def plain(self, value: Any) -> T:
        """Return what a plain value (dicts, lists, texts, numbers) stands for; raises msgspec.ValidationError."""
        return msgspec.convert(value, self.kind)

    def json(self, text: str | bytes) -> T:
        """Return what JSON stands for; raises msgspec.DecodeError, and its ValidationError where it isn't that type."""
        return self._decoder.decode(text)
