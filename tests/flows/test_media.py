"""Files of messages out and in, between sessions and phones, byte for byte."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.domain.content import Audio, Document, Image, Media
from chalicelib.domain.media import MediaState
from chalicelib.domain.messages import Direction, MessageStatus
from infra.local.client import Phone, Stack, eventually
from tests.flows.files import Store, put_on
from tests.receivers import serving_files
from tests.worker.media import samples


@pytest.fixture
def store(stack: Stack, account: str) -> Store:
    return Store(stack, account)


def file_of(phone: Phone, letter: dict[str, Any]) -> bytes:
    address = f"{phone.stack.url}/_local/whatsapp/phones/{phone.number}/messages/{letter['id']}/file"
    answer = requests.get(address, timeout=40)
    return answer.content if answer.ok else b""


def test_a_file_in_the_bucket_arrives_on_the_phone(store: Store, friend: Phone) -> None:
    body = samples.a_picture("JPEG", (640, 480))
    sent = store.send(friend, Image(media_id=store.keep(body, "image/jpeg"), caption="Kopi"))
    assert sent.status in {MessageStatus.SENT, MessageStatus.DELIVERED}, sent
    (letter,) = eventually(friend.inbox)
    assert letter["type"] == "image", letter
    assert eventually(lambda: file_of(friend, letter)) == body
    said = json.dumps(letter)
    assert all(word in said for word in ("Kopi", "640", "480", "image/jpeg"))


def test_a_link_is_fetched_and_a_sound_arrives_as_a_voice_note(store: Store, friend: Phone) -> None:
    with serving_files({"/tone.wav": samples.a_wav(2)}) as site:
        sent = store.send(friend, Audio(link=f"{site}/tone.wav", voice=True))
    assert sent.status in {MessageStatus.SENT, MessageStatus.DELIVERED}, sent
    (letter,) = eventually(friend.inbox)
    assert letter["type"] == "voice", letter
    assert eventually(lambda: file_of(friend, letter))[:4] == b"OggS"


@pytest.mark.parametrize(
    ("body", "code"), [(b"<html><script>", "media_type_mismatch"), (samples.a_png_bomb(), "media_too_large")]
)
def test_what_is_no_picture_is_refused_by_name_and_nothing_arrives(
    store: Store, friend: Phone, body: bytes, code: str
) -> None:
    with serving_files({"/a.png": body}) as site:
        sent = store.send(friend, Image(link=f"{site}/a.png"))
    assert (sent.status, sent.error_code) == (MessageStatus.FAILED, code)
    assert friend.inbox() == []


def test_a_link_to_the_inner_network_is_refused(store: Store, friend: Phone) -> None:
    sent = store.send(friend, Document(link="https://169.254.169.254/latest/meta-data"))
    assert (sent.status, sent.error_code) == (MessageStatus.FAILED, "link_refused")


@pytest.mark.parametrize(
    ("kind", "body", "mimetype"),
    [
        ("image", samples.a_picture("PNG"), "image/png"),
        ("document", b"a,b\n" * 300_000, "text/csv"),
        ("voice", samples.a_sound("ogg", "libopus"), "audio/ogg"),
    ],
)
def test_a_file_that_comes_in_lies_in_the_bucket_when_its_message_is_told_of(
    store: Store, friend: Phone, kind: str, body: bytes, mimetype: str
) -> None:
    given: dict[str, Any] = {"file": put_on(friend, body), "mimetype": mimetype, "file_name": "a.csv"}
    told = store.came(friend.send(store.session.id, kind, **given))
    assert isinstance(told.content, Media)
    assert (told.content.state, told.content.size) == ("stored", len(body))
    assert told.content.sha256 == hashlib.sha256(body).hexdigest()
    assert store.body(told.content) == body
    record = store.media.get(told.uid, told.content.media_id or "")
    assert record
    assert (record.mimetype, record.message, record.direction) == (mimetype, told.id, Direction.INBOUND)


def test_what_whatsapp_no_longer_has_is_told_of_as_expired(
    stack: Stack, store: Store, account: str, friend: Phone
) -> None:
    assert stack.network("faults/media", {"method": "GET", "status": 410}).ok
    told = store.came(friend.send(account, "image", file=put_on(friend, samples.a_picture()), caption="Kopi"))
    assert isinstance(told.content, Media)
    assert (told.content.state, told.content.text) == ("expired", "Kopi")
    record = store.media.get(told.uid, told.content.media_id or "")
    assert record
    assert (record.state, record.error_code) == (MediaState.EXPIRED, "media_expired")


def test_no_path_token_or_name_of_a_file_is_in_a_log(stack: Stack, store: Store, account: str, friend: Phone) -> None:
    named = put_on(friend, b"secret bill")
    told = store.came(friend.send(account, "document", file=named, file_name="a-secret-name.txt", caption="Kopi!"))
    assert isinstance(told.content, Media)
    store.send(friend, Document(media_id=told.content.media_id))
    written = "\n".join(path.read_text(errors="replace") for path in Path(stack.state, "logs").glob("*"))
    assert "media_stored" in written
    assert re.search(r"/v/t62|mms/|auth=|a-secret-name|media_conn|Kopi!|secret bill", written) is None


def test_the_native_api_sends_a_file_and_tells_of_one_that_came(
    stack: Stack, store: Store, account: str, friend: Phone
) -> None:
    body, path = samples.a_picture("JPEG"), f"/v1/sessions/{account}"
    image = {"media_id": store.keep(body, "image/jpeg"), "caption": "Kopi"}
    asked = {"to": {"phone": friend.number}, "type": "image", "image": image}
    sent = stack.post(f"{path}/messages?wait=20", asked).json()
    assert sent["status"] in {"sent", "delivered", "read"}, sent
    (letter,) = eventually(friend.inbox)
    assert eventually(lambda: file_of(friend, letter)) == body
    named = friend.send(account, "image", file=put_on(friend, body), caption="Teh")

    def told() -> dict[str, Any] | None:
        found = stack.get(f"{path}/messages?direction=inbound&type=image").json()["data"]
        came = (one for one in found if one["whatsapp_id"] == named)
        return next((one for one in came if one["image"]["state"] != "pending"), None)

    came = eventually(told)
    assert (came["image"]["caption"], came["image"]["state"]) == ("Teh", "stored")
    found = stack.get(f"{path}/media/{came['image']['media_id']}").json()
    assert (found["state"], found["mimetype"], found["message_id"]) == ("stored", "image/jpeg", came["id"])
    assert found["sha256"] == hashlib.sha256(body).hexdigest()
