"""Who goes, and who is let go."""

import pytest

from chalicelib.domain.engineio import PING_INTERVAL
from chalicelib.domain.errors import Invalid
from chalicelib.domain.watchers import SILENCE
from tests.services.watching.socketio.clients import ANA, a_client, an_event, hear, identify, sent


def test_a_client_that_is_gone_is_forgotten(rig):
    channel = a_client(rig, '42["join-session","ana"]')
    rig.sockets.gone.add("c1")
    rig.push.push(an_event("session.connected"))
    assert rig.stores.channels.get(channel.sid) is None
    assert not rig.stores.watchers.rows


def test_a_client_is_pinged_until_its_time_is_up(rig):
    channel = a_client(rig)
    rig.socketio.beat(channel.sid)
    assert sent(rig)[-1] == "2"
    assert rig.wakes.jobs[-1] == ("beat", channel.sid, PING_INTERVAL / 1000)
    rig.clock.now = ANA.expires_at
    rig.socketio.beat(channel.sid)
    assert rig.sockets.closed == ["c1"]


def test_who_never_connects_is_let_go(rig):
    channel, _ = rig.socketio.open(None, "1.2.3.4", connection="c1")
    rig.socketio.beat(channel.sid)
    assert rig.stores.channels.get(channel.sid) is None


def test_a_polling_client_that_fell_silent_is_let_go(rig):
    channel, _ = rig.socketio.open(None, "1.2.3.4")
    rig.socketio.take(channel, '40{"token":"ana"}', identify)
    rig.socketio.beat(channel.sid)
    assert rig.stores.channels.get(channel.sid)
    rig.clock.now += SILENCE + 1
    rig.socketio.beat(channel.sid)
    assert rig.stores.channels.get(channel.sid) is None


@pytest.mark.parametrize("frame", ["9", "4", "42{}", '451-["x"]', "b4AA"])
def test_who_talks_nonsense_is_let_go(rig, frame):
    channel = a_client(rig)
    rig.socketio.hear("c1", frame, identify)
    assert rig.stores.channels.get(channel.sid) is None
    assert rig.sockets.closed == ["c1"]


def test_nonsense_in_a_poll_s_body_is_refused(rig):
    channel, _ = rig.socketio.open(None, "1.2.3.4")
    with pytest.raises(Invalid):
        rig.socketio.take(channel, "9", identify)
    assert rig.stores.channels.get(channel.sid) is None


def test_a_client_that_says_goodbye_is_forgotten(rig):
    channel = a_client(rig, '42["join-session","ana"]', "41")
    assert not rig.stores.watchers.rows
    assert rig.stores.channels.get(channel.sid)
    hear(rig, "1")
    assert rig.stores.channels.get(channel.sid) is None
    assert not rig.socketio.hear("c1", "3", identify)


def test_a_client_that_polls_twice_at_a_time_is_let_go(rig):
    channel, _ = rig.socketio.open(lambda: ANA, "1.2.3.4")
    answers: list[str] = []

    def poll_again():
        rig.while_waiting = lambda: None
        with pytest.raises(Invalid, match="overlap"):
            rig.socketio.poll(rig.stores.channels.get(channel.sid))

    rig.while_waiting = poll_again
    answers.append(rig.socketio.poll(rig.stores.channels.get(channel.sid)))
    assert answers == ["1"], "the one that was held is told that the channel is closed"
    assert rig.stores.channels.get(channel.sid) is None
