"""Questions about people and groups over HTTP, and the send that names its session."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.limits import Pace
from chalicelib.domain.questions import PLACES, Contact, Group, GroupList, Question, Subject, taken
from chalicelib.domain.questions import answered as with_answer
from chalicelib.domain.session import Status
from tests.api.conftest import Caller, World
from tests.fakes import MemoryPaces
from tests.makers import DEVICE, a_code, a_running_session

CHECK, GROUPS, SEND = "/api/sessions/ana/check-number", "/api/sessions/ana/groups", "/api/send"
NUMBER = {"number": "+62 811-1111-1111"}
THERE = Contact(exists=True, jid="6281111111111@s.whatsapp.net")
KOPI = Group("1@g.us", "Kopi ☕", "Jam 9", "6281111111111@s.whatsapp.net", 1_795_237_551)
TEXT = {"to": "628987654321", "message": "Kopi at nine?"}


@pytest.fixture
def connected(world: World) -> World:
    world.put(a_running_session(device=DEVICE))
    return world


def a_worker_answers(world: World, work: Callable[[Question], Any]) -> None:
    """While somebody waits, all that is asked is taken, and ``work`` says what becomes of it."""

    def look() -> None:
        for question in world.answering.owed(a_running_session().uid, epoch=1):
            begun = world.answering.take(question, epoch=1)
            assert begun
            work(begun)

    world.while_waiting = look


def a_worker_sends(world: World) -> None:
    def look() -> None:
        for session in list(world.stores.sessions.rows.values()):
            for owed in world.dispatch.owed(session.uid):
                begun = world.dispatch.begin(owed, epoch=1)
                assert begun
                world.dispatch.sent(begun, "3EB0C431C26A1916E07A")

    world.while_waiting = look


def test_a_number_that_is_on_whatsapp_is_answered_in_both_shapes(connected: World, ana: Caller) -> None:
    asked: list[str | None] = []

    def work(question: Question) -> None:
        asked.append(question.number)
        connected.answering.answer(question, THERE)

    a_worker_answers(connected, work)
    answer = ana("POST", CHECK, NUMBER)
    bare = {"exists": True, "number": NUMBER["number"], "jid": THERE.jid}
    assert (answer.status, answer.json) == (200, {"success": True, "data": bare, **bare})
    assert asked == ["6281111111111"]
    assert connected.stores.questions.rows == {}


def test_a_number_that_isn_t_has_no_jid(connected: World, ana: Caller) -> None:
    a_worker_answers(connected, lambda question: connected.answering.answer(question, Contact(exists=False)))
    answer = ana("POST", CHECK, NUMBER).json
    assert answer["data"] == {"exists": False, "number": NUMBER["number"]}
    assert "jid" not in answer


def test_groups_are_listed(connected: World, ana: Caller) -> None:
    a_worker_answers(connected, lambda question: connected.answering.answer(question, [KOPI]))
    answer = ana("GET", GROUPS)
    told = {
        "jid": "1@g.us",
        "name": "Kopi ☕",
        "topic": "Jam 9",
        "owner": "6281111111111@s.whatsapp.net",
        "created": 1_795_237_551,
    }
    assert (answer.status, answer.json) == (200, {"success": True, "data": [told], "complete": True})


def test_groups_that_are_too_many_are_said_to_be(connected: World, ana: Caller) -> None:
    some = GroupList((KOPI,), complete=False)
    a_worker_answers(connected, lambda question: connected.stores.questions.move(with_answer(question, some)))
    assert ana("GET", GROUPS).json["complete"] is False


@pytest.mark.parametrize(("method", "path", "body"), [("POST", CHECK, NUMBER), ("GET", GROUPS, None)])
class TestNoAnswer:
    """What both questions are refused with."""

    def test_in_time(self, connected: World, ana: Caller, method: str, path: str, body: Any) -> None:
        answer = ana(method, path, body)
        assert (answer.status, answer.json["code"]) == (503, "ANSWER_NOT_READY")
        assert answer.headers["Retry-After"] == "5"
        assert connected.stores.questions.rows == {}

    def test_while_the_session_isn_t_connected(
        self, world: World, ana: Caller, method: str, path: str, body: Any
    ) -> None:
        world.put(a_running_session(status=Status.SCAN_QR, qr=a_code(expires_at=world.clock.now + 60_000)))
        answer = ana(method, path, body)
        assert (answer.status, answer.json["code"]) == (409, "SESSION_NOT_CONNECTED")
        assert answer.json["needs_qr"] is True
        assert answer.json["data"]["qr"]

    def test_while_it_is_switched_off(self, world: World, ana: Caller, method: str, path: str, body: Any) -> None:
        world.put(a_running_session(device=DEVICE, enabled=False))
        assert ana(method, path, body).json["code"] == "SESSION_DISABLED"

    def test_where_whatsapp_refuses(self, connected: World, ana: Caller, method: str, path: str, body: Any) -> None:
        a_worker_answers(connected, lambda question: connected.answering.refuse(question, "WhatsApp says no."))
        answer = ana(method, path, body)
        assert (answer.status, answer.json["code"], answer.json["error"]) == (
            502,
            "ANSWER_REFUSED",
            "WhatsApp says no.",
        )

    def test_over_the_pace(self, world: World, ana: Caller, method: str, path: str, body: Any) -> None:
        world.stores.paces = MemoryPaces(Pace(burst=1, per_minute=20))
        world.put(a_running_session(device=DEVICE))
        ana(method, path, body)
        world.clock.now -= 10_000
        answer = ana(method, path, body)
        assert (answer.status, answer.json["code"]) == (429, "TOO_FAST")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60

    def test_while_too_many_wait(self, connected: World, ana: Caller, method: str, path: str, body: Any) -> None:
        uid, now = a_running_session().uid, connected.clock.now
        for place in range(PLACES):
            question = Question(uid, f"Q{place}", Subject.GROUPS, now, place=place)
            connected.stores.questions.put(question, now=now)
            connected.stores.questions.move(taken(question, epoch=1))
        answer = ana(method, path, body)
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (429, "TOO_MANY_QUESTIONS", "1")
        assert len(connected.stores.questions.rows) == PLACES


@pytest.mark.parametrize("body", [{}, {"number": ""}, {"number": "12"}, {"number": "ana"}, {"number": 628}])
def test_what_is_no_number_isn_t_asked_about(connected: World, ana: Caller, body: dict[str, Any]) -> None:
    answer = ana("POST", CHECK, body)
    assert (answer.status, answer.json["field"]) == (400, "number")
    assert (connected.mailboxes.rung, connected.stores.paces.full_at) == ([], {})


def test_who_may_only_read_may_list_groups_and_not_look_up_numbers(connected: World, nobody: Caller) -> None:
    reader = Caller(nobody.client, connected.token(role=Role.READ_ONLY))
    a_worker_answers(connected, lambda question: connected.answering.answer(question, []))
    assert reader("GET", GROUPS).status == 200
    assert reader("POST", CHECK, NUMBER).status == 403


@pytest.mark.parametrize(
    "named",
    [
        {"session_id": "ana"},
        {"phone": "ana"},
        {"phone": "6281234567890"},
        {"phone": "+62 812-3456-7890"},
        {"session_id": "6281234567890"},
        {"session_id": "ana", "phone": "+6281234567890"},
        {"session_id": "ana", "phone": ""},
    ],
)
def test_a_send_names_its_session_by_id_or_by_number(connected: World, ana: Caller, named: dict[str, str]) -> None:
    a_worker_sends(connected)
    answer = ana("POST", SEND, named | TEXT)
    data = answer.json["data"]
    assert (answer.status, data["message_id"], data["session"]) == (200, "3EB0C431C26A1916E07A", "ana")
    assert data["timestamp"]
    assert ana("GET", answer.headers["Location"]).json["data"]["message"] == TEXT["message"]


def test_of_several_sessions_of_a_number_the_connected_one_sends(connected: World, ana: Caller) -> None:
    connected.put(a_running_session(id="aaa", uid="aaa", device=DEVICE, status=Status.STOPPED))
    a_worker_sends(connected)
    assert ana("POST", SEND, {"phone": "6281234567890"} | TEXT).json["data"]["session"] == "ana"
    connected.put(replace(a_running_session(device=DEVICE), status=Status.DISCONNECTED))
    refused = ana("POST", SEND, {"phone": "6281234567890"} | TEXT)
    assert (refused.status, refused.json["code"]) == (409, "SESSION_NOT_CONNECTED")


@pytest.mark.parametrize(
    "named",
    [{"session_id": "bob"}, {"phone": "628999999999"}, {"session_id": "ana", "phone": "628999999999"}, {"phone": "?"}],
)
def test_a_send_from_a_session_that_isn_t_there_is_refused(
    connected: World, ana: Caller, named: dict[str, str]
) -> None:
    answer = ana("POST", SEND, named | TEXT)
    assert (answer.status, answer.json["code"]) == (404, "SESSION_NOT_FOUND")
    assert connected.stores.messages.rows == {}


def test_a_send_that_names_no_session_is_refused(connected: World, ana: Caller) -> None:
    answer = ana("POST", SEND, TEXT)
    assert (answer.status, answer.json["field"]) == (400, "session_id")


def test_a_bound_key_sends_from_its_session_named_or_not(connected: World, nobody: Caller) -> None:
    key = Caller(nobody.client, connected.key(session="ana"))
    a_worker_sends(connected)
    for named in ({}, {"session_id": "ana"}, {"phone": "+6281234567890"}):
        assert key("POST", SEND, named | TEXT).json["data"]["session"] == "ana"


@pytest.mark.parametrize("named", [{"session_id": "ana"}, {"phone": "6281234567890"}, {"session_id": "nobody"}])
def test_a_key_of_another_session_learns_nothing_of_this_one(
    connected: World, nobody: Caller, named: dict[str, str]
) -> None:
    connected.put(a_running_session(id="bob", uid="bob"))
    key = Caller(nobody.client, connected.key(session="bob"))
    answer = key("POST", SEND, named | TEXT)
    assert (answer.status, answer.json["code"]) == (404, "SESSION_NOT_FOUND")
    assert connected.stores.messages.rows == {}


@pytest.mark.parametrize("named", [{"session_id": "ana"}, {"phone": "6281234567890"}])
def test_another_tenant_s_session_sends_nothing(connected: World, nobody: Caller, named: dict[str, str]) -> None:
    stranger = Caller(nobody.client, connected.token(tenant="other"))
    answer = stranger("POST", SEND, named | TEXT)
    assert (answer.status, answer.json["code"]) == (404, "SESSION_NOT_FOUND")


def test_a_send_that_is_repeated_with_its_key_is_sent_once(connected: World, ana: Caller) -> None:
    a_worker_sends(connected)
    body = {"session_id": "ana"} | TEXT
    first, again = (ana("POST", SEND, body, Idempotency_Key="k1").json["data"]["id"] for _ in range(2))
    assert first == again
    assert len(connected.stores.messages.rows) == 1
    other = ana("POST", SEND, body | {"message": "Teh?"}, Idempotency_Key="k1")
    assert (other.status, other.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
