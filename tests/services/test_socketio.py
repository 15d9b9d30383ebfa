"""The Socket.IO server over fakes: clients in, told, and out."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.dialects.socketio import LASTING
from chalicelib.domain.channel import HANDSHAKE, MOST_ROOMS, SILENCE, Channel
from chalicelib.domain.engineio import PING_INTERVAL
from chalicelib.domain.errors import Invalid, TooManyAttempts, Unauthenticated
from chalicelib.domain.events import Envelope
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.session import Session, Status
from tests.makers import DEVICE, NOW, a_code, a_running_session
from tests.services.rig import Rig

ANA = Principal("ana", "default", Role.ADMIN, expires_at=NOW + 3_600_000)
BO = Principal("bo", "other", Role.ADMIN)


@pytest.fixture
def rig():
    rig = Rig()
    session = a_running_session(status=Status.SCAN_QR, qr=a_code())
    rig.store.rows[session.uid] = session
    return rig


def identify(token: str | None) -> Principal:
    if token in {"ana", "bo"}:
        return ANA if token == "ana" else BO
    raise Unauthenticated("The token isn't one of ours.")


def sent(rig: Rig, connection: str = "c1") -> list[str]:
    return [text for to, text in rig.sockets.sent if to == connection]


def told(rig: Rig) -> list[str]:
    """The words that were said, statuses by their own."""
    said = [json.loads(text[2:]) for text in sent(rig) if text.startswith("42")]
    return [data["status"] if event == "status-update" else event for event, data in said]


def hear(rig: Rig, *frames: str) -> None:
    for text in frames:
        assert rig.socketio.hear("c1", text, identify)


def a_client(rig: Rig, *frames: str, token: str = "ana") -> Channel:
    channel = rig.socketio.open(None, "1.2.3.4", connection="c1")
    rig.socketio.greet(channel.sid)
    hear(rig, f'40{{"token":"{token}"}}', *frames)
    return channel


def stands(rig: Rig, status: Status, **fields: Any) -> Session:
    (session,) = rig.store.rows.values()
    after = replace(session, status=status, version=session.version + 1, since=rig.clock(), **fields)
    rig.store.rows[session.uid] = after
    return after


def an_event(kind: str, status: str = "") -> Envelope:
    session = a_running_session()
    return Envelope("01E", kind, "default", session.id, session.uid, NOW, "label#1", {"status": status})


def test_a_connection_is_greeted_by_a_job(rig):
    channel = rig.socketio.open(None, "1.2.3.4", connection="c1")
    assert sent(rig) == []
    assert rig.wakes.jobs == [("greet", channel.sid, 0), ("beat", channel.sid, HANDSHAKE / 1000)]
    rig.socketio.greet(channel.sid)
    opened = json.loads(sent(rig)[0][1:])
    assert (opened["sid"], opened["upgrades"]) == (channel.sid, [])


def test_a_connection_that_is_not_there_yet_is_greeted_again(rig):
    channel = rig.socketio.open(None, "1.2.3.4", connection="c1")
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
    channel = rig.socketio.open(ANA, "1.2.3.4")
    assert rig.socketio.known(channel.sid, None).sid == channel.sid
    for sid, who in ((channel.sid, BO), ("none", ANA)):
        with pytest.raises(Invalid, match="Session ID unknown"):
            rig.socketio.known(sid, who)
    rig.clock.now = ANA.expires_at
    with pytest.raises(Invalid):
        rig.socketio.known(channel.sid, ANA)


def test_who_joins_is_told_at_once_what_stands(rig):
    a_client(rig, '427["join-session","ana"]')
    assert sent(rig)[2] == '437[{"success":true,"sessionName":"ana"}]'
    assert told(rig) == ["notLogged", "qr-code"]


def test_each_thing_is_said_once_however_often_it_is_told(rig):
    a_client(rig, '42["join-session","ana"]')
    for _ in range(2):
        rig.push.push(an_event("session.starting", "STARTING"))
        rig.push.push(an_event("session.qr"))
    assert told(rig) == ["notLogged", "qr-code"]


def test_the_story_is_told_in_order_and_ends_a_second_later(rig):
    channel = a_client(rig, '42["join-session","ana"]')
    stands(rig, Status.PAIRING, qr=None, device=DEVICE)
    rig.push.push(an_event("session.pairing"))
    stands(rig, Status.CONNECTED)
    for _ in range(2):
        rig.push.push(an_event("session.connected"))
    assert told(rig) == ["notLogged", "qr-code", "qrReadSuccess", "authenticated", "ready", "session-complete"]
    assert [job for job in rig.wakes.jobs if job[0] == "part"] == [("part", channel.sid, 1)]
    rig.socketio.part(channel.sid)
    assert (sent(rig)[-1], rig.sockets.closed) == ("41", [])
    rig.socketio.part(channel.sid)
    assert rig.sockets.closed == ["c1"]
    assert rig.watchers.following("default", "ana") == []


def test_a_session_may_be_joined_before_it_is_there(rig):
    rig.store.rows.clear()
    a_client(rig, '42["join-session","ana"]')
    assert told(rig) == []
    rig.push.push(an_event("session.starting", "STARTING"))
    assert told(rig) == ["notLogged"]


def test_another_tenant_s_session_says_nothing(rig):
    a_client(rig, '42["join-session","ana"]', token="bo")
    rig.push.push(an_event("session.qr"))
    assert told(rig) == []


def test_who_left_hears_nothing_more(rig):
    a_client(rig, '42["join-session","ana"]', '421["leave-session","ana"]')
    heard = len(sent(rig))
    assert sent(rig)[-1] == '431[{"success":true,"sessionName":"ana"}]'
    rig.push.push(an_event("session.connected"))
    assert len(sent(rig)) == heard


@pytest.mark.parametrize("name", ['"../etc"', "7", "null", '""', f'"{"a" * 65}"', "{}"])
def test_a_name_that_no_session_can_have_is_refused(rig, name):
    a_client(rig, f'421["join-session",{name}]', f'42["join-session",{name}]')
    answer = json.loads(sent(rig)[-2][3:])[0]
    assert (answer["success"], answer["code"]) == (False, "INVALID_FIELD")
    assert told(rig) == ["error"]
    assert not rig.watchers.rows


def test_a_client_follows_no_more_sessions_than_it_may(rig):
    a_client(rig, *(f'42["join-session","s{number}"]' for number in range(MOST_ROOMS)))
    hear(rig, '421["join-session","onemore"]')
    assert json.loads(sent(rig)[-1][3:])[0]["success"] is False


def test_a_key_that_is_bound_to_a_session_follows_that_one_alone(rig):
    rig.socketio.open(replace(ANA, session="shop"), "1.2.3.4", connection="c1")
    hear(rig, "40", '421["join-session","ana"]')
    assert json.loads(sent(rig)[-1][3:])[0]["code"] == "SESSION_NOT_FOUND"
    hear(rig, '421["join-session","shop"]')
    assert json.loads(sent(rig)[-1][3:])[0]["success"] is True


def test_a_lost_connection_is_told_when_it_has_lasted(rig):
    a_client(rig, '42["join-session","ana"]')
    session = stands(rig, Status.DISCONNECTED, qr=None)
    rig.push.push(an_event("session.disconnected"))
    assert rig.wakes.jobs[-1] == ("still_lost", session.uid, LASTING / 1000)
    rig.clock.now += LASTING - 1000
    rig.rooms.still_lost(session.uid)
    assert rig.wakes.jobs[-1] == ("still_lost", session.uid, 1)
    assert told(rig)[-1] == "qr-code"
    rig.clock.now += 1000
    rig.rooms.still_lost(session.uid)
    assert told(rig)[-1] == "error"


def test_a_connection_that_came_back_was_no_error(rig):
    a_client(rig, '42["join-session","ana"]')
    session = stands(rig, Status.CONNECTED, qr=None)
    rig.clock.now += LASTING
    rig.rooms.still_lost(session.uid)
    assert "error" not in told(rig)


def test_who_joins_while_the_connection_is_lost_is_told_later(rig):
    session = stands(rig, Status.DISCONNECTED, qr=None)
    a_client(rig, '42["join-session","ana"]')
    assert told(rig) == []
    assert ("still_lost", session.uid, 30) in rig.wakes.jobs


def test_a_client_that_is_gone_is_forgotten(rig):
    channel = a_client(rig, '42["join-session","ana"]')
    rig.sockets.gone.add("c1")
    rig.push.push(an_event("session.connected"))
    assert rig.channel_store.get(channel.sid) is None
    assert not rig.watchers.rows


def test_a_client_is_pinged_until_its_time_is_up(rig):
    channel = a_client(rig)
    rig.socketio.beat(channel.sid)
    assert sent(rig)[-1] == "2"
    assert rig.wakes.jobs[-1] == ("beat", channel.sid, PING_INTERVAL / 1000)
    rig.clock.now = ANA.expires_at
    rig.socketio.beat(channel.sid)
    assert rig.sockets.closed == ["c1"]


def test_who_never_connects_is_let_go(rig):
    channel = rig.socketio.open(None, "1.2.3.4", connection="c1")
    rig.socketio.beat(channel.sid)
    assert rig.channel_store.get(channel.sid) is None


def test_a_polling_client_that_fell_silent_is_let_go(rig):
    channel = rig.socketio.open(None, "1.2.3.4")
    rig.socketio.take(channel, '40{"token":"ana"}', identify)
    rig.socketio.beat(channel.sid)
    assert rig.channel_store.get(channel.sid)
    rig.clock.now += SILENCE + 1
    rig.socketio.beat(channel.sid)
    assert rig.channel_store.get(channel.sid) is None


def test_a_message_that_overtakes_its_upgrade_is_heard(rig):
    channel = rig.socketio.open(None, "1.2.3.4")
    rig.socketio.take(channel, '40{"token":"ana"}', identify)
    rig.socketio.attach(channel, "c1")
    hear(rig, "2probe", '421["join-session","ana"]', "5")
    assert sent(rig)[0] == "3probe"
    assert sent(rig)[1].startswith("40")
    assert told(rig) == ["notLogged", "qr-code"]


@pytest.mark.parametrize("frame", ["9", "4", "42{}", '451-["x"]', "b4AA"])
def test_who_talks_nonsense_is_let_go(rig, frame):
    channel = a_client(rig)
    rig.socketio.hear("c1", frame, identify)
    assert rig.channel_store.get(channel.sid) is None
    assert rig.sockets.closed == ["c1"]


def test_nonsense_in_a_poll_s_body_is_refused(rig):
    channel = rig.socketio.open(None, "1.2.3.4")
    with pytest.raises(Invalid):
        rig.socketio.take(channel, "9", identify)
    assert rig.channel_store.get(channel.sid) is None


def test_a_client_that_says_goodbye_is_forgotten(rig):
    channel = a_client(rig, '42["join-session","ana"]', "41")
    assert not rig.watchers.rows
    assert rig.channel_store.get(channel.sid)
    hear(rig, "1")
    assert rig.channel_store.get(channel.sid) is None
    assert not rig.socketio.hear("c1", "3", identify)


def test_too_many_from_one_address_are_refused_for_a_minute(rig):
    rig.most_arrivals = 2
    for _ in range(2):
        rig.socketio.open(None, "1.2.3.4")
    with pytest.raises(TooManyAttempts):
        rig.socketio.open(None, "1.2.3.4")
    rig.socketio.open(None, "5.6.7.8")
    rig.clock.now += 60_000
    rig.socketio.open(None, "1.2.3.4")
