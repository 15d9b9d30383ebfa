"""A client library of another family finds in the loopback WhatsApp what it expects of the real one."""

import io
from pathlib import Path

import pytest
from PIL import Image

from infra.local.client import Phone, Stack, eventually, messages, send
from tests.flows.baileys import Baileys, baileys

pytestmark = pytest.mark.soak


def chat(number: str) -> str:
    return f"{number}@s.whatsapp.net"


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "PNG")
    return buffer.getvalue()


def heard(phone: Phone, text: str) -> None:
    eventually(lambda: text in phone.heard())


def linked(stack: Stack, client: Baileys, number: str) -> None:
    """Scan its code, and wait until it has come back with its login."""
    answer = stack.scan(client.next("qr")["code"], number, name="Ana")
    assert answer.ok, answer.text
    client.next("closed", code=515)
    assert client.next("connected")["id"] == f"{number}:1@s.whatsapp.net"


def test_it_links_by_qr_code_chats_comes_back_and_is_unlinked(
    stack: Stack, friend: Phone, number: str, tmp_path: Path
) -> None:
    with baileys(stack, tmp_path / "account.json") as client:
        linked(stack, client, number)
        friend.say(number, "Hello")
        client.next("message", text="Hello")
        assert client.do("check", number=friend.number)["found"] == [{"jid": chat(friend.number), "exists": True}]
        client.do("send", to=chat(friend.number), text="Hello yourself")
        heard(friend, "Hello yourself")
        media(friend, number, client, tmp_path)
        groups(friend, number, client)
        new_devices(stack, friend, number, client, tmp_path)
        stack.network(f"phones/{number}/drop", {})
        client.next("closed")
        client.next("connected")
    friend.say(number, "While you were away")
    with baileys(stack, tmp_path / "account.json") as client:
        client.next(
            "message", text="While you were away"
        )  # which it may be told of before it says that it is connected
        stack.network(f"phones/{number}/unlink", {})
        client.next("closed", code=401)


def media(friend: Phone, number: str, client: Baileys, directory: Path) -> None:
    content = picture("teal")
    sent = friend.send(number, "image", file=friend.put(content), caption="The view")
    client.next("message", id=sent, text="The view")
    client.do("download", id=sent, to=str(directory / "received"))
    assert (directory / "received").read_bytes() == content
    (directory / "sent").write_bytes(picture("red"))
    name = client.do("send_image", to=chat(friend.number), file=str(directory / "sent"), caption="Mine")["id"]
    assert eventually(lambda: friend.file(name)) == picture("red")


def groups(friend: Phone, number: str, client: Baileys) -> None:
    theirs = friend.make_group("Coffee", number)
    client.next("joined", id=theirs)
    friend.say(theirs, "At nine")
    client.next("message", chat=theirs, text="At nine")
    client.do("send", to=theirs, text="At ten")
    heard(friend, "At ten")
    own = client.do("make_group", subject="Cake", members=[chat(friend.number)])["id"]
    assert sorted(client.do("groups")["groups"]) == sorted([[theirs, "Coffee", 2], [own, "Cake", 2]])
    client.do("send", to=own, text="I bring cake")
    heard(friend, "I bring cake")


def new_devices(stack: Stack, friend: Phone, number: str, client: Baileys, directory: Path) -> None:
    """Its list of the friend's devices is renewed when WhatsApp says so: it had written to the phone alone."""
    with baileys(stack, directory / "friend.json") as other:
        linked(stack, other, friend.number)
        eventually(lambda: nothing_waits(stack, number))
        client.do("send", to=chat(friend.number), text="To both of you")
        other.next("message", text="To both of you")
        heard(friend, "To both of you")


def nothing_waits(stack: Stack, number: str) -> bool:
    """Return whether the devices of a number have acknowledged all that came for them."""
    waiting: list[dict[str, object]] = stack.network("mail").json()["waiting"]
    return number not in [one["number"] for one in waiting]


def test_it_links_by_a_typed_code_chats_with_a_session_and_logs_out(
    stack: Stack, account: str, number: str, tmp_path: Path
) -> None:
    with baileys(stack, tmp_path / "account.json") as client:
        client.next("qr")
        code = client.do("code", number=number)["code"]
        answer = stack.network("phones/link-code", {"code": code, "number": number, "name": "Ana"})
        assert answer.ok, answer.text
        client.next("connected")
        text = f"From a session to {number}"
        assert send(stack, account, number, text).ok
        client.next("message", text=text)
        client.do("send", to=chat(account), text=f"From Baileys, {number}")
        eventually(lambda: f"From Baileys, {number}" in [one["message"] for one in messages(stack, account)])
        client.do("log_out")
        eventually(lambda: devices(stack, number) == [])


def devices(stack: Stack, number: str) -> list[object] | None:
    phones = stack.network("phones").json()["phones"]
    return next((phone["devices"] for phone in phones if phone["number"] == number), None)
