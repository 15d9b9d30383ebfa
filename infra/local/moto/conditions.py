"""Conditions of moto's DynamoDB, parsed once for each text.

moto parses a condition twice in each request, for longer than the rest of the write takes. The same conditions come
again and again, with other values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import local
from typing import Any, Final

from moto.dynamodb.comparisons import AttributeValue, ConditionExpressionParser, Func, Op

from infra.local.moto.patching import Place

MOST: Final = 1000
"""Conditions that a thread knows; all are forgotten then."""
_PARSE: Final = ConditionExpressionParser.parse


@dataclass(frozen=True, slots=True)
class _Parsed:
    condition: Op | Func
    values: tuple[tuple[str, AttributeValue], ...]
    """Where the values of a request belong, by their names."""
    names_found: tuple[str, ...]
    values_found: tuple[str, ...]


class _Name(str):
    """Stands for the value of a name."""

    __slots__ = ()


class _Known(local):
    """A thread's own: a condition holds the values of the request that it was parsed for last."""

    def __init__(self) -> None:
        self.conditions: dict[Any, _Parsed] = {}


_known: Final = _Known()


def _parse(parser: ConditionExpressionParser) -> Op | Func:
    """Return the parser's condition, with its values; good until the thread parses the same condition again."""
    text = parser.condition_expression
    if not text:
        return _PARSE(parser)
    names, values = parser.expression_attribute_names or {}, parser.expression_attribute_values or {}
    # What a condition may hold depends on its values' types, not on the values.
    key = text, tuple(names.items()), tuple((name, next(iter(value))) for name, value in values.items())
    found = _known.conditions.get(key)
    if found is None:
        if len(_known.conditions) >= MOST:
            _known.conditions.clear()
        found = _known.conditions[key] = _parsed(text, names, values)
    for name, place in found.values:
        place.value = values[name][place.type]
    parser.expr_attr_names_found.extend(found.names_found)
    parser.expr_attr_values_found.extend(found.values_found)
    return found.condition


def _parsed(text: str, names: dict[str, str], values: dict[str, dict[str, Any]]) -> _Parsed:
    held: Any = {name: {kind: _Name(name) for kind in value} for name, value in values.items()}
    parser = ConditionExpressionParser(text, names, held)
    condition = _PARSE(parser)
    places = tuple((str(one.value), one) for one in _values(condition) if type(one.value) is _Name)
    return _Parsed(condition, places, tuple(parser.expr_attr_names_found), tuple(parser.expr_attr_values_found))


def _values(part: Any) -> Iterator[AttributeValue]:
    """Yield the values in a condition."""
    if isinstance(part, AttributeValue):
        yield part
    for inner in (getattr(part, "lhs", None), getattr(part, "rhs", None), *getattr(part, "arguments", ())):
        if inner is not None:
            yield from _values(inner)


PLACES: Final = (Place(ConditionExpressionParser, "parse", _parse),)
