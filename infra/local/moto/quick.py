"""The parts of moto that most of a request's time went to, with the same outcome for a fraction of it.

What comes of a text alone is kept. Moto never changes it: it resolves names and values in a copy.

Nothing here answers for DynamoDB: each function takes the place of one of moto's and does what that does. What was in
the place before can be had from ``replaced``, and the tests hold the two to each other.
"""

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any, Final

from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import ast_nodes, expressions, validators

from infra.local.moto.patching import Place, put_in_place

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


ANSWER_PLACES: Final = (
    Place(BaseJSONSerializer, "_serialize_type_structure", structure),
    # The operations of a class, and their names, were worked out at each request.
    Place(responses, "method_names_from_class", cache(vars(responses)["method_names_from_class"])),
    Place(responses, "camelcase_to_underscores", cache(vars(responses)["camelcase_to_underscores"])),
)


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


VALUE_PLACES: Final = (
    Place(DynamoType, "cast_value", property(cast_value)),
    Place(DynamoType, "__eq__", equal),
    Place(DynamoType, "__ne__", unequal),
    Place(DynamoType, "__lt__", before),
    Place(DynamoType, "size", size),
)


_query: Final[Callable[..., Any]] = Table.query
Conditions = list[tuple[str, DynamoType]] | None


def query(table: Table, *given: Any, hash_key_conditions: Conditions = None, **named: Any) -> Any:
    """Return what moto's query finds, in a table of no more than the partition that the conditions name, if any."""
    key = dict(hash_key_conditions or []).get(table.hash_key_attr)
    if key is not None:
        table = _part(table, key)
    return _query(table, *given, **named, hash_key_conditions=hash_key_conditions)


def _part(table: Table, key: DynamoType) -> Table:
    kind: Any = Table
    part: Table = object.__new__(kind)
    rows = table.items.get(key, {})
    # Sorted by nothing: a query sorts what it finds.
    every = list(rows.values()) if table.range_key_attr else [rows] if rows else []
    vars(part).update(vars(table), all_items=lambda: every)
    return part


TABLE_PLACES: Final = (Place(Table, "query", query),)


KEPT: Final = 512
# Neither of the two modules has types.
_nodes: Final[Any] = ast_nodes
_UpdateParser: Final[Any] = vars(expressions)["UpdateExpressionParser"]
_make: Final = _UpdateParser.make
_CHECKS: Final[tuple[Any, ...]] = (
    validators.ActionCountValidator,
    validators.OverlappingPathsValidator,
    validators.UpdateHashRangeKeyValidator,
)
"""What only refuses."""
_PROCESSED: Final[dict[tuple[Any, Any], Any]] = {}
"""As which kind each traverser processes nodes of a kind."""
_lex: Final = vars(ConditionExpressionParser)["_lex_condition_expression"]


@lru_cache(KEPT)
def _read(text: str) -> Any:
    tree = _make(text)
    # Copies share it.
    tree.passed = set()
    return tree


@lru_cache(KEPT)
def _lexed(text: str) -> tuple[Any, ...]:
    return tuple(_lex(ConditionExpressionParser(text, {}, {})))


def lexed(parser: ConditionExpressionParser) -> deque[Any]:
    """Return the parts of a condition's text."""
    return deque(_lexed(parser.condition_expression or ""))


def copied(node: Any, memo: dict[int, Any]) -> Any:
    """Return a copy of a tree; its leaves hold texts and resolved values, which stay."""
    twin = object.__new__(type(node))
    vars(twin).update(vars(node))
    if node.children is not None:
        twin.children = [deepcopy(one, memo) for one in node.children]
        for one in twin.children:
            if _is_node(one.__class__):
                one.parent = twin
    return twin


def clauses(node: Any, kinds: list[type]) -> list[Any]:
    """Return the parts of these kinds, from the left."""
    found = []
    for one in node.children or []:
        if one.__class__ in kinds:
            found.append(one)
        elif _is_searched(one.__class__):
            found.extend(one.find_clauses(kinds))
    return found


def traversed(traverser: Any, node: Any, child_id: int = -1) -> Any:
    """Process a tree from its leaves up; return its root."""
    if not _is_node(node.__class__):
        return node
    parent = node.parent
    for place, child in enumerate(node.children or []):
        traverser.pre_processing_of_child(node, place)
        traverser.traverse_node_recursively(child, place)
    kind = _processed_as(node.__class__, traverser.__class__, traverser)
    if kind is not None:
        node = traverser._processing_map()[kind](node)  # noqa: SLF001 - is its own, in effect
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


def checked(check: Any, tree: Any) -> Any:
    """Have a tree checked, which changes nothing in it, unless the same has passed the same check before."""
    key = f"{check.__class__.__name__} {vars(check)}"
    if key not in tree.passed:
        check.traverse_node_recursively(tree)
        tree.passed.add(key)
    return tree


@cache
def _is_node(kind: Any) -> bool:
    return issubclass(kind, _nodes.Node)


@cache
def _is_searched(kind: Any) -> bool:
    return issubclass(kind, (_nodes.Expression, _nodes.UpdateExpressionFunction))


def _processed_as(kind: Any, by: Any, traverser: Any) -> Any:
    if (kind, by) not in _PROCESSED:
        kinds = traverser.nodes_to_be_processed()
        _PROCESSED[kind, by] = next((one for one in kinds if issubclass(kind, one)), None)
    return _PROCESSED[kind, by]


EXPRESSION_PLACES: Final = (
    Place(_UpdateParser, "make", staticmethod(_read)),
    Place(ConditionExpressionParser, "_lex_condition_expression", lexed),
    Place(_nodes.Node, "find_clauses", clauses),
    Place(_nodes.Node, "__deepcopy__", copied),
    Place(_nodes.DepthFirstTraverser, "traverse_node_recursively", traversed),
    *(Place(check, "traverse", checked) for check in _CHECKS),
)


def make_moto_quick() -> None:
    """Put all replacements in their places, for the whole process; again does nothing."""
    put_in_place([*ANSWER_PLACES, *EXPRESSION_PLACES, *TABLE_PLACES, *VALUE_PLACES])
