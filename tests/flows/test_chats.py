"""What is about chats and people, between the native API and a phone: timers, calls, groups' changes, presence."""

from functools import partial
from typing import Any

import pytest

from infra.local.client import Phone, Stack, eventually

TERMINAL = {"sent", "delivered", "read", "failed", "unknown"}


@pytest.fixture
def base(account: str) -> str:
    return f"/v1/sessions/{account}/messages"


def send(stack: Stack, base: str, to: str, kind: str, said: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Send something; return the message once WhatsApp has it. A vote goes where its poll is."""
    where = {"chat_id": to} if "@" in to else {"phone": f"+{to}"}
    body = {"type": kind, kind: said, **({} if kind == "poll_vote" else {"to": where}), **more}
    return settled(stack, base, stack.post(f"{base}?wait=10", body))


def settled(stack: Stack, base: str, answer: Any) -> dict[str, Any]:
    assert answer.status_code in {200, 202}, answer.text

    def look() -> dict[str, Any] | None:
        message: dict[str, Any] = stack.get(f"{base}/{answer.json()['id']}").json()
        return message if message["status"] in TERMINAL else None

    message: dict[str, Any] = eventually(look)
    assert message["status"] in {"sent", "delivered", "read"}, message
    return message


def letter(phone: Phone, message: dict[str, Any]) -> dict[str, Any]:
    """What the phone shows of a message that the API sent."""
    shown: dict[str, Any] = eventually(lambda: phone.letter(message["whatsapp_id"]))
    return shown


def came(stack: Stack, base: str, name: str) -> dict[str, Any]:
    """The message that came in under that id of WhatsApp's."""

    def look() -> dict[str, Any] | None:
        return next((one for one in stack.get(base).json()["data"] if one["whatsapp_id"] == name), None)

    message: dict[str, Any] = eventually(look)
    return message


def test_what_is_sent_to_a_chat_with_a_timer_disappears_and_what_is_sent_after_it_stays(stack, account, friend, base):
    for seconds in (86_400, 0):
        came(stack, base, friend.send(account, "timer", seconds=seconds))
        # The chat learns of it from the message's event.
        eventually(partial(says_that_it_disappears, stack, friend, base, seconds or None), every=1.0)


def says_that_it_disappears(stack: Stack, friend: Phone, base: str, seconds: int | None) -> bool:
    message = letter(friend, send(stack, base, friend.number, "text", {"body": "Halo"}))
    return bool(message["context"].get("expires_in") == seconds)


def test_a_call_is_told_and_can_be_rejected(stack, account, friend, base):
    call = friend.do("calls", to=account, video=True)

    def calls(state: str) -> list[dict[str, Any]]:
        found = [one for one in stack.get(base).json()["data"] if one["type"] == "call"]
        return [one for one in found if (one["call"]["id"], one["call"]["state"]) == (call["id"], state)]

    (offered,) = eventually(lambda: calls("offered"))
    assert (offered["call"]["video"], offered["sender"]["phone"]) == (True, f"+{friend.number}")
    answer = stack.post(f"{base}/{offered['id']}/reject")
    assert answer.status_code in {200, 204}, answer.text
    eventually(lambda: stack.network(f"phones/{friend.number}/calls").json()["calls"][-1]["state"] == "declined")


def test_a_group_s_changes_are_messages_in_it(stack, account, friend, base):
    group = friend.make_group("Kopi", account)

    def changes() -> list[tuple[str, str | None]]:
        listed = stack.get(base, params={"chat_id": group}).json()["data"]
        told = [one["group_event"] for one in listed if one["type"] == "group_event"]
        return [(one["change"], one.get("value")) for one in told]

    eventually(lambda: ("added", "Kopi") in changes())
    friend.change_group(group, "name", name="Teh")
    eventually(lambda: ("subject", "Teh") in changes())
    friend.change_group(group, "promote", members=[account])
    eventually(lambda: ("promoted", None) in changes())
    text = send(stack, base, group, "text", {"body": "Halo"})
    assert letter(friend, text)["content"]["text"] == "Halo"


def test_reading_typing_and_being_online_are_shown_to_the_phone(stack, account, friend, base):
    asked = came(stack, base, friend.say(account, "Jam berapa?"))
    answer = stack.post(f"{base}/{asked['id']}/read", {})
    assert answer.status_code == 200, answer.text
    eventually(lambda: letter(friend, asked)["state"] == "read")
    presence = base.removesuffix("messages") + "presence"
    for state, shown in (("typing", "composing"), ("recording", "recording"), ("paused", "paused")):
        answer = stack.post(presence, {"state": state, "to": {"phone": f"+{friend.number}"}})
        assert answer.status_code in {200, 204}, answer.text
        eventually(partial(is_shown, friend, account, shown))


def is_shown(friend: Phone, of: str, typing: str) -> bool:
    return bool(friend.presence(of)["typing"] == typing)
