"""What a route takes besides its path and its body: query parameters and headers, each checked and described here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from chalicelib.api import fields
from chalicelib.domain.errors import InvalidField

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """A query parameter, or a header.

    ``check`` turns what came (None if nothing did) into the value to use, or raises InvalidField; ``schema`` is the
    same rule as JSON Schema.
    """

    name: str
    about: str
    check: Callable[[str | None], T]
    schema: Mapping[str, Any]
    header: bool = False
    required: bool = False


def whole_number(name: str, about: str, *, default: int, most: int) -> Parameter[int]:
    """Return a parameter that is a whole number from 1 to ``most``."""
    return Parameter(
        name,
        about,
        lambda value: fields.count(value, field=name, default=default, most=most),
        {"type": "integer", "minimum": 1, "maximum": most, "default": default},
    )


def seconds(name: str, about: str, *, default: float, most: float) -> Parameter[float]:
    """Return a parameter that is a number of seconds from 0 to ``most``."""
    return Parameter(
        name,
        about,
        lambda value: fields.seconds(value, field=name, default=default, most=most),
        {"type": "number", "minimum": 0, "maximum": most, "default": default},
    )


def one_of(name: str, about: str, choices: tuple[str, ...], *, default: str) -> Parameter[str]:
    """Return a parameter that is one of some words."""
    return Parameter(
        name,
        about,
        lambda value: fields.choice(value, choices, field=name, default=default),
        {"type": "string", "enum": list(choices), "default": default},
    )


def word(name: str, about: str) -> Parameter[str | None]:
    """Return a parameter that is any text; what is wrong with it shows later."""
    return Parameter(name, about, lambda value: value, {"type": "string"})


PAGING: Final = frozenset(
    {
        "after",
        "before",
        "cursor",
        "endingbefore",
        "limit",
        "maxresults",
        "nextbefore",
        "nextcursor",
        "nextpage",
        "nexttoken",
        "offset",
        "page",
        "pageindex",
        "pageno",
        "pagenumber",
        "pagesize",
        "pagetoken",
        "perpage",
        "skip",
        "startafter",
        "startingafter",
    }
)
"""What other systems ask for another page by, as ``_plain`` writes it."""
PAGING_OF_LISTS: Final = PAGING | {"count", "first", "from", "last", "rows", "size", "start", "take", "to", "top"}
"""The same where there is a list; elsewhere these may mean anything."""


def refuse_unknown_paging(query: Iterable[str], takes: Iterable[Parameter[Any]]) -> None:
    """Raise InvalidField for a parameter that asks for another page in words that a route doesn't have.

    Whoever asked so would get the same page again and again. Other unknown parameters are ignored.
    """
    known = [taken.name for taken in takes if not taken.header]
    paged = [name for name in known if _plain(name) in {*PAGING, "since"}]
    words = PAGING_OF_LISTS if paged else PAGING
    for name in query:
        if name not in known and _plain(name) in words:
            hint = f"Pages are asked for by {' and '.join(paged)}." if paged else "There is one page, with all in it."
            raise InvalidField(f"'{name}' is no parameter here.", field=name, hint=hint)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


IDEMPOTENCY_KEY: Final[Parameter[str | None]] = Parameter(
    "Idempotency-Key",
    "Makes the request safe to repeat: the same key with the same request is answered as before, with another "
    "request it is refused. A key is remembered for a day.",
    lambda value: fields.key(value, field="Idempotency-Key"),
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$", "examples": ["order-7-confirmation"]},
    header=True,
)
