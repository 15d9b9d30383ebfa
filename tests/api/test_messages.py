"""Messages over HTTP: one, and pages of them."""

from dataclasses import replace

import pytest

from chalicelib.domain.jid import Identity
from chalicelib.domain.messages import Direction, MessageStatus, Party
from tests.api.conftest import Caller, World
from tests.makers import a_message, a_running_session

M = [f"01KDVM3W00MESSAGE0000000{number:02}" for number in range(10)]
"""Ids of messages, in order."""
BOTH = pytest.mark.parametrize("path", ["/api/sessions/ana/messages", "/sessions/ana/messages"])


@pytest.fixture
def stocked(world: World) -> World:
    """A session with five messages, the first five of M."""
    session = world.put(a_running_session())
    for number in range(5):
        world.stores.messages.put(a_message(id=M[number], uid=session.uid, created_at=world.clock.now))
    return world


def test_a_received_message_says_who_wrote_it(stocked: World, ana: Caller) -> None:
    stocked.stores.messages.put(
        a_message(
            id=M[9],
            created_at=1_736_337_600_000 + 10**12,
            direction=Direction.INBOUND,
            status=MessageStatus.RECEIVED,
            sender=Party("628987654321", "200000000000002", "Bo"),
            chat="200000000000002@lid",
            to="6281234567890@s.whatsapp.net",
            text="Kopi?",
            whatsapp_id="3A01",
        )
    )
    answer = ana("GET", f"/api/sessions/ana/messages/{M[9]}")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json["data"] == {
        "id": M[9],
        "message_id": "3A01",
        "session": "ana",
        "direction": "inbound",
        "from_me": False,
        "status": "received",
        "chat": "200000000000002@lid",
        "chat_lid": "200000000000002@lid",
        "to": "6281234567890",
        "from": "628987654321",
        "from_lid": "200000000000002",
        "from_name": "Bo",
        "type": "text",
        "message": "Kopi?",
        "timestamp": "2056-09-16T13:46:40.000Z",
        "sent_at": None,
        "delivered_at": None,
        "read_at": None,
    }
    bare = ana("GET", f"/sessions/ana/messages/{M[9]}").json
    assert (bare["messageId"], bare["from"], bare["fromLid"], bare["fromName"]) == (
        "3A01",
        "+628987654321",
        "200000000000002",
        "Bo",
    )
    assert (bare["to"], bare["message"], bare["fromMe"], bare["readAt"]) == ("+6281234567890", "Kopi?", False, None)


def test_whatsapp_s_id_is_as_good_as_ours(stocked: World, ana: Caller) -> None:
    stocked.stores.messages.note_whatsapp_id(
        replace(stocked.stores.messages.rows[a_message().uid, M[2]], whatsapp_id="3EB0")
    )
    assert ana("GET", "/api/sessions/ana/messages/3EB0").json["data"]["id"] == M[2]
    assert ana("GET", "/sessions/ana/messages/3EB0").json["id"] == M[2]


@BOTH
@pytest.mark.parametrize("name", ["unknown", "..", "a%00b", "a%2Fb", "x" * 129, "%F0%9F%98%80", f"{M[1]}%20"])
def test_an_unknown_message_is_not_there(stocked: World, ana: Caller, path: str, name: str) -> None:
    answer = ana("GET", f"{path}/{name}")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (404, "MESSAGE_NOT_FOUND", "message_id")


@BOTH
def test_another_session_s_or_tenant_s_message_is_not_there(
    stocked: World, ana: Caller, nobody: Caller, path: str
) -> None:
    stocked.put(a_running_session(id="bo", uid="bo's"))
    stocked.put(a_running_session(tenant="other", uid="theirs"))
    theirs = Caller(nobody.client, stocked.token(tenant="other"))
    for caller, where in ((ana, path.replace("ana", "bo")), (theirs, path)):
        answer = caller("GET", f"{where}/{M[1]}")
        assert (answer.status, answer.json["code"]) == (404, "MESSAGE_NOT_FOUND")
        listed = caller("GET", where).json
        assert listed.get("data", listed)["messages"] == []


def test_pages_follow_each_other_from_the_newest(stocked: World, ana: Caller) -> None:
    first = ana("GET", "/api/sessions/ana/messages?limit=2").json["data"]
    assert ([m["id"] for m in first["messages"]], first["count"]) == ([M[4], M[3]], 2)
    rest = ana("GET", f"/api/sessions/ana/messages?before={first['next_before']}").json["data"]
    assert [m["id"] for m in rest["messages"]] == [M[2], M[1], M[0]]
    assert "next_before" not in rest
    bare = ana("GET", "/sessions/ana/messages?limit=3").json
    assert ([m["id"] for m in bare["messages"]], bare["nextBefore"]) == ([M[4], M[3], M[2]], M[2])
    assert "nextBefore" not in ana("GET", "/sessions/ana/messages?limit=5").json


@BOTH
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("before=", "before"),
        ("before=%00", "before"),
        ("before=a%20b", "before"),
        ("before=xyz", "before"),
        ("before=01kdvm3w00message0000000a1", "before"),
        ("before=3EB0C767D0971A2B3C4D", "before"),
        ("before=" + "x" * 129, "before"),
    ],
)
def test_a_page_that_can_not_be_is_refused(stocked: World, ana: Caller, path: str, query: str, field: str) -> None:
    answer = ana("GET", f"{path}?{query}")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", field)


LID, NUMBER = "200000000000002@lid", "628987654321"


@pytest.mark.parametrize("path", ["/api/sessions/ana/messages", "/sessions/ana/messages"])
@pytest.mark.parametrize("chat", [NUMBER, f"%2B{NUMBER}", f"{NUMBER}@s.whatsapp.net", f"{NUMBER}@c.us", LID])
def test_one_chat_is_listed_by_any_name_of_its_person(stocked: World, ana: Caller, path: str, chat: str) -> None:
    stocked.stores.messages.rows.clear()
    for number, one in enumerate((LID, f"{NUMBER}@s.whatsapp.net", "1-2@g.us")):
        stocked.stores.messages.put(a_message(id=f"M{number}", chat=one, created_at=stocked.clock.now))
    stocked.stores.identities.note(
        a_message().uid, [LID], Identity(NUMBER, LID.partition("@")[0]), now=stocked.clock.now
    )
    answer = ana("GET", f"{path}?chat={chat}").json
    found = answer.get("data", answer)["messages"]
    assert [one["id"] for one in found] == ["M1", "M0"]
    assert {one["chat"] for one in found} == {f"{NUMBER}@s.whatsapp.net"}
    group = ana("GET", f"{path}?chat=1-2@g.us").json
    assert [one["id"] for one in group.get("data", group)["messages"]] == ["M2"]


@pytest.mark.parametrize("chat", ["", "ana", "0812345678", f"{NUMBER}@evil.example", "x@lid"])
def test_what_names_no_chat_is_refused(stocked: World, ana: Caller, chat: str) -> None:
    answer = ana("GET", f"/api/sessions/ana/messages?chat={chat}")
    assert (answer.status, answer.json["field"]) == (400, "chat")
