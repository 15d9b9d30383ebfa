"""Groups that virtual phones make, as the routes and the real client see them, and who is on WhatsApp at all."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from infra.whatsapp_server.accounts import lid_of
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback

pytestmark = pytest.mark.subprocess

BO, CLEO = "628111111111", "628222222222"
Story = Callable[[Loopback], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa:
            await story(wa)

    asyncio.run(run())


def test_a_group_holds_its_maker_and_the_others_once_each_and_over_a_restart(tmp_path: Path) -> None:
    made = {}

    async def first(wa: Loopback) -> None:
        await wa.post(f"phones/{BO}")
        await wa.post(f"phones/{CLEO}")
        status, group = await wa.post(f"phones/{BO}/groups", name="Kopi", topic="Jam 9", **{"with": [CLEO, BO, CLEO]})
        assert (status, group["members"], group["made_by"]) == (200, [BO, CLEO], BO)
        assert group["jid"].endswith("@g.us")
        made.update(group)

    async def second(wa: Loopback) -> None:
        await wa.post(f"phones/{CLEO}/groups", name="Teh")
        assert [one["name"] for one in (await wa.get(f"phones/{CLEO}/groups"))["groups"]] == ["Kopi", "Teh"]
        assert (await wa.get(f"phones/{BO}/groups"))["groups"] == [made]

    told(tmp_path, first)
    told(tmp_path, second)


@pytest.mark.parametrize(
    ("number", "fields", "status", "code"),
    [
        (BO, {}, 400, "bad_request"),
        (BO, {"name": "x" * 101}, 400, "bad_request"),
        (BO, {"name": "\ud800"}, 400, "bad_request"),
        (BO, {"name": "Kopi", "topic": "x" * 2049}, 400, "bad_request"),
        (BO, {"name": "Kopi", "with": CLEO}, 400, "bad_request"),
        (BO, {"name": "Kopi", "with": [1]}, 400, "bad_request"),
        (BO, {"name": "Kopi", "with": [CLEO] * 1024}, 400, "bad_request"),
        (BO, {"name": "Kopi", "with": ["0812"]}, 400, "wrong_number"),
        (BO, {"name": "Kopi", "with": [CLEO]}, 404, "unknown_phone"),
        ("0812", {"name": "Kopi"}, 400, "wrong_number"),
    ],
)
def test_a_group_that_cant_be_made_is_refused_and_puts_nobody_on_whatsapp(
    tmp_path: Path, number: str, fields: dict[str, object], status: int, code: str
) -> None:
    async def story(wa: Loopback) -> None:
        answered, answer = await wa.post(f"phones/{number}/groups", **fields)
        assert (answered, answer["code"]) == (status, code)
        assert (await wa.get("phones"))["phones"] == []

    told(tmp_path, story)


def test_the_client_sees_the_groups_that_its_account_is_in(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        await wa.post(f"phones/{BO}")
        async with wa.client(tmp_path / "device.db") as client:
            await wa.linked(client)
            client.tell("groups")
            assert (await client.until("groups"))["groups"] == []
            _, mine = await wa.post(f"phones/{BO}/groups", name="Kopi ☕", topic="Jam 9", **{"with": [NUMBER]})
            await wa.post(f"phones/{BO}/groups", name="Not mine")
            client.tell("groups")
            assert (await client.until("groups"))["groups"] == [
                {
                    "jid": mine["jid"],
                    "name": "Kopi ☕",
                    "topic": "Jam 9",
                    "owner": f"{lid_of(BO)}@lid",
                    "owner_phone": f"{BO}@s.whatsapp.net",
                    "created": pytest.approx(mine["made_at"] // 1000, abs=64),
                    "named": mine["made_at"] // 1000,
                    "members": [f"{lid_of(BO)}@lid", f"{lid_of(NUMBER)}@lid"],
                    "phones": [f"{BO}@s.whatsapp.net", f"{NUMBER}@s.whatsapp.net"],
                }
            ]

    told(tmp_path, story)


def test_the_client_learns_who_is_on_whatsapp(tmp_path: Path) -> None:
    async def story(wa: Loopback) -> None:
        await wa.post(f"phones/{BO}")
        async with wa.client(tmp_path / "device.db") as client:
            await wa.linked(client)
            for number, there in ((BO, True), (CLEO, False)):
                client.tell(f"check +{number}")
                assert (await client.until("checked"))["found"] == [[f"+{number}", there, f"{number}@s.whatsapp.net"]]

    told(tmp_path, story)
