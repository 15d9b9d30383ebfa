"""Channels as a transport: order, the change from polls to a WebSocket, clients that are gone."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.channel import MOST_WAITING, SILENCE, Transport
from chalicelib.services.ports import Gone
from tests.services.rig import Rig


@pytest.fixture
def rig():
    return Rig()


def test_packets_wait_for_a_poll_and_come_in_order(rig):
    channel, _ = rig.channels.open()
    for text in ("4a", "4b"):
        rig.channels.post(channel.sid, text)
    assert rig.channels.poll(rig.channel_store.get(channel.sid), seconds=20) == "4a\x1e4b"
    assert rig.channel_store.get(channel.sid).packets == ()


def test_an_empty_poll_ends_with_a_noop_after_its_time(rig):
    (channel, _), before = rig.channels.open(), rig.clock()
    assert rig.channels.poll(channel, seconds=20) == "6"
    assert 20_000 <= rig.clock() - before < 21_000


def test_a_packet_that_comes_while_a_poll_is_held_ends_it(rig):
    (channel, _), before = rig.channels.open(), rig.clock()
    rig.while_waiting = lambda: rig.channels.post(channel.sid, "4a")
    assert rig.channels.poll(channel, seconds=20).startswith("4a")
    assert rig.clock() - before < 1000


def test_a_poll_of_a_channel_that_ends_meanwhile_says_nothing(rig):
    channel, _ = rig.channels.open()
    rig.while_waiting = lambda: rig.channels.close(channel.sid)
    assert rig.channels.poll(channel, seconds=20) is None


def test_a_client_that_never_fetches_is_gone_in_the_end(rig):
    channel, _ = rig.channels.open()
    for number in range(MOST_WAITING):
        rig.channels.post(channel.sid, f"4{number}")
    with pytest.raises(Gone):
        rig.channels.post(channel.sid, "4more")


def test_a_client_that_fell_silent_is_gone(rig):
    channel, _ = rig.channels.open()
    rig.clock.now += SILENCE + 1
    with pytest.raises(Gone):
        rig.channels.post(channel.sid, "4a")


def test_at_the_upgrade_polls_end_and_nothing_is_lost_or_overtaken(rig):
    channel, _ = rig.channels.open()
    rig.channels.probe(channel, "c1")
    assert rig.sockets.sent == [("c1", "3probe")]
    assert rig.channels.poll(rig.channel_store.get(channel.sid), seconds=20) == "6"
    rig.channels.post(channel.sid, "4a")
    rig.channels.take_over(rig.channel_store.get(channel.sid), "c1")
    rig.channels.post(channel.sid, "4b")
    assert rig.sockets.sent[1:] == [("c1", "4a"), ("c1", "4b")]
    standing = rig.channel_store.get(channel.sid)
    assert (standing.transport, standing.connection, standing.probed) == (Transport.WEBSOCKET, "c1", False)


def test_a_packet_that_is_queued_while_the_others_are_sent_is_sent_after_them(rig):
    channel, _ = rig.channels.open()
    rig.channels.post(channel.sid, "4a")
    sent = rig.sockets.post
    late = ["4b"]

    def post(watcher: str, text: str) -> None:
        sent(watcher, text)
        if late:
            rig.channels.post(channel.sid, late.pop())

    rig.sockets.post = post
    rig.channels.take_over(rig.channel_store.get(channel.sid), "c1")
    assert rig.sockets.sent == [("c1", "4a"), ("c1", "4b")]


def test_a_poll_that_was_held_over_the_upgrade_ends_with_a_noop(rig):
    channel, _ = rig.channels.open()
    rig.while_waiting = lambda: rig.channels.take_over(channel, "c1")
    assert rig.channels.poll(channel, seconds=20) == "6"


def test_a_probe_that_comes_to_nothing_leaves_the_channel_to_its_polls(rig):
    channel, _ = rig.channels.open()
    rig.channel_store.bind("c1", channel)
    rig.channels.probe(channel, "c1")
    rig.channels.abandon(rig.channel_store.get(channel.sid), "c1")
    standing = rig.channel_store.get(channel.sid)
    assert (standing.transport, standing.probed) == (Transport.POLLING, False)
    assert rig.channel_store.bound("c1") is None


def test_with_its_connection_a_channel_is_gone(rig):
    channel, _ = rig.channels.open(connection="c1")
    rig.channels.abandon(channel, "c1")
    assert rig.channel_store.get(channel.sid) is None
    with pytest.raises(Gone):
        rig.channels.post(channel.sid, "4a")


def test_closing_ends_the_connection_too(rig):
    channel, _ = rig.channels.open(connection="c1")
    rig.channels.close(channel.sid)
    rig.channels.close(channel.sid)
    assert rig.sockets.closed == ["c1"]


def test_a_change_is_made_of_what_stands_when_it_is_written(rig):
    channel, _ = rig.channels.open()
    raced: list[Any] = []

    def decide(current):
        if not raced:
            raced.append(rig.channels.change(channel.sid, lambda c: replace(c, connected=True)))
        return replace(current, probed=True)

    after = rig.channels.change(channel.sid, decide)
    assert (after.connected, after.probed) == (True, True)
