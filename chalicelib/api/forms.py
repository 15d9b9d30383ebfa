"""Bodies of forms, as browsers, curl and workflow tools send them: ``application/x-www-form-urlencoded`` and multipart.

Their fields are those of the JSON body. All values are texts; a name that comes several times, or with ``[]`` behind
it, is a list's. Files are refused: no route takes one.
"""

import typing
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from chalicelib.domain.errors import Invalid, InvalidField

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
MOST_FIELDS: Final = 1000
"""Fields that a form may have; of a list each entry counts."""
_MOST_MULTIPART: Final = 200
"""Parts that a multipart form may have: each has headers of its own."""

Pairs = list[tuple[str, str]]


def kind_of(content_type: str) -> str:
    """Return a content type's name without its parameters, in small letters."""
    return content_type.partition(";")[0].strip().lower()


def pairs(body: bytes, content_type: str) -> Pairs:
    """Return the names and values of a form in their order; raises Invalid, and InvalidField for a file."""
    return _parts(body, content_type) if kind_of(content_type) == MULTIPART else _urlencoded(body)


def gathered(found: Pairs, model: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the form as the object that it stands for: lists where ``model`` has lists, else the last value counts.

    What is left empty where no text is wanted is as good as absent, since browsers send every field of a form.
    """
    types = typing.get_type_hints(model)
    names = zip(model.__struct_encode_fields__, model.__struct_fields__, strict=True)
    hints = {written: types[name] for written, name in names}
    told: dict[str, Any] = {}
    for written, value in found:
        name = written.removesuffix("[]")
        hint = hints.get(name)
        if _has(hint, list):
            told.setdefault(name, []).append(value)
        elif value or hint is None or _has(hint, str):
            told[name] = value
    return told


def _urlencoded(body: bytes) -> Pairs:
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise Invalid("The body is not a form.", hint="Send name=value pairs joined by '&', or JSON.") from error


def _parts(body: bytes, content_type: str) -> Pairs:
    # Imported late: few requests are multipart.
    from io import BytesIO  # noqa: PLC0415

    from multipart import MultipartError, MultipartParser, parse_options_header  # noqa: PLC0415

    try:
        boundary = parse_options_header(content_type)[1].get("boundary", "")
        if not boundary:
            raise Invalid("The multipart body's content type has no boundary.")
        limits = {"part_limit": _MOST_MULTIPART, "spool_limit": len(body) + 1, "memory_limit": len(body) + 1}
        parser = MultipartParser(BytesIO(body), boundary, len(body), strict=True, **limits)
        return list(_fields(parser))
    except (MultipartError, UnicodeDecodeError, LookupError) as error:
        raise Invalid("The body is not a multipart form.", hint="Send name=value fields, or JSON.") from error


def _fields(parts: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for part in parts:
        if part.filename:
            raise InvalidField(f"'{part.name}' is a file, and no file is taken here.", field=part.name)
        yield part.name, part.raw.decode()


def _has(hint: Any, kind: type) -> bool:
    """Whether a type is ``kind``, or a union that has it; words that are listed are texts."""
    origin = typing.get_origin(hint)
    if origin in {typing.Union, UnionType}:
        return any(_has(one, kind) for one in typing.get_args(hint))
    if origin is typing.Literal:
        return kind is str
    return origin is kind or (origin is None and isinstance(hint, type) and issubclass(hint, kind))
