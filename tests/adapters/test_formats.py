"""The version of the items' format, as the table has it."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.accounts import DynamoTenants, DynamoUsers
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import FORMAT, Condition, Refused, UnknownFormat, typed
from chalicelib.domain.access import Role, Tenant, User
from chalicelib.domain.messages import MessageStatus, advance
from tests.makers import NOW, a_code, a_message, a_running_session, a_session

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


def test_what_only_a_later_version_knows_survives_every_move_by_this_one(table):
    sessions, messages, users, tenants = (
        DynamoSessions(table),
        DynamoMessages(table),
        DynamoUsers(table),
        DynamoTenants(table),
    )
    session, message = a_running_session(version=0, qr=a_code(), deadline=NOW), a_message()
    user, tenant = User("admin", "default", Role.ADMIN, "hash", NOW), Tenant("acme", "Acme", NOW, ("cleo",))
    sessions.create(session)
    messages.put(message)
    users.add(user)
    tenants.add(tenant)
    places = [(f"S#{session.uid}", "SESSION"), (f"S#{message.uid}", f"M#{message.id}")]
    places += [("U#admin", "USER"), ("TENANTS", "acme")]
    for pk, sk in places:
        there = Condition("attribute_exists(pk)", {})
        assert table.update(pk, sk, Condition("SET later = :on", {":on": {"by": "a later version"}}), there) is None
    assert sessions.move(replace(session, version=1, qr=None, deadline=None))
    assert messages.move(advance(message, MessageStatus.SENDING, now=NOW, event_id="E1", epoch=1))
    assert users.put(replace(user, version=1, disabled=True))
    assert tenants.put(replace(tenant, version=1, name="Acme & Co"))
    assert [table.get(pk, sk)["later"] for pk, sk in places] == [{"by": "a later version"}] * 4
    moved = table.get(*places[0])
    assert {"qr", "deadline", "due_shard", "due_at"}.isdisjoint(moved), "what this version knows it also removes"
    assert sessions.get(session.uid) == replace(session, version=1, qr=None, deadline=None)
