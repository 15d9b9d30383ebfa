"""The Socket.IO API's other routes about a session."""

import pytest

from chalicelib.domain.session import Desired, Status
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_running_session, a_session

BODY = {"to": "628987654321@c.us", "message": "Kopi at nine?"}


def a_worker_sends(world: World) -> None:
    def work() -> None:
        for owed in world.dispatch.owed(a_session().uid):
            sending = world.dispatch.begin(owed, epoch=1)
            assert sending
            world.dispatch.sent(sending, "3EB0")

    world.while_waiting = work


@pytest.fixture(autouse=True)
def session(world: World) -> None:
    world.put(a_running_session(device=DEVICE))
    world.allow_anonymous = True


def test_a_reconnect_starts_what_was_stopped_and_answers_at_once(world: World, nobody: Caller) -> None:
    world.put(a_session(status=Status.STOPPED, desired=Desired.STOPPED))
    before = world.clock.now
    answer = nobody("POST", "/api/sessions/ana/reconnect")
    assert (answer.status, answer.json["data"]["reconnecting"]) == (200, True)
    assert answer.json["data"]["websocketRoom"] == "session-ana"
    assert answer.json["data"]["events"]["sessionComplete"] == "session-complete"
    assert world.stores.sessions.find("default", "ana").desired is Desired.RUNNING  # type: ignore[union-attr]
    assert world.clock.now == before


def test_a_reconnect_of_what_runs_changes_nothing(world: World, nobody: Caller) -> None:
    before = dict(world.stores.sessions.rows)
    assert nobody("POST", "/api/sessions/ana/reconnect").status == 200
    assert world.stores.sessions.rows == before


def test_a_text_is_sent_once_a_key(world: World, nobody: Caller) -> None:
    a_worker_sends(world)
    answer = nobody("POST", "/api/sessions/ana/send-message", BODY, Idempotency_Key="k")
    assert (answer.status, answer.json["data"]["message_id"]) == (200, "3EB0")
    assert answer.json["isAuthenticated"] is True
    assert nobody("POST", "/api/sessions/ana/send-message", BODY, Idempotency_Key="k") == answer
    assert len(world.stores.messages.rows) == 1


def test_a_session_that_is_not_connected_says_so_in_the_family_s_words(world: World, nobody: Caller) -> None:
    world.put(a_running_session(status=Status.DISCONNECTED, device=DEVICE))
    answer = nobody("POST", "/api/sessions/ana/send-message", BODY)
    assert (answer.status, answer.json["success"], answer.json["isAuthenticated"]) == (409, False, False)
    assert answer.json["message"] == "Session disconnected. Please reconnect."


@pytest.mark.parametrize("missing", ["to", "message"])
def test_a_missing_field_is_named(nobody: Caller, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    answer = nobody("POST", "/api/sessions/ana/send-message", body)
    assert (answer.status, answer.json["success"], answer.json["field"]) == (400, False, missing)


def test_how_a_session_stands_is_asked_in_three_ways(nobody: Caller) -> None:
    told = [nobody("GET", f"/api/sessions/ana/{what}").json for what in ("connection-state", "authenticated", "wid")]
    assert [one["success"] for one in told] == [True] * 3
    assert [one["data"] for one in told] == [
        {"connectionState": "CONNECTED"},
        {"isAuthenticated": True},
        {"wid": f"{DEVICE.phone}@c.us"},
    ]


def test_a_delete_is_answered_in_both_families_words(world: World, ana: Caller) -> None:
    world.while_waiting = world.stores.sessions.rows.clear
    answer = ana("DELETE", "/api/sessions/ana")
    data = answer.json["data"]
    assert (answer.status, data["id"], data["sessionName"]) == (200, "ana", "ana")
    assert data["deleted"] is data["clientRemoved"] is data["dataDirectoryDeleted"] is True
    assert data["timestamp"].endswith("Z")


def test_a_delete_that_goes_on_is_not_called_done(ana: Caller) -> None:
    answer = ana("DELETE", "/api/sessions/ana")
    assert (answer.status, answer.json["data"]["deleted"]) == (202, False)
