"""Answers: a value has one type, which moto looks for under every name that any of ten types might have."""

from functools import cache
from typing import Any, Final

from moto.core import responses
from moto.core.serialize import BaseJSONSerializer

from infra.local.quick.places import Place

_structure: Final = vars(BaseJSONSerializer)["_serialize_type_structure"]


def structure(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Write a structure; of DynamoDB's values only what is there."""
    if shape.name != "AttributeValue" or type(value) is not dict or not key:
        _structure(serializer, serialized, value, shape, key)
        return
    written: dict[str, Any] = {}
    for name, inner in value.items():
        if inner is not None and name in shape.members:
            serializer._serialize(written, inner, shape.members[name], name)  # noqa: SLF001 - a method of it, in effect
    serializer._default_serialize(serialized, written, shape, key)  # noqa: SLF001


PLACES: Final = (
    Place(BaseJSONSerializer, "_serialize_type_structure", structure),
    # The operations of a class, and their names, were worked out at each request.
    Place(responses, "method_names_from_class", cache(vars(responses)["method_names_from_class"])),
    Place(responses, "camelcase_to_underscores", cache(vars(responses)["camelcase_to_underscores"])),
)
