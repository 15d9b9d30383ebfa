"""Every type of message between two phones: what one sends, the other shows field by field, and its file byte by byte."""

import asyncio
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from infra.whatsapp_server.accounts import lid_of
from tests.whatsapp_server.devices import Loopback, loopback
from tests.whatsapp_server.test_chat_routes import ANA, BO, Story

CONTENT: Final = bytes(range(256)) * 300
THUMBNAIL: Final = b64encode(b"\xff\xd8\xff\xe0thumbnail").decode()
WAVEFORM: Final = [one * 100 // 63 for one in range(64)]
PICTURE: Final[dict[str, Any]] = {"caption": "Senja", "width": 640, "height": 480, "thumbnail": THUMBNAIL}
VCARD: Final = "BEGIN:VCARD\nVERSION:3.0\nN:;Cleo;;;\nFN:Cleo\nTEL;type=CELL;waid=628777:+628777\nEND:VCARD"
AT: Final[dict[str, Any]] = {"latitude": -6.1753924, "longitude": 106.8271528}

CONTENTS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "text": ({"text": "Halo 👋"}, {"text": "Halo 👋"}),
    "location": ({**AT, "name": "Monas", "address": "Jakarta"}, {**AT, "name": "Monas", "address": "Jakarta"}),
    "contact": ({"contacts": [{"name": "Cleo", "number": "628777"}]}, {"contacts": [{"name": "Cleo", "vcard": VCARD}]}),
    "poll": (
        {"question": "Kapan?", "options": ["Pagi", "Sore"], "selectable": 1},
        {"question": "Kapan?", "options": ["Pagi", "Sore"], "selectable": 1},
    ),
    "album": ({"images": 2, "videos": 1}, {"images": 2, "videos": 1}),
    "group_invite": (
        {
            "group": "120363000000000001@g.us",
            "name": "Kopi",
            "code": "abc",
            "expires_at": 1_900_000_000,
            "caption": "Yuk",
        },
        {
            "group": "120363000000000001@g.us",
            "name": "Kopi",
            "code": "abc",
            "expires_at": 1_900_000_000,
            "caption": "Yuk",
        },
    ),
}
"""By kind: what is asked for, and what the other phone shows."""

MEDIA: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "image": ({"mimetype": "image/png", **PICTURE}, "image"),
    "video": ({"mimetype": "video/mp4", "seconds": 7, **PICTURE}, "video"),
    "gif": ({"mimetype": "video/mp4", "seconds": 2, **PICTURE}, "video"),
    "round": ({"mimetype": "video/mp4", "seconds": 5, "width": 400, "height": 400}, "video"),
    "audio": ({"mimetype": "audio/mpeg", "seconds": 61}, "audio"),
    "voice": ({"mimetype": "audio/ogg; codecs=opus", "seconds": 3, "waveform": WAVEFORM}, "audio"),
    "sticker": ({"mimetype": "image/webp", "animated": True, "width": 512, "height": 512}, "image"),
    "document": (
        {
            "mimetype": "application/pdf", "file_name": "Daftar.pdf", "title": "Daftar", "pages": 3, "caption": "Ini",
            "thumbnail": THUMBNAIL,
        },
        "document",
    ),
}  # fmt: skip
"""By kind: what is asked for and shown, and under which of WhatsApp's kinds the file is encrypted."""


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with two phones."""

    async def run() -> None:
        async with loopback(tmp_path) as wa:
            for number in (ANA, BO):
                await wa.post(f"phones/{number}")
            await story(wa)

    asyncio.run(run())


async def sent(wa: Loopback, kind: str, *, sender: str = ANA, to: str = BO, **fields: Any) -> str:
    status, answer = await wa.post(f"phones/{sender}/send", to=to, kind=kind, **fields)
    assert status == 200, answer
    return str(answer["id"])


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_content_without_a_file_arrives_as_it_was_sent(tmp_path: Path, kind: str) -> None:
    async def story(wa: Loopback) -> None:
        asked, shown = CONTENTS[kind]
        name = await sent(wa, kind, **asked)
        came = await wa.until_letter(BO, name)
        assert (came["type"], came["content"], came["context"]) == (kind, shown, {})
        mine = await wa.until_letter(ANA, name, state="delivered")
        assert (mine["type"], mine["content"], mine["raw"]) == (kind, shown, came["raw"])

    told(tmp_path, story)


@pytest.mark.parametrize("kind", MEDIA)
def test_media_arrives_with_its_fields_and_its_file(tmp_path: Path, kind: str) -> None:
    async def story(wa: Loopback) -> None:
        fields, encrypted_as = MEDIA[kind]
        name = await sent(wa, kind, file=await wa.put(ANA, CONTENT), **fields)
        assert await wa.file(BO, name) == await wa.file(ANA, name) == CONTENT
        came = await wa.until_letter(BO, name)
        file = came["content"].pop("file")
        assert (came["type"], came["content"]) == (kind, fields)
        assert (file["kind"], file["size"], file["sha256"]) == (encrypted_as, len(CONTENT), sha256(CONTENT).hexdigest())
        assert file["url"] == f"https://mmg.whatsapp.net{file['direct_path']}"
        assert came["stanza"]["type"] == "media"
        assert came["context"] == ({"wrapped": True} if kind == "document" else {})

    told(tmp_path, story)


def test_a_live_location_and_several_contacts_have_types_of_their_own(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        live = await wa.until_letter(BO, await sent(wa, "live_location", **AT, caption="Di jalan", accuracy=9))
        assert live["content"].pop("sequence") > 0
        assert (live["type"], live["content"]) == ("live_location", {**AT, "caption": "Di jalan", "accuracy": 9})
        cards = [{"name": name, "vcard": VCARD} for name in ("Cleo", "Dewi", "Eko")]
        several = await wa.until_letter(BO, await sent(wa, "contact", contacts=cards))
        assert several["content"] == {"name": "Cleo and 2 other contacts", "contacts": cards}

    told(tmp_path, story)


def test_a_text_may_have_a_preview_and_a_colour(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        preview = {"url": "https://example.com", "title": "Contoh", "description": "Ini", "thumbnail": THUMBNAIL}
        came = await wa.until_letter(BO, await sent(wa, "text", text="https://example.com", preview=preview))
        assert came["content"] == {"text": "https://example.com", "preview": preview}
        assert came["stanza"]["mediatype"] == "url"
        coloured = await wa.until_letter(BO, await sent(wa, "text", text="x", background=0xFF112233, font=2))
        assert coloured["content"] == {"text": "x", "background": 0xFF112233, "font": 2}

    told(tmp_path, story)


def test_a_message_says_whom_it_mentions_what_it_quotes_and_when_it_disappears(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        first = await sent(wa, "image", file=await wa.put(ANA, CONTENT), **PICTURE)
        await wa.until_letter(BO, first)
        name = await sent(
            wa, "text", sender=BO, to=ANA, text=f"@{ANA} bagus", mentions=[ANA], quote=first, expires_in=86_400
        )
        came = await wa.until_letter(ANA, name)
        quoted = came["context"].pop("quoted")
        assert came["content"] == {"text": f"@{lid_of(ANA)} bagus"}
        assert came["context"] == {"mentions": [f"{lid_of(ANA)}@lid"], "expires_in": 86_400}
        assert (quoted["id"], quoted["author"], quoted["type"]) == (first, f"{lid_of(ANA)}@lid", "image")
        assert quoted["fields"]["caption"] == "Senja"

    told(tmp_path, story)


def test_what_is_forwarded_counts_and_is_the_same_file(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        first = await sent(wa, "document", file=await wa.put(ANA, CONTENT), file_name="a.bin", caption="Ini")
        await wa.until_letter(BO, first)
        for score in (1, 2):
            first = await sent(wa, "forward", sender=BO, to=ANA, id=first)
            came = await wa.until_letter(ANA, first)
            assert (came["type"], came["context"]) == ("document", {"forwarded": score, "wrapped": True})
        assert await wa.file(ANA, first) == CONTENT

    told(tmp_path, story)


def test_pictures_belong_to_their_album(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        album = await sent(wa, "album", images=1)
        child = await sent(wa, "image", file=await wa.put(ANA, CONTENT), album=album)
        assert (await wa.until_letter(BO, child))["context"] == {"album": album}

    told(tmp_path, story)


def test_a_reaction_is_shown_with_its_target_until_it_is_taken_back(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        first = await wa.say(ANA, BO, "halo")
        await wa.until_letter(BO, first)
        thumb = await sent(wa, "react", sender=BO, to=ANA, id=first, emoji="👍")
        came = await wa.until_letter(ANA, thumb)
        assert (came["type"], came["content"]) == ("reaction", {"emoji": "👍"})
        assert came["about"] == {"id": first, "from_me": False, "participant": None}
        for number in (ANA, BO):
            assert (await wa.until_letter(number, first))["reactions"] == {BO: "👍"}
        taken_back = await wa.until_letter(ANA, await sent(wa, "react", sender=BO, to=ANA, id=first))
        assert (taken_back["content"], taken_back["stanza"]["edit"]) == ({"emoji": ""}, "7")
        assert "reactions" not in await wa.until_letter(ANA, first)

    told(tmp_path, story)


def test_votes_are_encrypted_and_counted_by_who_has_the_poll(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        poll = await sent(wa, "poll", question="Kapan?", options=["Pagi", "Sore", "Malam"])
        await wa.until_letter(BO, poll)
        vote = await sent(wa, "vote", sender=BO, to=ANA, id=poll, options=["Sore", "Malam"])
        await sent(wa, "vote", id=poll, options=["Pagi"])
        assert (await wa.until_letter(ANA, vote))["content"] == {"options": ["Sore", "Malam"]}
        assert b"Sore" not in bytes.fromhex((await wa.until_letter(ANA, vote))["raw"])
        for number in (ANA, BO):
            shown = await wa.until_letter(number, poll, votes={BO: ["Sore", "Malam"], ANA: ["Pagi"]})
            assert shown["type"] == "poll"
        gone = await sent(wa, "vote", sender=BO, to=ANA, id=poll, options=[])
        await wa.until_letter(ANA, gone)
        assert (await wa.until_letter(ANA, poll))["votes"] == {ANA: ["Pagi"]}
        for options in (["Siang"], ["Pagi", "Siang"]):
            status, answer = await wa.post(f"phones/{BO}/send", to=ANA, kind="vote", id=poll, options=options)
            assert (status, answer["code"]) == (400, "bad_request")

    told(tmp_path, story)


@pytest.mark.parametrize("encrypted", [False, True])
def test_an_edit_changes_its_target_if_its_author_wrote_that(tmp_path: Path, encrypted: bool) -> None:
    async def story(wa: Loopback) -> None:
        first = await wa.say(ANA, BO, "Jam sembilan")
        picture = await sent(wa, "image", file=await wa.put(ANA, CONTENT), caption="Sneja")
        edit = await sent(wa, "edit", id=first, text="Jam sepuluh", encrypted=encrypted)
        came = await wa.until_letter(BO, edit)
        assert (came["type"], came["content"]["type"], came["content"]["text"]) == ("edit", "text", "Jam sepuluh")
        assert (b"sepuluh" in bytes.fromhex(came["raw"]), came["stanza"]["edit"]) == (not encrypted, "1")
        for number in (ANA, BO):
            shown = await wa.until_letter(number, first)
            assert (shown["text"], shown["edited"]["text"]) == ("Jam sepuluh", "Jam sepuluh")
        await wa.until_letter(BO, await sent(wa, "edit", id=picture, text="Senja", encrypted=encrypted))
        assert (await wa.until_letter(BO, picture))["edited"]["caption"] == "Senja"

    told(tmp_path, story)


def test_an_edit_or_a_deletion_by_somebody_else_changes_nothing(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        first = await wa.say(ANA, BO, "halo")
        await wa.until_letter(BO, first)
        key = b"\x0a\x00\x10\x01\x1a" + bytes([len(first)]) + first.encode()  # as if it were Bo's own
        for change in (b"\x10\x00", b"\x10\x0e\x72\x04\x0a\x02ya"):
            inner = b"\x0a" + bytes([len(key)]) + key + change
            name = await sent(wa, "raw", sender=BO, to=ANA, message=(b"\x62" + bytes([len(inner)]) + inner).hex())
            assert (await wa.until_letter(ANA, name))["type"] in ("deletion", "edit")
        shown = await wa.until_letter(ANA, first)
        assert (shown["text"], "edited" in shown, "deleted_by" in shown) == ("halo", False, False)

    told(tmp_path, story)


def test_a_deletion_is_shown_with_its_target(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        first = await wa.say(ANA, BO, "salah")
        came = await wa.until_letter(BO, await sent(wa, "delete", id=first), state="delivered")
        assert (came["type"], came["about"]["id"], came["stanza"]["edit"]) == ("deletion", first, "7")
        for number in (ANA, BO):
            assert (await wa.until_letter(number, first))["deleted_by"] == ANA

    told(tmp_path, story)


def test_a_groups_admin_deletes_what_a_member_wrote_and_a_member_doesnt(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        _, group = await wa.post(f"phones/{ANA}/groups", name="Kopi", **{"with": [BO]})
        first = await wa.say(BO, group["jid"], "salah")
        await wa.until_letter(ANA, first)
        name = await sent(wa, "delete", to=group["jid"], id=first)
        came = await wa.until_letter(BO, name)
        assert (came["type"], came["stanza"]["edit"]) == ("deletion", "8")
        assert came["about"] == {"id": first, "from_me": False, "participant": f"{lid_of(BO)}@lid"}
        assert (await wa.until_letter(BO, first))["deleted_by"] == ANA
        second = await wa.say(ANA, group["jid"], "benar")
        await wa.until_letter(BO, second)
        status, _ = await wa.post(f"phones/{BO}/send", to=group["jid"], kind="delete", id=second)
        assert status == 404

    told(tmp_path, story)


def test_polls_and_reactions_work_in_groups_that_name_people_either_way(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        for addressing in ("lid", "pn"):
            _, group = await wa.post(f"phones/{ANA}/groups", name="Kopi", addressing=addressing, **{"with": [BO]})
            poll = await sent(wa, "poll", to=group["jid"], question="Kapan?", options=["Pagi", "Sore"], selectable=1)
            await wa.until_letter(BO, poll)
            await sent(wa, "vote", sender=BO, to=group["jid"], id=poll, options=["Sore"])
            await sent(wa, "react", sender=BO, to=group["jid"], id=poll, emoji="👍")
            await wa.until_letter(ANA, poll, votes={BO: ["Sore"]}, reactions={BO: "👍"})

    told(tmp_path, story)


def test_a_message_is_pinned_and_let_go(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        first = await wa.say(ANA, BO, "penting")
        came = await wa.until_letter(BO, await sent(wa, "pin", id=first))
        assert (came["type"], came["content"], came["stanza"]["edit"]) == ("pin", {"pinned": True}, "2")
        assert (await wa.until_letter(BO, first))["pinned"] is True
        await wa.until_letter(BO, await sent(wa, "pin", id=first, undo=True))
        assert "pinned" not in await wa.until_letter(BO, first)

    told(tmp_path, story)


def test_a_timer_holds_for_both_until_it_is_taken_back(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        timer = await wa.until_letter(BO, await sent(wa, "timer", seconds=604_800))
        assert (timer["type"], timer["content"]) == ("timer", {"seconds": 604_800})
        for sender, to in ((ANA, BO), (BO, ANA)):
            came = await wa.until_letter(to, await wa.say(sender, to, "sebentar"))
            assert came["context"] == {"expires_in": 604_800}
        await wa.until_letter(BO, await sent(wa, "timer", seconds=0))
        assert (await wa.until_letter(BO, await wa.say(ANA, BO, "lama")))["context"] == {}
        _, group = await wa.post(f"phones/{ANA}/groups", name="Kopi", **{"with": [BO]})
        await wa.post(f"phones/{ANA}/groups/{group['jid']}/disappear", seconds=86_400)
        came = await wa.until_letter(BO, await wa.say(ANA, group["jid"], "sebentar"))
        assert came["context"] == {"expires_in": 86_400}

    told(tmp_path, story)


def test_a_voice_message_can_be_played_and_its_sender_sees_it(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        name = await sent(wa, "voice", file=await wa.put(ANA, CONTENT))
        await wa.until_letter(BO, name)
        assert await wa.post(f"phones/{BO}/read", id=name, played=True, **{"from": ANA}) == (
            200,
            {"number": BO, "read": 1},
        )
        await wa.until_letter(ANA, name, state="played")
        status, answer = await wa.post(f"phones/{BO}/read", id="3A00", played=True, **{"from": ANA})
        assert (status, answer["code"]) == (404, "unknown_message")

    told(tmp_path, story)


def test_a_file_that_expired_before_it_was_fetched_is_named_and_not_there(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        name = await sent(wa, "image", file=await wa.put(ANA, CONTENT))
        raw = (await wa.until_letter(BO, name, file="kept"))["raw"]
        await wa.post("media/expire")
        late = await sent(wa, "raw", message=raw)
        assert (await wa.until_letter(BO, late, file="ExpiredMedia"))["type"] == "image"
        assert (await wa.get(f"phones/{BO}/messages/{late}/file"))["code"] == "unknown_file"
        assert await wa.file(BO, name) == CONTENT

    told(tmp_path, story)


def test_letters_with_their_contents_and_files_last_over_a_restart(tmp_path: Path) -> None:
    names: list[str] = []

    async def first(wa: Loopback) -> None:
        names.append(await sent(wa, "image", file=await wa.put(ANA, CONTENT), caption="Senja"))
        await wa.file(BO, names[0])
        await sent(wa, "react", sender=BO, to=ANA, id=names[0], emoji="👍")
        await wa.until_letter(ANA, names[0], reactions={BO: "👍"})

    async def second(wa: Loopback) -> None:
        shown = await wa.until_letter(BO, names[0])
        assert (shown["content"]["caption"], shown["reactions"]) == ("Senja", {BO: "👍"})
        assert await wa.file(BO, names[0]) == CONTENT

    told(tmp_path, first)
    told(tmp_path, second)


@pytest.mark.parametrize("name", ["0" * 32, "..", "x"])
def test_a_file_that_isnt_on_the_phone_cant_be_sent(tmp_path: Path, name: str) -> None:
    async def story(wa: Loopback) -> None:
        status, answer = await wa.post(f"phones/{ANA}/send", to=BO, kind="image", file=name)
        assert (status, answer["code"]) == (404, "unknown_file")

    told(tmp_path, story)


def test_what_was_put_on_a_phone_and_never_sent_is_forgotten_when_the_server_starts_again(tmp_path: Path) -> None:
    async def first(wa: Loopback) -> None:
        await wa.put(ANA, CONTENT)
        assert len(list((tmp_path / "phones").glob("*/outbox/*"))) == 1

    async def second(_wa: Loopback) -> None:
        assert list((tmp_path / "phones").glob("*/outbox/*")) == []

    told(tmp_path, first)
    told(tmp_path, second)


def test_a_status_is_for_those_whom_it_is_published_for(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        await wa.post("phones/628333333333")
        file = await wa.put(ANA, CONTENT)
        status, answer = await wa.post(f"phones/{ANA}/status", to=[BO], kind="image", file=file, caption="Libur")
        assert (status, answer["to"]) == (200, [BO])
        came = await wa.until_letter(BO, answer["id"])
        assert (came["from"], came["to"], came["content"]["caption"]) == (ANA, "status@broadcast", "Libur")
        assert await wa.file(BO, answer["id"]) == await wa.file(ANA, answer["id"]) == CONTENT
        assert (await wa.get("phones/628333333333/inbox"))["messages"] == []
        await wa.post(f"phones/{BO}/read")
        await wa.until_letter(ANA, answer["id"], state="read")
        assert (await wa.post(f"phones/{ANA}/status", to=[BO], kind="poll"))[0] == 400

    told(tmp_path, story)


def test_members_of_a_group_see_who_types_in_it(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        _, group = await wa.post(f"phones/{ANA}/groups", name="Kopi", **{"with": [BO]})
        assert (await wa.post(f"phones/{BO}/typing", to=group["jid"], state="recording"))[0] == 200
        seen = (await wa.get(f"phones/{ANA}/presence"))["chats"][f"{group['jid']}/{BO}"]
        assert (seen["typing"], seen["online"]) == ("recording", False)
        _, other = await wa.post(f"phones/{ANA}/groups", name="Teh")
        assert (await wa.post(f"phones/{BO}/typing", to=other["jid"], state="paused"))[0] == 403

    told(tmp_path, story)
