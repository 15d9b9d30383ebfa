"""Quick answers are moto's answers."""

import pytest
from moto.core.serialize import BaseJSONSerializer

from infra.local.moto.patching import replaced

ITEM = {
    "pk": {"S": "p"},
    "sk": {"S": "s"},
    "empty": {"S": ""},
    "number": {"N": "12.5"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "many": {"L": [{"S": "x"}, {"M": {"in": {"L": []}}}]},
    "named": {"M": {"S": {"S": "a name that is a type's"}, "m": {"M": {}}}},
}


@pytest.fixture
def read(aws):
    client, table = aws.client("dynamodb"), aws.variables["TABLE_NAME"]
    client.put_item(TableName=table, Item=ITEM)
    return lambda: client.get_item(TableName=table, Key={"pk": {"S": "p"}, "sk": {"S": "s"}})["Item"]


def test_an_item_comes_back_as_it_went(read):
    assert read() == ITEM


def test_and_as_before(read, monkeypatch):
    quick = read()
    place = (BaseJSONSerializer, "_serialize_type_structure")
    monkeypatch.setattr(*place, replaced(*place))
    assert quick == read()
