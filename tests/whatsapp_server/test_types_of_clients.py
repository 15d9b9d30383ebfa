"""Every type of message between a virtual phone and the unmodified client, both ways, field by field and byte by byte.

The messages of the client are made with classes of our own (`chalicelib/wire/proto`), whose agreement with the client
library's is tested elsewhere; the library itself encrypts, sends, receives and decrypts them.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chalicelib.wire.addons import option_hash
from chalicelib.wire.proto.message_pb2 import (
    AudioMessage,
    ContextInfo,
    DocumentMessage,
    ExtendedTextMessage,
    FutureProofMessage,
    ImageMessage,
    Message,
    MessageKey,
    PinInChatMessage,
    ProtocolMessage,
    ReactionMessage,
    StickerMessage,
    VideoMessage,
)
from infra.whatsapp_server.accounts import lid_of
from infra.whatsapp_server.phones import composing
from tests.whatsapp_server.devices import NUMBER, Loopback, RawClient
from tests.whatsapp_server.test_chatting import BO, told
from tests.whatsapp_server.test_types import CONTENT, CONTENTS, MEDIA, PICTURE, WAVEFORM, sent

pytestmark = pytest.mark.subprocess

BO_JID, ANA_JID = f"{lid_of(BO)}@lid", f"{lid_of(NUMBER)}@lid"
Story = Callable[[Loopback, RawClient], Awaitable[None]]


async def came(client: RawClient, name: str) -> Message:
    """What the client was sent under an id."""
    while (heard := await client.message())["id"] != name:
        pass
    return Message.FromString(bytes.fromhex(heard["raw"]))


async def to_client(wa: Loopback, client: RawClient, kind: str, **fields: Any) -> tuple[str, Message]:
    name = await sent(wa, kind, sender=BO, to=NUMBER, **fields)
    return name, await came(client, name)


async def to_phone(wa: Loopback, client: RawClient, message: Message) -> dict[str, Any]:
    return await wa.until_letter(BO, await client.send_raw(BO_JID, message.SerializeToString()))


def without_beside(message: Message) -> bytes:
    message.ClearField("messageContextInfo")
    return message.SerializeToString()


def test_the_client_gets_what_a_phone_sends(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for kind, (fields, _) in CONTENTS.items():
            name, message = await to_client(wa, client, kind, **fields)
            mine = Message.FromString(bytes.fromhex((await wa.until_letter(BO, name))["raw"]))
            assert len(mine.messageContextInfo.messageSecret) == 32
            assert without_beside(message) == without_beside(mine), kind
        await wa.letters(BO, state="delivered")

    told(tmp_path, story)


def test_the_client_opens_a_phones_media(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for kind, (fields, _) in MEDIA.items():
            name, message = await to_client(wa, client, kind, file=await wa.put(BO, CONTENT), **fields)
            [(descriptor, part)] = [one for one in message.ListFields() if one[0].name != "messageContextInfo"]
            shown = (await wa.until_letter(BO, name))["content"]
            assert (part.directPath, part.mediaKey.hex()) == (shown["file"]["direct_path"], shown["file"]["key"])
            if descriptor.name == "ptvMessage":  # which the library doesn't download by itself
                message = Message(videoMessage=part)
            client.tell(f"download {tmp_path / kind} {message.SerializeToString().hex()}")
            await client.until("downloaded")
            assert (tmp_path / kind).read_bytes() == CONTENT

    told(tmp_path, story)


def test_the_client_is_told_why_it_gets_no_file(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        _, message = await to_client(wa, client, "image", file=await wa.put(BO, CONTENT))
        await wa.post("faults/media", method="GET", status=410)
        client.tell(f"download {tmp_path / 'image'} {message.SerializeToString().hex()}")
        assert (await client.until("download_failed"))["error"] == "download failed with status code 410"

    told(tmp_path, story)


def test_a_phone_shows_what_the_client_sends(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for kind, message, fields in (
            ("text", Message(conversation="Halo"), {"text": "Halo"}),
            (
                "location",
                composing.location(1.5, 2.5, name="Sana", address=None),
                {"latitude": 1.5, "longitude": 2.5, "name": "Sana"},
            ),
            (
                "contact",
                composing.contacts([("Cleo", "BEGIN:VCARD")]),
                {"contacts": [{"name": "Cleo", "vcard": "BEGIN:VCARD"}]},
            ),
            (
                "poll",
                composing.poll("Kapan?", ["Pagi", "Sore"], 0),
                {"question": "Kapan?", "options": ["Pagi", "Sore"], "selectable": 0},
            ),
            (
                "contacts",
                composing.contacts([("Cleo", "A"), ("Dewi", "B")]),
                {
                    "name": "Cleo and 1 other contact",
                    "contacts": [{"name": "Cleo", "vcard": "A"}, {"name": "Dewi", "vcard": "B"}],
                },
            ),
            (
                "timer",
                Message(
                    protocolMessage=ProtocolMessage(type=ProtocolMessage.EPHEMERAL_SETTING, ephemeralExpiration=60)
                ),
                {"seconds": 60},
            ),
            ("album", composing.album(2, 0), {"images": 2, "videos": 0}),
        ):
            shown = await to_phone(wa, client, message)
            assert (shown["type"], shown["content"]) == (kind, fields)
            copy = await wa.until_letter(NUMBER, shown["id"])
            assert (copy["direction"], copy["to"], copy["content"]) == ("out", BO, fields)

    told(tmp_path, story)


def test_a_phone_shows_in_what_the_client_said_something(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        quoted = Message(conversation="Kapan?")
        context = ContextInfo(
            stanzaID="3A01", participant=BO_JID, quotedMessage=quoted, mentionedJID=[BO_JID], isForwarded=True,
            forwardingScore=4, expiration=86_400,
        )  # fmt: skip
        text = ExtendedTextMessage(
            text="Pagi", matchedText="https://x.example", title="X", description="Y", JPEGThumbnail=b"jpeg",
            contextInfo=context,
        )  # fmt: skip
        shown = await to_phone(wa, client, Message(extendedTextMessage=text))
        preview = {"url": "https://x.example", "title": "X", "description": "Y", "thumbnail": "anBlZw=="}
        assert shown["content"] == {"text": "Pagi", "preview": preview}
        assert shown["context"] == {
            "quoted": {"id": "3A01", "author": BO_JID, "type": "text", "text": "Kapan?", "fields": {"text": "Kapan?"}},
            "mentions": [BO_JID],
            "forwarded": 4,
            "expires_in": 86_400,
        }

    told(tmp_path, story)


def test_a_phone_fetches_opens_and_keeps_the_clients_media(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        (tmp_path / "file").write_bytes(CONTENT)
        picture: dict[str, Any] = {"caption": "Senja", "width": 640, "height": 480}
        for kind, uploaded_as, make in (
            ("image", "Image", lambda file: Message(imageMessage=ImageMessage(mimetype="image/png", **picture, **file))),
            ("video", "Video", lambda file: Message(videoMessage=VideoMessage(seconds=7, **picture, **file))),
            ("gif", "Video", lambda file: Message(videoMessage=VideoMessage(gifPlayback=True, **file))),
            ("round", "Video", lambda file: Message(ptvMessage=VideoMessage(seconds=5, **file))),
            ("audio", "Audio", lambda file: Message(audioMessage=AudioMessage(seconds=61, **file))),
            ("voice", "Audio", lambda file: Message(audioMessage=AudioMessage(PTT=True, waveform=bytes(WAVEFORM), **file))),
            ("sticker", "Image", lambda file: Message(stickerMessage=StickerMessage(isAnimated=True, **file))),
            ("document", "Document", lambda file: Message(documentMessage=DocumentMessage(fileName="a.pdf", **file))),
        ):  # fmt: skip
            client.tell(f"upload Media{uploaded_as} {tmp_path / 'file'}")
            told = await client.until("uploaded")
            file: dict[str, Any] = {
                "URL": told["url"], "directPath": told["direct_path"], "fileLength": told["size"],
                "mediaKey": bytes.fromhex(told["key"]), "fileSHA256": bytes.fromhex(told["sha256"]),
                "fileEncSHA256": bytes.fromhex(told["enc_sha256"]), "mediaKeyTimestamp": 1_800_000_000,
            }  # fmt: skip
            shown = await to_phone(wa, client, make(file))
            assert shown["type"] == kind
            assert await wa.file(BO, shown["id"]) == await wa.file(NUMBER, shown["id"]) == CONTENT
            of = shown["content"]["file"]
            assert (of["sha256"], of["keyed_at"]) == (sha256(CONTENT).hexdigest(), 1_800_000_000)
            if kind in ("image", "video"):
                assert {name: shown["content"][name] for name in picture} == picture
            if kind == "voice":
                assert shown["content"]["waveform"] == WAVEFORM

    told(tmp_path, story)


def test_a_document_with_words_is_wrapped(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        inner = Message(documentMessage=DocumentMessage(fileName="a.pdf", caption="Ini"))
        shown = await to_phone(wa, client, Message(documentWithCaptionMessage=FutureProofMessage(message=inner)))
        assert (shown["type"], shown["content"]["caption"], shown["context"]) == ("document", "Ini", {"wrapped": True})

    told(tmp_path, story)


def test_the_client_changes_what_it_wrote_and_a_phone_shows_it(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        first = await client.send_raw(BO_JID, Message(conversation="Jam sembilan").SerializeToString())
        await wa.until_letter(BO, first)
        key = MessageKey(remoteJID=BO_JID, fromMe=True, ID=first)
        edit = ProtocolMessage(
            key=key, type=ProtocolMessage.MESSAGE_EDIT, editedMessage=Message(conversation="Jam sepuluh"), timestampMS=1
        )
        wrapped = FutureProofMessage(message=Message(protocolMessage=edit))
        assert (await to_phone(wa, client, Message(editedMessage=wrapped)))["stanza"]["edit"] == "1"
        assert (await wa.until_letter(BO, first))["text"] == "Jam sepuluh"
        pin = PinInChatMessage(key=key, type=PinInChatMessage.PIN_FOR_ALL, senderTimestampMS=1)
        assert (await to_phone(wa, client, Message(pinInChatMessage=pin)))["stanza"]["edit"] == "2"
        revoke = ProtocolMessage(key=key, type=ProtocolMessage.REVOKE)
        assert (await to_phone(wa, client, Message(protocolMessage=revoke)))["stanza"]["edit"] == "7"
        shown = await wa.until_letter(BO, first)
        assert (shown["deleted_by"], shown["pinned"]) == (NUMBER, True)

    told(tmp_path, story)


def test_reactions_go_both_ways_and_are_taken_back(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        first = await client.send_raw(BO_JID, Message(conversation="Halo").SerializeToString())
        await wa.until_letter(BO, first)
        for emoji in ("👍", ""):
            _, message = await to_client(wa, client, "react", id=first, emoji=emoji)
            assert (message.reactionMessage.text, message.reactionMessage.key.ID) == (emoji, first)
            key = MessageKey(remoteJID=BO_JID, fromMe=True, ID=first)
            reaction = ReactionMessage(key=key, text=emoji and "🎉", senderTimestampMS=1)
            await to_phone(wa, client, Message(reactionMessage=reaction))
            shown = await wa.until_letter(BO, first)
            assert shown.get("reactions") == ({BO: "👍", NUMBER: "🎉"} if emoji else None)

    told(tmp_path, story)


def test_the_client_votes_in_a_phones_poll_and_reads_a_phones_vote_in_its_own(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        name, _ = await to_client(wa, client, "poll", question="Kapan?", options=["Pagi", "Sore"], selectable=1)
        client.tell(f"vote {name} Sore")
        vote = str((await client.until("sent"))["id"])
        assert (await wa.until_letter(BO, vote))["content"] == {"options": ["Sore"]}
        assert (await wa.until_letter(BO, name))["votes"] == {NUMBER: ["Sore"]}

        poll = composing.poll("Di mana?", ["Sini", "Sana"], 0)
        poll.messageContextInfo.messageSecret = bytes(range(32))
        mine = await client.send_raw(BO_JID, poll.SerializeToString())
        await wa.until_letter(BO, mine)
        answer, _ = await to_client(wa, client, "vote", id=mine, options=["Sana", "Sini"])
        client.tell(f"open {answer}")
        assert (await client.until("opened"))["hashes"] == [option_hash(one).hex() for one in ("Sana", "Sini")]

    told(tmp_path, story)


def test_of_what_is_to_be_viewed_once_the_client_hears_that_there_is_something(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        name = await sent(wa, "image", sender=BO, to=NUMBER, file=await wa.put(BO, CONTENT), view_once=True, **PICTURE)
        heard = await client.until("undecryptable", id=name)
        assert heard["unavailable"]
        phone = await wa.until_letter(NUMBER, name)
        assert (phone["type"], phone["context"]) == ("image", {"view_once": True})
        assert await wa.file(NUMBER, name) == CONTENT

    told(tmp_path, story)


def test_an_edit_of_a_phone_and_an_encrypted_one_reach_the_client(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        first, _ = await to_client(wa, client, "text", text="Jam sembilan")
        _, plain = await to_client(wa, client, "edit", id=first, text="Jam sepuluh")
        change = (
            plain.protocolMessage if plain.HasField("protocolMessage") else plain.editedMessage.message.protocolMessage
        )
        assert (change.key.ID, change.editedMessage.conversation) == (first, "Jam sepuluh")
        _, sealed = await to_client(wa, client, "edit", id=first, text="Jam sebelas", encrypted=True)
        assert first == sealed.secretEncryptedMessage.targetMessageKey.ID
        assert b"sebelas" not in sealed.SerializeToString()

    told(tmp_path, story)


def test_a_type_that_nobody_knows_passes_both_ways(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        raw = "da3e020801"
        _, message = await to_client(wa, client, "raw", message=raw)
        assert message.SerializeToString().hex() == raw
        shown = await to_phone(wa, client, message)
        assert (shown["type"], shown["content"], shown["raw"]) == ("unknown", {"fields": [1003]}, raw)

    told(tmp_path, story)


def test_a_phones_status_reaches_the_client_and_the_clients_its_own_phone(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        _, answer = await wa.post(f"phones/{BO}/status", to=[NUMBER], kind="text", text="Libur", background=7, font=1)
        message = await came(client, answer["id"])
        text = message.extendedTextMessage
        assert (text.text, text.backgroundArgb, text.font) == ("Libur", 7, 1)
        heard = next(one for one in client.heard if one.get("id") == answer["id"])
        assert (heard["chat"], heard["sender"], heard["phone"]) == ("status", lid_of(BO), BO)
        mine = ExtendedTextMessage(text="Pulang", backgroundArgb=9)
        name = await client.send_raw("status@broadcast", Message(extendedTextMessage=mine).SerializeToString())
        shown = await wa.until_letter(NUMBER, name)
        assert (shown["direction"], shown["to"], shown["content"]) == (
            "out", "status@broadcast", {"text": "Pulang", "background": 9},
        )  # fmt: skip

    told(tmp_path, story)


def test_the_client_tells_and_hears_that_a_voice_message_was_played(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        name, _ = await to_client(wa, client, "voice", file=await wa.put(BO, CONTENT))
        client.tell(f"played {lid_of(BO)} {name}")
        await wa.until_letter(BO, name, state="played")
        mine = await client.send_raw(BO_JID, Message(audioMessage=AudioMessage(PTT=True)).SerializeToString())
        await wa.until_letter(BO, mine)
        await wa.post(f"phones/{BO}/read", id=mine, played=True, **{"from": NUMBER})
        await client.receipt(mine, kind="played")

    told(tmp_path, story)


def test_what_one_device_of_an_account_reads_is_read_on_the_others(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for how in ("read", "played"):
            first, _ = await to_client(wa, client, "voice", file=await wa.put(BO, CONTENT))
            client.tell(f"{how} {lid_of(BO)} {first}")
            await wa.until_letter(NUMBER, first, state=how)
        second, _ = await to_client(wa, client, "text", text="Halo")
        await wa.until_letter(NUMBER, second)
        await wa.post(f"phones/{NUMBER}/read")
        heard = await client.receipt(second, kind="read")
        assert (heard["sender"], heard["chat"]) == (lid_of(NUMBER), lid_of(BO))
        await wa.until_nothing_waits()

    told(tmp_path, story)
