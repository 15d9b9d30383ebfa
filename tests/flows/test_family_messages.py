"""The older families' own routes that send, through a real worker to a virtual phone: each type that each family sends."""

import base64
from functools import cache, partial
from typing import Any

import pytest
import requests

from infra.local.client import Phone, Stack, eventually
from tests.receivers import serving_files
from tests.worker.media import samples

PICTURE = samples.a_picture("JPEG", (320, 240))


def got(phone: Phone, whatsapp_id: str) -> dict[str, Any]:
    letter: dict[str, Any] = eventually(lambda: phone.letter(whatsapp_id))
    return letter


def reacted(phone: Phone, whatsapp_id: str) -> dict[str, str]:
    return dict(got(phone, whatsapp_id).get("reactions") or {})


def until_it_came(stack: Stack, account: str, whatsapp_id: str) -> str:
    """WhatsApp's id, which callers name a message by that a webhook told them of, once the message is there."""
    eventually(lambda: stack.get(f"/api/sessions/{account}/messages/{whatsapp_id}").ok)
    return whatsapp_id


def named(stack: Stack, account: str, name: str) -> str:
    """WhatsApp's id of a message that was accepted, once the message is sent; by either id."""

    def look() -> str | None:
        found: str | None = stack.get(f"/api/sessions/{account}/messages/{name}").json()["data"]["message_id"]
        return found

    return str(eventually(look))


def arrived(phone: Phone, whatsapp_id: str, kind: str, file: bytes | None = None) -> dict[str, Any]:
    """What the phone shows of a message: one of that kind, with that file."""
    letter = got(phone, whatsapp_id)
    assert letter["type"] == kind
    if file is not None:
        assert eventually(lambda: phone.file(whatsapp_id)) == file
    return letter


def send(stack: Stack, account: str, path: str, body: dict[str, Any]) -> str:
    """Send something by a family's route; return WhatsApp's id of it."""
    answer = stack.post(path, body)
    # 202: WhatsApp acknowledged it later than a call waits.
    assert answer.status_code in {200, 202}, answer.text
    told = answer.json()
    return named(stack, account, told.get("id") or told["data"]["id"])


@cache
def files() -> dict[str, bytes]:
    """Files of each kind, by where they are served."""
    return {
        "/menu.jpg": PICTURE,
        "/clip.mp4": samples.a_video(1),
        "/song.mp3": samples.a_sound("mp3", "libmp3lame", 1),
        "/tone.wav": samples.a_wav(1),
        "/wave.webp": samples.a_moving_sticker(),
        "/order.csv": b"a,b\n",
    }


class Letsbot:
    """A program with an API key for the session, which no call names."""

    def __init__(self, stack: Stack, account: str) -> None:
        self.stack, self.account = stack, account
        self.url = f"{stack.url}/api/v1"
        answer = stack.post("/api/auth/api-key", {"session_id": account})
        self.headers = {"Authorization": f"Bearer {answer.json()['data']['api_key']}"}

    def __call__(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        answer = requests.request(method, f"{self.url}/{path}", json=body, headers=self.headers, timeout=40)
        # 202: WhatsApp acknowledged it later than a call waits.
        assert answer.status_code in {200, 202}, answer.text
        return dict(answer.json()["data"])

    def send(self, path: str, body: Any) -> str:
        """Send something; return WhatsApp's id of it."""
        return named(self.stack, self.account, self(path, body)["id"])


@pytest.fixture
def letsbot(stack: Stack, account: str) -> Letsbot:
    return Letsbot(stack, account)


def test_letsbot_sends_files_places_and_contacts(letsbot: Letsbot, friend: Phone) -> None:
    to = {"phone": friend.number}
    with serving_files(files()) as site:
        image = letsbot.send("send/image", {**to, "url": f"{site}/menu.jpg", "caption": "Menu"})
        assert "Menu" in str(arrived(friend, image, "image", PICTURE))
        for path, kind, file in (
            ("send/file", "document", "/order.csv"),
            ("send/video", "video", "/clip.mp4"),
            ("send/gif", "gif", "/clip.mp4"),
            ("message/send/sticker", "sticker", "/wave.webp"),
        ):
            arrived(friend, letsbot.send(path, {**to, "url": f"{site}{file}"}), kind, files()[file])
        sound = letsbot.send("send/audio", {**to, "audio": f"{site}/song.mp3"})
        arrived(friend, sound, "audio", files()["/song.mp3"])
        # A voice message is made of it: another file.
        arrived(friend, letsbot.send("send/ptt", {**to, "url": f"{site}/tone.wav"}), "voice")
    place = arrived(friend, letsbot.send("send/location", {**to, "lat": "-6.2", "lng": 106.8}), "location")
    assert "106.8" in str(place)
    contact = letsbot.send("send/contact", {**to, "contact": "4366012345", "name": "Cy", "description": "Cook"})
    assert "NOTE:Cook" in str(got(friend, contact))


def test_letsbot_answers_reacts_reads_types_and_deletes(
    stack: Stack, letsbot: Letsbot, friend: Phone, account: str
) -> None:
    to = {"phone": friend.number}
    asked = until_it_came(stack, account, friend.say(account, "Jam berapa?"))
    reply = letsbot.send("message/send/reply", {**to, "body": "Sembilan", "messageId": asked})
    assert got(friend, reply)["context"]["quoted"]["id"] == asked
    letsbot("message/send/reaction", {**to, "reaction": "👍", "messageId": asked})
    eventually(lambda: reacted(friend, asked).get(account) == "👍")
    mention = letsbot.send("message/send/mention", {**to, "mention": friend.number})
    assert got(friend, mention)["context"]["mentions"] == [f"{friend.number}@s.whatsapp.net"]
    gone = letsbot.send("message/send/disappearing", {**to, "body": "1234", "duration": 60})
    assert got(friend, gone)["text"] == "1234"
    letsbot("chat/read", to)
    eventually(lambda: got(friend, asked)["state"] == "read")
    letsbot("instance/set/presence", {"presence": "available"})
    letsbot("instance/set/presence", {"presence": "composing", "mixed": friend.number})
    eventually(lambda: friend.presence(account)["typing"])
    letsbot("message/delete", {**to, "messageID": reply}, "DELETE")
    eventually(lambda: got(friend, reply).get("deleted_by"))


def test_the_enveloped_api_sends_what_comes_along_replies_and_passes_on(
    stack: Stack, friend: Phone, account: str
) -> None:
    path, to = f"/api/sessions/{account}", {"to": friend.number}
    sent = partial(send, stack, account)
    image = sent(f"{path}/send-image", {**to, "image": base64.b64encode(PICTURE).decode(), "caption": "Menu"})
    assert "Menu" in str(arrived(friend, image, "image", PICTURE))
    file = {**to, "file": base64.b64encode(b"a,b\n").decode(), "filename": "order.csv"}
    assert "order.csv" in str(arrived(friend, sent(f"{path}/send-attachment", file), "document", b"a,b\n"))
    with serving_files(files()) as site:
        for name, said, kind in (("/clip.mp4", {}, "video"), ("/song.mp3", {"type": "audio"}, "audio")):
            one = sent(f"{path}/send-file-url", {**to, "url": f"{site}{name}", **said})
            arrived(friend, one, kind, files()[name])
    shown = until_it_came(
        stack, account, friend.send(account, "image", file=friend.put(PICTURE), mimetype="image/jpeg")
    )
    address = stack.url + stack.get(f"{path}/messages/{shown}").json()["data"]["media_url"]
    # It may be told of before it is here.
    eventually(lambda: requests.get(address, headers=stack.headers, timeout=30).content == PICTURE)
    assert requests.get(address, timeout=30).status_code == 401
    asked = until_it_came(stack, account, friend.say(account, "Kopi gratis"))
    reply = sent(f"{path}/reply", {**to, "message": "Mau", "quoted_message_id": asked})
    assert got(friend, reply)["context"]["quoted"]["id"] == asked
    letter = got(friend, sent(f"{path}/forward", {**to, "message_id": asked}))
    assert (letter["text"], letter["context"]["forwarded"]) == ("Kopi gratis", 1)
    arrived(friend, sent(f"{path}/send-location", {**to, "latitude": -6.2, "longitude": 106.8}), "location")


def test_the_bare_api_sends_files_passes_on_to_many_and_reads(stack: Stack, friend: Phone, account: str) -> None:
    path, to = f"/sessions/{account}", {"to": f"+{friend.number}"}
    sent = partial(send, stack, account)
    with serving_files(files()) as site:
        media = {**to, "mediaUrl": f"{site}/menu.jpg", "caption": "Menu", "mediaType": "image"}
        assert "Menu" in str(arrived(friend, sent(f"{path}/send-media", media), "image", PICTURE))
        for name, kind in (("/clip.mp4", "video"), ("/song.mp3", "audio"), ("/order.csv", "document")):
            one = sent(f"{path}/send-media", {**to, "mediaUrl": f"{site}{name}", "mediaType": kind})
            arrived(friend, one, kind, files()[name])
        status = {"message": "Closed today", "mediaUrl": f"{site}/menu.jpg", "mediaType": "image"}
        letter = arrived(Phone(stack, account), sent(f"{path}/send-status", status), "image", PICTURE)
        assert letter["content"]["caption"] == "Closed today"
    asked = until_it_came(stack, account, friend.say(account, "Kopi gratis"))
    many = {"messageId": asked, "recipients": [f"+{friend.number}", "nobody"]}
    told = stack.post(f"{path}/forward-message-bulk", many).json()
    assert [one["status"] for one in told["forwards"]][1] == "failed"
    assert got(friend, named(stack, account, told["forwards"][0]["id"]))["context"]["forwarded"] == 1
    assert stack.get(f"{path}/messages/{asked}").json()["read"] is False
    read = stack.post(f"{path}/messages/{asked}/read").json()
    assert (read["success"], read["messageId"]) == (True, asked)
    eventually(lambda: got(friend, asked)["state"] == "read")
    assert stack.get(f"{path}/messages/{asked}").json()["read"] is True
    # The account has no contacts here who would see it, but a phone of its own.
    text = sent(f"{path}/send-status", {"message": "Closed today", "backgroundColor": "#1f7aec"})
    letter = got(Phone(stack, account), text)
    assert (letter["text"], letter["content"]["background"]) == ("Closed today", 0xFF1F7AEC)
