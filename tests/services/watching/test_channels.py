"""Channels as a transport: order, the change from polls to a WebSocket, clients that are gone."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.watchers import MOST_UNKNOWN_POLLS, MOST_WAITING, OVERDUE, SILENCE, Channel, Transport
from chalicelib.services.ports import Gone
from chalicelib.services.watching.channels import Overlap
from tests.composition import Rig


@pytest.fixture
def rig():
    return Rig()


def a_known_channel(rig) -> Channel:
    """A channel that polls, and whose client has shown who it is."""
    opened, _ = rig.channels.open()
    known: Channel = rig.channels.change(opened.sid, lambda c: replace(c, tenant="default", principal="ana"))
    return known


def test_packets_wait_for_a_poll_and_come_in_order(rig):
    channel, _ = rig.channels.open()
    for text in ("4a", "4b"):
        rig.channels.post(channel.sid, text)
    assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) == "4a\x1e4b"
    assert rig.stores.channels.get(channel.sid).packets == ()


def test_an_empty_poll_ends_with_a_noop_after_its_time(rig):
    channel, before = a_known_channel(rig), rig.clock()
    assert rig.channels.poll(channel, seconds=20) == "6"
    assert 20_000 <= rig.clock() - before < 21_000
    assert rig.stores.channels.get(channel.sid).held_until == 0


def test_an_empty_poll_reads_the_table_seldom(rig, monkeypatch):
    channel, asked = a_known_channel(rig), Counter[str]()

    def counting(name: str, real: Any) -> Any:
        def call(argument: Any) -> Any:
            asked[name] += 1
            return real(argument)

        return call

    for name in ("get", "change"):
        monkeypatch.setattr(rig.stores.channels, name, counting(name, getattr(rig.stores.channels, name)))
    assert rig.channels.poll(channel, seconds=20) == "6"
    assert asked == {"get": 18, "change": 2}


def test_a_poll_of_somebody_unknown_is_not_held_and_they_are_told_to_go_in_the_end(rig):
    channel, _ = rig.channels.open()
    for _ in range(MOST_UNKNOWN_POLLS):
        before = rig.clock()
        assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) == "6"
        assert rig.clock() - before <= 100
    assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) is None
    assert rig.stores.channels.get(channel.sid) is None


def test_why_somebody_unknown_is_refused_is_told_at_once(rig):
    channel, _ = rig.channels.open()
    rig.channels.post(channel.sid, "44{}")
    before = rig.clock()
    assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) == "44{}"
    assert rig.clock() == before


def test_a_client_that_shows_who_it_is_while_it_polls_is_held_from_the_next_poll_on(rig):
    channel, _ = rig.channels.open()
    rig.while_waiting = lambda: rig.channels.change(channel.sid, lambda c: replace(c, principal="ana"))
    assert rig.channels.poll(channel, seconds=20) == "6"
    rig.while_waiting = lambda: None
    before = rig.clock()
    assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) == "6"
    assert rig.clock() - before >= 20_000


@pytest.mark.parametrize("known", [True, False])
def test_a_second_poll_beside_one_that_is_held_is_an_overlap(rig, known):
    channel = a_known_channel(rig) if known else rig.channels.open()[0]
    overlaps: list[str] = []

    def poll_again():
        rig.while_waiting = lambda: None
        with pytest.raises(Overlap):
            rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20)
        overlaps.append("one")

    rig.while_waiting = poll_again
    assert rig.channels.poll(channel, seconds=20) == "6"
    assert overlaps == ["one"]


def test_polls_one_after_the_other_overlap_with_none(rig):
    channel = a_known_channel(rig)
    for _ in range(3):
        assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) == "6"


def test_a_poll_whose_function_died_is_in_nobody_s_way_for_long(rig):
    channel = a_known_channel(rig)
    died = rig.channels.change(channel.sid, lambda c: replace(c, held_until=rig.clock() + 20_000 + OVERDUE))
    with pytest.raises(Overlap):
        rig.channels.poll(died, seconds=20)
    rig.clock.now += 20_000 + OVERDUE
    assert rig.channels.poll(died, seconds=20) == "6"


def test_a_packet_that_comes_while_a_poll_is_held_ends_it(rig):
    channel, before = a_known_channel(rig), rig.clock()
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
    assert rig.channels.poll(rig.stores.channels.get(channel.sid), seconds=20) == "6"
    rig.channels.post(channel.sid, "4a")
    rig.channels.take_over(rig.stores.channels.get(channel.sid), "c1")
    rig.channels.post(channel.sid, "4b")
    assert rig.sockets.sent[1:] == [("c1", "4a"), ("c1", "4b")]
    standing = rig.stores.channels.get(channel.sid)
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
    rig.channels.take_over(rig.stores.channels.get(channel.sid), "c1")
    assert rig.sockets.sent == [("c1", "4a"), ("c1", "4b")]


def test_a_poll_that_was_held_over_the_upgrade_ends_with_a_noop(rig):
    channel, _ = rig.channels.open()
    rig.while_waiting = lambda: rig.channels.take_over(channel, "c1")
    assert rig.channels.poll(channel, seconds=20) == "6"


def test_a_probe_that_comes_to_nothing_leaves_the_channel_to_its_polls(rig):
    channel, _ = rig.channels.open()
    rig.stores.channels.bind("c1", channel)
    rig.channels.probe(channel, "c1")
    rig.channels.abandon(rig.stores.channels.get(channel.sid), "c1")
    standing = rig.stores.channels.get(channel.sid)
    assert (standing.transport, standing.probed) == (Transport.POLLING, False)
    assert rig.stores.channels.bound("c1") is None


def test_with_its_connection_a_channel_is_gone(rig):
    channel, _ = rig.channels.open(connection="c1")
    rig.channels.abandon(channel, "c1")
    assert rig.stores.channels.get(channel.sid) is None
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
