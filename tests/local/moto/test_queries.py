"""Queries of one partition answer what moto does, which looks at the whole table."""

from typing import Any

import pytest
from moto.dynamodb.models.table import Table

from infra.local.moto import queries

KEYS = "pk = :pk"
QUERIES: dict[str, dict[str, Any]] = {
    "all": {},
    "backwards": {"ScanIndexForward": False},
    "some": {"Limit": 3},
    "prefix": {"KeyConditionExpression": f"{KEYS} AND begins_with(sk, :from)", ":from": "M#"},
    "prefix, some": {"KeyConditionExpression": f"{KEYS} AND begins_with(sk, :from)", ":from": "M#", "Limit": 2},
    "after": {"KeyConditionExpression": f"{KEYS} AND sk > :from", ":from": "M#2"},
    "up to": {"KeyConditionExpression": f"{KEYS} AND sk <= :from", ":from": "M#2", "ScanIndexForward": False},
    "between": {"KeyConditionExpression": f"{KEYS} AND sk BETWEEN :from AND :to", ":from": "H#3", ":to": "M#1"},
    "one": {"KeyConditionExpression": f"{KEYS} AND sk = :from", ":from": "H#3"},
    "filtered": {"FilterExpression": "begins_with(sk, :from)", ":from": "H#"},
    "of the local index": {"IndexName": "open"},
    "range of the local index": {"IndexName": "open", "KeyConditionExpression": f"{KEYS} AND open_at > :n", ":n": 2},
    "of nobody": {":pk": "S#nobody"},
    "keys": {"ProjectionExpression": "pk, sk"},
    "of the global index": {
        "IndexName": "due", "KeyConditionExpression": "due_shard = :pk AND due_at < :from", ":pk": "a", ":from": "3",
    },
}  # fmt: skip


@pytest.fixture
def table(aws: Any) -> Any:
    client, name = aws.client("dynamodb"), aws.physical["Table"]
    for number in range(1, 6):
        for pk in ("S#a", "S#b"):
            keys = {"pk": {"S": pk}, "sk": {"S": f"M#{number}"}}
            client.put_item(TableName=name, Item=keys | {"open_at": {"N": str(number)}})
            due = {"due_shard": {"S": "a" if number % 2 else "b"}, "due_at": {"S": str(number)}}
            client.put_item(TableName=name, Item=keys | {"sk": {"S": f"H#{number}"}} | due)
    return client, name


def asked(given: dict[str, Any]) -> dict[str, Any]:
    values = {":pk": "S#a"} | {name: value for name, value in given.items() if name.startswith(":")}
    typed = {name: {"N": str(one)} if isinstance(one, int) else {"S": one} for name, one in values.items()}
    rest = {name: value for name, value in given.items() if not name.startswith(":")}
    return {"KeyConditionExpression": KEYS, "ExpressionAttributeValues": typed} | rest


@pytest.mark.parametrize("given", QUERIES.values(), ids=QUERIES)
def test_an_answer_is_moto_s_own(table, given, monkeypatch):
    client, name = table
    mine = client.query(TableName=name, **asked(given))
    monkeypatch.setattr(Table, "query", queries._QUERY)
    theirs = client.query(TableName=name, **asked(given))
    assert mine["Items"] == theirs["Items"]
    assert (mine["Count"], mine.get("LastEvaluatedKey")) == (theirs["Count"], theirs.get("LastEvaluatedKey"))


def test_pages_hold_each_item_once(table):
    client, name = table
    pages = client.get_paginator("query").paginate(
        TableName=name, **asked(QUERIES["prefix"]), PaginationConfig={"PageSize": 2}
    )
    found = [[item["sk"]["S"] for item in page["Items"]] for page in pages]
    assert [one for page in found for one in page] == [f"M#{number}" for number in range(1, 6)]
    assert max(map(len, found)) == 2


def test_an_index_that_is_not_there_is_refused(table):
    client, name = table
    with pytest.raises(client.exceptions.ClientError):
        client.query(TableName=name, **asked({"IndexName": "nothing"}))
