"""What those in a session's room are told, in which order, and how often."""

import json
from dataclasses import replace

import pytest

from chalicelib.dialects.socketio.frames import LASTING
from chalicelib.domain.session import Status
from chalicelib.domain.watchers import MOST_ROOMS
from tests.makers import DEVICE
from tests.services.watching.socketio.clients import ANA, a_client, an_event, hear, sent, stands, told


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
    assert rig.stores.watchers.following("default", "ana") == []


def test_a_session_may_be_joined_before_it_is_there(rig):
    rig.stores.sessions.rows.clear()
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
    assert not rig.stores.watchers.rows


def test_a_client_follows_no_more_sessions_than_it_may(rig):
    a_client(rig, *(f'42["join-session","s{number}"]' for number in range(MOST_ROOMS)))
    hear(rig, '421["join-session","onemore"]')
    assert json.loads(sent(rig)[-1][3:])[0]["success"] is False


def test_a_key_that_is_bound_to_a_session_follows_that_one_alone(rig):
    rig.socketio.open(lambda: replace(ANA, session="shop"), "1.2.3.4", connection="c1")
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
