"""Items are as large here as in DynamoDB, and are read as they were written."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws import LocalAws
from infra.local.moto.values import LARGEST

KEY = {"pk": {"S": "S#a"}, "sk": {"S": "M#1"}}


@pytest.fixture
def write(aws: LocalAws) -> Any:
    """Puts an item, or changes its text and its status."""
    table = aws.client("dynamodb"), aws.physical["Table"]

    def put(text: str) -> None:
        table[0].put_item(TableName=table[1], Item=KEY | {"text": {"S": text}})

    def change(text: str) -> None:
        table[0].update_item(
            TableName=table[1],
            Key=KEY,
            UpdateExpression="SET #text = :text, #status = :status",
            ExpressionAttributeNames={"#text": "text", "#status": "status"},
            ExpressionAttributeValues={":text": {"S": text}, ":status": {"S": "sending"}},
        )

    return put, change


def test_a_text_that_is_written_anew_counts_once(write):
    put, change = write
    put("😀" * 51_000)
    change("😀" * 51_000)


def test_an_item_has_as_many_bytes_as_dynamodb_allows_and_no_more(write):
    put, change = write
    # The names and values of its key, and the name of its text.
    others = len("pkS#askM#1text")
    put("x" * (LARGEST - others))
    with pytest.raises(ClientError, match="ValidationException"):
        put("x" * (LARGEST - others + 1))
    with pytest.raises(ClientError, match="Item size to update has exceeded"):
        change("x" * (LARGEST - others))


def test_an_item_is_read_as_it_was_written(aws):
    client, table = aws.client("dynamodb"), aws.physical["Table"]
    plain = {"text": {"S": ""}, "count": {"N": "12"}, "yes": {"BOOL": True}, "nothing": {"NULL": True}}
    kinds = plain | {
        "bytes": {"B": b"\x00\xff"},
        "some bytes": {"BS": [b"\x00", b"\xff"]},
        "texts": {"SS": ["a", "b"]},
        "counts": {"NS": ["1", "2.5"]},
        "list": {"L": [*plain.values(), {"L": []}, {"M": plain}]},
        "map": {"M": plain | {"S": {"S": "S"}, "nested": {"L": [{"M": {}}]}}},
        "mixed": {"L": [{"S": "a"}, {"B": b"\xff"}]},
    }
    client.put_item(TableName=table, Item=KEY | kinds)
    assert client.get_item(TableName=table, Key=KEY)["Item"] == KEY | kinds
    assert client.scan(TableName=table)["Items"] == [KEY | kinds]
    told = client.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET #text = :text",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={":text": {"S": "new"}},
        ReturnValues="ALL_OLD",
    )
    assert told["Attributes"] == KEY | kinds
