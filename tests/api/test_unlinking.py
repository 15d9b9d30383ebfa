"""Logout and deletion while WhatsApp can't be told: the same outcome, in the same words, in every family."""

from collections.abc import Callable

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.session import SENTENCES, Reason, Session
from chalicelib.domain.transitions import advance
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_running_session, a_session

UNCONFIRMED = SENTENCES[Reason.UNLINK_UNCONFIRMED]


def a_worker_ends_it(world: World, *, confirmed: bool) -> Callable[[], None]:
    """Play the worker and the reconciler: the device's keys are removed, and a deleted session with them."""

    def work() -> None:
        for session in list(world.stores.sessions.rows.values()):
            if session.desired == "unlinked" and not session.answered:
                world.put(reported(world, session, e.Unlinked(confirmed=confirmed)))
            elif session.desired == "stopped" and not session.answered:
                world.put(reported(world, session, e.Stopped()))
            elif session.desired == "deleted":
                world.stores.sessions.remove(world.put(reported(world, session, e.Erased(confirmed=confirmed))))

    return work


def reported(world: World, session: Session, event: e.LinkEvent) -> Session:
    return advance(session, event, now=world.clock(), event_id="01E")


@pytest.fixture
def session(world: World) -> Session:
    return world.put(a_running_session(device=DEVICE))


@pytest.mark.parametrize(
    ("method", "path", "done"),
    [
        ("DELETE", "/api/sessions/ana", "Session deleted"),
        ("POST", "/api/sessions/ana/logout", "Session logged out successfully"),
        ("DELETE", "/sessions/ana", "Session deleted successfully"),
        ("POST", "/sessions/ana/logout", None),
        ("POST", "/api/v1/session/logout", "Successfully logged out"),
    ],
)
@pytest.mark.usefixtures("session")
def test_what_whatsapp_could_not_be_told_is_said_with_what_to_do(
    world: World, ana: Caller, method: str, path: str, done: str | None
) -> None:
    world.while_waiting = a_worker_ends_it(world, confirmed=False)
    answer = ana(method, path)
    said = answer.json.get("data", answer.json)
    assert (answer.status, said["reason"]) == (200, "unlink_unconfirmed")
    assert answer.json["message"] == (f"{done}. {UNCONFIRMED}" if done else UNCONFIRMED)


@pytest.mark.parametrize(
    ("method", "path", "done"),
    [
        ("DELETE", "/api/sessions/ana", "Session deleted"),
        ("POST", "/api/sessions/ana/logout", "Session logged out successfully"),
        ("POST", "/api/sessions/ana/disconnect", "Session disconnected"),
        ("DELETE", "/sessions/ana", "Session deleted successfully"),
        ("POST", "/api/v1/session/logout", "Successfully logged out"),
    ],
)
@pytest.mark.usefixtures("session")
def test_what_whatsapp_was_told_is_simply_done(world: World, ana: Caller, method: str, path: str, done: str) -> None:
    world.while_waiting = a_worker_ends_it(world, confirmed=True)
    answer = ana(method, path)
    assert answer.json["message"] == done
    assert "unlink_unconfirmed" not in str(answer.json)


@pytest.mark.parametrize(
    ("path", "goes_on"),
    [
        ("/api/sessions/ana/logout", "Session is being logged out"),
        ("/api/sessions/ana/disconnect", "Session is being disconnected"),
        ("/api/v1/session/logout", "The session is being logged out"),
    ],
)
@pytest.mark.usefixtures("session")
def test_what_goes_on_is_not_said_to_be_done(ana: Caller, path: str, goes_on: str) -> None:
    assert ana("POST", path).json["message"] == goes_on


def test_a_session_that_never_had_a_worker_leaves_nothing_on_a_phone(world: World, ana: Caller) -> None:
    stands = world.put(a_session())
    world.stores.sessions.left[stands.uid] = Reason.UNLINK_UNCONFIRMED
    world.while_waiting = world.stores.sessions.rows.clear
    assert ana("DELETE", "/api/sessions/ana").json["message"] == "Session deleted"
