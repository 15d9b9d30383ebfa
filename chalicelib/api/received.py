"""What came with a request: texts, and a body in JSON or as a form, which is read as its model.

API Gateway's documentation says that it inflates bodies, and people report so; where it takes all bodies for binary, as
for this API, nobody says. So a body is inflated here if it is compressed indeed, and taken as it is if it isn't.

A form's fields are those of the JSON body. All values are texts; a name that comes several times, or with ``[]`` behind
it, is a list's. A file is what a field of bytes has, which JSON writes in base64; elsewhere files are refused.

A body is a form where its content type says so, else JSON; nothing at all is ``{}``. What begins like a JSON object or
list is JSON whatever its content type says: curl's ``-d`` says that it is a form. A body's model is a Struct, or a
union of Structs that a field tells apart (their tag). One that forbids unknown fields has them refused by name. In all
others unknown fields are ignored, since clients of the older families send extras; but one that looks like a known
field which isn't given is refused, so that nobody believes it was heard. What is wrong is told in a sentence.
"""

import codecs
import re
import typing
import zlib
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from types import UnionType
from typing import Any, Final, Literal, NoReturn, TypeVar
from urllib.parse import parse_qsl

import msgspec
from chalice.app import Request

from chalicelib.domain.errors import BodyTooLarge, Invalid, InvalidField, UnsupportedEncoding
from chalicelib.reading import Reader, is_text, names

_GZIP: Final = (b"\x1f\x8b",)
_MAGIC: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")}
"""How a compressed body begins; no JSON, no form and no text of Engine.IO does."""
_EITHER: Final = zlib.MAX_WBITS | 32
"""Take gzip's header or zlib's."""


def body_of(request: Request, limit: int, too_large: str, hint: str | None = None) -> bytes:
    """Return the request's body, inflated; raises BodyTooLarge (saying ``too_large``), Invalid, UnsupportedEncoding.

    No more than ``limit`` bytes are ever inflated.
    """
    raw = request.raw_body
    body: bytes = raw if isinstance(raw, bytes) else raw.encode()
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity", *_MAGIC}:
        # What is no text can't be said: no encoder takes it.
        named = f"Content-Encoding: {coding}" if is_text(coding) else "This Content-Encoding"
        raise UnsupportedEncoding(f"{named} is not supported.", hint="Send the body as it is, or compress it by gzip.")
    if body.startswith(_MAGIC.get(coding, ())):
        body = _inflated(body, limit)
    if len(body) > limit:
        raise BodyTooLarge(too_large, hint=hint)
    return body


def _inflated(body: bytes, limit: int) -> bytes:
    inflating = zlib.decompressobj(_EITHER)
    try:
        found = inflating.decompress(body, limit + 1)
    except zlib.error:
        found = None
    if found is None or (len(found) <= limit and not inflating.eof):
        raise Invalid("The body is not whole, or not compressed as its Content-Encoding says.")
    return found


URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
MOST_FIELDS: Final = 1000
"""Fields that a form may have; of a list each entry counts."""
_MOST_MULTIPART: Final = 200
"""Parts that a multipart form may have: each has headers of its own."""

Pairs = list[tuple[str, Any]]
"""Names and values: texts, or the bytes of files."""


def kind_of(content_type: str) -> str:
    """Return a content type's name without its parameters, in small letters."""
    return content_type.partition(";")[0].strip().lower()


def pairs(body: bytes, content_type: str, files: frozenset[str] = frozenset()) -> Pairs:
    """Return the names and values of a form in their order; ``files`` are the fields that may be files.

    A file's name and type stand behind it as ``file_name`` and ``mimetype``. Raises Invalid, and InvalidField for a
    file elsewhere.
    """
    return _parts(body, content_type, files) if kind_of(content_type) == MULTIPART else _urlencoded(body)


def files_of(model: Any) -> frozenset[str]:
    """Return a model's fields that may be files."""
    return frozenset(name for name, hint in fields_of(model).items() if _has(hint, bytes))


def fields_of(model: Any) -> dict[str, Any]:
    """Return the types of a model's fields by their names in JSON; of a union, those of all its Structs."""
    told: dict[str, Any] = {}
    for struct in _structs(model):
        config, types = struct.__struct_config__, typing.get_type_hints(struct)
        names = zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
        if config.tag_field:
            told[config.tag_field] = told.get(config.tag_field, Literal[config.tag]) | Literal[config.tag]
        told |= {written: types[name] for written, name in names}
    return told


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    """Yield the Structs that a type is, or is a union of."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    elif typing.get_origin(hint) in {typing.Union, UnionType, typing.Annotated}:
        for one in typing.get_args(hint):
            yield from _structs(one)


def _hint_at(model: Any, path: str) -> Any:
    """Return the type of what lies at a path such as ``to.phone`` or ``options[...]``; None if nothing does."""
    hint = model
    for part in re.findall(r"\[|[^.\[\]]+(?!\])", path):
        hint = _element(hint) if part == "[" else fields_of(hint).get(part)
    return hint


def _element(hint: Any) -> Any:
    """Return the type of the elements of what is a list, or may be one."""
    if typing.get_origin(hint) is list:
        return typing.get_args(hint)[0]
    return next((found for one in typing.get_args(hint) if (found := _element(one)) is not None), None)


def gathered(found: Pairs, model: Any) -> dict[str, Any]:
    """Return the form as the object that it stands for: lists where ``model`` has lists.

    What is left empty where no text is wanted is as good as absent, since browsers send every field of a form. Raises
    InvalidField for another field that comes twice: whichever counted, the other wouldn't have been heard.
    """
    hints = fields_of(model)
    told: dict[str, Any] = {}
    for written, value in found:
        name = written.removesuffix("[]")
        hint = hints.get(name)
        if _has(hint, list):
            told.setdefault(name, []).append(value)
        elif value or hint is None or _has(hint, str):
            if hint is not None and name in told:
                raise InvalidField(f"'{name}' came twice, and only one is taken.", field=name)
            told[name] = value
    return told


def _urlencoded(body: bytes) -> Pairs:
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise Invalid("The body is not a form.", hint="Send name=value pairs joined by '&', or JSON.") from error


def _parts(body: bytes, content_type: str, files: frozenset[str]) -> Pairs:
    # Imported late: few requests are multipart.
    from io import BytesIO  # noqa: PLC0415

    from multipart import MultipartError, MultipartParser, parse_options_header  # noqa: PLC0415

    try:
        boundary = parse_options_header(content_type)[1].get("boundary", "")
        if not boundary:
            raise Invalid("The multipart body's content type has no boundary.")
        limits = {"part_limit": _MOST_MULTIPART, "spool_limit": len(body) + 1, "memory_limit": len(body) + 1}
        parser = MultipartParser(BytesIO(body), boundary, len(body), strict=True, **limits)
        return list(_fields(parser, files))
    except (MultipartError, UnicodeDecodeError, LookupError) as error:
        raise Invalid("The body is not a multipart form.", hint="Send name=value fields, or JSON.") from error


def _fields(parts: Iterable[Any], files: frozenset[str]) -> Iterable[tuple[str, Any]]:
    described: dict[str, str] = {}
    said: set[str] = set()
    for part in parts:
        if part.name in files:
            yield part.name, part.raw
            described |= {"file_name": part.filename or "", "mimetype": part.content_type or ""}
        elif part.filename:
            raise InvalidField(f"'{part.name}' is a file, and no file is taken here.", field=part.name)
        else:
            said.add(part.name)
            yield part.name, part.raw.decode()
    # A form's own field goes before what the file's part says, whichever comes first.
    yield from ((name, value) for name, value in described.items() if name not in said)


def _has(hint: Any, kind: type) -> bool:
    """Whether a type is ``kind``, or a union that has it; words that are listed are texts."""
    origin = typing.get_origin(hint)
    if origin in {typing.Union, UnionType}:
        return any(_has(one, kind) for one in typing.get_args(hint))
    if origin is typing.Literal:
        return kind is str
    return origin is kind or (origin is None and isinstance(hint, type) and issubclass(hint, kind))


SYNONYMS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(words.split())
    for words in (
        "phone phonenumber phoneno number mobile msisdn tel telephone wanumber",
        "to phone phonenumber number recipient receiver chatid jid",
        "message text body content msg",
        "webhookurl webhook url callbackurl callback hook hookurl",
        "sessionid session sessionname instanceid instance instancename id",
        "phone sessionid session sessionname instanceid instance instancename id",
        "recipients numbers phones phonenumbers contacts to",
        "username user login email",
        "password pass passwd",
        "newpassword password",
        "oldpassword currentpassword",
        "enabled active isactive isenabled",
        "disabled enabled active isactive",
        "role admin isadmin",
        "expiresindays expiresin expiresat expires expiry expirydays days ttl",
        "id tenant tenantid",
    )
)
"""Words for the same thing, as ``_plain`` writes them."""
_SHORTEST_SLIP: Final = 5
"""Letters that a name must have for a slip of the pen to be seen in it: short words are too much like each other."""
_LONGEST: Final = 40
_MOST: Final = 50
"""Letters of a name, and unknown names, that are looked at: comparing costs time."""
_ALIKE: Final = 0.85


def meant(given: Sequence[str], known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each unknown name in ``given`` with the one in ``known`` that it stands for, if that isn't given itself."""
    have = set(given) & set(known)
    unknown = [name for name in given if name not in have and len(name) <= _LONGEST]
    for name in unknown[:_MOST]:
        found = _known_for(_plain(name), known, have)
        if found:
            yield name, found


def _known_for(name: str, known: Sequence[str], have: set[str]) -> str | None:
    by_plain = {_plain(one): one for one in known}
    if name in by_plain:
        return None if by_plain[name] in have else by_plain[name]
    for synonyms in SYNONYMS:
        # In the known fields' order: the first of two that mean the same is the one to use.
        same = [one for plain, one in by_plain.items() if plain in synonyms] if name in synonyms else []
        if same:
            if have.isdisjoint(same):
                return same[0]
            return None
    if len(name) >= _SHORTEST_SLIP:
        # Imported late: hardly any body has an unknown field.
        from difflib import get_close_matches  # noqa: PLC0415

        near = [by_plain[one] for one in get_close_matches(name, list(by_plain), n=1, cutoff=_ALIKE)]
        if near and near[0] not in have:
            return near[0]
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


LIMIT: Final = 256 * 1024
"""Bytes that a body may have, where no file comes along."""
ANNOUNCE: Final = (
    "Announce a larger file at POST /v1/sessions/{id}/media, by its 'mimetype' and 'size', and upload it as answered."
)
"""What to do with a file that is too large to come along."""
_FORMS: Final = {URLENCODED, MULTIPART}

B = TypeVar("B")


def read(request: Request, model: Reader[B], limit: int = LIMIT) -> B:
    """Return the request's body as its model; raises Invalid, InvalidField, BodyTooLarge or UnsupportedEncoding."""
    hint = ANNOUNCE if limit > LIMIT else None
    body = body_of(request, limit, f"The body is larger than {limit // 1024} KB.", hint)
    # Some tools put the mark of a Windows text file before it.
    body = body.removeprefix(codecs.BOM_UTF8).strip()
    content_type = request.headers.get("content-type", "")
    if kind_of(content_type) in _FORMS and body and not body.startswith((b"{", b"[")):
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
    told = gathered(pairs(body, content_type, files_of(model.kind)), model.kind)
    _refuse_lookalikes(told, model.kind)
    try:
        return model.texts(told)
    except msgspec.ValidationError as error:
        _explain(str(error), model.kind)


def _refuse_lookalikes(given: Iterable[str], model: Any) -> None:
    """Raise InvalidField for an unknown field in the place of a known one."""
    for name, known in meant(list(given), list(fields_of(model))):
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


_AT: Final = re.compile(r" - at (?:`key` in )?`\$\.?(?P<field>[^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_LENGTH: Final = re.compile(r"Expected `(?P<of>\w+)` of length (?P<side><=|>=) (?P<bound>\d+)")
_BOUND: Final = re.compile(r"Expected `(?:int|float)` (?P<side><=?|>=?) (?P<bound>-?[\d.]+)")
_NOT_BASE64: Final = "Invalid base64 encoded string"
_SIDES: Final = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}
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


def _explain(problem: str, model: Any) -> NoReturn:
    """Raise msgspec's finding as a sentence about the field at fault, which is called by its path: ``to.phone``."""
    at = _AT.search(problem)
    place = at["field"] if at else ""
    if missing := _MISSING.search(problem):
        field = _joined(place, missing["field"])
        raise InvalidField(f"'{field}' is missing.", field=field) from None
    if unknown := _UNKNOWN.search(problem):
        known = list(fields_of(_hint_at(model, place)))
        field = _joined(place, unknown["field"])
        if unknown["field"] in known:
            # Only of one kind among several, which a field such as ``type`` tells apart.
            raise InvalidField(f"'{field}' doesn't go with what kind this is.", field=field) from None
        slip = next((f" Did you mean '{one}'?" for _, one in meant([unknown["field"]], known)), "")
        hint = f"There is {', '.join(known)}."
        raise InvalidField(f"'{field}' is no field here.{slip}", field=field, hint=hint) from None
    if not place:
        raise Invalid("The body must be a JSON object.") from None
    raise InvalidField(f"'{place}' {_wrong(problem, place, model)}.", field=place) from None


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _wrong(problem: str, field: str, model: Any) -> str:
    if length := _LENGTH.search(problem):
        counted = f"{length['bound']} {'entries' if length['of'] == 'array' else 'characters'}"
        if length["side"] == ">=":
            return "is empty" if length["bound"] == "1" else f"is too short: {counted} at least"
        return f"is too long: {counted} at most"
    if bound := _BOUND.search(problem):
        return f"must be {_SIDES[bound['side']]} {bound['bound'].removesuffix('.0')}"
    if types := _TYPE.search(problem):
        wanted, got = types["expected"].removesuffix(" | null"), types["got"]
        said = f"must be {_NAMES.get(wanted, wanted)}"
        if {wanted, got} <= _NUMBERS:
            return said
        # Where no number is wanted, whether it is a whole one is nothing to its writer.
        return f"{said}, not {_NAMES['float'] if got in _NUMBERS else _NAMES.get(got, got)}"
    if problem.startswith(_NOT_BASE64):
        return "must be base64 and nothing else: no 'data:' before it, no line breaks in it"
    words = _literals(_hint_at(model, field))
    return f"must be one of {', '.join(words)}" if words else "is not valid"


def _literals(hint: Any) -> tuple[str, ...]:
    if typing.get_origin(hint) is typing.Literal:
        return tuple(map(str, typing.get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(str(one) for one in hint)
    return tuple(word for inner in typing.get_args(hint) for word in _literals(inner))
