"""Who is let in, and who isn't."""

import json

import pytest

from chalicelib.domain.channel import HANDSHAKE
from chalicelib.domain.errors import Invalid, TooManyAttempts
from tests.services.watching.socketio.clients import ANA, BO, a_client, hear, identify, sent, told


def test_a_connection_is_greeted_by_a_job(rig):
    channel, _ = rig.socketio.open(None, "1.2.3.4", connection="c1")
    assert sent(rig) == []
    assert rig.wakes.jobs == [("greet", channel.sid, 0), ("beat", channel.sid, HANDSHAKE / 1000)]
    rig.socketio.greet(channel.sid)
    opened = json.loads(sent(rig)[0][1:])
    assert opened["upgrades"] == []
    with pytest.raises(Invalid, match="Session ID unknown"):
        rig.socketio.known(opened["sid"], None)


def test_a_connection_that_is_not_there_yet_is_greeted_again(rig):
    channel, _ = rig.socketio.open(None, "1.2.3.4", connection="c1")
    rig.sockets.gone.add("c1")
    rig.socketio.greet(channel.sid)
    assert rig.wakes.jobs[-1] == ("greet", channel.sid, 1)
    rig.clock.now += 60_000
    rig.socketio.greet(channel.sid)
    assert rig.channel_store.get(channel.sid) is None


def test_who_connects_with_a_good_token_is_let_in(rig):
    channel = a_client(rig)
    assert sent(rig)[-1].startswith('40{"sid":')
    assert channel.sid not in sent(rig)[-1]
    standing = rig.channel_store.get(channel.sid)
    assert (standing.connected, standing.tenant, standing.expires_at) == (True, "default", ANA.expires_at)


@pytest.mark.parametrize("frame", ["40", '40{"token":"x"}', '40{"token":7}', "40[1]"])
def test_who_connects_without_one_is_told_why_not_and_hears_nothing(rig, frame):
    rig.socketio.open(None, "1.2.3.4", connection="c1")
    hear(rig, frame, '42["join-session","ana"]')
    assert [text[:2] for text in sent(rig)] == ["44"]
    assert json.loads(sent(rig)[0][2:])["data"] == {"code": "UNAUTHENTICATED", "status": 401}
    assert rig.watchers.following("default", "ana") == []


def test_a_token_of_the_handshake_is_enough_and_another_s_is_refused(rig):
    rig.socketio.open(ANA, "1.2.3.4", connection="c1")
    hear(rig, "40")
    assert sent(rig)[-1].startswith("40")
    hear(rig, '40{"token":"bo"}')
    assert sent(rig)[-1].startswith("44")


def test_only_the_main_namespace_is_there(rig):
    a_client(rig, '40/admin,{"token":"ana"}')
    assert sent(rig)[-1] == '44/admin,{"message":"Invalid namespace"}'


def test_a_channel_is_another_principal_s_for_nobody_else(rig):
    channel, mine = rig.socketio.open(ANA, "1.2.3.4")
    assert rig.socketio.known(mine, None).sid == channel.sid
    for sid, who in ((mine, BO), ("none", ANA), (channel.sid, ANA), (channel.sid, None)):
        with pytest.raises(Invalid, match="Session ID unknown"):
            rig.socketio.known(sid, who)
    rig.clock.now = ANA.expires_at
    with pytest.raises(Invalid):
        rig.socketio.known(mine, ANA)


def test_a_message_that_overtakes_its_upgrade_is_heard(rig):
    channel, _ = rig.socketio.open(None, "1.2.3.4")
    rig.socketio.take(channel, '40{"token":"ana"}', identify)
    rig.socketio.attach(channel, "c1")
    hear(rig, "2probe", '421["join-session","ana"]', "5")
    assert sent(rig)[0] == "3probe"
    assert sent(rig)[1].startswith("40")
    assert told(rig) == ["notLogged", "qr-code"]


def test_too_many_from_one_address_are_refused_for_a_minute(rig):
    rig.most_arrivals = 2
    for _ in range(2):
        rig.socketio.open(None, "1.2.3.4")
    with pytest.raises(TooManyAttempts):
        rig.socketio.open(None, "1.2.3.4")
    rig.socketio.open(None, "5.6.7.8")
    for host in ("1", "2"):
        rig.socketio.open(None, f"2001:db8:1:2::{host}")
    with pytest.raises(TooManyAttempts):
        rig.socketio.open(None, "2001:db8:1:2:ffff:ffff:ffff:ffff")
    rig.clock.now += 60_000
    rig.socketio.open(None, "1.2.3.4")
