"""Who is let in, and who isn't."""

import json
from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.errors import Invalid, TooManyAttempts, TooManyWatchers, Unauthenticated
from chalicelib.domain.watchers import HANDSHAKE
from chalicelib.services.ports import Gone
from chalicelib.services.watching.socketio import NEIGHBOURS
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
    assert rig.stores.channels.get(channel.sid) is None


def test_who_connects_with_a_good_token_is_let_in(rig):
    channel = a_client(rig)
    assert sent(rig)[-1].startswith('40{"sid":')
    assert channel.sid not in sent(rig)[-1]
    standing = rig.stores.channels.get(channel.sid)
    assert (standing.connected, standing.tenant, standing.expires_at) == (True, "default", ANA.expires_at)


@pytest.mark.parametrize("frame", ["40", '40{"token":"x"}', '40{"token":7}', "40[1]"])
def test_who_connects_without_one_is_told_why_not_and_hears_nothing(rig, frame):
    rig.socketio.open(None, "1.2.3.4", connection="c1")
    hear(rig, frame, '42["join-session","ana"]')
    assert [text[:2] for text in sent(rig)] == ["44"]
    assert json.loads(sent(rig)[0][2:])["data"] == {"code": "UNAUTHENTICATED", "status": 401}
    assert rig.stores.watchers.following("default", "ana") == []


def test_a_token_of_the_handshake_is_enough_and_another_s_is_refused(rig):
    rig.socketio.open(lambda: ANA, "1.2.3.4", connection="c1")
    hear(rig, "40")
    assert sent(rig)[-1].startswith("40")
    hear(rig, '40{"token":"bo"}')
    assert sent(rig)[-1].startswith("44")


def test_only_the_main_namespace_is_there(rig):
    a_client(rig, '40/admin,{"token":"ana"}')
    assert sent(rig)[-1] == '44/admin,{"message":"Invalid namespace"}'


def test_a_channel_is_another_principal_s_for_nobody_else(rig):
    channel, mine = rig.socketio.open(lambda: ANA, "1.2.3.4")
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
    rig.arrivals_per_minute = 2
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


def ending_while_enlisted(rig, monkeypatch, after):
    """Have ``after`` be who the credential belongs to from the moment on at which a channel is being enlisted."""
    good: list[object] = [ANA]
    enlist = rig.stores.channels.enlist

    def racing(channel):
        good[:] = [after]
        rig.closing.close("ana")
        enlist(channel)

    monkeypatch.setattr(rig.stores.channels, "enlist", racing)

    def who(_token=None):
        if good[0] is None:
            raise Unauthenticated("The token isn't good any more.")
        return good[0]

    return who


@pytest.mark.parametrize("after", [None, replace(ANA, role=Role.READ_ONLY)], ids=["ended", "another role"])
def test_a_credential_that_ends_while_its_channel_is_made_opens_none(rig, monkeypatch, after):
    who = ending_while_enlisted(rig, monkeypatch, after)
    with pytest.raises(Unauthenticated):
        rig.socketio.open(who, "1.2.3.4", connection="c1")
    assert rig.stores.channels.rows == {}
    assert "c1" in rig.sockets.closed


@pytest.mark.parametrize("connection", ["c1", None], ids=["websocket", "polling"])
def test_a_credential_that_ends_while_its_client_connects_lets_nobody_in(rig, monkeypatch, connection):
    channel, _ = rig.socketio.open(None, "1.2.3.4", connection=connection)
    who = ending_while_enlisted(rig, monkeypatch, None)
    if connection:
        hear(rig, '40{"token":"ana"}', '421["join-session","ana"]', identify=who)
        answers = sent(rig)
    else:
        rig.socketio.take(channel, '40{"token":"ana"}', who)
        answers = [rig.socketio.poll(rig.stores.channels.get(channel.sid))]
    assert [text[:2] for text in answers] == ["44"]
    assert json.loads(answers[0][2:])["data"] == {"code": "UNAUTHENTICATED", "status": 401}
    standing = rig.stores.channels.get(channel.sid)
    assert (standing.principal, standing.connected, standing.rooms) == (None, False, ())
    assert rig.stores.watchers.of("ana") == []
    assert rig.stores.watchers.following("default", "ana") == []


@pytest.mark.parametrize("connection", ["c1", None], ids=["websocket", "polling"])
def test_a_channel_that_is_ended_while_its_client_connects_is_gone(rig, monkeypatch, connection):
    channel, _ = rig.socketio.open(None, "1.2.3.4", connection=connection)
    enlist = rig.stores.channels.enlist
    monkeypatch.setattr(rig.stores.channels, "enlist", lambda it: (enlist(it), rig.closing.close("ana")))
    if connection:
        hear(rig, '40{"token":"ana"}')
    else:
        with pytest.raises(Invalid, match="Session ID unknown"):
            rig.socketio.take(channel, '40{"token":"ana"}', identify)
    assert rig.stores.channels.rows == {}


def test_a_channel_that_was_ended_cannot_join(rig):
    channel, _ = rig.socketio.open(lambda: ANA, "1.2.3.4")
    rig.socketio.take(channel, "40", identify)
    standing = rig.stores.channels.get(channel.sid)
    rig.stores.channels.remove(standing)
    with pytest.raises(Gone):
        rig.rooms.enter(standing, "ana")
    assert rig.stores.watchers.following("default", "ana") == []


def test_a_tenant_s_watchers_are_bounded_whatever_they_come_over(rig):
    rig.watchers_per_tenant = 2
    rig.watching.connect("w1", ANA, session="ana", dialect="enveloped")
    first, _ = rig.socketio.open(lambda: ANA, "1.2.3.4")
    with pytest.raises(TooManyWatchers):
        rig.socketio.open(lambda: ANA, "1.2.3.4")
    with pytest.raises(TooManyWatchers):
        rig.watching.connect("w2", ANA, session="ana", dialect="enveloped")
    rig.socketio.open(None, "1.2.3.4", connection="c1")
    hear(rig, '40{"token":"ana"}')
    assert json.loads(sent(rig)[-1][2:])["data"] == {"code": "TOO_MANY_WATCHERS", "status": 429}
    rig.socketio.open(lambda: replace(BO, tenant="other"), "1.2.3.4")
    rig.channels.close(first.sid)
    hear(rig, '40{"token":"ana"}')
    assert sent(rig)[-1].startswith('40{"sid":')


def test_a_session_s_watchers_are_bounded_and_who_may_not_join_is_told_so_by_name(rig):
    rig.watchers_per_session = 2
    rig.watching.connect("w1", ANA, session="ana", dialect="enveloped")
    a_client(rig, '421["join-session","ana"]', '421["join-session","ana"]')
    rig.socketio.open(None, "1.2.3.4", connection="c2")
    for frame in ('40{"token":"ana"}', '421["join-session","ana"]', '42["join-session","other"]'):
        rig.socketio.hear("c2", frame, identify)
    answer = json.loads(next(text for text in sent(rig, "c2") if text.startswith("431"))[3:])[0]
    assert (answer["success"], answer["code"]) == (False, "TOO_MANY_WATCHERS")
    with pytest.raises(TooManyWatchers):
        rig.watching.connect("w2", ANA, session="ana", dialect="enveloped")
    assert len(rig.stores.watchers.following("default", "ana")) == 2
    assert len(rig.stores.watchers.following("default", "other")) == 1, "who may not join one session may join another"
    assert rig.stores.watchers.get("w2") is None


def test_who_has_ended_takes_nobody_s_place(rig):
    rig.watchers_per_session = rig.watchers_per_tenant = 1
    rig.watching.connect("w1", ANA, session="ana", dialect="enveloped")
    rig.clock.now = ANA.expires_at
    rig.watching.connect("w2", replace(ANA, expires_at=None), session="ana", dialect="enveloped")
    assert rig.stores.watchers.get("w2")


def test_a_client_that_is_refused_when_it_connects_again_follows_nothing(rig):
    channel = a_client(rig, '42["join-session","ana"]')
    rig.watchers_per_tenant = 0
    hear(rig, '40{"token":"ana"}')
    assert rig.stores.channels.get(channel.sid) is None
    assert rig.stores.watchers.following("default", "ana") == []
    assert rig.sockets.closed == ["c1"]


@pytest.mark.parametrize("address", ["198.51.100.{}", "2001:db8:1:{}::1"])
def test_too_many_from_one_network_are_refused_whichever_of_its_addresses_they_have(rig, address):
    rig.arrivals_per_minute = 2
    for number in range(2 * NEIGHBOURS):
        rig.socketio.open(None, address.format(number))
    with pytest.raises(TooManyAttempts):
        rig.socketio.open(None, address.format(99))
    rig.socketio.open(None, "203.0.113.1")
