"""LetsBot's messages and chats over HTTP: what each body becomes, what is answered, and what is refused."""

from typing import Any

import pytest

from chalicelib.domain import content as c
from chalicelib.domain.access import Role
from chalicelib.domain.content import Content
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.questions import Composing, MarkRead, Question, Typing
from tests.api.conftest import Caller, World
from tests.api.test_sending import a_worker_fails, a_worker_sends
from tests.makers import DEVICE, a_message, a_running_session

BO, LID = "628987654321@s.whatsapp.net", "200000000000002@lid"
OURS, THEIRS = "01KDVM3W00MESSAGE0000000A1", "01KDVM3W00MESSAGE0000000A2"
FILE = "https://a.example/b/menu%20card.pdf?x=1"
TO = {"phone": "+62 898-7654-321"}


@pytest.fixture
def connected(world: World) -> World:
    world.put(a_running_session(device=DEVICE))
    a_worker_sends(world)
    return world


def put(world: World, **fields: Any) -> Message:
    message = a_message(**{"id": OURS, "status": MessageStatus.SENT, "created_at": world.clock.now, **fields})
    world.stores.messages.put(message)
    return message


def received(world: World, **fields: Any) -> Message:
    about = {"id": THEIRS, "direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "whatsapp_id": "3A01"}
    message = put(world, **{**about, "sender": Party("628987654321", "200000000000002", "Ben"), **fields})
    world.stores.messages.note_received(message, writer="200000000000002")
    return message


def the_sent(world: World) -> Message:
    (message,) = (one for one in world.stores.messages.rows.values() if one.id not in {OURS, THEIRS})
    return message


def told(world: World) -> list[Question]:
    """What WhatsApp is told: each question is answered while its asker waits."""
    asked: list[Question] = []

    def look() -> None:
        for question in world.answering.owed(a_running_session().uid, epoch=1):
            asked.append(question)
            world.answering.answer(world.answering.take(question, epoch=1) or question, None)

    world.while_waiting = look
    return asked


VCARD = (
    "BEGIN:VCARD\nVERSION:3.0\nN:;Ben;;;\nFN:Ben\nTEL;type=CELL;waid=4366012345:+4366012345\nNOTE:At\\, noon\nEND:VCARD"
)


@pytest.mark.parametrize(
    ("path", "body", "content"),
    [
        ("send/file", {"url": FILE}, c.Document(link=FILE, file_name="menu card.pdf")),
        (
            "send/file",
            {"url": FILE, "caption": "Menu"},
            c.Document(link=FILE, file_name="menu card.pdf", caption="Menu"),
        ),
        ("send/image", {"url": FILE, "caption": "Menu"}, c.Image(link=FILE, caption="Menu")),
        ("send/image", {"url": FILE, "caption": ""}, c.Image(link=FILE)),
        ("send/video", {"url": FILE, "caption": "Menu"}, c.Video(link=FILE, caption="Menu")),
        ("send/gif", {"url": FILE}, c.Video(link=FILE, gif=True)),
        ("send/audio", {"audio": FILE, "caption": "Menu"}, c.Audio(link=FILE)),
        ("send/ptt", {"url": FILE}, c.Audio(link=FILE, voice=True)),
        ("message/send/sticker", {"url": FILE}, c.Sticker(link=FILE)),
        ("send/location", {"lat": -6.2, "lng": "106.8"}, c.Location(-6.2, 106.8)),
        (
            "send/contact",
            {"contact": 4366012345, "name": "Ben", "description": "At, noon"},
            c.ContactCards((c.ContactCard("Ben", VCARD),)),
        ),
        ("message/send/mention", {"mention": "4366012345"}, c.Text("@4366012345")),
        ("message/send/disappearing", {"body": "1234", "duration": 60}, c.Text("1234")),
    ],
)
def test_a_body_becomes_its_content(
    *, connected: World, ana: Caller, path: str, body: dict[str, Any], content: Content
) -> None:
    answer = ana("POST", f"/api/v1/{path}", {**TO, **body})
    assert answer.status == 200, answer.content
    sent = the_sent(connected)
    assert (sent.to, sent.content) == (BO, content)
    assert answer.headers["Location"] == f"/api/sessions/ana/messages/{sent.id}"
    assert answer.json["message"] == "Message sent successfully"
    assert answer.json["data"] == {
        "key": {"remoteJid": BO, "fromMe": True, "id": sent.whatsapp_id},
        "message_id": sent.whatsapp_id,
        "id": sent.id,
        "status": "sent",
        "phone": "+628987654321",
        "timestamp": answer.json["data"]["timestamp"],
        "messageTimestamp": str(sent.created_at // 1000),
    }


def test_who_is_mentioned_and_when_it_disappears_is_the_message_s_context(connected: World, ana: Caller) -> None:
    ana("POST", "/api/v1/message/send/mention", {**TO, "mention": "4366012345", "body": "Ask @4366012345"})
    assert the_sent(connected).context == c.Context(mentions=("4366012345@s.whatsapp.net",))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [({}, 604_800), ({"duration": 60}, 86_400), ({"duration": "86401"}, 604_800), ({"duration": 7_776_000}, 7_776_000)],
)
def test_what_disappears_does_so_after_the_next_time_that_whatsapp_knows(
    *, connected: World, ana: Caller, said: dict[str, Any], seconds: int
) -> None:
    assert ana("POST", "/api/v1/message/send/disappearing", {**TO, "body": "1234", **said}).status == 200
    assert the_sent(connected).context == c.Context(expires_in=seconds)


@pytest.mark.parametrize("name", [THEIRS, "3A01"])
def test_a_message_is_named_by_either_id(connected: World, ana: Caller, name: str) -> None:
    received(connected, content=c.Text("When?"))
    assert ana("POST", "/api/v1/message/send/reply", {**TO, "body": "At nine", "messageId": name}).status == 200
    sent = the_sent(connected)
    assert sent.reply_to == THEIRS
    assert sent.context == c.Context(c.Quoted(c.Target("3A01", from_me=False, participant=LID), "text", "When?"))


def test_a_reaction_goes_to_its_message(connected: World, ana: Caller) -> None:
    received(connected)
    body = {**TO, "reaction": "❤️", "messageId": "3A01"}
    assert ana("POST", "/api/v1/message/send/reaction", body).status == 200
    assert the_sent(connected).content == c.Reaction(c.Target("3A01", from_me=False, participant=LID), "❤️")


def test_a_message_is_deleted_for_everybody(connected: World, ana: Caller) -> None:
    put(connected, whatsapp_id="3EB0", sent_at=connected.clock.now)
    answer = ana("DELETE", "/api/v1/message/delete", {**TO, "messageID": OURS})
    assert (answer.status, answer.json["message"]) == (200, "Message deleted successfully")
    assert the_sent(connected).content == c.Deleted(c.Target("3EB0", from_me=True))


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "message/send/reply", {"body": "x", "messageId": OURS}, "messageId"),
        ("POST", "message/send/reaction", {"reaction": "👍", "messageId": OURS}, "messageId"),
        ("DELETE", "message/delete", {"messageID": OURS}, "messageID"),
    ],
)
def test_a_message_of_another_chat_is_not_there(
    *, connected: World, ana: Caller, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    put(connected, whatsapp_id="3EB0", chat="4366012345@s.whatsapp.net")
    answer = ana(method, f"/api/v1/{path}", {**TO, **body})
    assert answer.status in {404, 422}
    assert answer.json["code"] in {"MESSAGE_NOT_FOUND", "QUOTED_MESSAGE_NOT_FOUND"}
    assert answer.json["field"] == field
    assert len(connected.stores.messages.rows) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("send/image", {"url": "http://a.example/b"}, "url"),
        ("send/image", {"url": "https://10.0.0.1/b"}, "url"),
        ("send/image", {"url": "menu.png"}, "url"),
        ("send/audio", {"audio": "ftp://a.example/b"}, "audio"),
        ("send/location", {"lat": 91, "lng": 0}, "lat"),
        ("send/location", {"lat": 0, "lng": "east"}, "lng"),
        ("send/location", {"lat": "nan", "lng": 0}, "lat"),
        ("send/contact", {"contact": "Ben", "name": "Ben"}, "contact"),
        ("message/send/reaction", {"reaction": "yes", "messageId": THEIRS}, "reaction"),
        ("message/send/mention", {"mention": "4366012345", "body": "Hi"}, "mention"),
        ("message/send/disappearing", {"body": "x", "duration": 0}, "duration"),
        ("message/send/disappearing", {"body": "x", "duration": "soon"}, "duration"),
        ("message/send/disappearing", {"body": "x", "duration": 7_776_001}, "duration"),
        ("send/file", {"phone": "1", "url": FILE}, "phone"),
    ],
)
def test_what_is_wrong_is_refused_by_the_family_s_name(
    *, connected: World, ana: Caller, path: str, body: dict[str, Any], field: str
) -> None:
    received(connected)
    answer = ana("POST", f"/api/v1/{path}", {**TO, **body})
    assert (answer.status, answer.json["success"], answer.json["field"]) == (400, False, field)
    assert len(connected.stores.messages.rows) == 1


def test_a_failed_send_tells_of_its_message(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    a_worker_fails(world, "not_on_whatsapp")
    answer = ana("POST", "/api/v1/send/image", {**TO, "url": FILE})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "NOT_ON_WHATSAPP", "phone")
    assert answer.json["data"]["status"] == "failed"


def test_a_repeated_call_with_its_key_sends_once(connected: World, ana: Caller) -> None:
    first, again = (ana("POST", "/api/v1/send/image", {**TO, "url": FILE}, Idempotency_Key="k") for _ in range(2))
    assert first.json == again.json
    assert ana("POST", "/api/v1/send/image", {**TO, "url": FILE + "2"}, Idempotency_Key="k").status == 422
    assert len(connected.stores.messages.rows) == 1


def test_one_message_is_given_as_the_list_has_it(connected: World, ana: Caller) -> None:
    message = received(connected, content=c.Image(caption="Plan", mimetype="image/png"))
    one = ana("GET", "/api/v1/message/id?phone=628987654321&messageID=3A01").json
    assert one["data"] == {
        "key": {"remoteJid": BO, "fromMe": False, "id": "3A01"},
        "message_id": "3A01",
        "id": THEIRS,
        "status": "received",
        "phone": "+628987654321",
        "timestamp": one["data"]["timestamp"],
        "messageTimestamp": str(message.created_at // 1000),
        "from_me": False,
        "name": "Ben",
        "type": "image",
        "body": "Plan",
        "content": {"image": {"mimetype": "image/png"}},
    }
    listed = ana("GET", "/api/v1/message/fetch?limit=5").json["data"]
    assert listed == {"messages": [one["data"]], "count": 1}


def test_messages_are_fetched_by_pages(connected: World, ana: Caller) -> None:
    put(connected)
    received(connected)
    first = ana("GET", "/api/v1/message/fetch?limit=1").json["data"]
    assert [one["id"] for one in first["messages"]] == [THEIRS]
    rest = ana("GET", f"/api/v1/message/fetch?before={first['next_before']}").json["data"]
    assert ([one["id"] for one in rest["messages"]], "next_before" in rest) == ([OURS], False)


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("", 400, "phone"),
        ("?phone=628987654321", 400, "messageID"),
        ("?phone=628987654321&messageID=none", 404, "messageID"),
        ("?phone=628987654321&messageID=%F0%9F%98%80", 404, "messageID"),
        ("?phone=4366012345&messageID=3A01", 404, "messageID"),
    ],
)
def test_a_message_that_is_not_named_or_not_there_is_not_given(
    *, connected: World, ana: Caller, query: str, status: int, field: str
) -> None:
    received(connected)
    answer = ana("GET", f"/api/v1/message/id{query}")
    assert (answer.status, answer.json["field"]) == (status, field)


@pytest.mark.parametrize(("path", "state"), [("typing", "typing"), ("recording", "recording")])
def test_what_the_account_does_is_shown_in_a_chat(connected: World, ana: Caller, path: str, state: str) -> None:
    asked = told(connected)
    answer = ana("POST", f"/api/v1/chat/{path}", {"chat": "120363020310020819@g.us"})
    assert answer.status == 200, answer.content
    assert answer.json["data"]["phone"] == "120363020310020819@g.us"
    assert [one.typing for one in asked] == [Typing("120363020310020819@g.us", Composing(state))]


@pytest.mark.parametrize(
    ("presence", "state"), [("composing", "typing"), ("recording", "recording"), ("paused", "paused")]
)
def test_a_presence_in_a_chat_is_shown_there(connected: World, ana: Caller, presence: str, state: str) -> None:
    asked = told(connected)
    answer = ana("POST", "/api/v1/instance/set/presence", {"presence": presence, "mixed": TO["phone"]})
    assert (answer.status, answer.json["data"]) == (200, {"presence": presence, "phone": "+628987654321"})
    assert [one.typing for one in asked] == [Typing(BO, Composing(state))]
    answer = ana("POST", "/api/v1/instance/set/presence", {"presence": presence})
    assert (answer.status, answer.json["field"]) == (400, "mixed")


@pytest.mark.parametrize(("presence", "online"), [("available", True), ("unavailable", False)])
def test_a_presence_is_shown_to_everybody(*, connected: World, ana: Caller, presence: str, online: bool) -> None:
    asked = told(connected)
    answer = ana("POST", "/api/v1/instance/set/presence", {"presence": presence, "mixed": TO["phone"]})
    assert (answer.status, answer.json["data"]) == (200, {"presence": presence, "phone": None})
    assert [one.online for one in asked] == [online]


def test_a_chat_is_read_to_its_newest_message(connected: World, ana: Caller) -> None:
    asked = told(connected)
    received(connected)
    answer = ana("POST", "/api/v1/chat/read", TO)
    assert (answer.status, answer.json["data"]) == (200, {"phone": "+628987654321", "status": "read"})
    assert [one.reads for one in asked] == [(MarkRead(LID, LID, ("3A01",)),)]
    assert ana("POST", "/api/v1/chat/read", {"phone": "4366012345"}).json["code"] == "MESSAGE_NOT_FOUND"


IMPOSSIBLE = [
    *(f"button{more}" for more in ("", "/image", "/video", "/location", "/document", "/template")),
    *(f"button/{kind}/template" for kind in ("image", "video", "location", "document")),
    *(f"chat/{verb}" for verb in ("unread", "archive", "unarchive", "pin", "unpin", "mute", "unmute")),
    *("list/message", "share/catalog", "product", "product/create", "product/get/order"),
]


@pytest.mark.parametrize("path", IMPOSSIBLE)
def test_what_a_linked_device_can_not_do_says_so(ana: Caller, path: str) -> None:
    answer = ana("POST", f"/api/v1/{path}", {**TO, "body": "Choose", "buttons": [{"id": 1}]})
    assert (answer.status, answer.json["success"], answer.json["code"]) == (501, False, "NOT_POSSIBLE")


def test_a_product_is_not_given(ana: Caller) -> None:
    assert ana("GET", "/api/v1/product/id?phone=628987654321&productId=7").status == 501


def test_who_may_only_read_sends_nothing(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    reader = Caller(ana.client, world.token(role=Role.READ_ONLY))
    assert reader("POST", "/api/v1/send/image", {**TO, "url": FILE}).status == 403
    assert reader("GET", "/api/v1/message/fetch").status == 200
