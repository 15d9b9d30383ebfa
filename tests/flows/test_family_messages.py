"""The older families' own routes that send, through a real worker to a virtual phone: a sample of each family's."""

import base64
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


class Letsbot:
    """A program with an API key for the session, which no call names."""

    def __init__(self, stack: Stack, account: str) -> None:
        self.url = f"{stack.url}/api/v1"
        answer = stack.post("/api/auth/api-key", {"session_id": account})
        self.headers = {"Authorization": f"Bearer {answer.json()['data']['api_key']}"}

    def __call__(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        answer = requests.request(method, f"{self.url}/{path}", json=body, headers=self.headers, timeout=40)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])


@pytest.fixture
def letsbot(stack: Stack, account: str) -> Letsbot:
    return Letsbot(stack, account)


def test_letsbot_sends_files_places_and_contacts(letsbot: Letsbot, friend: Phone) -> None:
    to = {"phone": friend.number}
    with serving_files({"/menu.jpg": PICTURE, "/tone.wav": samples.a_wav(2)}) as site:
        image = letsbot("send/image", {**to, "url": f"{site}/menu.jpg", "caption": "Menu"})
        voice = letsbot("send/ptt", {**to, "url": f"{site}/tone.wav"})
    letter = got(friend, image["message_id"])
    assert (letter["type"], "Menu" in str(letter)) == ("image", True)
    assert eventually(lambda: friend.file(image["message_id"])) == PICTURE
    assert got(friend, voice["message_id"])["type"] == "voice"
    place = got(friend, letsbot("send/location", {**to, "lat": "-6.2", "lng": 106.8})["message_id"])
    assert (place["type"], "106.8" in str(place)) == ("location", True)
    contact = letsbot("send/contact", {**to, "contact": "4366012345", "name": "Cy", "description": "Cook"})
    assert "NOTE:Cook" in str(got(friend, contact["message_id"]))


def test_letsbot_answers_reacts_reads_types_and_deletes(
    stack: Stack, letsbot: Letsbot, friend: Phone, account: str
) -> None:
    to = {"phone": friend.number}
    asked = until_it_came(stack, account, friend.say(account, "Jam berapa?"))
    reply = letsbot("message/send/reply", {**to, "body": "Sembilan", "messageId": asked})
    assert got(friend, reply["message_id"])["context"]["quoted"]["id"] == asked
    letsbot("message/send/reaction", {**to, "reaction": "👍", "messageId": asked})
    eventually(lambda: reacted(friend, asked).get(account) == "👍")
    mention = letsbot("message/send/mention", {**to, "mention": friend.number})
    assert got(friend, mention["message_id"])["context"]["mentions"] == [f"{friend.number}@s.whatsapp.net"]
    gone = letsbot("message/send/disappearing", {**to, "body": "1234", "duration": 60})
    assert got(friend, gone["message_id"])["text"] == "1234"
    letsbot("chat/read", to)
    eventually(lambda: got(friend, asked)["state"] == "read")
    letsbot("instance/set/presence", {"presence": "available"})
    letsbot("instance/set/presence", {"presence": "composing", "mixed": friend.number})
    eventually(lambda: friend.presence(account)["typing"])
    letsbot("message/delete", {**to, "messageID": reply["message_id"]}, "DELETE")
    eventually(lambda: got(friend, reply["message_id"]).get("deleted_by"))


def test_the_enveloped_api_sends_what_comes_along_replies_and_passes_on(
    stack: Stack, friend: Phone, account: str
) -> None:
    path, to = f"/api/sessions/{account}", {"to": friend.number}
    body = {**to, "image": base64.b64encode(PICTURE).decode(), "caption": "Menu"}
    image = stack.post(f"{path}/send-image", body).json()
    assert (image["success"], "Menu" in str(got(friend, image["id"]))) == (True, True)
    assert eventually(lambda: friend.file(image["id"])) == PICTURE
    file = {**to, "file": base64.b64encode(b"a,b\n").decode(), "filename": "order.csv"}
    sent = stack.post(f"{path}/send-attachment", file).json()
    assert "order.csv" in str(got(friend, sent["id"]))
    assert eventually(lambda: friend.file(sent["id"])) == b"a,b\n"
    shown = until_it_came(
        stack, account, friend.send(account, "image", file=friend.put(PICTURE), mimetype="image/jpeg")
    )
    address = stack.url + stack.get(f"{path}/messages/{shown}").json()["data"]["media_url"]
    # It may be told of before it is here.
    eventually(lambda: requests.get(address, headers=stack.headers, timeout=30).content == PICTURE)
    assert requests.get(address, timeout=30).status_code == 401
    asked = until_it_came(stack, account, friend.say(account, "Kopi gratis"))
    reply = stack.post(f"{path}/reply", {**to, "message": "Mau", "quoted_message_id": asked}).json()
    assert got(friend, reply["id"])["context"]["quoted"]["id"] == asked
    forwarded = stack.post(f"{path}/forward", {**to, "message_id": asked}).json()
    letter = got(friend, forwarded["id"])
    assert (letter["text"], letter["context"]["forwarded"]) == ("Kopi gratis", 1)
    place = stack.post(f"{path}/send-location", {**to, "latitude": -6.2, "longitude": 106.8}).json()
    assert got(friend, place["data"]["message_id"])["type"] == "location"


def test_the_bare_api_sends_files_passes_on_to_many_and_reads(stack: Stack, friend: Phone, account: str) -> None:
    path = f"/sessions/{account}"
    with serving_files({"/menu.jpg": PICTURE}) as site:
        media = {"to": f"+{friend.number}", "mediaUrl": f"{site}/menu.jpg", "caption": "Menu", "mediaType": "image"}
        sent = stack.post(f"{path}/send-media", media).json()
    assert "Menu" in str(got(friend, sent["messageId"]))
    assert eventually(lambda: friend.file(sent["messageId"])) == PICTURE
    asked = until_it_came(stack, account, friend.say(account, "Kopi gratis"))
    many = {"messageId": asked, "recipients": [f"+{friend.number}", "nobody"]}
    told = stack.post(f"{path}/forward-message-bulk", many).json()
    assert [one["status"] for one in told["forwards"]][1] == "failed"
    assert got(friend, told["forwards"][0]["messageId"])["context"]["forwarded"] == 1
    read = stack.post(f"{path}/messages/{asked}/read").json()
    assert (read["success"], read["messageId"]) == (True, asked)
    eventually(lambda: got(friend, asked)["state"] == "read")
    status = stack.post(f"{path}/send-status", {"message": "Closed today", "backgroundColor": "#1f7aec"}).json()
    assert status["success"] is True, status
