"""The native API's messages through a real worker, to virtual phones and from them."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.client import Phone, Stack, eventually, listed
from tests.receivers import Receiver, listening, serving_files
from tests.worker.media import samples

NATIVE = {"id", "whatsapp_id", "direction", "from_me", "type", "chat_id", "chat_lid", "sender", "client_ref"}
"""What a message says in the same words wherever it is told, besides what its type names."""


@pytest.fixture
def receiver(stack: Stack, account: str) -> Iterator[Receiver]:
    """The account's webhook."""
    with listening() as receiver:
        stack.put(f"/api/sessions/{account}/webhook", {"webhook_url": receiver.url})
        yield receiver
        stack.put(f"/api/sessions/{account}/webhook", {"webhook_url": ""})


class Chat:
    """The account's side of a chat."""

    def __init__(self, stack: Stack, account: str, other: str) -> None:
        self.stack, self.account = stack, account
        self.path = f"/v1/sessions/{account}/messages"
        self.to = {"chat_id": other} if "@" in other else {"phone": other}

    def send(self, kind: str, said: Any, **fields: Any) -> dict[str, Any]:
        """Send a message, and wait until WhatsApp has it."""
        answer = self.stack.post(f"{self.path}?wait=20", {"to": self.to, "type": kind, kind: said, **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ask(self, method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        answer = self.stack.request(method, f"{self.path}{path}", body)
        assert answer.ok, answer.text
        return dict(answer.json())

    def came(self, whatsapp_id: str) -> dict[str, Any]:
        """The message of that id of WhatsApp's, as the list shows it."""

        def found() -> dict[str, Any] | None:
            return next((one for one in listed(self.stack, self.path) if one["whatsapp_id"] == whatsapp_id), None)

        message: dict[str, Any] = eventually(found)
        return message


@pytest.fixture
def chat(stack: Stack, account: str, friend: Phone) -> Chat:
    return Chat(stack, account, friend.number)


def got(phone: Phone, whatsapp_id: str) -> dict[str, Any]:
    letter: dict[str, Any] = eventually(lambda: phone.letter(whatsapp_id))
    return letter


def native(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told.get(name) for name in (*NATIVE, told["type"])}


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        ("299999999999999@lid", (422, "NOT_ON_WHATSAPP", "to")),
        ("120363999999999999@newsletter", (404, "CHANNEL_NOT_FOUND", "to")),
    ],
)
def test_whom_whatsapp_does_not_find_is_named(
    stack: Stack, account: str, to: str, refusal: tuple[int, str, str]
) -> None:
    body = {"to": {"chat_id": to}, "type": "text", "text": {"body": "Halo"}}
    answer = stack.post(f"/v1/sessions/{account}/messages?wait=20", body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == refusal
    assert error["retryable"] is False


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text", {"body": "Kopi jam sembilan? ☕"}),
        ("text", {"body": "See https://a.example", "preview": {"url": "https://a.example", "title": "A"}}),
        ("location", {"latitude": -6.2, "longitude": 106.8, "name": "Monas", "live": False}),
        ("poll", {"question": "When?", "options": ["Mon", "Tue"], "selectable": 1}),
        ("contact", {"contacts": [{"name": "Cy", "vcard": "BEGIN:VCARD\nVERSION:3.0\nFN:Cy\nEND:VCARD"}]}),
    ],
)
def test_what_is_sent_is_told_alike_in_the_answer_the_list_and_the_webhook(
    *, chat: Chat, friend: Phone, receiver: Receiver, kind: str, said: dict[str, Any]
) -> None:
    sent = chat.send(kind, {name: value for name, value in said.items() if name != "live"}, client_ref="order-17")
    assert (sent["type"], sent[kind], sent["client_ref"]) == (kind, said, "order-17")
    assert got(friend, sent["whatsapp_id"])["type"] == kind

    def posted() -> list[Any]:
        return [one.json["data"] for one in receiver.of("message.sent") if one.json["data"]["id"] == sent["id"]]

    (told,) = eventually(posted)
    listed = chat.ask("GET", f"?chat_id={friend.number}")["data"][0]
    assert native(told) == native(listed) == native(sent)


def test_a_message_is_replied_to_with_a_mention_reacted_to_edited_and_deleted(
    chat: Chat, friend: Phone, account: str
) -> None:
    asked = chat.came(friend.say(account, "Jam berapa?"))
    reply = chat.send(
        "text", {"body": f"@{friend.number} jam sembilan"}, reply_to=asked["id"], mentions=[friend.number]
    )
    letter = got(friend, reply["whatsapp_id"])
    assert letter["text"] == f"@{friend.number} jam sembilan"
    assert letter["context"]["quoted"]["id"] == asked["whatsapp_id"]
    assert letter["context"]["mentions"] == [f"{friend.number}@s.whatsapp.net"]

    chat.ask("PUT", f"/{asked['id']}/reaction?wait=20", {"emoji": "👍"})
    eventually(lambda: (got(friend, asked["whatsapp_id"]).get("reactions") or {}).get(account) == "👍")
    chat.ask("DELETE", f"/{asked['id']}/reaction?wait=20")
    eventually(lambda: not (got(friend, asked["whatsapp_id"]).get("reactions") or {}).get(account))

    edited = chat.ask("PATCH", f"/{reply['id']}?wait=20", {"text": {"body": "Jam sepuluh"}})
    assert edited["text"]["body"] == "Jam sepuluh"
    eventually(lambda: got(friend, reply["whatsapp_id"])["text"] == "Jam sepuluh")
    assert chat.ask("GET", f"/{reply['id']}")["edited_at"] == edited["edited_at"]
    assert chat.ask("GET", f"/{reply['id']}")["text"]["body"] == "Jam sepuluh"

    assert chat.ask("DELETE", f"/{reply['id']}?wait=20")["status"] == "revoked"
    assert chat.ask("GET", f"/{reply['id']}")["status"] == "revoked"
    eventually(lambda: got(friend, reply["whatsapp_id"]).get("deleted_by"))
    assert "sepuluh" not in chat.stack.log()


def test_what_comes_in_is_told_alike_in_the_list_and_the_webhook_and_marked_as_read(
    *, chat: Chat, friend: Phone, account: str, receiver: Receiver
) -> None:
    first, second = friend.say(account, "Satu"), friend.say(account, "Dua")
    came = [chat.came(one) for one in (first, second)]

    def posted() -> list[Any]:
        return [one.json["data"] for one in receiver.of("message.received") if one.json["data"]["id"] == came[1]["id"]]

    (told,) = eventually(posted)
    assert native(told) == native(came[1])
    assert came[1]["sender"]["phone"] == f"+{friend.number}"
    assert came[1]["sender"]["lid"].endswith("@lid")
    names = (came[1]["chat_lid"], friend.number)
    by_lid, by_phone = (chat.ask("GET", f"?chat_id={name}&order=oldest_first")["data"] for name in names)
    # WhatsApp's times are whole seconds: two of one second are in some order, the same everywhere.
    assert by_lid == by_phone == sorted(came, key=lambda message: message["id"])
    newest = by_lid[-1]
    assert chat.ask("POST", f"/{newest['id']}/read", {}) == {
        "id": newest["id"],
        "chat_id": newest["chat_id"],
        "unread": 0,
    }
    eventually(lambda: [got(friend, one)["state"] for one in (first, second)] == ["read", "read"])


def test_what_its_owner_reads_on_the_phone_is_read_here(
    *, chat: Chat, friend: Phone, account: str, receiver: Receiver
) -> None:
    first, second = (friend.say(account, text) for text in ("Satu", "Dua"))
    came = sorted((chat.came(one) for one in (first, second)), key=lambda message: message["id"])
    own = Phone(chat.stack, account)
    eventually(lambda: own.letter(first) and own.letter(second))
    own.read()
    newest = came[-1]
    eventually(lambda: [one for one in receiver.of("message.read") if one.json["data"]["id"] == newest["id"]])
    assert chat.ask("GET", f"/{newest['id']}")["status"] == "read"
    # The chat itself knows from then on: up to the older of the two there is nothing unread behind, either.
    eventually(lambda: chat.ask("POST", f"/{came[0]['id']}/read", {})["unread"] == 0)


def test_a_voice_message_is_played(chat: Chat, friend: Phone, account: str) -> None:
    sent = chat.send("text", {"body": "Anggap ini suara"})
    got(friend, sent["whatsapp_id"])
    friend.do("read", **{"from": account, "id": sent["whatsapp_id"], "played": True})
    eventually(lambda: chat.ask("GET", f"/{sent['id']}")["status"] == "played")


def test_a_link_is_shown_as_its_page_has_it(chat: Chat, friend: Phone) -> None:
    page = b'<title>Kopi</title><meta property="og:image" content="/kopi.png">'
    with serving_files({"/page.html": page, "/kopi.png": samples.a_picture("PNG")}) as site:
        link = f"{site}/page.html"
        sent = chat.send("text", {"body": f"Lihat {link}", "preview": {"url": link}})
    preview = got(friend, sent["whatsapp_id"])["content"]["preview"]
    assert (preview["url"], preview["title"]) == (link, "Kopi")
    assert preview["thumbnail"]


def test_the_account_is_shown_typing(chat: Chat, friend: Phone, account: str) -> None:
    presence = f"/v1/sessions/{account}/presence"
    assert chat.stack.post(presence, {"state": "online"}).json() == {"state": "online", "chat_id": None}
    assert chat.stack.post(presence, {"state": "typing", "to": chat.to}).ok
    eventually(lambda: friend.presence(account)["typing"])


def test_a_group_s_members_have_a_receipt_each(stack: Stack, account: str, friend: Phone) -> None:
    other = Phone(stack, f"628776{friend.number[-6:]}").switch_on("Cy")
    group = Chat(stack, account, friend.make_group("Kopi", other.number, account))
    sent = group.send("text", {"body": "Kopi?"})
    got(friend, sent["whatsapp_id"])
    friend.read()

    def receipts() -> dict[str, str]:
        found = group.ask("GET", f"/{sent['id']}/receipts")["data"]
        return {one["recipient"]["phone"]: one["status"] for one in found}

    eventually(lambda: receipts() == {f"+{friend.number}": "read", f"+{other.number}": "delivered"})


def test_a_poll_s_votes_come_in_with_what_was_chosen(chat: Chat, friend: Phone, account: str) -> None:
    poll = chat.send("poll", {"question": "When?", "options": ["Mon", "Tue"], "selectable": 1})
    got(friend, poll["whatsapp_id"])
    vote = chat.came(friend.send(account, "vote", id=poll["whatsapp_id"], options=["Tue"]))
    assert (vote["poll_vote"]["options"], vote["poll_vote"]["message_id"]) == (["Tue"], poll["whatsapp_id"])
    theirs = chat.came(friend.send(account, "poll", question="Where?", options=["Here", "There"], selectable=1))
    body = {"type": "poll_vote", "poll_vote": {"message_id": theirs["id"], "options": ["There"]}}
    assert chat.stack.post(f"{chat.path}?wait=20", body).status_code == 200
    eventually(lambda: (got(friend, theirs["whatsapp_id"]).get("votes") or {}).get(account) == ["There"])


def test_a_message_is_forwarded_with_its_score(chat: Chat, friend: Phone, account: str) -> None:
    came = chat.came(friend.say(account, "Kopi gratis"))
    body = {"to": chat.to, "type": "forward", "forward": {"message_id": came["id"]}}
    sent = chat.stack.post(f"{chat.path}?wait=20", body).json()
    assert (sent["text"], sent["context"]) == ({"body": "Kopi gratis"}, {"forwarded": 1})
    assert got(friend, sent["whatsapp_id"])["context"]["forwarded"] == 1
