"""Quick expressions are moto's expressions."""

from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing import expressions as moto_expressions

from infra.local.moto import quick as expressions
from infra.local.moto.patching import replaced
from infra.local.moto.quick import make_moto_quick

make_moto_quick()

# Neither of the two modules has types.
nodes: Any = ast_nodes
UpdateExpressionParser: Any = vars(moto_expressions)["UpdateExpressionParser"]
UPDATES = (
    "SET a = :a",
    "SET #a = if_not_exists(#a, :zero) + :one, b.c[1] = :b REMOVE d, e[0]",
    "ADD n :one DELETE s :s",
    "SET a = list_append(a, :b)",
)
CONDITIONS = ("attribute_not_exists(pk)", "(a = :a OR #b < :b) AND NOT begins_with(c, :c)", "v BETWEEN :a AND :b")


def told(node: Any) -> Any:
    """A tree as lists, with each node's parent told by its kind."""
    if not isinstance(node, nodes.Node):
        return node
    return [node.type, node.parent and node.parent.type, *map(told, node.children or [])]


class Counting(nodes.DepthFirstTraverser):  # type: ignore[misc]
    """Writes down what it is given, and in which order."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def _processing_map(self) -> dict[type, Any]:
        return {nodes.UpdateExpressionPath: self._note, nodes.UpdateExpressionValue: self._note}

    def _note(self, node: Any) -> Any:
        self.seen.append(node.type)
        return node


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_is_read_as_before(text):
    assert told(UpdateExpressionParser.make(text)) == told(
        replaced(UpdateExpressionParser, "make").__func__(UpdateExpressionParser, text)
    )


@pytest.mark.parametrize("text", UPDATES)
def test_a_copy_is_the_same_and_another(text):
    read = UpdateExpressionParser.make(text)
    twin = deepcopy(read)
    assert told(twin) == told(read)
    assert twin is not read
    assert twin.children[0] is not read.children[0]


@pytest.mark.parametrize("text", UPDATES)
def test_parts_are_found_as_before(text):
    read = UpdateExpressionParser.make(text)
    for kinds in ([nodes.UpdateExpressionPath], [nodes.UpdateExpressionValue, nodes.UpdateExpressionPath]):
        assert expressions.clauses(read, kinds) == replaced(nodes.Node, "find_clauses")(read, kinds)


@pytest.mark.parametrize("text", UPDATES)
def test_a_tree_is_walked_as_before(text):
    quick, before = Counting(), Counting()
    one = expressions.traversed(quick, deepcopy(UpdateExpressionParser.make(text)))
    other = replaced(nodes.DepthFirstTraverser, "traverse_node_recursively")(
        before, deepcopy(UpdateExpressionParser.make(text))
    )
    assert (quick.seen, told(one)) == (before.seen, told(other))


def test_a_path_twice_is_refused_each_time_whatever_passed_before(aws):
    client, table = aws.client("dynamodb"), aws.variables["TABLE_NAME"]

    def update(**names: str) -> None:
        client.update_item(
            TableName=table,
            Key={"pk": {"S": "p"}, "sk": {"S": "s"}},
            UpdateExpression="SET #a = :v, #b = :v",
            ExpressionAttributeNames={f"#{key}": name for key, name in names.items()},
            ExpressionAttributeValues={":v": {"S": "v"}},
        )

    update(a="one", b="two")
    for _ in range(2):
        with pytest.raises(ClientError, match="Two document paths overlap"):
            update(a="one", b="one")
    with pytest.raises(ClientError, match="part of the key"):
        update(a="one", b="pk")


def test_what_is_no_update_stays_refused():
    for _ in range(2):
        with pytest.raises(MockValidationException):
            UpdateExpressionParser.make("SET a ==== :a")


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_has_the_same_parts(text):
    parser = ConditionExpressionParser(text, {}, {})
    before = replaced(ConditionExpressionParser, "_lex_condition_expression")(parser)
    for _ in range(2):
        assert expressions.lexed(parser) == before
