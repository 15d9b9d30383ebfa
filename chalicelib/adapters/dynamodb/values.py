"""Plain values to DynamoDB's typed ones, and back: None is left out, whole numbers are ints, others floats."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_TO: Final = TypeSerializer()
_FROM: Final = TypeDeserializer()


def typed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``item`` as the client's calls take it."""
    return {name: _TO.serialize(_without_none(value)) for name, value in item.items() if value is not None}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client or a stream record answered, as plain values."""
    return {name: _numbers(_FROM.deserialize(value)) for name, value in item.items()}


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_none(inner) for inner in value]
    # The shortest decimal that reads as this number: DynamoDB's numbers are decimal, and boto3 refuses binary ones.
    return Decimal(repr(value)) if isinstance(value, float) else value


def _numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return value
