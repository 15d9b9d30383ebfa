"""DynamoDB's values: most are texts, which are what they are without a look at every other type."""

from typing import Any, Final

from moto.dynamodb.models.dynamo_type import DynamoType

from infra.local.quick.places import Place

PLAIN: Final = frozenset({"S", "B", "BOOL"})
"""Types whose values are compared as they are."""
_cast: Final = vars(DynamoType)["cast_value"].fget
_size: Final = DynamoType.size


def cast_value(value: DynamoType) -> Any:
    """Return the value as Python's own."""
    return value.value if value.type in PLAIN else _cast(value)


def equal(value: DynamoType, other: DynamoType) -> bool:
    """Whether both are the same, in type and value."""
    if value.type != other.type:
        return False
    return bool(value.value == other.value if value.type in PLAIN else value.cast_value == other.cast_value)


def unequal(value: DynamoType, other: DynamoType) -> bool:
    """Whether they differ, in type or value."""
    return not equal(value, other)


def before(value: DynamoType, other: DynamoType) -> bool:
    """Whether one comes before the other in a partition."""
    return bool(cast_value(value) < cast_value(other))


def size(value: DynamoType) -> int:
    """Return how many bytes it counts for."""
    return len(value.value.encode()) if value.type == "S" else _size(value)


PLACES: Final = (
    Place(DynamoType, "cast_value", property(cast_value)),
    Place(DynamoType, "__eq__", equal),
    Place(DynamoType, "__ne__", unequal),
    Place(DynamoType, "__lt__", before),
    Place(DynamoType, "size", size),
)
