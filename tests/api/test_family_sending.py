"""The enveloped and the bare API's routes that send more than texts: what each body becomes, and what is answered."""

import base64
from typing import Any

import pytest

from chalicelib.domain import content as c
from chalicelib.domain.access import Role
from chalicelib.domain.content import Content
from chalicelib.domain.jid import STATUS
from chalicelib.domain.questions import Composing, MarkRead, Typing
from tests.api.conftest import Caller, World
from tests.api.test_letsbot_messages import BO, LID, OURS, THEIRS, put, received, the_sent, told
from tests.api.test_sending import a_worker_fails, a_worker_sends
from tests.makers import DEVICE, a_running_session

API, BARE = "/api/sessions/ana", "/sessions/ana"
TO = {"to": 628987654321}
FILE = "https://a.example/b/menu"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
IN_BASE64 = base64.b64encode(PNG).decode()


@pytest.fixture
def connected(world: World) -> World:
    world.put(a_running_session(device=DEVICE))
    a_worker_sends(world)
    return world


@pytest.mark.parametrize(
    ("path", "body", "content"),
    [
        (f"{API}/send-location", {"latitude": -6.2, "longitude": 106}, c.Location(-6.2, 106.0)),
        (
            f"{API}/send-file-url",
            {"url": f"{FILE}.png", "caption": "Menu"},
            c.Image(link=f"{FILE}.png", caption="Menu"),
        ),
        (f"{API}/send-file-url", {"url": f"{FILE}.mp4"}, c.Video(link=f"{FILE}.mp4")),
        (f"{API}/send-file-url", {"url": f"{FILE}.mp3", "caption": "x"}, c.Audio(link=f"{FILE}.mp3")),
        (f"{API}/send-file-url", {"url": FILE}, c.Document(link=FILE, file_name="menu")),
        (
            f"{API}/send-file-url",
            {"url": f"{FILE}.png", "type": "document", "filename": "m.png"},
            c.Document(link=f"{FILE}.png", file_name="m.png"),
        ),
        (
            f"{BARE}/send-media",
            {"mediaUrl": FILE, "mediaType": "video", "caption": "V"},
            c.Video(link=FILE, caption="V"),
        ),
        (f"{BARE}/send-media", {"mediaUrl": f"{FILE}.jpg"}, c.Image(link=f"{FILE}.jpg")),
        (f"{BARE}/send-media", {"mediaUrl": FILE, "mediaType": "audio"}, c.Audio(link=FILE)),
        (f"{BARE}/send-media", {"mediaUrl": FILE, "mediaType": "document"}, c.Document(link=FILE, file_name="menu")),
    ],
)
def test_a_body_becomes_its_content(
    *, connected: World, ana: Caller, path: str, body: dict[str, Any], content: Content
) -> None:
    answer = ana("POST", path, {**TO, **body})
    assert answer.status == 200, answer.content
    sent = the_sent(connected)
    assert (sent.to, sent.content) == (BO, content)
    assert answer.headers["Location"] == f"{path.rpartition('/')[0]}/messages/{sent.id}"


def test_the_enveloped_answer_has_the_id_in_the_envelope_and_beside_it(connected: World, ana: Caller) -> None:
    answer = ana("POST", f"{API}/send-file-url", {**TO, "url": FILE}).json
    assert (answer["success"], answer["message"]) == (True, "File sent successfully")
    assert answer["id"] == answer["data"]["message_id"] == the_sent(connected).whatsapp_id


def test_what_is_not_acknowledged_yet_is_named_by_our_id(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    answer = ana("POST", f"{API}/send-file-url", {**TO, "url": FILE})
    assert (answer.status, answer.json["id"]) == (202, the_sent(world).id)


@pytest.mark.parametrize(
    ("path", "field", "more", "kind"),
    [
        (f"{API}/send-image", "image", {"caption": "Menu"}, "image"),
        (f"{API}/send-attachment", "file", {"caption": "Menu", "filename": "m.png"}, "document"),
    ],
)
def test_a_file_that_comes_along_is_kept_and_sent_once(
    *, connected: World, ana: Caller, path: str, field: str, more: dict[str, Any], kind: str
) -> None:
    body = {**TO, field: IN_BASE64, **more}
    first, again = (ana("POST", path, body, Idempotency_Key="k") for _ in range(2))
    assert first.status == 200, first.content
    assert first.json == again.json
    content: Any = the_sent(connected).content
    assert (content.type, content.mimetype, content.size, content.caption) == (kind, "image/png", len(PNG), "Menu")
    (kept,) = connected.stores.media.rows.values()
    assert (kept.id, kept.file_name) == (content.media_id, more.get("filename"))
    other = {**body, field: base64.b64encode(PNG + b"1").decode()}
    assert ana("POST", path, other, Idempotency_Key="k").json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert len(connected.stores.media.rows) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"image": ""}, 400, "INVALID_FIELD"),
        ({"image": "no base64!"}, 400, "INVALID_FIELD"),
        ({"image": base64.b64encode(b"<!doctype html><p>").decode()}, 422, "MEDIA_TYPE_MISMATCH"),
    ],
)
def test_what_is_no_picture_is_refused(
    *, connected: World, ana: Caller, body: dict[str, Any], status: int, code: str
) -> None:
    answer = ana("POST", f"{API}/send-image", {**TO, **body})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (status, code, "image")
    assert not connected.stores.messages.rows


def test_a_file_that_is_too_large_is_refused(connected: World, ana: Caller) -> None:
    answer = ana("POST", f"{API}/send-image", {**TO, "image": "A" * (4 * 1024 * 1024 + 20_000)})
    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")
    assert "POST /v1/sessions/{id}/media" in answer.json["hint"]


def test_nothing_is_kept_of_a_session_that_is_not_connected(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE, status="STOPPED"))
    answer = ana("POST", f"{API}/send-image", {**TO, "image": IN_BASE64})
    assert (answer.status, answer.json["code"]) == (409, "SESSION_NOT_CONNECTED")
    assert not world.stores.media.rows


@pytest.mark.parametrize("name", [THEIRS, "3A01"])
def test_a_message_is_answered_and_passed_on_by_either_id(connected: World, ana: Caller, name: str) -> None:
    received(connected, content=c.Text("When?"))
    body = {**TO, "message": "At nine", "quoted_message_id": name}
    assert ana("POST", f"{API}/reply", body).json["message"] == "Reply sent successfully"
    assert the_sent(connected).reply_to == THEIRS
    answer = ana("POST", f"{BARE}/forward-message", {"messageId": name, "to": "+4366012345"})
    assert answer.status == 200, answer.content
    (forwarded,) = (one for one in connected.stores.messages.rows.values() if one.to == "4366012345@s.whatsapp.net")
    assert (forwarded.content, forwarded.context) == (c.Text("When?"), c.Context(forwarded=1))
    assert answer.json == {
        "success": True,
        "forwardedMessageId": forwarded.whatsapp_id,
        "originalMessageId": name,
        "to": "+4366012345",
        "id": forwarded.id,
        "status": "sent",
        "timestamp": answer.json["timestamp"],
    }


def test_the_enveloped_api_passes_on_the_message_itself(connected: World, ana: Caller) -> None:
    received(connected, content=c.Text("When?"))
    answer = ana("POST", f"{API}/forward", {**TO, "message_id": "3A01", "text": "something else"})
    assert (answer.status, answer.json["message"]) == (200, "Message forwarded successfully")
    assert the_sent(connected).content == c.Text("When?")


def test_a_file_is_passed_on_under_another_caption_and_a_text_has_none(connected: World, ana: Caller) -> None:
    put(connected, whatsapp_id="3EB0", content=c.Image(link=FILE, caption="Old"))
    body = {"messageId": OURS, "to": "+4366012345", "caption": "New"}
    assert ana("POST", f"{BARE}/forward-message", body).status == 200
    assert the_sent(connected).content == c.Image(link=FILE, caption="New")
    received(connected, content=c.Text("When?"))
    answer = ana("POST", f"{BARE}/forward-message", {**body, "messageId": THEIRS})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", "caption")


def test_a_message_is_passed_on_to_many_and_each_is_told_of(connected: World, ana: Caller) -> None:
    received(connected, content=c.Text("When?"))
    body = {"messageId": "3A01", "recipients": ["+4366012345", "nobody", 628987654321]}
    answer = ana("POST", f"{BARE}/forward-message-bulk", body, Idempotency_Key="k")
    assert answer.status == 200, answer.content
    told = answer.json["forwards"]
    assert [(one["to"], one["status"], one.get("code")) for one in told] == [
        ("+4366012345", "sent", None),
        ("nobody", "failed", "INVALID_PHONE"),
        ("628987654321", "sent", None),
    ]
    assert answer.json["originalMessageId"] == "3A01"
    again = ana("POST", f"{BARE}/forward-message-bulk", body, Idempotency_Key="k").json
    assert [one["id"] for one in again["forwards"]] == [one["id"] for one in told]
    assert len(connected.stores.messages.rows) == 3


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        (
            f"{API}/reply",
            {"message": "x", "quoted_message_id": "none"},
            "quoted_message_id",
            "QUOTED_MESSAGE_NOT_FOUND",
        ),
        (f"{API}/forward", {"message_id": "none"}, "message_id", "MESSAGE_NOT_FOUND"),
        (f"{BARE}/forward-message", {"messageId": "none"}, "messageId", "MESSAGE_NOT_FOUND"),
        (f"{API}/send-location", {"latitude": 91, "longitude": 0}, "latitude", "INVALID_FIELD"),
        (f"{API}/send-file-url", {"url": "http://a.example/b"}, "url", "INVALID_FIELD"),
        (f"{API}/send-file-url", {"url": FILE, "type": "sticker"}, "type", "INVALID_FIELD"),
        (f"{BARE}/send-media", {"mediaUrl": "https://10.0.0.1/b"}, "mediaUrl", "INVALID_FIELD"),
        (f"{BARE}/send-media", {"mediaUrl": FILE, "mediaType": "gif"}, "mediaType", "INVALID_FIELD"),
        (f"{API}/typing", {"to": "1"}, "to", "INVALID_FIELD"),
        (f"{API}/presence", {"status": "away"}, "status", "INVALID_FIELD"),
    ],
)
def test_what_is_wrong_is_refused_by_the_family_s_name(
    *, connected: World, ana: Caller, path: str, body: dict[str, Any], field: str, code: str
) -> None:
    answer = ana("POST", path, {**TO, **body})
    assert (answer.json["code"], answer.json["field"]) == (code, field)
    assert answer.status in {400, 404, 422}
    assert not connected.stores.messages.rows


def test_a_message_that_is_not_there_is_passed_on_to_nobody(connected: World, ana: Caller) -> None:
    answer = ana("POST", f"{BARE}/forward-message-bulk", {"messageId": "none", "recipients": ["4366012345"]})
    assert (answer.status, answer.json["field"]) == (404, "messageId")
    assert ana("POST", f"{BARE}/forward-message-bulk", {"messageId": "x", "recipients": []}).status == 400
    many = {"messageId": "x", "recipients": ["4366012345"] * 51}
    assert ana("POST", f"{BARE}/forward-message-bulk", many).status == 400


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"message": "Closed", "backgroundColor": "#1f7aec"}, c.Text("Closed", background="#1f7aec")),
        ({"message": "Menu", "mediaUrl": f"{FILE}.png"}, c.Image(link=f"{FILE}.png", caption="Menu")),
        ({"mediaUrl": FILE, "mediaType": "video"}, c.Video(link=FILE)),
    ],
)
def test_a_status_goes_to_all(connected: World, ana: Caller, body: dict[str, Any], content: Content) -> None:
    answer = ana("POST", f"{BARE}/send-status", body)
    assert answer.status == 200, answer.content
    sent = the_sent(connected)
    assert (sent.to, sent.content) == (STATUS, content)
    assert (answer.json["statusId"], answer.json["id"]) == (sent.whatsapp_id, sent.id)
    assert answer.json["expiresAt"][:10] > answer.json["timestamp"][:10]


@pytest.mark.parametrize(("body", "field"), [({}, "message"), ({"mediaUrl": FILE}, "mediaType")])
def test_a_status_without_content_is_refused(connected: World, ana: Caller, body: dict[str, Any], field: str) -> None:
    answer = ana("POST", f"{BARE}/send-status", body)
    assert (answer.status, answer.json["field"]) == (400, field)


def test_typing_and_presence_are_told_to_whatsapp(connected: World, ana: Caller) -> None:
    asked = told(connected)
    assert ana("POST", f"{API}/typing", TO).json == {"success": True, "message": "Typing indicator sent"}
    assert ana("POST", f"{API}/stop-typing", TO).json["message"] == "Typing indicator stopped"
    assert ana("POST", f"{API}/set-online").json["message"] == "Session set to online"
    answer = ana("POST", f"{API}/presence", {"status": "offline"})
    assert answer.json["data"] == {"status": "unavailable"}
    assert [(one.typing, one.online) for one in asked] == [
        (Typing(BO, Composing.TYPING), None),
        (Typing(BO, Composing.PAUSED), None),
        (None, True),
        (None, False),
    ]


def test_a_message_is_marked_as_read_by_whatsapp_s_id(connected: World, ana: Caller) -> None:
    asked = told(connected)
    received(connected)
    assert [one["read"] for one in ana("GET", f"{BARE}/messages").json["messages"]] == [False]
    answer = ana("POST", f"{BARE}/messages/3A01/read")
    assert ana("GET", f"{BARE}/messages/3A01").json["read"] is True
    assert (answer.status, answer.json) == (200, {"success": True, "messageId": "3A01", "unread": 0})
    assert [one.reads for one in asked] == [(MarkRead(LID, LID, ("3A01",)),)]
    put(connected, whatsapp_id="3EB0")
    refused = ana("POST", f"{BARE}/messages/{OURS}/read").json
    assert (refused["code"], refused["field"]) == ("NOT_RECEIVED", "messageId")


@pytest.mark.parametrize("path", ["forward-message", "forward"])
def test_forward_message_takes_one_or_many(connected: World, ana: Caller, path: str) -> None:
    received(connected)
    body = {"messageId": "3A01", "recipients": ["+4366012345", "+4366012346"]}
    answer = ana("POST", f"{BARE}/{path}", body)
    assert answer.status == 200, answer.content
    assert [one["status"] for one in answer.json["forwards"]] == ["sent", "sent"]
    for wrong in ({"messageId": "3A01"}, {**body, "to": "+4366012345"}):
        answer = ana("POST", f"{BARE}/{path}", wrong)
        assert (answer.status, answer.json["field"]) == (400, "to")


def test_what_is_no_number_is_told_as_the_bare_family_s_documents_have_it(connected: World, ana: Caller) -> None:
    answer = ana("POST", f"{BARE}/send-message", {"to": "invalid-number", "message": "Kopi?"})
    assert (answer.status, answer.json["code"], answer.json["to"]) == (400, "INVALID_PHONE", "invalid-number")
    received(connected)
    body = {"messageId": "3A01", "recipients": ["+4366012345", "nobody"]}
    (_, failed) = ana("POST", f"{BARE}/forward-message-bulk", body).json["forwards"]
    assert (failed["status"], failed["code"]) == ("failed", "INVALID_PHONE")


def test_a_failed_send_is_told_as_each_family_has_it(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    a_worker_fails(world, "link_failed")
    enveloped = ana("POST", f"{API}/send-file-url", {**TO, "url": FILE})
    assert (enveloped.status, enveloped.json["code"], enveloped.json["field"]) == (422, "FILE_REFUSED", "url")
    bare = ana("POST", f"{BARE}/send-media", {**TO, "mediaUrl": FILE})
    assert (bare.status, bare.json["code"], bare.json["field"]) == (422, "FILE_REFUSED", "mediaUrl")
    assert bare.json["status"] == "failed"
    letsbot = ana("POST", "/api/v1/send/audio", {"phone": "628987654321", "audio": FILE})
    assert (letsbot.status, letsbot.json["code"], letsbot.json["field"]) == (422, "FILE_REFUSED", "audio")
    a_worker_fails(world, "refused")
    assert ana("POST", f"{API}/send-file-url", {**TO, "url": FILE}).json["code"] == "SEND_FAILED"


def test_who_may_only_read_sends_nothing(connected: World, ana: Caller) -> None:
    reader = Caller(ana.client, connected.token(role=Role.READ_ONLY))
    assert reader("POST", f"{API}/send-image", {**TO, "image": IN_BASE64}).status == 403
    assert reader("POST", f"{BARE}/messages/3A01/read").status == 403


def test_a_form_will_do(connected: World, ana: Caller) -> None:
    form = b"to=628987654321&latitude=-6.2&longitude=106.8"
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    assert ana("POST", f"{API}/send-location", form, **kind).status == 200
    assert the_sent(connected).content == c.Location(-6.2, 106.8)
