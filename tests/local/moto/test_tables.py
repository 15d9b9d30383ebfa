"""A quick table finds what moto's finds."""

import pytest
from moto.dynamodb.models.table import Table

from infra.local.moto.patching import replaced


def row(session: str, name: str, **more: str):
    return {"pk": {"S": session}, "sk": {"S": name}} | {key: {"S": value} for key, value in more.items()}


ROWS = [row(one, f"M#{number}", open_at=f"q#{number % 3}") for one in ("S#a", "S#b") for number in range(7)]
QUERIES = (
    {"KeyConditionExpression": "pk = :p"},
    {"KeyConditionExpression": "pk = :p", "ScanIndexForward": False, "Limit": 3},
    {"KeyConditionExpression": "pk = :p AND begins_with(sk, :s)", "ExpressionAttributeValues": {":s": {"S": "M#1"}}},
    {
        "KeyConditionExpression": "pk = :p AND begins_with(open_at, :o)",
        "IndexName": "open",
        "ExpressionAttributeValues": {":o": {"S": "q#1"}},
    },
    {"KeyConditionExpression": "pk = :p", "ExclusiveStartKey": row("S#a", "M#2")},
)


@pytest.fixture
def client(aws):
    client = aws.client("dynamodb")
    for one in ROWS:
        client.put_item(TableName=aws.variables["TABLE_NAME"], Item=one)
    return client


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_the_same(aws, client, monkeypatch, query):
    values = {":p": {"S": "S#a"}, **query.get("ExpressionAttributeValues", {})}
    asked = {"TableName": aws.variables["TABLE_NAME"], **query, "ExpressionAttributeValues": values}
    quick = client.query(**asked)
    monkeypatch.setattr(Table, "query", replaced(Table, "query"))
    before = client.query(**asked)
    assert [quick.get(name) for name in ("Items", "Count", "LastEvaluatedKey")] == [
        before.get(name) for name in ("Items", "Count", "LastEvaluatedKey")
    ]
    assert quick["Count"]


def test_a_partition_without_rows_is_empty(aws, client):
    found = client.query(
        TableName=aws.variables["TABLE_NAME"],
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "S#nobody"}},
    )
    assert found["Items"] == []
