"""The bare API's webhooks end to end: set by its own call, with its own payload, signed as it documents."""

import hmac
import time
from typing import Any

import requests

from infra.local.client import Phone, Stack, eventually
from tests.receivers import Attempt, Receiver, listening
from tests.signatures import verify
from tests.worker.media import samples

SECRET = "your-own-secret"


def told(receiver: Receiver, event: str, **fields: Any) -> list[Attempt]:
    """What came in of an event, with these fields."""
    wanted = {"event": event, **fields}.items()
    return [one for one in receiver.received if wanted <= one.json.items()]


def test_messages_statuses_and_the_connection_arrive_in_the_family_s_words(stack: Stack, number: str) -> None:
    friend, session = "628777" + number[-6:], f"shop.{number}"
    picture = samples.a_picture("JPEG", (320, 240))
    with listening() as receiver:
        assert stack.post("/sessions", {"sessionId": session}).status_code == 201
        answer = stack.post(f"/sessions/{session}/webhook", {"webhookUrl": receiver.url, "secret": SECRET})
        assert answer.status_code == 200, answer.text
        stack.scan(stack.code(session), number)
        eventually(lambda: told(receiver, "connection", status="connected", sessionId=session))
        assert stack.network(f"phones/{friend}/say", {"to": number, "text": "Kopi jam sembilan?"}).ok
        (said,) = eventually(lambda: told(receiver, "message"))
        phone = Phone(stack, friend)
        phone.send(number, "image", file=phone.put(picture), mimetype="image/jpeg", caption="Menu")
        shown = eventually(lambda: told(receiver, "message", type="image"))[0].json
        sent = stack.post(f"/sessions/{session}/send-message", {"to": friend, "message": "Ya!"}).json()
        eventually(lambda: told(receiver, "status", status="delivered", messageId=sent["messageId"]))
    assert shown["mediaUrl"].startswith(f"{stack.url}/sessions/{session}/media/")
    # It may be told of before it is here.
    eventually(lambda: requests.get(shown["mediaUrl"], headers=stack.headers, timeout=30).content == picture)
    assert (shown["caption"], shown["message"]) == ("Menu", "Menu")
    assert (said.json["from"], said.json["message"], said.json["type"]) == (f"+{friend}", "Kopi jam sembilan?", "text")
    for one in receiver.received:
        verify(answer.json()["webhookSecret"], one.headers, one.body, now=int(time.time() * 1000))
        seconds, digest = one.headers["X-Webhook-Signature-V2"].removeprefix("t=").split(",v1=")
        assert digest == hmac.new(SECRET.encode(), seconds.encode() + b"." + one.body, "sha256").hexdigest()
        assert abs(time.time() - int(seconds)) < 60
        assert one.headers["X-Webhook-Signature"] == hmac.new(SECRET.encode(), one.body, "sha256").hexdigest()
    assert {one.json["event"] for one in receiver.received} == {"message", "status", "connection"}
    assert SECRET not in stack.log()
    assert "Kopi jam" not in stack.log()
