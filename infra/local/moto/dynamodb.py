"""moto's DynamoDB: the size of an item, which moto counts wrong, and answers with items, which take moto long.

DynamoDB counts the item as the write leaves it. Without this an update that rewrites a text of 200 KB is refused here
and nowhere else.

moto holds attributes as the protocol writes them, ``{"S": "a text"}``. Nevertheless it looks each of them up under the
names of all ten types, spelled in several ways: two thirds of the time that a read takes.
"""

from typing import Any, Final

from moto.core.model import StructureShape
from moto.core.serialize import JSONSerializer
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict

from infra.local.moto.patching import Place, put_in_place

LARGEST: Final = 400 * 1024
"""Bytes of an item's names and values at the most: DynamoDB's own limit."""
_BY_NAME: Final = JSONSerializer._serialize_type_structure  # noqa: SLF001 - moto has no other way in


def repair_dynamodb() -> None:
    """Have this process's moto count items as DynamoDB does, and answer with them quickly. Repeatable."""
    put_in_place(
        (
            Place(LimitedSizeDict, "__setitem__", _set),
            Place(JSONSerializer, "_serialize_type_structure", _serialize_structure),
        )
    )


def _set(attributes: LimitedSizeDict, name: str, value: Any) -> None:
    """Set an attribute, in the place of the one of that name; raises ItemSizeTooLarge."""
    others = sum(_size(one) + _size(held) for one, held in attributes.items() if one != name)
    if others + _size(name) + _size(value) > LARGEST:
        raise ItemSizeTooLarge
    dict.__setitem__(attributes, name, value)


def _size(part: Any) -> int:
    return part.size() if isinstance(part, DynamoType) else len(str(part).encode())


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
