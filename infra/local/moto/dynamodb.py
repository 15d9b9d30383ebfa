"""moto's DynamoDB: what it does wrong, or takes long for, done otherwise.

Answers with items are here, the rest is beside: values, conditions, queries and updates.

moto holds attributes as the protocol writes them, ``{"S": "a text"}``. Nevertheless it looks each of them up under the
names of all ten types, spelled in several ways: two thirds of the time that a read takes.
"""

from typing import Any, Final

from moto.core.model import StructureShape
from moto.core.serialize import JSONSerializer

from infra.local.moto import conditions, queries, updates, values
from infra.local.moto.patching import Place, put_in_place

_BY_NAME: Final = JSONSerializer._serialize_type_structure  # noqa: SLF001 - moto has no other way in


def repair_dynamodb() -> None:
    """Have this process's moto count items as DynamoDB does, and answer with them quickly. Repeatable."""
    put_in_place(
        (
            Place(JSONSerializer, "_serialize_type_structure", _serialize_structure),
            *values.PLACES,
            *queries.PLACES,
            *conditions.PLACES,
            *updates.PLACES,
        )
    )


def _serialize_structure(
    serializer: JSONSerializer, serialized: dict[str, Any], value: Any, shape: StructureShape, key: str
) -> None:
    if key and shape.name == "AttributeValue" and _is_written(value):
        serialized[serializer.get_serialized_name(shape, key)] = value
    else:
        _BY_NAME(serializer, serialized, value, shape, key)


def _is_written(value: Any) -> bool:
    """Return whether an attribute is as the protocol writes it; what is binary is written otherwise than it is held."""
    if type(value) is not dict or len(value) != 1:
        return False
    [(kind, held)] = value.items()
    match kind:
        case "S" | "N":
            return type(held) is str
        case "BOOL" | "NULL":
            return type(held) is bool
        case "SS" | "NS":
            return type(held) is list and all(type(one) is str for one in held)
        case "L":
            return type(held) is list and all(map(_is_written, held))
        case "M":
            return type(held) is dict and all(map(_is_written, held.values()))
        case _:
            return False
