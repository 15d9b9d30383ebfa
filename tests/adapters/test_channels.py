"""One suite over the channels in the table and in the tests' memory."""

from dataclasses import dataclass, replace

import pytest

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.watchers import DynamoChannels, DynamoWatchers
from chalicelib.domain.watchers import SOCKETIO, Channel, Transport, hashed, new_channel
from chalicelib.services.ports import WatcherStore
from chalicelib.services.ports.watching import ChannelStore
from tests.fakes import MemoryWatchers
from tests.fakes.channels import MemoryChannels
from tests.makers import NOW


@dataclass
class Stores:
    channels: ChannelStore
    watchers: WatcherStore


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        watchers = MemoryWatchers()
        return Stores(MemoryChannels(watchers), watchers)
    table = request.getfixturevalue("table")
    return Stores(DynamoChannels(table), DynamoWatchers(table))


def a_channel(sid: str = "s1", **fields) -> Channel:
    return replace(new_channel(sid, now=NOW), tenant="default", principal="ana", **fields)


def test_a_channel_is_kept_whole(stores):
    channel = a_channel(packets=("4a", "4b"), rooms=("ana",), connection="c1", transport=Transport.WEBSOCKET)
    stores.channels.add(channel)
    assert stores.channels.get("s1") == channel
    assert stores.channels.bound("c1") == "s1"
    assert stores.channels.get("s2") is None


def test_of_two_changes_of_the_same_state_one_is_made(stores):
    channel = a_channel()
    stores.channels.add(channel)
    first = replace(channel, packets=("4a",), serial=1)
    assert stores.channels.change(first)
    assert not stores.channels.change(replace(channel, packets=("4b",), serial=1))
    assert stores.channels.get("s1") == first


def test_a_channel_that_is_gone_is_not_made_again_by_a_change(stores):
    channel = a_channel()
    stores.channels.add(channel)
    stores.channels.remove(channel)
    assert not stores.channels.change(replace(channel, serial=1))
    assert stores.channels.get("s1") is None


def test_a_connection_finds_its_channel_until_it_is_forgotten(stores):
    stores.channels.bind("c1", a_channel())
    assert stores.channels.bound("c1") == "s1"
    stores.channels.unbind("c1")
    assert stores.channels.bound("c1") is None


def test_a_subscription_is_found_beside_the_other_watchers(stores):
    channel = a_channel()
    assert stores.channels.subscribe(channel, "shop").session == "shop"
    (watcher,) = stores.watchers.following("default", "shop")
    assert (watcher.id, watcher.dialect, watcher.principal) == ("s1", SOCKETIO, "ana")
    stores.channels.unsubscribe(channel, "shop")
    assert stores.watchers.following("default", "shop") == []


def test_with_a_channel_go_its_subscriptions_and_its_connection(stores):
    channel = a_channel(rooms=("a", "b"), connection="c1")
    stores.channels.add(channel)
    for room in channel.rooms:
        stores.channels.subscribe(channel, room)
    stores.channels.remove(channel)
    assert stores.watchers.following("default", "a") == []
    assert stores.watchers.following("default", "b") == []
    assert stores.channels.bound("c1") is None
    stores.channels.remove(channel)


def test_a_channel_and_a_watcher_of_before_are_read_and_see_no_codes(table: Table) -> None:
    channel = replace(a_channel("a-sid-in-clear", rooms=("shop",), connection="c1"), transport=Transport.WEBSOCKET)
    channels, watchers = DynamoChannels(table), DynamoWatchers(table)
    channels.add(channel)
    channels.subscribe(channel, "shop")
    for pk, sk in (("C#a-sid-in-clear", "CHANNEL"), ("R#default#shop", "W#a-sid-in-clear")):
        table.client.update_item(
            TableName=table.name,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            UpdateExpression="REMOVE codes, #token",
            ExpressionAttributeNames={"#token": "token"},
        )
    # One on its connection goes on under its old name; a client that polls with that sid is unknown.
    sid = channels.bound("c1") or ""
    assert channels.get(sid) == channel
    assert channels.get(hashed(sid)) is None
    (watcher,) = watchers.following("default", "shop")
    assert (watcher.id, watcher.codes, watcher.token) == ("a-sid-in-clear", False, None)


def test_a_thing_is_said_once_in_a_row_of_its_topic(stores):
    stores.channels.subscribe(a_channel(), "shop")

    def say(topic: str, key: str) -> bool:
        said: bool = stores.channels.say("default", "shop", "s1", topic=topic, key=key)
        return said

    assert [say("status", "a"), say("status", "a"), say("code", "a"), say("status", "b"), say("status", "a")] == [
        True,
        False,
        True,
        True,
        True,
    ]
    stores.channels.subscribe(a_channel(), "shop")
    assert say("code", "a"), "who joins anew is told anew"


def test_to_who_is_not_there_nothing_is_said(stores):
    assert not stores.channels.say("default", "shop", "s1", topic="status", key="a")
    assert stores.watchers.following("default", "shop") == []


def test_arrivals_are_counted_by_address_and_minute(stores):
    def came(address: str, now: int = NOW) -> bool:
        counted: bool = stores.channels.arrived(address, now=now, most=2)
        return counted

    assert [came("a"), came("a"), came("a"), came("b")] == [True, True, False, True]
    assert came("a", NOW + 60_000)


def test_a_channel_is_one_of_its_tenant_s_watchers_until_it_is_taken_off_the_lists_or_goes(stores):
    one, other = a_channel("s1"), a_channel("s2")
    for channel in (one, other):
        stores.channels.add(channel)
        stores.channels.enlist(channel)
    assert stores.watchers.count_of_tenant("default", now=NOW) == 2
    assert stores.watchers.count_of_tenant("default", now=one.expires_at) == 0
    assert sorted(stores.watchers.of("ana")) == ["s1", "s2"]
    stores.channels.delist(one)
    stores.channels.delist(one)
    assert stores.watchers.count_of_tenant("default", now=NOW) == 1
    assert stores.watchers.of("ana") == ["s2"]
    stores.channels.remove(other)
    assert stores.watchers.count_of_tenant("default", now=NOW) == 0


def test_a_subscription_can_be_forgotten_by_itself(stores):
    watcher = stores.channels.subscribe(a_channel(), "shop")
    stores.watchers.unfollow(watcher)
    stores.watchers.unfollow(watcher)
    assert stores.watchers.following("default", "shop") == []
