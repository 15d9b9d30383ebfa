"""The routes by which phones chat, without any client."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.whatsapp_server.devices import Loopback, loopback

ANA, BO = "628111111111", "628222222222"
Story = Callable[[Loopback], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    async def run() -> None:
        async with loopback(tmp_path) as wa:
            await story(wa)

    asyncio.run(run())


def test_phones_chat_in_both_directions_and_over_a_restart(tmp_path: Path) -> None:
    async def first(wa: Loopback) -> None:
        await wa.post(f"phones/{BO}", name="Bo")
        for count in range(3):
            await wa.say(ANA, BO, f"to Bo {count}")
            await wa.say(BO, ANA, f"to Ana {count}")

    async def second(wa: Loopback) -> None:
        await wa.say(BO, ANA, "back again")
        assert await wa.post(f"phones/{ANA}/read") == (200, {"number": ANA, "read": 4})
        seen = [(one["direction"], one["text"], one["state"]) for one in await wa.letters(BO, state=None)]
        assert [text for direction, text, _ in seen if direction == "in"] == [f"to Bo {count}" for count in range(3)]
        assert {state for direction, _, state in seen if direction == "out"} == {"read"}

    told(tmp_path, first)
    told(tmp_path, second)


def test_a_letter_shows_who_wrote_what_when_and_how_far_it_came(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        await wa.post(f"phones/{BO}")
        name = await wa.say(ANA, BO, "halo")
        [letter] = await wa.letters(BO, state="delivered")
        assert isinstance(letter.pop("at"), int)
        assert letter == {
            "id": name, "direction": "in", "from": ANA, "to": BO, "text": "halo", "state": "delivered",
            "type": "text", "content": {"text": "halo"}, "context": {}, "stanza": {"type": "text"},
        }  # fmt: skip

    told(tmp_path, story)


def test_a_phone_may_write_to_itself(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        await wa.say(ANA, ANA, "note")
        assert [one["text"] for one in await wa.letters(ANA)] == ["note"]

    told(tmp_path, story)


def test_a_phone_that_is_added_exists_with_its_name(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        status, phone = await wa.post(f"phones/+{ANA}", name="Ana")
        assert (status, phone["number"], phone["name"]) == (200, ANA, "Ana")
        assert [one["number"] for one in (await wa.get("phones"))["phones"]] == [ANA]

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "fields", "status", "code"),
    [
        (f"phones/{ANA}/say", {"to": BO, "text": "halo"}, 404, "unknown_phone"),
        (f"phones/{ANA}/say", {"to": ANA}, 400, "bad_request"),
        (f"phones/{ANA}/say", {"to": ANA, "text": ""}, 400, "bad_request"),
        (f"phones/{ANA}/say", {"to": ANA, "text": 7}, 400, "bad_request"),
        (f"phones/{ANA}/say", {"to": ANA, "text": "x" * 65537}, 400, "bad_request"),
        (f"phones/{ANA}/say", {"to": ANA, "text": "\ud800"}, 400, "bad_request"),
        (f"phones/{ANA}/say", {"to": "0812", "text": "halo"}, 400, "wrong_number"),
        ("phones/0812/say", {"to": ANA, "text": "halo"}, 400, "wrong_number"),
        ("phones/0812", {}, 400, "wrong_number"),
        (f"phones/{ANA}/read", {}, 404, "unknown_phone"),
        ("faults/hold-acks", {"ms": -1}, 400, "bad_request"),
        ("faults/refuse-message", {"code": 1}, 400, "bad_request"),
        ("faults/spoil-message", {"times": "all"}, 400, "bad_request"),
    ],
)
def test_what_cant_be_done_is_refused_and_changes_nothing(
    tmp_path: Path, path: str, fields: dict[str, object], status: int, code: str
) -> None:
    async def story(wa: Loopback) -> None:
        answered, answer = await wa.post(path, **fields)
        assert (answered, answer["code"]) == (status, code)
        assert (await wa.get("phones"))["phones"] == []

    told(tmp_path, story)


def test_the_inbox_of_a_number_that_nobody_has_is_not_found(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        assert (await wa.get(f"phones/{ANA}/inbox"))["code"] == "unknown_phone"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "kind"),
        ({"kind": "order"}, "kind"),
        ({"kind": "reply", "text": "x"}, "id"),
        ({"kind": "location", "latitude": 91, "longitude": 0}, "latitude"),
        ({"kind": "location", "latitude": 1, "longitude": "2"}, "longitude"),
        ({"kind": "document"}, "file_name"),
        ({"kind": "image"}, "file"),
        ({"kind": "text"}, "text"),
        ({"kind": "text", "text": "x", "preview": "x"}, "preview"),
        ({"kind": "text", "text": "x", "preview": {"title": "x"}}, "url"),
        ({"kind": "text", "text": "x", "view_once": 1}, "view_once"),
        ({"kind": "text", "text": "x", "mentions": "x"}, "mentions"),
        ({"kind": "document", "file_name": "a", "thumbnail": "?"}, "thumbnail"),
        ({"kind": "poll", "question": "x", "options": ["a"]}, "options"),
        ({"kind": "poll", "question": "x", "options": ["a", "a"]}, "options"),
        ({"kind": "poll", "question": "x", "options": ["a", "b"], "selectable": 3}, "selectable"),
        ({"kind": "contact", "contacts": []}, "contacts"),
        ({"kind": "contact", "contacts": [{"number": "62811"}]}, "name"),
        ({"kind": "live_location", "latitude": 0}, "longitude"),
        ({"kind": "timer", "seconds": -1}, "seconds"),
        ({"kind": "vote"}, "id"),
        ({"kind": "raw", "message": "xyz"}, "message"),
        ({"kind": "raw", "message": "ff"}, "message"),
    ],
)
def test_what_is_wrong_with_another_kind_is_named(tmp_path: Path, fields: dict[str, object], named: str) -> None:
    async def story(wa: Loopback) -> None:
        await wa.post(f"phones/{BO}")
        status, answer = await wa.post(f"phones/{ANA}/send", to=BO, **fields)
        assert status == 400
        assert named in answer["error"]
        status, _ = await wa.post(f"phones/{ANA}/send", to="628999999999", kind="document", file_name="a")
        assert status == 404

    told(tmp_path, story)


def test_a_phone_writes_to_many_at_once_by_a_broadcast_list(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        for number in (BO, "628777000009"):
            await wa.post(f"phones/{number}")
        status, answer = await wa.post(f"phones/{ANA}/broadcast", to=[BO, "628777000009"], text="Promo!")
        assert (status, len(set(answer["ids"]))) == (200, 2)
        for number, name in zip((BO, "628777000009"), answer["ids"], strict=True):
            [letter] = await wa.letters(number, state="delivered")
            assert (letter["id"], letter["from"], letter["text"]) == (name, ANA, "Promo!")
        assert (await wa.post(f"phones/{ANA}/broadcast", to=["628999999999"], text="Promo!"))[0] == 404

    told(tmp_path, story)
