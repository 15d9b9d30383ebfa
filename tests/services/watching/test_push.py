import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.errors import SessionNotFound
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.messages import Direction, MessageStatus, event
from chalicelib.domain.session import Status
from chalicelib.domain.watchers import APART_FOR, LIFETIME, SETTLING, Watcher
from tests.composition import Rig
from tests.fakes import FakeSockets
from tests.makers import DEVICE, NOW, a_code, a_message, a_running_session

ANA = Principal("ana", "default", Role.ADMIN, expires_at=NOW + 60_000)


@pytest.fixture
def rig():
    rig = Rig()
    session = a_running_session(status=Status.SCAN_QR, qr=a_code())
    rig.stores.sessions.rows[session.uid] = session
    return rig


def watcher(rig: Rig, name: str = "w1", **fields) -> Watcher:
    values: dict[str, Any] = {
        "id": name,
        "tenant": "default",
        "session": "ana",
        "dialect": "enveloped",
        "principal": "ana",
        "connected_at": NOW - SETTLING,
        "expires_at": NOW + LIFETIME,
        "codes": True,
    }
    rig.stores.watchers.add(Watcher(**(values | fields)))
    return rig.stores.watchers.rows[name]


def an_event(event_type: str = "session.qr", **fields) -> Envelope:
    session = a_running_session()
    values: dict[str, Any] = {
        "id": "01E",
        "type": event_type,
        "tenant": "default",
        "session": session.id,
        "uid": session.uid,
        "at": NOW,
        "cursor": "label#1",
        "data": {"status": "SCAN_QR"},
    }
    return Envelope(**(values | fields))


def told(rig: Rig, name: str = "w1") -> list[dict]:
    return [json.loads(text) for who, text in rig.sockets.sent if who == name]


def connected(rig: Rig) -> None:
    for uid, session in rig.stores.sessions.rows.items():
        rig.stores.sessions.rows[uid] = replace(
            session, status=Status.CONNECTED, qr=None, device=DEVICE, version=session.version + 1
        )


def test_a_new_code_reaches_all_who_follow_and_nobody_else(rig):
    watcher(rig, "w1")
    watcher(rig, "w2")
    watcher(rig, "stranger", tenant="other")
    rig.push.push(an_event())
    assert [(frame["type"], frame["qr"]) for frame in told(rig)] == [("qr", a_code().image)]
    assert len(told(rig, "w2")) == 1
    assert told(rig, "stranger") == []


def test_a_code_that_expired_or_was_scanned_meanwhile_is_not_sent(rig):
    watcher(rig)
    rig.clock.now = a_code().expires_at
    rig.push.push(an_event())
    rig.clock.now = NOW
    connected(rig)
    rig.push.push(an_event())
    assert told(rig) == []


def test_connected_is_told(rig):
    watcher(rig)
    rig.push.push(an_event("session.connected", data={"status": "CONNECTED", "phone": DEVICE.phone}))
    assert [frame["type"] for frame in told(rig)] == ["connected"]


def test_a_message_is_told_to_all_who_follow_without_another_look_at_the_session(rig):
    watcher(rig, "w1")
    watcher(rig, "stranger", tenant="other")
    message = a_message(status=MessageStatus.RECEIVED, direction=Direction.INBOUND, text="Kopi?")
    told_of = event(message, "01E", NOW)
    rig.stores.sessions.rows.clear()
    rig.push.push(an_event(told_of.type, data=told_of.data, message=message))
    assert [(frame["type"], frame["data"]["message"]) for frame in told(rig)] == [("message", "Kopi?")]
    assert told(rig, "stranger") == []
    rig.push.push(an_event("message.queued", data={}, message=a_message()))
    assert len(told(rig)) == 1


def test_a_gone_watcher_is_forgotten_and_keeps_nobody_from_hearing(rig):
    watcher(rig, "w1")
    watcher(rig, "w2")
    rig.sockets.gone.add("w1")
    rig.push.push(an_event())
    assert rig.stores.watchers.get("w1") is None
    assert len(told(rig, "w2")) == 1


def test_a_watcher_that_is_only_just_connecting_gets_a_snapshot_later_instead(rig):
    watcher(rig, connected_at=NOW)
    rig.sockets.gone.add("w1")
    rig.push.push(an_event())
    assert rig.stores.watchers.get("w1") is not None
    assert rig.wakes.jobs == [("snapshot", "w1", 1)]


def test_a_watcher_whose_token_is_over_is_closed(rig):
    watcher(rig, expires_at=NOW)
    rig.push.push(an_event())
    assert told(rig) == []
    assert rig.sockets.closed == ["w1"]
    assert rig.stores.watchers.get("w1") is None


def test_a_late_watcher_gets_what_stands(rig):
    watcher(rig)
    rig.push.snapshot("w1")
    assert [frame["type"] for frame in told(rig)] == ["qr"]


def test_a_session_that_moves_while_its_snapshot_is_told_is_told_again(rig):
    watcher(rig)

    class Moving(FakeSockets):
        def post(self, name: str, text: str) -> None:
            super().post(name, text)
            if len(self.sent) == 1:
                connected(rig)

    rig.sockets = Moving()
    rig.push.snapshot("w1")
    assert [frame["type"] for frame in told(rig)] == ["qr", "connected"]


def test_a_watcher_that_went_gets_no_snapshot(rig):
    rig.push.snapshot("w1")
    assert rig.sockets.sent == []


def test_a_watcher_is_kept_until_its_token_ends_and_gets_a_snapshot(rig):
    rig.watching.connect("w1", ANA, session="ana", dialect="enveloped")
    kept = rig.stores.watchers.get("w1")
    assert (kept.tenant, kept.expires_at, kept.principal) == ("default", ANA.expires_at, "ana")
    assert rig.wakes.jobs == [("snapshot", "w1", 0)]


def test_a_session_of_another_tenant_cannot_be_watched(rig):
    with pytest.raises(SessionNotFound):
        rig.watching.connect("w1", replace(ANA, tenant="other"), session="ana", dialect="enveloped")
    assert rig.stores.watchers.rows == {}


def test_a_ping_is_answered(rig):
    watcher(rig)
    rig.watching.message("w1", '{"type":"ping"}')
    assert [frame["type"] for frame in told(rig)] == ["pong"]
    rig.watching.disconnect("w1")
    rig.watching.message("w1", '{"type":"ping"}')
    assert len(told(rig)) == 1


def test_a_follower_that_cannot_be_told_is_nobody_else_s_trouble(rig):
    watcher(rig, "w1", dialect="of a later version")
    watcher(rig, "w2")
    rig.push.push(an_event())
    assert [frame["type"] for frame in told(rig, "w2")] == ["qr"]


def crowd(rig: Rig, size: int) -> None:
    for number in range(size):
        watcher(rig, f"w{number}")


def test_many_watchers_of_one_session_are_told_by_the_queue_and_hold_nobody_up(rig):
    rig.told_at_once = 2
    crowd(rig, 3)
    rig.push.push(an_event())
    assert rig.sockets.sent == []
    assert [(job.uid, job.cursor) for job in rig.pushes.jobs] == [(an_event().uid, "label#1")]
    rig.stores.history.append(an_event())
    rig.push.tell(rig.pushes.jobs[0])
    assert sorted(who for who, _ in rig.sockets.sent) == ["w0", "w1", "w2"]
    assert [frame["type"] for frame in told(rig, "w1")] == ["qr"]


def test_a_message_that_is_told_by_the_queue_is_told_with_its_text_and_the_queue_has_none(rig):
    rig.told_at_once = 0
    watcher(rig)
    message = a_message(status=MessageStatus.RECEIVED, direction=Direction.INBOUND, text="Kopi?")
    rig.stores.messages.put(message)
    told_of = event(message, "01E", NOW)
    envelope = an_event(told_of.type, data=told_of.data, message=message)
    rig.stores.history.append(replace(envelope, message=None))
    rig.push.push(envelope)
    (job,) = rig.pushes.jobs
    assert "Kopi" not in str(job)
    rig.push.tell(job)
    assert [frame["data"]["message"] for frame in told(rig)] == ["Kopi?"]


def test_the_end_of_a_session_is_told_by_the_queue_though_its_history_is_gone(rig):
    rig.told_at_once = 0
    watcher(rig)
    rig.push.push(an_event(DELETED, data={}))
    rig.push.tell(rig.pushes.jobs[0])
    assert [frame["type"] for frame in told(rig)] == ["deleted"]


def test_what_is_gone_by_then_is_told_to_nobody(rig):
    rig.told_at_once = 0
    watcher(rig)
    rig.push.push(an_event())
    rig.push.tell(rig.pushes.jobs[0])
    rig.push.tell(replace(rig.pushes.jobs[0], message="01MGONE"))
    assert rig.sockets.sent == []


def test_when_many_have_left_nobody_is_told_before_what_still_waits(rig):
    rig.told_at_once = 2
    crowd(rig, 3)
    rig.push.push(an_event())
    rig.stores.watchers.remove("w0")
    rig.push.push(an_event(cursor="label#2"))
    assert [job.cursor for job in rig.pushes.jobs] == ["label#1", "label#2"]
    assert rig.sockets.sent == []
    rig.clock.now += APART_FOR
    rig.push.push(an_event("session.connected", data={"status": "CONNECTED"}, cursor="label#3"))
    assert len(rig.pushes.jobs) == 2
    assert sorted(who for who, _ in rig.sockets.sent) == ["w1", "w2"]


def test_a_session_that_many_watch_stays_apart_for_as_long_as_they_do(rig):
    rig.told_at_once = 2
    crowd(rig, 3)
    for _ in range(5):
        rig.push.push(an_event())
        rig.clock.now += APART_FOR // 2 + 1
        assert rig.stores.watchers.room("default", "ana").note.apart_until >= rig.clock.now - 1
    assert len(rig.pushes.jobs) == 5
