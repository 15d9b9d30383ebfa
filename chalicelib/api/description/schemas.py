"""Types as JSON Schema 2020-12: the bodies' Structs by msgspec, which reads them, the dialects' TypedDicts here.

msgspec's ``schema_components`` describes only what msgspec can decode. It refuses a union of two TypedDicts and a union
of a ``Literal`` with an ``Enum``, which answers have; it sorts a TypedDict's fields by name and drops its notes.

Generators of clients read the schemas, and some take less than the specification allows: openapi-python-client wants a
``type`` beside a boolean ``const``, and openapi-typescript takes an optional field with a ``default`` as always there.
"""

import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union

import msgspec

from chalicelib.dialects.shared import Format
from chalicelib.reading import LONGEST_DIGIT_TEXT, DigitText

Schema = dict[str, Any]
REF: Final = "#/components/schemas/"
_PLAIN: Final[dict[Any, Schema]] = {
    Any: {},
    object: {},
    NoneType: {"type": "null"},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}


class Schemas:
    """The schemas of the types that were asked for; those with a name stand in ``named``, once."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}
        self._owners: dict[str, Any] = {}

    def of(self, kind: Any) -> Schema:
        """Return the type's schema, a reference if it has a name.

        Raises TypeError for a type without JSON, and for a second type of a name that another one has.
        """
        origin = typing.get_origin(kind)
        if typing.is_typeddict(origin or kind):
            return self._named(kind, lambda: self._typed_dict(kind))
        if origin is not None:
            return self._generic(origin, kind)
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if isinstance(kind, type) and issubclass(kind, Enum):
            values = [member.value for member in kind]
            return self._named(kind, lambda: described(kind) | {"type": "string", "enum": values})
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._struct(kind)
        raise TypeError(f"{kind} has no JSON")

    def _generic(self, origin: Any, kind: Any) -> Schema:
        arguments = typing.get_args(kind)
        if origin is Annotated:
            return self.of(arguments[0]) | _notes(arguments[1:])
        if origin is Literal:
            return _one_of(arguments)
        if origin in {Union, UnionType}:
            if all(isinstance(argument, type) and issubclass(argument, msgspec.Struct) for argument in arguments):
                return self._struct(kind)
            return _any_of([self.of(argument) for argument in arguments])
        if origin in {list, Sequence}:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin in {dict, Mapping}:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        raise TypeError(f"{kind} has no JSON")

    def _typed_dict(self, kind: Any) -> Schema:
        of = typing.get_origin(kind) or kind
        properties = {name: self.of(hint) for name, hint in _fields(kind).items()}
        return described(of) | {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name in of.__required_keys__],
        }

    def _struct(self, kind: Any) -> Schema:
        """Return the schema of a Struct, or of a union of Structs, which says by which field they are told apart."""
        for named in set(_classes(msgspec.inspect.type_info(kind))):
            self._own(named)
        (schema_of_kind,), components = msgspec.json.schema_components(
            [kind], ref_template=REF + "{name}", schema_hook=_special
        )
        for name, schema in components.items():
            schema.pop("title", None)
            if "description" in schema:
                schema["description"] = inspect.cleandoc(schema["description"])
            for field in schema.get("properties", {}).values():
                field.pop("default", None)
            self.named[name] = schema
        return schema_of_kind

    def _named(self, kind: Any, make: typing.Callable[[], Schema]) -> Schema:
        name = self._own(kind)
        if name not in self.named:
            self.named[name] = {}  # a type may contain itself
            self.named[name] = make()
        return {"$ref": REF + name}

    def _own(self, kind: Any) -> str:
        """Return the type's name, which is its alone."""
        name = name_of(kind)
        if self._owners.setdefault(name, kind) != kind:
            raise TypeError(f"Two types are called {name}: {kind} and {self._owners[name]}")
        return name


def _classes(told: Any, seen: frozenset[Any] = frozenset()) -> Iterator[Any]:
    """Yield the types with a name that a type is made of, by what msgspec tells of it."""
    if isinstance(told, tuple):
        for one in told:
            yield from _classes(one, seen)
    if not isinstance(told, (msgspec.inspect.Type, msgspec.inspect.Field)):
        return
    named = getattr(told, "cls", None)
    if named in seen:
        return
    if named is not None:
        yield named
    for field in told.__struct_fields__:
        yield from _classes(getattr(told, field), seen | {named} - {None})


def _special(kind: Any) -> Schema:
    """Return the schema of a body's type that isn't msgspec's own."""
    if kind is not DigitText:
        raise NotImplementedError(f"{kind} has no JSON")
    return {"type": ["string", "integer"], "maxLength": LONGEST_DIGIT_TEXT}


def described(kind: Any) -> Schema:
    """Return what the type says of itself."""
    return {"description": inspect.cleandoc(kind.__doc__)} if kind.__doc__ else {}


def name_of(kind: Any) -> str:
    """Return the type's name, with what it is of: ``SuccessOfUserJson``."""
    origin = typing.get_origin(kind)
    name: str = (origin or kind).__name__
    return "Of".join([name[0].upper() + name[1:], *(name_of(argument) for argument in typing.get_args(kind))])


def _fields(kind: Any) -> dict[str, Any]:
    """Return the types of a TypedDict's fields; what a generic one is of is in their place."""
    of = typing.get_origin(kind) or kind
    given = dict(zip(getattr(of, "__parameters__", ()), typing.get_args(kind), strict=True))
    found: dict[str, Any] = {}
    for base in getattr(of, "__orig_bases__", ()):
        if typing.is_typeddict(typing.get_origin(base) or base):
            found |= _fields(_filled(base, given))
    hints = typing.get_type_hints(of, include_extras=True)
    return found | {name: _filled(hint, given) for name, hint in hints.items() if name not in found}


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """Return a field's type without Required and NotRequired, and with what its class was given for a variable."""
    if typing.get_origin(hint) in {typing.NotRequired, typing.Required}:
        hint = typing.get_args(hint)[0]
    if isinstance(hint, TypeVar):
        return given[hint]
    variables = getattr(hint, "__parameters__", ())
    return hint[tuple(given[variable] for variable in variables)] if variables else hint


def _one_of(values: tuple[Any, ...]) -> Schema:
    """Return the schema of a Literal."""
    if len(values) > 1:
        return {"enum": list(values)}
    return ({"type": "boolean"} if isinstance(values[0], bool) else {}) | {"const": values[0]}


def _any_of(schemas: list[Schema]) -> Schema:
    plain = [schema["type"] for schema in schemas if set(schema) == {"type"}]
    return {"type": plain} if len(plain) == len(schemas) else {"anyOf": schemas}


def _notes(notes: tuple[Any, ...]) -> Schema:
    said: Schema = {}
    for note in notes:
        if isinstance(note, Format):
            said["format"] = note.name
        elif isinstance(note, str):
            said["description"] = note
    return said
