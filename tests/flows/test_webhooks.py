"""Webhooks end to end: from a session's life to a signed POST at a server of the developer's own."""

import json
import time
from typing import Any

import pytest

from chalicelib.domain.webhook import ID_HEADER
from infra.local.client import Stack, eventually
from tests.receivers import Receiver, listening
from tests.signatures import verify


def verified(receiver: Receiver, secret: str) -> list[dict[str, Any]]:
    """What came, each checked as a receiver would."""
    for one in receiver.received:
        verify(secret, one.headers, one.body, now=int(time.time() * 1000))
    return [one.json for one in receiver.received]


def with_webhook(stack: Stack, number: str, url: str) -> str:
    """Create a session with a webhook; return its secret."""
    created = stack.post("/api/sessions", {"phone": number, "webhook_url": url})
    assert created.status_code == 201, created.text
    return str(created.json()["data"]["webhook_secret"])


def test_a_session_s_life_arrives_signed(stack, number):
    with listening() as receiver:
        secret = with_webhook(stack, number, receiver.url)
        stack.post(f"/api/sessions/{number}/connect")
        stack.scan(stack.code(number), number)
        connected = eventually(lambda: receiver.of("session.connected"))[0].json
        told = verified(receiver, secret)
        assert {"session.created", "session.starting", "session.qr", "session.pairing"} <= {one["type"] for one in told}
        assert connected["session"] == number
        assert (connected["data"]["status"], connected["data"]["phone"]) == ("CONNECTED", number)
        assert all(one.headers[ID_HEADER] == one.json["id"] for one in receiver.received)
        assert "2@" not in "".join(str(one) for one in told), "no code is in a webhook"
    assert secret not in stack.log()


def test_an_endpoint_that_fails_is_asked_again_when_it_said(stack, number):
    with listening((500, {"Retry-After": "6"})) as receiver:
        secret = with_webhook(stack, number, receiver.url)
        eventually(lambda: len(receiver.of("session.created")) == 2)
        first, second = receiver.of("session.created")
        assert second.at - first.at >= 5.5
        assert first.headers[ID_HEADER] == second.headers[ID_HEADER]
        assert first.body == second.body
        verified(receiver, secret)


def test_an_endpoint_that_fails_is_seen_on_its_session_and_in_the_log(stack, number):
    with listening((503, {})) as receiver:
        secret = with_webhook(stack, number, receiver.url)
        failure = eventually(lambda: stack.session(number)["last_webhook_failure"])
        assert (failure["status"], failure["reason"], failure["attempts"]) == (503, "http_error", 1)
        assert failure["message"] == "The endpoint's answer was no 2xx, but 503."
        assert failure["next_at"] > failure["at"]
        (first,) = receiver.of("session.created")
        assert failure["event_id"] == first.json["id"]
        bare = stack.get(f"/sessions/{number}").json()["lastWebhookFailure"]
        assert (bare["status"], bare["reason"], bare["eventId"]) == (503, "http_error", first.json["id"])
        assert eventually(lambda: stack.session(number)["last_webhook_failure"]["recovered_at"])
    lines = [line for line in stack.log().splitlines() if "webhook.retry" in line and f'session="{number}"' in line]
    assert len(lines) == 1
    assert 'status=503 reason="http_error"' in lines[0]
    assert secret not in stack.log()
    assert receiver.url not in stack.log()


def test_an_endpoint_that_is_gone_is_left_alone_until_its_address_is_set_again(stack, number):
    with listening((410, {})) as receiver:
        with_webhook(stack, number, receiver.url)
        eventually(lambda: stack.session(number)["webhook_disabled_at"])
        assert stack.session(number)["last_webhook_failure"]["reason"] == "gone"
        stack.post(f"/api/sessions/{number}/connect")
        stack.code(number)
        assert [one.json["type"] for one in receiver.received] == ["session.created"]
        again = stack.put(f"/api/sessions/{number}/webhook", {"webhook_url": receiver.url}).json()
        assert (again["message"], again["data"]["webhook_disabled_at"]) == ("Session updated", None)
        stack.post(f"/api/sessions/{number}/disconnect")
        assert eventually(lambda: receiver.of("session.stopped"))


def test_texts_that_come_in_and_what_became_of_those_sent_go_out_to_the_endpoint(stack, number, friend):
    with listening() as receiver:
        secret = with_webhook(stack, number, receiver.url)
        stack.post(f"/api/sessions/{number}/connect")
        stack.scan(stack.code(number), number)
        stack.until(number, "CONNECTED")
        friend.say(number, "Kopi jam sembilan?")
        said = eventually(lambda: receiver.of("message.received"))[0].json
        sent = stack.post(f"/api/sessions/{number}/send", {"to": friend.number, "message": "Ya!"}).json()["data"]
        told = eventually(lambda: receiver.of("message.delivered"))[0].json["data"]
        verified(receiver, secret)
    assert (said["message"], said["from"], said["is_group"]) == (
        "Kopi jam sembilan?",
        f"{friend.number}@s.whatsapp.net",
        False,
    )
    assert said["data"]["from"] == friend.number
    assert said["data"]["from_lid"]
    assert (told["status"], told["message_id"], told["to"]) == ("delivered", sent["message_id"], friend.number)
    assert "Kopi jam" not in stack.log()


def test_an_endpoint_that_hangs_holds_up_no_other(own_stack):
    stack = own_stack()
    stack.start()
    with listening(hang_s=9) as slow, listening() as quick:
        for count in range(12):
            with_webhook(stack, f"62812345{count:05d}", slow.url)
        begun = time.monotonic()
        with_webhook(stack, "6281234599999", quick.url)
        eventually(lambda: quick.received, every=0.02)
        took = time.monotonic() - begun
        eventually(lambda: len(slow.received) == 12)
    assert took < 9, "before any of the others came back: it took 16 s when one batch waited for the other"


def waits_alone(stack: Stack) -> bool:
    """Whether a delivery was queued anew, and what it was before is deleted: an end in between would repeat it."""
    lines = [
        json.loads(line) for path in stack.state.glob("queues.*.journal") for line in path.read_text().splitlines()
    ]
    puts = [line["put"]["id"] for line in lines if line.get("put", {}).get("queue") == "DeliveryQueue"]
    return len(puts) == 2 and {"deleted": puts[0]} in lines


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_endpoint_that_failed_before_the_stack_ended_is_asked_again_after_its_restart(own_stack, number, end):
    stack = own_stack()
    stack.start()
    with listening((503, {"Retry-After": "20"})) as receiver:
        with_webhook(stack, number, receiver.url)
        eventually(lambda: waits_alone(stack))
        getattr(stack, end)()
        stack.start()
        eventually(lambda: len(receiver.of("session.created")) == 2)
        first, second = receiver.of("session.created")
    assert first.headers[ID_HEADER] == second.headers[ID_HEADER]
    assert second.at - first.at >= 19, "its delay goes on"
