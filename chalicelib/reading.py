r"""Plain values as the types they stand for, and JSON that somebody sent: read by msgspec, and only here.

Everything that comes from outside as JSON is parsed by this module, so that what no program of ours can work with ends
at the parser: half a surrogate pair (``"\ud800"``, which no encoding can write down again), nesting without end (each
level costs the next reader a level of the stack), and numbers that JSON doesn't have (``NaN``).

msgspec works out how to read a type when it first meets it, and other threads that meet the type meanwhile read with
what isn't finished: that kills the process (seen in 0.22, with classes and dataclasses alike). So each type is worked
out when the module that names it is imported, one after the other.
"""

import re
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

DEEPEST: Final = 32
"""Levels of lists and objects in JSON of no fixed type; the deepest that any client of ours sends has four."""

if TYPE_CHECKING:
    DigitText = str
else:

    class _AnyText(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, str)

    class DigitText(str, metaclass=_AnyText):
        """Text that is mostly digits, such as a phone number, which JSON may hold as a whole number too.

        Spreadsheets and workflow tools turn such text into numbers. What is read is always a plain ``str``, so to the
        type checker it is one; the length is bounded by ``LONGEST_DIGIT_TEXT``.
        """

        __slots__ = ()


LONGEST_DIGIT_TEXT: Final = 100

_ONE_AT_A_TIME: Final = Lock()
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class BadJson(ValueError):
    """A text is not JSON, or nests deeper than ``DEEPEST``, or holds half a surrogate pair."""


class Reader(Generic[T]):
    """Reads one type. Make it while its module is imported, and keep it."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        with _ONE_AT_A_TIME:
            self._decoder = msgspec.json.Decoder(kind, dec_hook=_special)

    def plain(self, value: Any) -> T:
        """Return what a plain value (dicts, lists, texts, numbers) stands for; raises msgspec.ValidationError."""
        return msgspec.convert(value, self.kind, dec_hook=_special)

    def texts(self, value: Any) -> T:
        """Return what texts alone stand for, as forms have them: ``true`` is a truth value, ``7`` may be a number.

        Raises msgspec.ValidationError.
        """
        return msgspec.convert(value, self.kind, strict=False, dec_hook=_special)

    def json(self, text: str | bytes) -> T:
        """Return what JSON stands for; raises msgspec.DecodeError, and its ValidationError where it isn't that type.

        Nesting is as deep as the type; in fields that the type doesn't know, as deep as the stack allows.
        """
        try:
            return self._decoder.decode(text)
        except (UnicodeError, RecursionError) as error:
            raise msgspec.DecodeError("JSON is nested too deeply, or isn't text") from error


def parse_json(text: str | bytes) -> Any:
    """Return JSON of no fixed type as plain values; raises BadJson."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadJson("It isn't JSON.") from error
    if _deeper(value, DEEPEST):
        raise BadJson(f"It is nested more than {DEEPEST} levels deep.")
    return value


def is_text(value: str) -> bool:
    """Whether ``value`` is made of characters: half a surrogate pair is none, and can't be encoded."""
    return value.isascii() or _SURROGATE.search(value) is None


def _deeper(value: Any, most: int) -> bool:
    """Whether there are more than ``most`` levels of lists and objects, found without going down the stack."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, list | dict) for one in level)


def names(text: bytes) -> list[str]:
    """Return the names in a JSON object, as it has them; raises msgspec.DecodeError for what is none."""
    try:
        return list(_OBJECT.decode(text))
    except (UnicodeError, RecursionError) as error:
        raise msgspec.DecodeError("JSON is nested too deeply, or isn't text") from error


_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SAID: Final = {bool: "bool", float: "float", list: "array", dict: "object", type(None): "null"}


def _special(kind: type[Any], value: Any) -> Any:
    """Read a type that isn't msgspec's own; its errors are worded like msgspec's, which adds the place."""
    if kind is not DigitText:
        if isinstance(value, kind):
            return value  # read already, by whoever knows how
        raise NotImplementedError(f"{kind} can't be read")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        # Python refuses to write out very long numbers, and none is a phone number.
        value = str(value) if abs(value) < 10**LONGEST_DIGIT_TEXT else "9" * (LONGEST_DIGIT_TEXT + 1)
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{_SAID.get(type(value), 'object')}`")
    if len(value) > LONGEST_DIGIT_TEXT:
        raise ValueError(f"Expected `str` of length <= {LONGEST_DIGIT_TEXT}")
    return value
