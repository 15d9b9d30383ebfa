"""The version of the items' format, as the table has it."""

import pytest

from chalicelib.adapters.dynamodb.formats import FORMAT, UnknownFormat
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Condition, Refused
from chalicelib.adapters.dynamodb.values import typed
from tests.makers import a_session

THERE = {"pk": "S#u", "sk": "SESSION", "uid": "u"}
WHOLE = Condition("pk = :pk", {":pk": "S#u"})


def put_as_of(table, version, **more):
    item = {**THERE, **more} if version is None else {**THERE, **more, "v": version}
    table.client.put_item(TableName=table.name, Item=typed(item))


def test_every_item_is_written_with_its_format(table):
    table.put(THERE)
    assert table.client.get_item(TableName=table.name, Key=typed({"pk": "S#u", "sk": "SESSION"}))["Item"]["v"] == {
        "N": str(FORMAT)
    }


@pytest.mark.parametrize("version", [FORMAT + 1, FORMAT - 1, None])
def test_an_item_of_another_format_is_never_taken_for_one_of_ours(table, version):
    put_as_of(table, version)
    for read in (
        lambda: table.get("S#u", "SESSION"),
        lambda: table.get_many([("S#u", "SESSION")]),
        lambda: list(table.query(WHOLE)),
        lambda: table.put(THERE, Condition("attribute_not_exists(pk)", {})),
    ):
        with pytest.raises(UnknownFormat, match="S#u SESSION"):
            read()


def test_what_was_refused_is_still_there_as_it_was(table):
    put_as_of(table, FORMAT + 1, later="on")
    with pytest.raises(UnknownFormat):
        DynamoSessions(table).get("u")
    (item,) = table.client.query(
        TableName=table.name, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=typed({":pk": "S#u"})
    )["Items"]
    assert (item["later"], item["v"]) == ({"S": "on"}, {"N": str(FORMAT + 1)})


def test_keys_are_read_whatever_the_format_so_that_all_can_be_removed(table):
    put_as_of(table, FORMAT + 1)
    assert list(table.query(WHOLE, keys_only=True)) == [{"pk": "S#u", "sk": "SESSION"}]


def test_a_later_version_s_attribute_is_left_alone_and_a_missing_one_has_its_default(table):
    sessions, session = DynamoSessions(table), a_session()
    sessions.create(session)
    change = Condition("SET later = :on REMOVE enabled, launches", {":on": "on"})
    assert not isinstance(
        table.update(f"S#{session.uid}", "SESSION", change, Condition("version = :v", {":v": 0})), Refused
    )
    assert sessions.get(session.uid) == session
