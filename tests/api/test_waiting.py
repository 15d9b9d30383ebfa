"""Calls that wait for what others do, and how few of them may."""

from dataclasses import replace

import pytest

from chalicelib.config import settings
from chalicelib.domain.session import Session, Status
from chalicelib.services.ports.waiting import WaitingPlace
from chalicelib.services.waiting import A_MOMENT
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_code, a_running_session

QR = "/v1/sessions/ana/qr?wait=20"
SEND = "/v1/sessions/ana/messages?wait=10"
TEXT = {"to": {"phone": "+628987654321"}, "type": "text", "text": {"body": "Kopi?"}}


@pytest.fixture
def taken(world: World) -> WaitingPlace:
    """The only place, which another call has."""
    world.places.most = 1
    place = world.places.take(now=world.clock(), until=world.clock() + 60_000)
    assert place is not None
    return place


def shows(world: World, session: Session) -> None:
    """Have the session's worker show a code."""
    world.put(replace(session, status=Status.SCAN_QR, qr=a_code(expires_at=world.clock() + 60_000)))


def test_who_finds_no_place_is_told_at_once_to_come_again(world: World, ana: Caller, taken: WaitingPlace) -> None:
    world.put(a_running_session(status=Status.STARTING))
    began = world.clock()
    answer = ana("GET", QR)
    assert (answer.status, answer.error["code"]) == (503, "QR_NOT_READY")
    assert int(answer.headers["Retry-After"]) > 0
    assert world.clock() - began <= A_MOMENT * 1000


def test_a_message_without_a_place_is_queued_all_the_same(world: World, ana: Caller, taken: WaitingPlace) -> None:
    world.put(a_running_session(device=DEVICE))
    began = world.clock()
    answer = ana("POST", SEND, TEXT)
    assert (answer.status, answer.json["status"]) == (202, "queued")
    assert world.clock() - began <= A_MOMENT * 1000


def test_who_has_a_place_waits_and_gives_it_back(world: World, ana: Caller) -> None:
    session = world.put(a_running_session(status=Status.STARTING))
    began = world.clock()

    def scans() -> None:
        if world.clock() - began > 5_000:
            shows(world, session)

    world.while_waiting = scans
    assert ana("GET", QR).status == 200
    assert (world.places.taken, world.places.ends) == (1, {})


def test_what_comes_within_a_moment_needs_no_place(world: World, ana: Caller, taken: WaitingPlace) -> None:
    session = world.put(a_running_session(status=Status.STARTING))
    world.while_waiting = lambda: shows(world, session)
    assert ana("GET", QR).status == 200


def test_a_poll_needs_no_place_while_polls_have_a_function_s_reserve(
    world: World, ana: Caller, taken: WaitingPlace
) -> None:
    sid = ana("GET", "/socket.io?EIO=4&transport=polling").content.decode().split('"sid":"')[1].split('"')[0]
    assert ana("GET", f"/socket.io?EIO=4&transport=polling&sid={sid}").status == 200


def test_else_a_poll_without_a_place_is_refused(
    world: World, ana: Caller, taken: WaitingPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = ana("GET", "/socket.io?EIO=4&transport=polling").content.decode().split('"sid":"')[1].split('"')[0]
    monkeypatch.setenv("POLLS_APART", "0")
    settings.cache_clear()
    try:
        answer = ana("GET", f"/socket.io?EIO=4&transport=polling&sid={sid}")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        world.places.give_back(taken)
        assert ana("GET", f"/socket.io?EIO=4&transport=polling&sid={sid}").status == 200
        assert world.places.ends == {}
    finally:
        settings.cache_clear()
