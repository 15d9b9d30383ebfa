"""Watchers and rooms tell codes to those who may link the session; to others, how it stands."""

import json
from dataclasses import replace

import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.session import Status
from tests.composition import Rig
from tests.makers import NOW, a_code, a_running_session
from tests.services.watching.test_push import an_event

MO = Principal("mo", "default", Role.MEMBER, expires_at=NOW + 3_600_000)
RITA = Principal("rita", "default", Role.READ_ONLY, expires_at=NOW + 3_600_000)
CODE = a_code(code="2@a-secret", image="data:image/png;base64,YS1zZWNyZXQ=", matrix="10\n01")


@pytest.fixture
def rig():
    rig = Rig()
    session = a_running_session(status=Status.SCAN_QR, qr=CODE, reason="waiting_for_scan", message="Scan it.")
    rig.stores.sessions.rows[session.uid] = session
    return rig


def told(rig: Rig, to: str) -> list[str]:
    return [text for who, text in rig.sockets.sent if who == to]


def tells_a_code(texts: list[str]) -> bool:
    return any(form in text for text in texts for form in (CODE.code, CODE.image, "base64", "▀", "█"))


@pytest.mark.parametrize("by_key", [False, True])
def test_a_watcher_who_may_only_read_hears_that_a_code_is_there_and_not_the_code(rig, by_key):
    for who in (RITA, MO):
        principal = replace(who, key="01KEY", name=f"key:{who.name}") if by_key else who
        rig.watching.connect(who.name, principal, session="ana", dialect="enveloped")
        rig.push.snapshot(who.name)
    rig.push.push(an_event("session.qr"))
    snapshot, shown = [json.loads(text) for text in told(rig, "rita")]
    assert (snapshot["type"], snapshot["status"], snapshot["snapshot"]) == ("status", "SCAN_QR", True)
    assert (shown["type"], shown["status"], shown["id"], shown["message"]) == ("status", "SCAN_QR", "01E", "Scan it.")
    assert not tells_a_code(told(rig, "rita"))
    assert [json.loads(text)["type"] for text in told(rig, "mo")] == ["qr", "qr"]


def test_a_code_that_expired_is_no_news_to_anybody(rig):
    for who in (RITA, MO):
        rig.watching.connect(who.name, who, session="ana", dialect="enveloped")
    rig.clock.now = CODE.expires_at
    rig.push.push(an_event("session.qr"))
    assert told(rig, "mo") == []


def join(rig: Rig, who: Principal) -> None:
    rig.socketio.open(lambda: who, "1.2.3.4", connection=who.name)
    for frame in ("40", '42["join-session","ana"]'):
        rig.socketio.hear(who.name, frame, lambda _: who)


def test_in_a_room_who_may_only_read_hears_the_status_and_not_the_code(rig):
    join(rig, RITA)
    join(rig, MO)
    (session,) = rig.stores.sessions.rows.values()
    rig.stores.sessions.rows[session.uid] = replace(session, qr=replace(CODE, expires_at=NOW + 90_000, attempt=2))
    rig.push.push(an_event("session.qr"))
    assert "notLogged" in told(rig, "rita")[-1]
    assert not tells_a_code(told(rig, "rita"))
    assert sum('"qr-code"' in text for text in told(rig, "mo")) == 2


def test_a_token_that_is_shown_later_brings_its_own_right(rig):
    rig.socketio.open(None, "1.2.3.4", connection="c1")
    rig.socketio.hear("c1", '40{"token":"rita"}', lambda _: RITA)
    rig.socketio.hear("c1", '42["join-session","ana"]', lambda _: RITA)
    assert not tells_a_code(told(rig, "c1"))


def test_who_loses_the_right_to_link_is_watching_no_more(rig):
    rig.accounts.first_administrator("admin", "admin123", "default")
    rig.users.register("default", "mo", "a password", Role.MEMBER)
    rig.watching.connect("w1", MO, session="ana", dialect="enveloped")
    rig.users.change("default", "mo", role=Role.READ_ONLY)
    rig.push.push(an_event("session.qr"))
    assert told(rig, "w1") == []
    assert rig.sockets.closed == ["w1"]
