"""The native API's messages: what each body becomes, what is answered, and what is refused with nothing stored."""

from typing import Any

import pytest

from chalicelib.domain import content as k
from chalicelib.domain.access import Role
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.questions import Question, Subject
from tests.api.conftest import Caller, World
from tests.api.test_sending import a_worker_fails, a_worker_sends
from tests.makers import DEVICE, a_message, a_running_session

MESSAGES = "/v1/sessions/ana/messages"
PHONE, LID, GROUP = "628987654321@s.whatsapp.net", "200000000000002@lid", "120363020310020819@g.us"
TO = {"phone": "+62 898-7654-321"}
TEXT = {"to": TO, "type": "text", "text": {"body": "Kopi?"}}
OURS, THEIRS = "01KDVM3W00MESSAGE0000000A1", "01KDVM3W00MESSAGE0000000A2"


@pytest.fixture
def connected(world: World) -> World:
    world.put(a_running_session(device=DEVICE))
    return world


def put(world: World, message_id: str = OURS, **fields: Any) -> Message:
    sent = {"status": MessageStatus.SENT, "whatsapp_id": "3EB0", "sent_at": world.clock.now}
    message = a_message(**{"id": message_id, "created_at": world.clock.now, **sent, **fields})
    world.stores.messages.put(message)
    return message


def received(world: World, message_id: str = THEIRS, **fields: Any) -> Message:
    about = {"direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "whatsapp_id": "3A01", "sent_at": None}
    return put(world, message_id, **{**about, "sender": Party("628987654321", "200000000000002", "Ben"), **fields})


def stored(world: World) -> list[Message]:
    return [message for message in world.stores.messages.rows.values() if message.id not in {OURS, THEIRS}]


def test_a_message_is_accepted_at_once(connected: World, ana: Caller) -> None:
    begun = connected.clock.now
    answer = ana("POST", MESSAGES, {**TEXT, "client_ref": "order-17"})
    (message,) = stored(connected)
    assert (answer.status, answer.headers["Location"]) == (202, f"{MESSAGES}/{message.id}")
    assert answer.json == {
        "id": message.id,
        "whatsapp_id": None,
        "session": "ana",
        "direction": "outbound",
        "from_me": True,
        "status": "queued",
        "type": "text",
        "text": {"body": "Kopi?"},
        "chat_id": PHONE,
        "chat_lid": None,
        "sender": {"phone": f"+{DEVICE.phone}", "lid": f"{DEVICE.lid_user}@lid", "name": None},
        "client_ref": "order-17",
        "created_at": answer.json["created_at"],
    }
    assert connected.clock.now == begun
    assert ana("GET", answer.headers["Location"]).json == answer.json


@pytest.mark.parametrize(("query", "headers"), [("?wait=5", {}), ("", {"Prefer": 'respond-async, wait="5"'})])
def test_who_waits_is_answered_once_whatsapp_has_it(
    connected: World, ana: Caller, query: str, headers: dict[str, str]
) -> None:
    a_worker_sends(connected)
    answer = ana("POST", f"{MESSAGES}{query}", TEXT, **headers)
    assert (answer.status, answer.json["status"]) == (200, "sent")
    assert answer.json["whatsapp_id"]


def test_who_waits_is_told_of_a_failure(connected: World, ana: Caller) -> None:
    a_worker_fails(connected, "not_on_whatsapp")
    answer = ana("POST", f"{MESSAGES}?wait=5", TEXT)
    assert (answer.status, answer.error["code"]) == (422, "NOT_ON_WHATSAPP")
    a_worker_fails(connected, "refused")
    answer = ana("POST", f"{MESSAGES}?wait=5", TEXT)
    assert (answer.status, answer.error["code"], answer.error["retryable"]) == (502, "SEND_FAILED", False)
    (failed, *_) = ana("GET", MESSAGES).json["data"]
    assert failed["failure"] == {"code": "REFUSED", "message": "WhatsApp says no."}


@pytest.mark.parametrize(
    ("failure", "code", "field", "retryable"),
    [
        ("link_unavailable", "FILE_REFUSED", "image.link", True),
        ("link_failed", "FILE_REFUSED", "image.link", False),
        ("link_refused", "FILE_REFUSED", "image.link", False),
        ("media_type_mismatch", "FILE_REFUSED", "image.link", False),
        ("media_upload_failed", "SEND_FAILED", None, True),
        ("whatsapp_unavailable", "SEND_FAILED", None, True),
        ("expired", "SEND_FAILED", None, True),
        ("refused", "SEND_FAILED", None, False),
        ("not_on_whatsapp", "NOT_ON_WHATSAPP", "to", False),
        ("channel_not_found", "CHANNEL_NOT_FOUND", "to", False),
    ],
)
def test_what_passes_by_itself_is_said_to_be_retryable(
    *, connected: World, ana: Caller, failure: str, code: str, field: str | None, retryable: bool
) -> None:
    a_worker_fails(connected, failure)
    body = {"to": TO, "type": "image", "image": {"link": "https://example.com/a.png"}}
    error = ana("POST", f"{MESSAGES}?wait=5", body).error
    assert (error["code"], error["retryable"]) == (code, retryable)
    assert error["field"] == field


VCARD = (
    "BEGIN:VCARD\nVERSION:3.0\nN:;Ben\\, B.;;;\nFN:Ben\\, B.\nTEL;type=CELL;waid=628987654321:+628987654321\nEND:VCARD"
)


@pytest.mark.parametrize(
    ("kind", "said", "content"),
    [
        ("text", {"body": "Kopi ☕"}, k.Text("Kopi ☕")),
        (
            "text",
            {"body": "See https://a.example", "preview": {"url": "https://a.example", "title": "A"}},
            k.Text("See https://a.example", k.LinkPreview("https://a.example", "A")),
        ),
        ("image", {"link": "https://a.example/b"}, k.Image(link="https://a.example/b")),
        ("image", {"link": "https://a.example/b", "caption": "B"}, k.Image(link="https://a.example/b", caption="B")),
        ("video", {"link": "https://a.example/b", "gif": True}, k.Video(link="https://a.example/b", gif=True)),
        ("audio", {"link": "https://a.example/b", "voice": True}, k.Audio(link="https://a.example/b", voice=True)),
        ("sticker", {"link": "https://a.example/b"}, k.Sticker(link="https://a.example/b")),
        (
            "document",
            {"link": "https://a.example/b", "file_name": "b.pdf"},
            k.Document(link="https://a.example/b", file_name="b.pdf"),
        ),
        ("location", {"latitude": 0, "longitude": -6.5, "name": "N"}, k.Location(0.0, -6.5, name="N")),
        (
            "contact",
            {
                "contacts": [
                    {"name": "Ben, B.", "phone": "628987654321"},
                    {"name": "Cy", "vcard": "BEGIN:VCARD\nEND:VCARD"},
                ]
            },
            k.ContactCards((k.ContactCard("Ben, B.", VCARD), k.ContactCard("Cy", "BEGIN:VCARD\nEND:VCARD"))),
        ),
        ("poll", {"question": "When?", "options": ["Mon", "Tue"], "selectable": 1}, k.Poll("When?", ("Mon", "Tue"), 1)),
        ("timer", {"seconds": 604_800}, k.Timer(604_800)),
    ],
)
def test_a_body_becomes_its_content_and_is_told_as_it_came(
    *, connected: World, ana: Caller, kind: str, said: dict[str, Any], content: k.Content
) -> None:
    answer = ana("POST", MESSAGES, {"to": {"chat_id": GROUP}, "type": kind, kind: said})
    assert answer.status == 202, answer.content
    (message,) = stored(connected)
    assert (message.to, message.content) == (GROUP, content)
    assert answer.json["type"] == kind
    told = {name: value for name, value in said.items() if name not in {"link", "contacts"}}
    assert told.items() <= answer.json[kind].items()
    assert "a.example/b" not in answer.content.decode()


def test_a_reply_names_and_shows_what_it_quotes(connected: World, ana: Caller) -> None:
    received(connected, content=k.Image(caption="Plan"))
    body = {**TEXT, "text": {"body": "Yes @628987654321"}, "reply_to": THEIRS, "mentions": ["628987654321"]}
    answer = ana("POST", MESSAGES, body).json
    assert (answer["reply_to"], answer["mentions"]) == (THEIRS, [PHONE])
    assert answer["context"] == {
        "quoted": {"message_id": THEIRS, "from_me": False, "participant": LID, "type": "image", "text": "Plan"}
    }


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "INVALID_FIELD", "type"),
        ({"to": TO, "type": "fax"}, 400, "INVALID_FIELD", "type"),
        ({"to": TO, "type": "text"}, 400, "INVALID_FIELD", "text"),
        ({**TEXT, "image": {"link": "https://a.example"}}, 400, "INVALID_FIELD", "image"),
        ({**TEXT, "not_before": "2026-12-01T08:00:00Z"}, 400, "INVALID_FIELD", "not_before"),
        ({**TEXT, "text": {"body": "x", "bold": True}}, 400, "INVALID_FIELD", "text.bold"),
        ({**TEXT, "text": {"body": ""}}, 400, "INVALID_FIELD", "text.body"),
        ({**TEXT, "text": {"body": "\u200b"}}, 400, "INVALID_FIELD", "text.body"),
        ({**TEXT, "text": {"body": "x", "font": 3}}, 400, "INVALID_FIELD", "text.font"),
        *(
            (
                {**TEXT, "text": {"body": shown, "preview": {"url": shown, "title": "A"}}},
                400,
                "INVALID_FIELD",
                "text.preview.url",
            )
            for shown in (
                "javascript:alert(1)",
                "javascript://a.example/%0aalert(1)",
                "a b",
                "a\nb",
                "mailto:a@b.example",
            )
        ),
        (
            {"to": TO, "type": "location", "location": {"latitude": 1, "longitude": 2, "url": "javascript:alert(1)"}},
            400,
            "INVALID_FIELD",
            "location.url",
        ),
        ({**TEXT, "to": {}}, 400, "INVALID_FIELD", "to.phone"),
        ({**TEXT, "to": {"phone": "12"}}, 400, "INVALID_FIELD", "to.phone"),
        ({**TEXT, "to": {"chat_id": "x@y"}}, 400, "INVALID_FIELD", "to.chat_id"),
        ({**TEXT, "to": {"phone": "628987654321", "chat_id": GROUP}}, 400, "INVALID_FIELD", "to.chat_id"),
        ({**TEXT, "client_ref": "a\nb"}, 400, "INVALID_FIELD", "client_ref"),
        ({**TEXT, "mentions": ["628999000001"]}, 400, "MENTION_NOT_IN_TEXT", "mentions"),
        ({**TEXT, "reply_to": "01KX"}, 422, "QUOTED_MESSAGE_NOT_FOUND", "reply_to"),
        ({"to": TO, "type": "image", "image": {}}, 400, "INVALID_FIELD", "image.media_id"),
        *(
            ({"to": TO, "type": kind, kind: {"link": link}}, 400, "INVALID_FIELD", f"{kind}.link")
            for kind, link in (
                ("image", "https://10.0.0.1/a.png"),
                ("image", "https://[::ffff:169.254.169.254]/"),
                ("video", "http://a.example/a.mp4"),
                ("audio", "https://user:secret@a.example/a.ogg"),
                ("sticker", "https://localhost/a.webp"),
                ("document", "file:///etc/passwd"),
            )
        ),
        ({"to": TO, "type": "image", "image": {"media_id": "md_1"}}, 404, "MEDIA_NOT_FOUND", "image.media_id"),
        (
            {"to": TO, "type": "poll", "poll": {"question": "When?", "options": ["Mon"]}},
            400,
            "INVALID_FIELD",
            "poll.options",
        ),
        (
            {"to": TO, "type": "poll", "poll": {"question": "When?", "options": ["Mon", "Mon"]}},
            400,
            "INVALID_FIELD",
            "poll.options",
        ),
        (
            {"to": TO, "type": "location", "location": {"latitude": 91, "longitude": 0}},
            400,
            "INVALID_FIELD",
            "location.latitude",
        ),
        (
            {"to": TO, "type": "contact", "contact": {"contacts": [{"name": "Ben"}]}},
            400,
            "INVALID_FIELD",
            "contact.contacts",
        ),
        ({"to": TO, "type": "timer", "timer": {"seconds": 5}}, 400, "INVALID_FIELD", "timer.seconds"),
        (
            {"to": TO, "type": "forward", "forward": {"message_id": "01KX"}},
            404,
            "MESSAGE_NOT_FOUND",
            "forward.message_id",
        ),
        ({"to": TO, "type": "buttons", "buttons": {"a": 1}}, 501, "NOT_POSSIBLE", "type"),
        ({"type": "template"}, 501, "NOT_POSSIBLE", "type"),
    ],
)
def test_a_body_is_refused_by_name(
    *, connected: World, ana: Caller, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = ana("POST", MESSAGES, body)
    assert (answer.status, answer.error["code"], answer.error["field"]) == (status, code, field)
    assert (stored(connected), connected.mailboxes.rung, connected.stores.paces.full_at) == ([], [], {})


@pytest.mark.parametrize(
    ("kind", "said", "sentence"),
    [
        ("poll", {"question": "When?", "options": ["Mon"]}, "'poll.options' is too short: 2 entries at least."),
        ("poll", {"question": "", "options": ["Mon", "Tue"]}, "'poll.question' is empty."),
        ("location", {"latitude": 91, "longitude": 0}, "'location.latitude' must be at most 90."),
        ("location", {"latitude": 0, "longitude": -180.5}, "'location.longitude' must be at least -180."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    *, connected: World, ana: Caller, kind: str, said: dict[str, Any], sentence: str
) -> None:
    refused = ana("POST", MESSAGES, {"to": TO, "type": kind, kind: said})
    assert (refused.status, refused.error["message"], stored(connected)) == (400, sentence, [])


def test_two_contents_in_one_body_are_refused(connected: World, ana: Caller) -> None:
    refused = ana("POST", MESSAGES, {**TEXT, "image": {"link": "https://a.example"}})
    assert (refused.status, refused.error["field"]) == (400, "image")
    assert refused.error["message"] == "'image' doesn't go with what kind this is."
    assert stored(connected) == []


def test_the_same_key_sends_once(connected: World, ana: Caller) -> None:
    first, second = (ana("POST", MESSAGES, TEXT, Idempotency_Key="k1") for _ in range(2))
    assert first.json["id"] == second.json["id"]
    other = ana("POST", MESSAGES, {**TEXT, "client_ref": "b"}, Idempotency_Key="k1")
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(stored(connected)) == 1


def test_an_edit_is_a_message_of_its_own_that_the_edited_one_names(connected: World, ana: Caller) -> None:
    put(connected)
    answer = ana("PATCH", f"{MESSAGES}/{OURS}", {"text": {"body": "Jam sepuluh"}})
    (edit,) = stored(connected)
    assert (answer.status, answer.headers["Location"]) == (202, f"{MESSAGES}/{edit.id}")
    assert (answer.json["id"], answer.json["edited_by"], answer.json["text"]["body"]) == (
        OURS,
        edit.id,
        "Kopi at nine?",
    )
    told = ana("GET", f"{MESSAGES}/{edit.id}").json
    assert told["edited"] == {
        "message_id": OURS,
        "from_me": True,
        "type_of_target": "text",
        "encrypted": False,
        "body": "Jam sepuluh",
    }
    a_worker_sends(connected)
    answer = ana("PATCH", f"{MESSAGES}/{OURS}?wait=5", {"text": {"body": "Jam sebelas"}})
    assert (answer.status, answer.json["text"]["body"]) == (200, "Jam sebelas")
    assert answer.json["edited_at"]
    # Nobody has read the stream here: who reads after the answer sees what was answered.
    assert ana("GET", f"{MESSAGES}/{OURS}").json == answer.json


def test_a_deleted_message_is_revoking_then_revoked(connected: World, ana: Caller) -> None:
    put(connected)
    answer = ana("DELETE", f"{MESSAGES}/{OURS}")
    assert (answer.status, answer.json["id"], answer.json["status"]) == (202, OURS, "revoking")
    a_worker_sends(connected)
    answer = ana("DELETE", f"{MESSAGES}/{OURS}?wait=5")
    assert (answer.status, answer.json["status"]) == (200, "revoked")
    assert ana("GET", f"{MESSAGES}/{OURS}").json == answer.json
    assert answer.json in ana("GET", MESSAGES).json["data"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (k.Image(), "MEDIA_NOT_FOUND"),
        (k.Image(media_id="md_1"), "MEDIA_NOT_FOUND"),
        (k.Poll("When?"), "NOT_FORWARDABLE"),
    ],
)
def test_what_cannot_be_passed_on_is_called_by_its_field(
    connected: World, ana: Caller, content: k.Content, code: str
) -> None:
    received(connected, content=content)
    answer = ana("POST", MESSAGES, {"to": TO, "type": "forward", "forward": {"message_id": THEIRS}})
    assert (answer.error["code"], answer.error["field"]) == (code, "forward.message_id")


def test_a_link_is_shown_as_it_stands_in_the_text(connected: World, ana: Caller) -> None:
    shown = {"url": "a.example:8080/x", "title": "A"}
    answer = ana("POST", MESSAGES, {**TEXT, "text": {"body": "See a.example:8080/x", "preview": shown}})
    assert (answer.status, answer.json["text"]["preview"]) == (202, shown)


def test_a_reaction_is_given_and_taken_back(connected: World, ana: Caller) -> None:
    received(connected)
    given = ana("PUT", f"{MESSAGES}/{THEIRS}/reaction", {"emoji": "👍"}).json
    assert (given["type"], given["chat_id"]) == ("reaction", PHONE)
    assert given["reaction"] == {
        "message_id": THEIRS,
        "from_me": False,
        "participant": LID,
        "emoji": "👍",
        "removed": False,
    }
    taken = ana("DELETE", f"{MESSAGES}/{THEIRS}/reaction").json
    assert taken["reaction"] == {"message_id": THEIRS, "from_me": False, "participant": LID, "removed": True}
    by_post = ana("POST", MESSAGES, {"type": "reaction", "reaction": {"message_id": THEIRS, "emoji": "👍"}}).json
    assert by_post["reaction"] == given["reaction"]


def test_a_poll_is_voted_in_and_a_message_forwarded(connected: World, ana: Caller) -> None:
    received(connected, content=k.Poll("When?", ("Mon", "Tue")), secret=b"s" * 32)
    put(connected)
    vote = ana("POST", MESSAGES, {"type": "poll_vote", "poll_vote": {"message_id": THEIRS, "options": ["Tue"]}}).json
    assert (vote["poll_vote"]["options"], vote["poll_vote"]["message_id"]) == (["Tue"], THEIRS)
    body = {"to": {"chat_id": GROUP}, "type": "forward", "forward": {"message_id": OURS}, "client_ref": "f"}
    passed_on = ana("POST", MESSAGES, body).json
    assert (passed_on["type"], passed_on["text"], passed_on["chat_id"]) == ("text", {"body": "Kopi at nine?"}, GROUP)
    assert (passed_on["context"], passed_on["client_ref"]) == ({"forwarded": 1}, "f")
    refused = ana("POST", MESSAGES, {"type": "poll_vote", "poll_vote": {"message_id": OURS, "options": []}})
    assert (refused.status, refused.error["code"]) == (422, "POLL_NOT_FOUND")
    secretless = received(connected, f"{THEIRS[:-1]}3", content=k.Poll("When?", ("Mon", "Tue"))).id
    body = {"type": "poll_vote", "poll_vote": {"message_id": secretless, "options": ["Tue"]}}
    refused = ana("POST", MESSAGES, body)
    said = (refused.status, refused.error["code"], refused.error["field"])
    assert said == (422, "POLL_SECRET_MISSING", "poll_vote.message_id")


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PATCH", f"/{THEIRS}", {"text": {"body": "x"}}, "NOT_YOUR_MESSAGE"),
        ("DELETE", f"/{THEIRS}", None, "NOT_YOUR_MESSAGE"),
        ("POST", f"/{OURS}/read", {}, "NOT_RECEIVED"),
        ("POST", f"/{THEIRS}/reject", None, "NOT_A_CALL"),
        ("GET", f"/{THEIRS}/receipts", None, "MESSAGE_NOT_FOUND"),
        ("PUT", f"/{THEIRS}/star", None, "NOT_POSSIBLE"),
    ],
)
def test_what_can_t_be_done_with_a_message_is_said_by_name(
    *, connected: World, ana: Caller, method: str, path: str, body: Any, code: str
) -> None:
    put(connected)
    received(connected)
    answer = ana(method, MESSAGES + path, body)
    assert answer.error["code"] == code
    assert stored(connected) == []


def test_what_is_too_old_is_neither_edited_nor_deleted(connected: World, ana: Caller) -> None:
    long_ago = connected.clock.now - 61 * 3_600_000
    put(connected, created_at=long_ago, sent_at=long_ago)
    edit = ana("PATCH", f"{MESSAGES}/{OURS}", {"text": {"body": "x"}})
    gone = ana("DELETE", f"{MESSAGES}/{OURS}")
    assert [(one.status, one.error["code"]) for one in (edit, gone)] == [
        (409, "EDIT_TOO_LATE"),
        (409, "DELETE_TOO_LATE"),
    ]


def told_to_whatsapp(world: World) -> list[Question]:
    found: list[Question] = []

    def work() -> None:
        for question in world.answering.owed(a_running_session().uid, epoch=1):
            taken = world.answering.take(question, epoch=1)
            assert taken
            found.append(taken)
            world.answering.answer(taken, None)

    world.while_waiting = work
    return found


def test_a_message_is_marked_as_read(connected: World, ana: Caller) -> None:
    received(connected)
    asked = told_to_whatsapp(connected)
    answer = ana("POST", f"{MESSAGES}/{THEIRS}/read", {"played": True})
    assert answer.json == {"id": THEIRS, "chat_id": PHONE, "unread": 0}
    assert (asked[0].subject, asked[0].reads[0].whatsapp_ids, asked[0].reads[0].played) == (
        Subject.READ,
        ("3A01",),
        True,
    )


def test_a_call_is_rejected(connected: World, ana: Caller) -> None:
    received(connected, content=k.PhoneCall("C1"))
    asked = told_to_whatsapp(connected)
    assert ana("POST", f"{MESSAGES}/{THEIRS}/reject").json["call"]["id"] == "C1"
    assert asked[0].subject is Subject.CALL


def test_presence_is_shown_to_all_or_in_a_chat(connected: World, ana: Caller) -> None:
    asked = told_to_whatsapp(connected)
    assert ana("POST", "/v1/sessions/ana/presence", {"state": "online"}).json == {"state": "online", "chat_id": None}
    typing = ana("POST", "/v1/sessions/ana/presence", {"state": "typing", "to": {"chat_id": GROUP}})
    assert typing.json == {"state": "typing", "chat_id": GROUP}
    assert [one.subject for one in asked] == [Subject.PRESENCE, Subject.TYPING]
    for body in ({"state": "typing"}, {"state": "offline", "to": TO}):
        refused = ana("POST", "/v1/sessions/ana/presence", body)
        assert (refused.status, refused.error["field"]) == (400, "to")


def test_what_whatsapp_doesn_t_answer_in_time_may_be_asked_again(connected: World, ana: Caller) -> None:
    answer = ana("POST", "/v1/sessions/ana/presence", {"state": "online"})
    assert (answer.status, answer.error["code"], answer.error["retryable"]) == (503, "ANSWER_NOT_READY", True)


def test_receipts_are_each_member_s_in_a_group_and_the_person_s_in_a_chat(connected: World, ana: Caller) -> None:
    now = connected.clock.now
    group = put(connected, chat=GROUP)
    connected.stores.messages.note_receipt(group, Party("1", "2"), MessageStatus.READ, at=now)
    connected.stores.messages.note_receipt(group, Party(None, "3"), MessageStatus.DELIVERED, at=now)
    found = ana("GET", f"{MESSAGES}/{OURS}/receipts").json["data"]
    assert [(one["recipient"]["phone"], one["recipient"]["lid"], one["status"]) for one in found] == [
        ("+1", "2@lid", "read"),
        (None, "3@lid", "delivered"),
    ]
    put(connected, THEIRS, delivered_at=now)
    (receipt,) = ana("GET", f"{MESSAGES}/{THEIRS}/receipts").json["data"]
    assert (receipt["recipient"]["phone"], receipt["status"], receipt["read_at"]) == (
        "+628987654321",
        "delivered",
        None,
    )


def test_messages_are_listed_both_ways_and_by_what_they_are(connected: World, ana: Caller) -> None:
    for number in range(6):
        ulid = f"01KDVM3W00MESSAGE000000{number}A1"
        if number % 2:
            received(connected, ulid, content=k.Image(media_id="md_1"))
        else:
            put(connected, ulid, chat=GROUP)
    ids = [f"01KDVM3W00MESSAGE000000{number}A1" for number in range(6)]

    def listed(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while not found or cursor:
            answer = ana("GET", f"{MESSAGES}?limit=2{query}{cursor and f'&cursor={cursor}'}").json
            found += [one["id"] for one in answer["data"]]
            cursor = answer["next_cursor"]
        return found

    assert listed("") == ids[::-1]
    assert listed("&order=oldest_first") == ids
    assert listed("&direction=inbound") == [ids[5], ids[3], ids[1]]
    assert listed("&type=text&order=oldest_first") == [ids[0], ids[2], ids[4]]
    assert listed(f"&chat_id={GROUP}") == [ids[4], ids[2], ids[0]]
    assert listed("&chat_id=%2B628987654321&type=image") == [ids[5], ids[3], ids[1]]


def test_an_unknown_type_is_unsupported_with_whatsapp_s_name(connected: World, ana: Caller) -> None:
    received(connected, content=k.Unsupported("orderMessage", "2 items"))
    received(connected, OURS, content=k.Unknown((1003,)))
    one, other = ana("GET", f"{MESSAGES}?type=unsupported").json["data"]
    assert (one["type"], one["unsupported"]) == ("unsupported", {"name": "orderMessage", "caption": "2 items"})
    assert (other["type"], other["unsupported"]) == ("unsupported", {"fields": [1003]})


def test_what_came_in_names_both_names_of_its_writer(connected: World, ana: Caller) -> None:
    received(connected, chat=LID, chat_lid=LID, sender=Party(None, "200000000000002", "Ben"))
    told = ana("GET", f"{MESSAGES}/{THEIRS}").json
    assert (told["direction"], told["from_me"], told["status"]) == ("inbound", False, "received")
    assert (told["sender"], told["chat_id"]) == ({"phone": None, "lid": LID, "name": "Ben"}, LID)


def test_who_may_only_read_sends_nothing(connected: World, nobody: Caller) -> None:
    rita = Caller(nobody.client, connected.token(role=Role.READ_ONLY))
    assert rita("GET", MESSAGES).status == 200
    for method, path, body in (
        ("POST", "", TEXT),
        ("DELETE", f"/{OURS}", None),
        ("POST", f"/{OURS}/read", {}),
    ):
        assert rita(method, MESSAGES + path, body).status == 403


def test_chats_are_listed_with_their_names_unread_and_newest_messages(connected: World, ana: Caller) -> None:
    told = received(connected)
    connected.chats.index(
        Envelope("E1", told.event_type, "default", "ana", told.uid, connected.clock.now, "c1", {}, told)
    )
    answer = ana("GET", "/v1/sessions/ana/chats")
    (chat,) = answer.json["data"]
    assert answer.json["next_cursor"] is None
    assert (chat["chat_id"], chat["unread"], chat["last_message"]["id"]) == (PHONE, 1, THEIRS)
    assert chat["name"] == chat["last_message"]["sender"]["name"]
    assert ana("GET", f"/v1/sessions/ana/chats?cursor={THEIRS}").json["data"] == []


def test_a_cursor_that_no_list_of_chats_gave_is_refused(connected: World, ana: Caller) -> None:
    answer = ana("GET", "/v1/sessions/ana/chats?cursor=M1")
    assert (answer.status, answer.error["field"]) == (400, "cursor")
