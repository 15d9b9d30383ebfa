"""Each type of message both ways, through HTTP, a real worker and a virtual phone, compared field by field.

``SENT`` and ``RECEIVED`` are the cases; docs/messages.md links its table's cells to them.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import Any, Final

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from chalicelib.wire.addons import SECRET_SIZE, AddOn, Use
from infra.local.client import Phone, Stack, eventually, expect, listed
from tests.receivers import Receiver, listening, serving_files
from tests.worker.media import samples
from tests.worker.protos import messages as wa

OURS, BO, CY = "6281277700001", "6281277700002", "6281277700003"
LATER: Final = {"sent_at", "delivered_at", "read_at", "edited_by", "edited_at", "deleted_by", "deleted_at"}
"""What lists tell of a message and events don't."""
ON_ITS_WAY: Final = {"queued", "sending"}
WENT: Final = {"sent", "delivered", "read"}


@cache
def picture() -> bytes:
    return samples.a_picture("JPEG", (640, 480))


@cache
def video() -> bytes:
    return samples.a_video(2.0, (320, 240))


@cache
def sound() -> bytes:
    return samples.a_sound("mp3", "libmp3lame")


@cache
def voice() -> bytes:
    return samples.a_sound("ogg", "libopus")


@cache
def sticker() -> bytes:
    return samples.a_picture("WEBP", (512, 512), "RGBA")


@cache
def paper() -> bytes:
    return b"%PDF-1.4\n" + b"a page of it\n" * 1_000


@dataclass
class Line:
    """One account with one worker, two phones and a group of all, and all that is told of the account."""

    stack: Stack
    receiver: Receiver
    group: str = ""
    frames: list[dict[str, Any]] = field(default_factory=list)

    @property
    def bo(self) -> Phone:
        return Phone(self.stack, BO)

    @property
    def cy(self) -> Phone:
        return Phone(self.stack, CY)

    @property
    def path(self) -> str:
        return f"/v1/sessions/{OURS}/messages"

    def keep(self, body: bytes, **said: str) -> str:
        """Bring a file along; return its id."""
        answer = self.stack.post(f"/v1/sessions/{OURS}/media", {"file": base64.b64encode(body).decode(), **said})
        assert answer.status_code == 201, answer.text
        kept = answer.json()
        assert (kept["state"], kept["size"], kept["sha256"]) == ("stored", len(body), hashlib.sha256(body).hexdigest())
        return str(kept["id"])

    def send(self, kind: str, said: dict[str, Any], to: str | None = BO, **more: Any) -> dict[str, Any]:
        """Send something; return the message once WhatsApp has it. What is about a message goes where that is."""
        where = {} if to is None else {"to": {"chat_id" if "@" in to else "phone": to}}
        return self.went(self.stack.post(f"{self.path}?wait=15", {**where, "type": kind, kind: said, **more}))

    def went(self, answer: requests.Response) -> dict[str, Any]:
        assert answer.status_code in {200, 202}, answer.text

        def look() -> dict[str, Any] | None:
            message: dict[str, Any] = self.stack.get(f"{self.path}/{answer.json()['id']}").json()
            return message if message["status"] not in ON_ITS_WAY else None

        message = answer.json() if answer.json()["status"] in WENT else eventually(look)
        assert message["status"] in {*WENT, "revoking", "revoked"}, message
        return dict(message)

    def shown(self, message: dict[str, Any], phone: Phone | None = None) -> dict[str, Any]:
        """Return what a phone shows of a message that was sent."""
        return eventually(lambda: (phone or self.bo).letter(message["whatsapp_id"]))

    def file(self, message: dict[str, Any], phone: Phone | None = None) -> bytes:
        return eventually(lambda: (phone or self.bo).file(message["whatsapp_id"]))

    def came(self, name: str) -> dict[str, Any]:
        """Return the message of that id of WhatsApp's, once it came in: it must be told alike everywhere."""
        return self.told(lambda one: one["whatsapp_id"] == name)

    def told(self, which: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return a message of which list, webhook and WebSocket say the same, the other families in their words."""

        def framed() -> dict[str, Any] | None:
            return next((one["data"] for one in tuple(self.frames) if which(one["data"])), None)

        def posted() -> dict[str, Any] | None:
            told = (one.json["data"] for one in tuple(self.receiver.received))
            return next((one for one in told if one.get("id") == frame["id"]), None)

        frame = eventually(framed)
        hook = eventually(posted)
        found = next(one for one in listed(self.stack, self.path) if one["id"] == frame["id"])
        if frame.get(frame["type"], {}).get("state") == "pending":
            # The file took longer than its message waits: events say so, and who reads the message what became of it.
            return dict(eventually(lambda: self._with_its_file(frame)))
        assert {name: value for name, value in found.items() if name not in LATER} == frame
        for name, expected in frame.items():
            # The older words are beside ours in a webhook's context.
            assert hook[name] == expected or (name == "context" and within(expected, hook[name])), name
        self._in_their_words(found, hook)
        return dict(found)

    def _with_its_file(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        message: dict[str, Any] = self.stack.get(f"{self.path}/{frame['id']}").json()
        return message if message[message["type"]]["state"] != "pending" else None

    def _in_their_words(self, message: dict[str, Any], hook: dict[str, Any]) -> None:
        enveloped = self.stack.get(f"/api/sessions/{OURS}/messages/{message['id']}").json()["data"]
        bare = self.stack.get(f"/sessions/{OURS}/messages/{message['id']}").json()
        for name in ("type", "message", "content", "context"):
            assert enveloped.get(name) == bare.get(name), name
        assert (enveloped["message"], enveloped.get("content")) == (hook["message"], hook.get("content"))
        if message["type"] == "unsupported":
            return
        assert enveloped["type"] == message["type"]
        said = message[message["type"]]
        (theirs,) = (enveloped.get("content") or {message["type"]: {}}).values()
        if isinstance(theirs, list):
            theirs = {"contacts": theirs}
        assert within({name: value for name, value in theirs.items() if name not in {"message_id", "type"}}, said)
        if message["type"] == "contact":
            # The words that an app makes of the names aren't its writer's, and nothing in what can be sent.
            assert set(said) == {"contacts"}
        elif enveloped["message"] is not None:
            assert enveloped["message"] in said.values()


def within(expected: Any, told: Any) -> bool:
    """Whether all that is expected is told; what is told besides doesn't matter."""
    if isinstance(expected, dict) and isinstance(told, dict):
        return all(name in told and within(value, told[name]) for name, value in expected.items())
    return bool(expected == told)


def has(told: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {name: told.get(name) for name in expected} == expected


@pytest.fixture(scope="module")
def line(stack: Stack) -> Iterator[Line]:
    stack.link(OURS)
    for number, name in ((BO, "Bo"), (CY, "Cy")):
        Phone(stack, number).switch_on(name)
    with (
        listening() as receiver,
        connect(f"ws://127.0.0.1:{stack.port}/v1/ws?token={stack.token}", open_timeout=60) as socket,
    ):
        line = Line(stack, receiver)
        hook = {"webhook_url": receiver.url}
        expect(stack.put(f"/api/sessions/{OURS}/webhook", hook).ok, "no webhook")
        socket.send(json.dumps({"subscribe": {OURS: None}, "types": ["message.*"]}))
        expect(json.loads(socket.recv(30))["type"] == "subscribed", "not subscribed")

        def hear() -> None:
            try:
                for text in socket:
                    frame = json.loads(text)
                    if frame.get("data") and frame.get("type", "").startswith("message."):
                        line.frames.append(frame)
            except ConnectionClosed:
                pass

        ear = Thread(target=hear, daemon=True)
        ear.start()
        line.group = line.bo.make_group("Kopi", CY, OURS)
        yield line
        socket.close()
        ear.join(10)
        stack.put(f"/api/sessions/{OURS}/webhook", {"webhook_url": ""})


@dataclass(frozen=True)
class Sent:
    """A message to send: its ``type`` and object, and what the phone that gets it must show of it."""

    type: str
    said: dict[str, Any]
    shown_as: str
    shown: dict[str, Any]
    file: Callable[[], bytes] | None = None
    linked: bool = False
    altered: bool = False
    group: bool = False


PLACE: Final = {
    "latitude": -6.1753924,
    "longitude": 106.8271528,
    "name": "Monas",
    "address": "Gambir, Jakarta",
    "url": "https://example.com/monas",
}
PREVIEW: Final = {"url": "https://example.com/a", "title": "Kopi", "description": "Pagi"}
CARD: Final = "BEGIN:VCARD\nVERSION:3.0\nN:;Cy;;;\nFN:Cy\nTEL;type=CELL;waid={0}:+{0}\nEND:VCARD"
POLL: Final = {"question": "Jam?", "options": ["9", "10", "11"], "selectable": 2}
WORDS: Final = "Kopi? @628123 <b>☕</b>\nPagi"

SENT: Final[dict[str, Sent]] = {
    "text": Sent("text", {"body": WORDS}, "text", {"text": WORDS}, group=True),
    "text with a preview": Sent(
        "text",
        {"body": f"Lihat {PREVIEW['url']}", "preview": PREVIEW},
        "text",
        {"text": f"Lihat {PREVIEW['url']}", "preview": PREVIEW},
    ),
    "image": Sent(
        "image",
        {"caption": "Kopi ☕"},
        "image",
        {"caption": "Kopi ☕", "mimetype": "image/jpeg", "width": 640, "height": 480},
        picture,
        group=True,
    ),
    "image by link": Sent("image", {}, "image", {"mimetype": "image/jpeg"}, picture, linked=True),
    "video": Sent(
        "video",
        {"caption": "Kopi"},
        "video",
        {"caption": "Kopi", "mimetype": "video/mp4", "width": 320, "height": 240, "seconds": 2},
        video,
    ),
    "GIF": Sent("video", {"gif": True}, "gif", {"mimetype": "video/mp4", "seconds": 2}, video),
    "video message": Sent("video", {"round": True}, "round", {"mimetype": "video/mp4", "seconds": 2}, video),
    "audio": Sent("audio", {}, "audio", {"mimetype": "audio/mpeg", "seconds": 2}, sound),
    "voice message": Sent(
        "audio", {"voice": True}, "voice", {"mimetype": "audio/ogg; codecs=opus", "seconds": 2}, voice, group=True
    ),
    "voice message from another sound": Sent(
        "audio",
        {"voice": True},
        "voice",
        {"mimetype": "audio/ogg; codecs=opus", "seconds": 2},
        samples.a_wav,
        altered=True,
    ),
    "sticker": Sent(
        "sticker", {}, "sticker", {"mimetype": "image/webp", "width": 512, "height": 512}, sticker, group=True
    ),
    "moving sticker": Sent(
        "sticker", {}, "sticker", {"mimetype": "image/webp", "animated": True}, samples.a_moving_sticker
    ),
    "document": Sent(
        "document",
        {"caption": "Ini", "file_name": "Daftar harga.pdf"},
        "document",
        {"caption": "Ini", "file_name": "Daftar harga.pdf", "mimetype": "application/pdf"},
        paper,
        group=True,
    ),
    "location": Sent("location", PLACE, "location", PLACE, group=True),
    "contact": Sent(
        "contact",
        {"contacts": [{"name": "Cy", "phone": f"+{CY}"}]},
        "contact",
        {"contacts": [{"name": "Cy", "vcard": CARD.format(CY)}]},
        group=True,
    ),
    "contacts": Sent(
        "contact",
        {"contacts": [{"name": "Cy", "vcard": CARD.format(CY)}, {"name": "Bo", "phone": BO}]},
        "contacts",
        {
            "contacts": [
                {"name": "Cy", "vcard": CARD.format(CY)},
                {"name": "Bo", "vcard": CARD.format(BO).replace("Cy", "Bo")},
            ]
        },
    ),
    "poll": Sent("poll", POLL, "poll", POLL, group=True),
    "timer": Sent("timer", {"seconds": 86_400}, "timer", {"seconds": 86_400}),
    "no timer": Sent("timer", {"seconds": 0}, "timer", {"seconds": 0}),
}
"""What is sent as it is, by what people call it."""
IN_GROUPS: Final = [name for name, case in SENT.items() if case.group]


def sent(line: Line, case: Sent, to: str, phones: list[Phone]) -> None:
    """Send the case to ``to``, and compare it as the API tells it and as each phone shows it."""
    said, body = dict(case.said), case.file() if case.file else None
    if body is not None and not case.linked:
        said["media_id"] = line.keep(body)
    with serving_files({"/file": body or b""}) as site:
        if case.linked:
            said["link"] = f"{site}/file"
        message = line.send(case.type, said, to, client_ref=f"our {case.type}")
    assert (message["type"], message["client_ref"], message["from_me"]) == (case.type, f"our {case.type}", True)
    told = {name: value for name, value in said.items() if name not in {"link", "contacts"}}
    has(message[case.type], told)
    if case.shown.get("animated"):
        assert message[case.type]["animated"] is True
    if case.type == "contact":
        assert message["contact"]["contacts"] == case.shown["contacts"]
    for phone in phones:
        letter = line.shown(message, phone)
        assert (letter["type"], letter["from"]) == (case.shown_as, OURS)
        shown = {name: value for name, value in letter["content"].items() if name != "preview"}
        if "preview" in letter["content"]:
            shown["preview"] = {name: letter["content"]["preview"].get(name) for name in PREVIEW}
        has(shown, case.shown)
        if body is None:
            continue
        had, file = line.file(message, phone), letter["content"]["file"]
        assert (file["sha256"], file["size"]) == (hashlib.sha256(had).hexdigest(), len(had))
        assert had[:4] == b"OggS" if case.altered else had == body


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_shown_by_the_phone(line: Line, name: str) -> None:
    sent(line, SENT[name], BO, [line.bo])


@pytest.mark.parametrize("name", IN_GROUPS)
def test_what_is_sent_to_a_group_is_shown_by_its_members_phones(line: Line, name: str) -> None:
    sent(line, SENT[name], line.group, [line.bo, line.cy])


def test_a_status_is_shown_by_the_account_s_own_phone(line: Line) -> None:
    said = {"body": "Buka jam sembilan", "background": "#1f6f54", "font": 2}
    message = line.send("text", said, "status@broadcast")
    has(message["text"], said)
    letter = line.shown(message, Phone(line.stack, OURS))
    assert letter["text"] == said["body"]
    has(letter["content"], {"background": 0xFF1F6F54, "font": 2})


def test_a_reply_quotes_mentions_and_a_forward_says_how_often(line: Line) -> None:
    for to, phones in ((BO, [line.bo]), (line.group, [line.bo, line.cy])):
        asked = line.came(line.bo.say(OURS if to == BO else to, "Jam berapa?"))
        words = f"Sembilan, @{CY}"
        reply = line.send("text", {"body": words}, to, reply_to=asked["id"], mentions=[CY])
        assert (reply["reply_to"], reply["mentions"]) == (asked["id"], [f"{CY}@s.whatsapp.net"])
        for phone in phones:
            letter = line.shown(reply, phone)
            quoted = letter["context"]["quoted"]
            assert (quoted["id"], quoted["type"], quoted["text"]) == (asked["whatsapp_id"], "text", "Jam berapa?")
            assert (letter["context"]["mentions"], letter["text"]) == ([f"{CY}@s.whatsapp.net"], words)
    assert reply["context"]["quoted"]["message_id"] == asked["id"]
    once = line.send("forward", {"message_id": asked["id"]})
    assert (once["type"], once["text"], once["context"]) == ("text", {"body": "Jam berapa?"}, {"forwarded": 1})
    letter = line.shown(once)
    assert (letter["text"], letter["context"]["forwarded"]) == ("Jam berapa?", 1)


def test_a_file_that_came_in_is_forwarded_byte_for_byte(line: Line) -> None:
    came = line.came(line.bo.send(OURS, "image", file=line.bo.put(picture()), caption="Kopi"))
    passed_on = line.send("forward", {"message_id": came["id"]}, CY)
    letter = line.shown(passed_on, line.cy)
    assert (letter["type"], letter["content"]["caption"], letter["context"]["forwarded"]) == ("image", "Kopi", 1)
    assert line.file(passed_on, line.cy) == picture()


@pytest.mark.parametrize("where", ["person", "group"])
def test_a_reaction_an_edit_and_a_deletion_change_what_the_phone_shows(line: Line, where: str) -> None:
    to = BO if where == "person" else line.group
    text = line.send("text", {"body": "Jam sembilan"}, to)
    line.shown(text)
    reaction = line.went(line.stack.put(f"{line.path}/{text['id']}/reaction?wait=15", {"emoji": "👍"}))
    assert (reaction["type"], reaction["reaction"]["emoji"], reaction["reaction"]["message_id"]) == (
        "reaction",
        "👍",
        text["id"],
    )
    assert eventually(lambda: line.shown(text).get("reactions")) == {OURS: "👍"}
    again = line.send("reaction", {"message_id": text["id"], "emoji": "☕"}, None)
    eventually(lambda: line.shown(text).get("reactions") == {OURS: "☕"})
    assert again["reaction"]["emoji"] == "☕"
    line.went(line.stack.delete(f"{line.path}/{text['id']}/reaction?wait=15"))
    eventually(lambda: not line.shown(text).get("reactions"))
    edit = line.stack.request("PATCH", f"{line.path}/{text['id']}?wait=15", {"text": {"body": "Jam sepuluh"}})
    assert line.went(edit)["text"]["body"] == "Jam sepuluh"
    assert eventually(lambda: line.shown(text).get("edited"))["text"] == "Jam sepuluh"
    line.went(line.stack.delete(f"{line.path}/{text['id']}?wait=15"))
    eventually(lambda: line.shown(text).get("deleted_by"))


def test_a_caption_is_edited(line: Line) -> None:
    image = line.send("image", {"media_id": line.keep(picture()), "caption": "Kopi"})
    line.shown(image)
    edit = line.stack.request("PATCH", f"{line.path}/{image['id']}?wait=15", {"text": {"body": "Teh"}})
    assert line.went(edit)["image"]["caption"] == "Teh"
    assert eventually(lambda: line.shown(image).get("edited"))["caption"] == "Teh"


@pytest.mark.parametrize("where", ["person", "group"])
def test_a_vote_is_counted_in_polls_of_either_side(line: Line, where: str) -> None:
    to, here = (BO, OURS) if where == "person" else (line.group, line.group)
    theirs = line.came(line.bo.send(here, "poll", **POLL))
    has(theirs["poll"], POLL)
    vote = line.send("poll_vote", {"message_id": theirs["id"], "options": ["9", "11"]}, None)
    assert (vote["type"], vote["poll_vote"]["options"]) == ("poll_vote", ["9", "11"])
    eventually(lambda: line.shown(theirs).get("votes") == {OURS: ["9", "11"]})
    ours = line.send("poll", POLL, to)
    line.shown(ours)
    vote = line.came(line.bo.send(here, "vote", id=ours["whatsapp_id"], options=["10"]))
    has(vote["poll_vote"], {"options": ["10"], "message_id": ours["whatsapp_id"], "from_me": True})
    back = line.came(line.bo.send(here, "vote", id=ours["whatsapp_id"], options=[]))
    assert back["poll_vote"]["options"] == []


@dataclass(frozen=True)
class Received:
    """What a phone sends, and what must be told of it: its ``type``, and the fields of the object of that name."""

    type: str
    kind: str
    told: dict[str, Any]
    sends: dict[str, Any] = field(default_factory=dict)
    file: Callable[[], bytes] | None = None
    group: bool = False


RECEIVED: Final[dict[str, Received]] = {
    "text": Received("text", "text", {"body": WORDS}, {"text": WORDS}, group=True),
    "text with a preview": Received(
        "text",
        "text",
        {"body": f"Lihat {PREVIEW['url']}", "preview": PREVIEW},
        {"text": f"Lihat {PREVIEW['url']}", "preview": PREVIEW},
    ),
    "image": Received(
        "image",
        "image",
        {"mimetype": "image/jpeg", "width": 640, "height": 480, "caption": "Kopi ☕"},
        {"width": 640, "height": 480, "caption": "Kopi ☕"},
        picture,
        group=True,
    ),
    "video": Received(
        "video",
        "video",
        {"mimetype": "video/mp4", "width": 320, "height": 240, "seconds": 2, "caption": "Kopi", "gif": False},
        {"width": 320, "height": 240, "seconds": 2, "caption": "Kopi"},
        video,
    ),
    "GIF": Received("video", "gif", {"mimetype": "video/mp4", "gif": True}, {}, video),
    "video message": Received("video", "round", {"round": True, "seconds": 2}, {"seconds": 2}, video),
    "audio": Received(
        "audio", "audio", {"mimetype": "audio/mpeg", "seconds": 2, "voice": False}, {"seconds": 2}, sound
    ),
    "voice message": Received(
        "audio",
        "voice",
        {"mimetype": "audio/ogg; codecs=opus", "seconds": 2, "voice": True},
        {"seconds": 2},
        voice,
        group=True,
    ),
    "sticker": Received(
        "sticker",
        "sticker",
        {"mimetype": "image/webp", "width": 512, "height": 512, "animated": False},
        {"width": 512, "height": 512},
        sticker,
        group=True,
    ),
    "moving sticker": Received("sticker", "sticker", {"animated": True}, {"animated": True}, samples.a_moving_sticker),
    "document": Received(
        "document",
        "document",
        {
            "file_name": "Daftar harga.pdf",
            "title": "Daftar",
            "pages": 3,
            "mimetype": "application/pdf",
            "caption": "Ini",
        },
        {
            "file_name": "Daftar harga.pdf",
            "title": "Daftar",
            "pages": 3,
            "mimetype": "application/pdf",
            "caption": "Ini",
        },
        paper,
        group=True,
    ),
    "location": Received(
        "location",
        "location",
        {name: PLACE[name] for name in ("latitude", "longitude", "name", "address")} | {"live": False},
        {name: PLACE[name] for name in ("latitude", "longitude", "name", "address")},
        group=True,
    ),
    "live location": Received(
        "location",
        "live_location",
        {"latitude": 48.2082, "longitude": 16.3738, "accuracy": 12, "live": True, "caption": "Di jalan"},
        {"latitude": 48.2082, "longitude": 16.3738, "accuracy": 12, "caption": "Di jalan"},
    ),
    "contact": Received(
        "contact",
        "contact",
        {"contacts": [{"name": "Cy", "vcard": CARD.format(CY)}]},
        {"contacts": [{"name": "Cy", "vcard": CARD.format(CY)}]},
        group=True,
    ),
    "contacts": Received(
        "contact",
        "contact",
        {"contacts": [{"name": "Cy", "vcard": CARD.format(CY)}, {"name": "Bo", "vcard": CARD.format(BO)}]},
        {"contacts": [{"name": "Cy", "vcard": CARD.format(CY)}, {"name": "Bo", "vcard": CARD.format(BO)}]},
    ),
    "poll": Received("poll", "poll", POLL, POLL, group=True),
    "group invite": Received(
        "group_invite",
        "group_invite",
        {
            "group": "120363020310020819@g.us",
            "name": "Kopi",
            "code": "AbCd",
            "expires_at": 1_900_000_000,
            "caption": "Ikut?",
        },
        {
            "group": "120363020310020819@g.us",
            "name": "Kopi",
            "code": "AbCd",
            "expires_at": 1_900_000_000,
            "caption": "Ikut?",
        },
    ),
    "album": Received("album", "album", {"images": 2, "videos": 1}, {"images": 2, "videos": 1}),
    "timer": Received("timer", "timer", {"seconds": 604_800}, {"seconds": 604_800}),
    "no timer": Received("timer", "timer", {"seconds": 0}, {"seconds": 0}),
}
"""What a phone sends as it is, by what people call it."""


@pytest.fixture(scope="module")
def came_in(line: Line) -> dict[tuple[str, bool], str]:
    """WhatsApp's id of each case that Bo's phone sends, all of them one after the other, to the account or the group."""
    names = {}
    for name, case in RECEIVED.items():
        for group in (False, True) if case.group else (False,):
            sends = dict(case.sends)
            if case.file:
                sends["file"] = line.bo.put(case.file())
            names[name, group] = line.bo.send(line.group if group else OURS, case.kind, **sends)
    return names


def received(line: Line, case: Received, name: str, chat: str) -> None:
    """Compare what is told everywhere of a case that came in, and its file."""
    message, body = line.came(name), case.file() if case.file else None
    assert (message["type"], message["from_me"], message["direction"]) == (case.type, False, "inbound")
    assert (message["sender"]["phone"], message["sender"]["name"]) == (f"+{BO}", "Bo")
    assert message["sender"]["lid"].endswith("@lid")
    assert message["chat_id"] == chat
    has(message[case.type], case.told)
    if body is None:
        return
    file = message[case.type]
    assert (file["state"], file["size"], file["sha256"]) == ("stored", len(body), hashlib.sha256(body).hexdigest())
    record = line.stack.get(f"/v1/sessions/{OURS}/media/{file['media_id']}").json()
    assert (record["message_id"], record["size"], record["sha256"]) == (message["id"], len(body), file["sha256"])
    assert requests.get(record["url"], timeout=40).content == body


@pytest.mark.parametrize("name", RECEIVED)
def test_what_a_phone_sends_is_told_alike_everywhere(
    line: Line, came_in: dict[tuple[str, bool], str], name: str
) -> None:
    received(line, RECEIVED[name], came_in[name, False], f"{BO}@s.whatsapp.net")


@pytest.mark.parametrize("name", [name for name, case in RECEIVED.items() if case.group])
def test_what_a_phone_sends_to_a_group_is_told_alike_everywhere(
    line: Line, came_in: dict[tuple[str, bool], str], name: str
) -> None:
    received(line, RECEIVED[name], came_in[name, True], line.group)


def test_what_came_in_is_edited_reacted_to_pinned_and_deleted(line: Line) -> None:
    first = line.bo.say(OURS, "Jam sembilan")
    says: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
        ("edited", "edit", {"text": "Jam sepuluh"}, {"body": "Jam sepuluh", "type_of_target": "text"}),
        ("edited", "edit", {"text": "Jam dua", "encrypted": True}, {"body": "Jam dua", "encrypted": False}),
        ("reaction", "react", {"emoji": "👍"}, {"emoji": "👍", "removed": False}),
        ("reaction", "react", {"emoji": ""}, {"emoji": None, "removed": True}),
        ("pin", "pin", {"seconds": 86_400}, {"pinned": True, "seconds": 86_400}),
        ("pin", "pin", {"undo": True}, {"pinned": False, "seconds": None}),
        ("deleted", "delete", {}, {"by_admin": False}),
    )
    names = [line.bo.send(OURS, kind, id=first, **fields) for _, kind, fields, _ in says]
    assert line.came(first)["text"]["body"] == "Jam sembilan"
    for name, (type_, _, _, told) in zip(names, says, strict=True):
        message = line.came(name)
        assert message["type"] == type_
        has(message[type_], {"from_me": False, "message_id": first, **told})


def test_a_reply_a_mention_and_a_forward_are_told(line: Line) -> None:
    ours = line.send("text", {"body": "Kopi?"}, line.group)
    line.shown(ours)
    lid = next(one["lid"] for one in line.stack.network("phones").json()["phones"] if one["number"] == CY)
    said = {"id": ours["whatsapp_id"], "text": f"Ya, @{CY}", "mentions": [CY], "forwarded": 5, "expires_in": 86_400}
    reply = line.came(line.bo.send(line.group, "reply", **said))
    assert reply["mentions"] == [lid if "@" in lid else f"{lid}@lid"]
    assert reply["text"]["body"] == f"Ya, @{lid.partition('@')[0]}"
    has(reply["context"], {"forwarded": 5, "expires_in": 86_400})
    assert reply["reply_to"] == ours["id"]
    told = {"message_id": ours["id"], "from_me": True, "type": "text", "text": "Kopi?"}
    has(reply["context"]["quoted"], told)


def test_what_may_be_seen_once_is_unavailable_and_an_album_s_children_name_it(line: Line) -> None:
    shown_once = line.bo.send(OURS, "image", file=line.bo.put(picture()), view_once=True)
    album = line.bo.send(OURS, "album", images=1, videos=0)
    child = line.came(line.bo.send(OURS, "image", file=line.bo.put(picture()), album=album))
    once = line.came(shown_once)
    assert (once["type"], once["unavailable"]) == ("unavailable", {})
    line.came(album)
    assert (child["type"], child["context"]["album"]) == ("image", album)


def test_a_call_is_told_and_a_group_s_changes_are(line: Line) -> None:
    call = line.bo.do("calls", to=OURS, video=True)
    offered = line.told(lambda one: one["type"] == "call" and one["call"]["id"] == call["id"])
    has(offered["call"], {"state": "offered", "video": True, "group": False})
    line.bo.change_group(line.group, "name", name="Teh")
    named = line.told(lambda one: one["type"] == "group_event" and one["group_event"]["change"] == "subject")
    assert (named["group_event"]["value"], named["chat_id"]) == ("Teh", line.group)


def test_what_can_t_be_read_is_undecryptable(line: Line) -> None:
    line.came(line.bo.say(OURS, "first"))
    line.stack.network("faults/spoil-message", {"times": 1})
    line.bo.say(OURS, "second")
    unread = line.told(lambda one: one["type"] == "undecryptable")
    assert unread["undecryptable"] == {}


def test_what_phones_send_as_whatsapp_has_it_is_told(line: Line) -> None:
    def raw(message: Any) -> str:
        return line.bo.send(OURS, "raw", message=message.SerializeToString().hex())

    secret, bo = bytes(range(SECRET_SIZE)), f"{BO}@s.whatsapp.net"
    about = {"name": "Kopi", "description": "Pagi", "startTime": 1_900_000_000}
    planned = raw(wa.Message(eventMessage=about, messageContextInfo={"messageSecret": secret}))

    def sealed(use: Use, plain: Any) -> dict[str, bytes]:
        """What Bo says about the event under its secret."""
        payload, iv = AddOn(use, planned, bo, bo).seal(secret, plain.SerializeToString())
        return {"encPayload": payload, "encIV": iv}

    key = {"remoteJID": f"{OURS}@s.whatsapp.net", "fromMe": True, "ID": planned}
    target = {"message_id": planned, "from_me": False}
    button = wa.Message(buttonsResponseMessage={"selectedButtonID": "yes", "selectedDisplayText": "Ya"})
    comment = wa.Message(commentMessage={"message": {"conversation": "Bagus"}, "targetMessageKey": key})
    answer = sealed(Use.EVENT_RESPONSE, wa.EventResponseMessage(response=2, extraGuestCount=1))
    reaction = sealed(Use.REACTION, wa.ReactionMessage(text="👍"))
    sent = (
        (raw(button), "choice", {"id": "yes", "title": "Ya"}),
        (
            raw(wa.Message(encEventResponseMessage={"eventCreationMessageKey": key, **answer})),
            "event_response",
            {**target, "response": "not_going", "guests": 1},
        ),
        (
            raw(wa.Message(encReactionMessage={"targetMessageKey": key, **reaction})),
            "reaction",
            {**target, "emoji": "👍"},
        ),
        (raw(wa.Message(keepInChatMessage={"key": key, "keepType": 1})), "keep", {**target, "pinned": True}),
        (raw(comment), "comment", {**target, "body": "Bagus"}),
        (raw(wa.Message(orderMessage={"orderID": "1"})), "unsupported", {"name": "orderMessage"}),
        (line.bo.send(OURS, "raw", message="da3e020801"), "unsupported", {"fields": [1003]}),
    )
    event = line.came(planned)
    has(event["event"], {"name": "Kopi", "description": "Pagi", "starts_at": 1_900_000_000, "canceled": False})
    for name, type_, told in sent:
        message = line.came(name)
        assert message["type"] == type_
        has(message[type_], told)
