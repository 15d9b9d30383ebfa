"""Expressions of updates and conditions: a few dozen texts, which moto reads each time and walks through at length.

What comes of a text alone is kept. Moto never changes it: it resolves names and values in a copy.
"""

from collections import deque
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any, Final

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes, expressions, validators

from infra.local.quick.places import Place

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


PLACES: Final = (
    Place(_UpdateParser, "make", staticmethod(_read)),
    Place(ConditionExpressionParser, "_lex_condition_expression", lexed),
    Place(_nodes.Node, "find_clauses", clauses),
    Place(_nodes.Node, "__deepcopy__", copied),
    Place(_nodes.DepthFirstTraverser, "traverse_node_recursively", traversed),
    *(Place(check, "traverse", checked) for check in _CHECKS),
)
