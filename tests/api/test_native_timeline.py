"""The native API's timeline of a session, who serves it, and when its messages last passed."""

from typing import Any

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.events import StartRequested
from chalicelib.domain.messages import Direction
from tests.api.conftest import Caller, World
from tests.api.test_native_events import LABEL, happen, written
from tests.makers import NOW, a_running_session, a_session


def test_a_timeline_begins_with_the_newest_and_goes_on_by_its_cursor(world: World, ana: Caller) -> None:
    world.put(a_session())
    for number in range(1, 6):
        happen(world, number)
    found, cursor = [], ""
    while True:
        page = ana("GET", f"/v1/sessions/ana/timeline?limit=2{cursor and f'&cursor={cursor}'}").json
        found += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert [one["id"] for one in found] == ["e5", "e4", "e3", "e2", "e1"]
    assert found[0] == {
        "id": "e5",
        "at": "2027-01-15T08:00:00.000Z",
        "type": "session.connected",
        "status": "CONNECTED",
        "reason": None,
        "message": None,
        "next_at": None,
        "until": None,
        "worker": None,
        "detail": {},
    }


def test_it_has_what_was_asked_and_nothing_of_messages(world: World, ana: Caller) -> None:
    world.put(a_session())
    happen(world, 1, StartRequested.type)
    happen(world, 2, "message.received", message="01M", kind="text")
    happen(world, 3)
    told = ana("GET", "/v1/sessions/ana/timeline").json["data"]
    assert [one["type"] for one in told] == ["session.connected", "session.start_requested"]


def test_it_goes_on_where_the_cursor_s_own_event_is_gone(world: World, ana: Caller) -> None:
    world.put(a_session())
    happen(world, 1)
    page = ana("GET", f"/v1/sessions/ana/timeline?cursor={written(9)}").json
    assert [one["id"] for one in page["data"]] == ["e1"]


@pytest.mark.parametrize("query", ["cursor=yesterday", f"cursor={LABEL}", "limit=0", "limit=101"])
def test_what_no_page_gave_is_refused(world: World, ana: Caller, query: str) -> None:
    world.put(a_session())
    answer = ana("GET", f"/v1/sessions/ana/timeline?{query}")
    assert (answer.status, answer.error["code"]) == (400, "INVALID_FIELD")
    assert answer.error["field"] == query.partition("=")[0]


def test_whoever_reads_sessions_reads_it_and_others_find_no_session(world: World, nobody: Caller, ana: Caller) -> None:
    world.put(a_session())
    happen(world, 1)
    reader = Caller(nobody.client, world.key(role=Role.READ_ONLY))
    assert len(reader("GET", "/v1/sessions/ana/timeline").json["data"]) == 1
    other = Caller(nobody.client, world.token(tenant="acme"))
    for caller, name in ((other, "ana"), (ana, "nobody")):
        answer = caller("GET", f"/v1/sessions/{name}/timeline")
        assert (answer.status, answer.error["code"]) == (404, "SESSION_NOT_FOUND")


def test_a_session_says_who_serves_it_also_in_a_list(world: World, ana: Caller) -> None:
    served = world.put(a_running_session())
    told: Any = ana("GET", "/v1/sessions/ana").json["worker"]
    assert (told["id"], told["epoch"], told["since"]) == (served.worker, 1, "2027-01-15T08:00:00.000Z")
    assert ana("GET", "/v1/sessions").json["data"][0]["worker"] == told
    world.put(a_session())
    assert ana("GET", "/v1/sessions/ana").json["worker"] is None


def test_one_session_says_when_its_messages_last_passed_a_list_does_not(world: World, ana: Caller) -> None:
    session = world.put(a_running_session())
    assert ana("GET", "/v1/sessions/ana").json["last_message"] == {"inbound": None, "outbound": None}
    world.stores.chats.passed(session.uid, Direction.INBOUND, NOW)
    told = ana("GET", "/v1/sessions/ana").json["last_message"]
    assert told == {"inbound": "2027-01-15T08:00:00.000Z", "outbound": None}
    assert "last_message" not in ana("GET", "/v1/sessions").json["data"][0]
