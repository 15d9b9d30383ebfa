"""Updates like ones that moto has made: the same outcome, without moto."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

BEFORE = {
    "count": {"N": "4"},
    "text": {"S": "before"},
    "gone": {"S": "x"},
    "kept": {"M": {"deep": {"L": [{"N": "1"}]}}},
}
UPDATES: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
    ("SET #text = :text", {"#text": "text"}, {":text": {"S": "after"}}),
    ("SET extra=:map", {}, {":map": {"M": {"a": {"SS": ["b", "c"]}}}}),
    ("SET #count = #count + :one , extra = :yes", {"#count": "count"}, {":one": {"N": "1"}, ":yes": {"BOOL": True}}),
    ("SET #count = #count - :half", {"#count": "count"}, {":half": {"N": "0.5"}}),
    ("SET extra = #count + :one", {"#count": "count"}, {":one": {"N": "1"}}),
    ("SET #text = :text REMOVE gone, nowhere", {"#text": "text"}, {":text": {"S": "after"}}),
    ("REMOVE gone", {}, {}),
    ("remove gone", {}, {}),
    ("SET kept.deep = :text", {}, {":text": {"S": "after"}}),
    ("SET extra = if_not_exists(extra, :text)", {}, {":text": {"S": "after"}}),
    ("ADD #count :one", {"#count": "count"}, {":one": {"N": "1"}}),
    ("SET #text = :text", {"#text": "text"}, {":text": {"S": ""}}),
)


class Updating:
    """Updates items of the local table and reads them."""

    def __init__(self, aws: Any) -> None:
        self.client, self.table = aws.client("dynamodb"), aws.physical["Table"]

    def put(self, sk: str, **attributes: Any) -> None:
        self.client.put_item(TableName=self.table, Item=self.key(sk) | BEFORE | attributes)

    def update(self, sk: str, text: str, names: dict[str, str], values: dict[str, Any], **more: Any) -> None:
        given = {"ExpressionAttributeNames": names} if names else {}
        given |= {"ExpressionAttributeValues": values} if values else {}
        self.client.update_item(TableName=self.table, Key=self.key(sk), UpdateExpression=text, **given, **more)

    def read(self, sk: str) -> dict[str, Any]:
        item = self.client.get_item(TableName=self.table, Key=self.key(sk))["Item"]
        return {name: value for name, value in item.items() if name not in {"pk", "sk"}}

    def key(self, sk: str) -> dict[str, Any]:
        return {"pk": {"S": "S#a"}, "sk": {"S": sk}}


@pytest.fixture
def rows(aws: Any) -> Updating:
    return Updating(aws)


@pytest.mark.parametrize(
    ("text", "names", "values"), UPDATES, ids=[f"{one[0]} {number}" for number, one in enumerate(UPDATES)]
)
def test_the_second_update_of_a_kind_does_what_the_first_does(rows, text, names, values):
    rows.put("first")
    rows.put("second")
    rows.update("first", text, names, values)
    rows.update("second", text, names, values)
    assert rows.read("first") != BEFORE
    assert rows.read("second") == rows.read("first")


def test_an_update_of_a_known_kind_is_not_parsed_again(rows, monkeypatch):
    rows.put("item")
    rows.update("item", "SET note = :note", {}, {":note": {"S": "first"}})
    parser = "moto.dynamodb.parsing.expressions.UpdateExpressionParser.make"
    monkeypatch.setattr(parser, lambda _: pytest.fail("it was parsed again"))
    rows.update("item", "SET note = :note", {}, {":note": {"S": "second"}})
    assert rows.read("item")["note"] == {"S": "second"}


def test_a_known_kind_still_has_its_condition(rows):
    rows.put("item", version={"N": "1"})
    text, condition = "SET version = :next", "version = :seen AND attribute_exists(pk)"
    for seen, following in ("1", "2"), ("2", "3"):
        values = {":seen": {"N": seen}, ":next": {"N": following}}
        rows.update("item", text, {}, values, ConditionExpression=condition)
    for known in ("ALL_OLD", "NONE"):
        with pytest.raises(ClientError) as refused:
            rows.update(
                "item", text, {}, values,
                ConditionExpression=condition, ReturnValuesOnConditionCheckFailure=known,
            )  # fmt: skip
        assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        stands: Any = refused.value.response.get("Item", {})
        assert stands.get("version") == ({"N": "3"} if known == "ALL_OLD" else None)
    assert rows.read("item")["version"] == {"N": "3"}


def test_a_known_kind_makes_an_item_that_is_not_there(rows):
    rows.put("item")
    for sk in ("item", "new"):
        rows.update(sk, "SET note = :note", {}, {":note": {"S": "made"}})
    assert rows.read("new") == {"note": {"S": "made"}}


def test_a_known_kind_does_not_add_to_what_is_no_number(rows):
    rows.put("number")
    rows.put("text", count={"S": "four"})
    rows.put("nothing")
    rows.update("nothing", "REMOVE #count", {"#count": "count"}, {})
    sums = "SET #count = #count + :one", {"#count": "count"}, {":one": {"N": "1"}}
    rows.update("number", *sums)
    for sk in ("text", "nothing"):
        with pytest.raises(ClientError, match="ValidationException"):
            rows.update(sk, *sums)
    assert rows.read("text")["count"] == {"S": "four"}


def test_an_index_follows_an_update_of_a_known_kind(rows):
    rows.put("one", due_shard={"S": "a"}, due_at={"S": "1"})
    for shard in ("b", "c", "d"):
        rows.update("one", "SET due_shard = :shard", {}, {":shard": {"S": shard}})
    for shard, expected in ("a", 0), ("c", 0), ("d", 1):
        found = rows.client.query(
            TableName=rows.table, IndexName="due", KeyConditionExpression="due_shard = :shard",
            ExpressionAttributeValues={":shard": {"S": shard}},
        )  # fmt: skip
        assert found["Count"] == expected
