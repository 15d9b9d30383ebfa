"""What came with a request: texts, and a body, which is read as its model.

A body is a form where its content type says so, else JSON; nothing at all is ``{}``. What begins like a JSON object or
list is JSON whatever its content type says: curl's ``-d`` says that it is a form. Unknown fields are ignored, since
clients of all families send extras; but one that looks like a known field which isn't given is refused, so that nobody
believes it was heard. What is wrong is told in a sentence.
"""

import codecs
import re
import typing
from collections.abc import Iterable
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from chalice.app import Request

from chalicelib.api import forms
from chalicelib.api.codings import body_of
from chalicelib.api.lookalikes import meant
from chalicelib.domain.errors import Invalid, InvalidField
from chalicelib.reading import Reader, is_text, names

LIMIT: Final = 256 * 1024
"""Bytes that a body may have."""
_FORMS: Final = {forms.URLENCODED, forms.MULTIPART}

B = TypeVar("B", bound=msgspec.Struct)


def read(request: Request, model: Reader[B]) -> B:
    """Return the request's body as its model; raises Invalid, InvalidField, BodyTooLarge or UnsupportedEncoding."""
    body = body_of(request, LIMIT, f"The body is larger than {LIMIT // 1024} KB.")
    # Some tools put the mark of a Windows text file before it.
    body = body.removeprefix(codecs.BOM_UTF8).strip()
    content_type = request.headers.get("content-type", "")
    if forms.kind_of(content_type) in _FORMS and body and not body.startswith((b"{", b"[")):
        return _form(body, content_type, model)
    return _json(body or b"{}", model)


def _json(body: bytes, model: Reader[B]) -> B:
    try:
        return _checked(body, model)
    except msgspec.ValidationError as error:
        _explain(str(error), model.kind)
    except msgspec.DecodeError as error:
        raise Invalid(
            "The body is not JSON.", hint="Send a JSON object, with Content-Type: application/json."
        ) from error


def _checked(body: bytes, model: Reader[B]) -> B:
    try:
        found = model.json(body)
    except msgspec.ValidationError as error:
        if _MISSING.search(str(error)):
            _refuse_lookalikes(names(body), model.kind)
        raise
    _refuse_lookalikes(names(body), model.kind)
    return found


def _form(body: bytes, content_type: str, model: Reader[B]) -> B:
    told = forms.gathered(forms.pairs(body, content_type), model.kind)
    _refuse_lookalikes(told, model.kind)
    try:
        return model.texts(told)
    except msgspec.ValidationError as error:
        _explain(str(error), model.kind)


def _refuse_lookalikes(given: Iterable[str], model: type[msgspec.Struct]) -> None:
    """Raise InvalidField for an unknown field in the place of a known one."""
    for name, known in meant(list(given), model.__struct_encode_fields__):
        raise InvalidField(
            f"'{name}' is no field here. Did you mean '{known}'?", field=name, hint=f"Name the field '{known}'."
        )


def only_text(part: str, values: Iterable[str]) -> None:
    """Refuse a part of a request (``path``, ``query``) with half a surrogate pair in it; raises Invalid.

    Bytes that are no UTF-8 are read as such halves, and JSON's escapes can write them. No encoder takes them: they
    would be found where something is logged, hashed or stored.
    """
    if not all(is_text(value) for value in values):
        raise Invalid(f"There are bytes in the request's {part} that are no text.")


_AT: Final = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_LENGTH: Final = re.compile(r"Expected `(?P<of>\w+)` of length (?P<side><=|>=) (?P<bound>\d+)")
_TYPE: Final = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`")
_NAMES: Final = {
    "str": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "null": "null",
    "object": "an object",
    "array": "a list",
}
_NUMBERS: Final = {"int", "float"}


def _explain(problem: str, model: type[msgspec.Struct]) -> NoReturn:
    """Raise msgspec's finding as a sentence about the field at fault."""
    if missing := _MISSING.search(problem):
        raise InvalidField(f"'{missing['field']}' is missing.", field=missing["field"]) from None
    at = _AT.search(problem)
    field = at["field"] if at else ""
    if not field:
        raise Invalid("The body must be a JSON object.") from None
    raise InvalidField(f"'{field}' {_wrong(problem, field, model)}.", field=field) from None


def _wrong(problem: str, field: str, model: type[msgspec.Struct]) -> str:
    if length := _LENGTH.search(problem):
        if length["side"] == ">=":
            return "is empty"
        return f"is too long: {length['bound']} {'entries' if length['of'] == 'array' else 'characters'} at most"
    if types := _TYPE.search(problem):
        wanted, got = types["expected"].removesuffix(" | null"), types["got"]
        said = f"must be {_NAMES.get(wanted, wanted)}"
        if {wanted, got} <= _NUMBERS:
            return said
        # Where no number is wanted, whether it is a whole one is nothing to its writer.
        return f"{said}, not {_NAMES['float'] if got in _NUMBERS else _NAMES.get(got, got)}"
    words = _words(model, field.partition("[")[0])
    return f"must be one of {', '.join(words)}" if words else "is not valid"


def _words(model: type[msgspec.Struct], field: str) -> tuple[str, ...]:
    """Return the words that a field may have; none if it takes others as well."""
    named = dict(zip(model.__struct_encode_fields__, model.__struct_fields__, strict=True))
    return _literals(typing.get_type_hints(model).get(named.get(field, "")))


def _literals(hint: Any) -> tuple[str, ...]:
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    return tuple(word for inner in typing.get_args(hint) for word in _literals(inner))
