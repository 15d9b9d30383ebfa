"""Visits of a device in Python: what the server asks, answers and refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.node import Jid, Node
from infra.whatsapp_server.accounts import lid_of
from tests.whatsapp_server.companion import Companion, Wire, dialled
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback

Story = Callable[[Loopback, Companion, Wire], Awaitable[None]]


async def registered(wire: Wire, companion: Companion) -> str:
    """Come as a new device; the first code to show."""
    await wire.open(companion.noise, companion.registration())
    offer = await wire.receive()
    return companion.code(offer.get("pair-device", "ref").data)


async def paired(wa: Loopback, companion: Companion, **fields: object) -> None:
    async with dialled(wa.whatsapp) as wire:
        scan = asyncio.create_task(wa.scan(await registered(wire, companion), **fields))
        await wire.send(companion.agree(await wire.receive()))
        assert (await scan)[0] == 200
        assert (await wire.receive()).attributes["code"] == "515"


@asynccontextmanager
async def logged_in(wa: Loopback, companion: Companion) -> AsyncIterator[Wire]:
    async with dialled(wa.whatsapp) as wire:
        await wire.open(companion.noise, companion.login())
        assert (await wire.receive()).tag == "success"
        yield wire


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with a device that is logged in."""

    async def run() -> None:
        async with loopback(tmp_path) as wa:
            companion = Companion()
            await paired(wa, companion)
            async with logged_in(wa, companion) as wire:
                await story(wa, companion, wire)

    asyncio.run(run())


def prekey(number: int) -> Node:
    return Node("key", {}, (Node("id", {}, number.to_bytes(3, "big")), Node("value", {}, bytes([number]) * 32)))


def upload(*numbers: int) -> tuple[Node, ...]:
    signed = Node(
        "skey", {}, (Node("id", {}, b"\0\0\1"), Node("value", {}, b"s" * 32), Node("signature", {}, b"g" * 64))
    )
    keys = Node("list", {}, tuple(prekey(number) for number in numbers))
    return Node("registration", {}, b"\0\0\0\7"), Node("type", {}, b"\5"), Node("identity", {}, b"i" * 32), keys, signed


def test_a_new_device_is_given_six_references(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa, dialled(wa.whatsapp) as wire:
            companion = Companion()
            await wire.open(companion.noise, companion.registration())
            offer = await wire.receive()
            assert (offer.jid("from"), offer.text("xmlns")) == (Jid("", "s.whatsapp.net"), "md")
            assert len({ref.data for ref in offer.get("pair-device").named("ref")}) == 6

    asyncio.run(story())


def test_a_device_that_signs_with_another_key_is_not_linked(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa, dialled(wa.whatsapp) as wire:
            companion = Companion()
            scan = asyncio.create_task(wa.scan(await registered(wire, companion)))
            await wire.send(companion.agree(await wire.receive(), signer=KeyPair.generate()))
            assert (await scan)[1]["code"] == "refused_by_device"
            assert (await wa.get("phones"))["phones"][0]["devices"] == []

    asyncio.run(story())


def test_a_device_that_goes_away_before_it_agrees_is_not_linked(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa:
            async with dialled(wa.whatsapp) as wire:
                scan = asyncio.create_task(wa.scan(await registered(wire, Companion())))
                await wire.receive()
            assert (await scan)[1]["code"] == "no_answer"

    asyncio.run(story())


def test_a_registration_whose_key_is_not_signed_is_turned_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa, dialled(wa.whatsapp) as wire:
            companion = Companion()
            companion.signed = KeyPair.generate()
            payload = companion.registration()
            companion.identity = KeyPair.generate()
            await wire.open(companion.noise, payload.replace(companion.signed.public, bytes(32)))
            with pytest.raises((TypeError, aiohttp.WSMessageTypeError)):  # a closed socket gives no bytes
                await wire.receive()

    asyncio.run(story())


def test_another_devices_key_does_not_open_an_account(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion, wire: Wire) -> None:
        async with dialled(wa.whatsapp) as other:
            await other.open(KeyPair.generate(), companion.login())
            failure = await other.receive()
            assert (failure.tag, failure.text("reason")) == ("failure", "401")

    told(tmp_path, story)


def test_a_login_is_welcomed_with_the_hidden_id_it_was_paired_with(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa:
            companion = Companion()
            await paired(wa, companion)
            async with dialled(wa.whatsapp) as wire:
                await wire.open(companion.noise, companion.login())
                assert (await wire.receive()).jid("lid") == Jid(lid_of(NUMBER), "lid", 1)

    asyncio.run(story())


def test_uploaded_keys_are_counted_and_given_out_once_each(tmp_path: Path) -> None:
    async def story(_wa: Loopback, companion: Companion, wire: Wire) -> None:
        assert (await wire.ask("encrypt", "get", Node("count"))).get("count").text("value") == "0"
        await wire.ask("encrypt", "set", *upload(1, 2))
        assert (await wire.ask("encrypt", "get", Node("count"))).get("count").text("value") == "2"
        given = []
        for _ in range(3):
            wanted = Node("key", {}, (Node("user", {"jid": companion.jid}),))
            user = (await wire.ask("encrypt", "get", wanted)).get("list", "user")
            assert user.get("identity").data == companion.identity.public
            given.append(user.find("key", "id"))
        assert [key and key.data for key in given] == [b"\0\0\1", b"\0\0\2", None]

    told(tmp_path, story)


def test_nobody_has_keys_for_a_device_that_is_not_there(tmp_path: Path) -> None:
    async def story(_wa: Loopback, _companion: Companion, wire: Wire) -> None:
        wanted = Node("key", {}, (Node("user", {"jid": Jid("1", "lid", 9)}),))
        assert (await wire.ask("encrypt", "get", wanted)).get("list", "user", "error").text("code") == "404"

    told(tmp_path, story)


def test_activity_ends_with_the_count_of_waiting_stanzas(tmp_path: Path) -> None:
    async def story(_wa: Loopback, _companion: Companion, wire: Wire) -> None:
        await wire.ask("passive", "set", Node("active"))
        greetings = [await wire.receive(), await wire.receive()]
        assert [(one.text("category"), one.text("offline")) for one in greetings] == [("peer", "0")] * 2
        assert (await wire.receive()).get("offline").text("count") == "2"

    told(tmp_path, story)


@pytest.mark.parametrize("xmlns", ["w:p", "w:m", "abt", "unheard:of"])
def test_an_unknown_question_gets_an_empty_answer(tmp_path: Path, xmlns: str) -> None:
    async def story(_wa: Loopback, _companion: Companion, wire: Wire) -> None:
        answer = await wire.ask(xmlns, "get")
        assert (answer.text("type"), answer.children) == ("result", ())

    told(tmp_path, story)


def test_a_question_that_lacks_its_parts_is_refused_and_the_visit_goes_on(tmp_path: Path) -> None:
    async def story(_wa: Loopback, _companion: Companion, wire: Wire) -> None:
        refused = await wire.ask("encrypt", "set", Node("registration"))
        assert (refused.text("type"), refused.get("error").text("code")) == ("error", "400")
        assert (await wire.ask("w:p", "get", name="q2")).text("type") == "result"

    told(tmp_path, story)


def test_a_device_cannot_remove_another(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion, wire: Wire) -> None:
        other = Node("remove-companion-device", {"jid": companion.jid.on(2), "reason": "user_initiated"})
        assert (await wire.ask("md", "set", other)).get("error").text("code") == "403"

    told(tmp_path, story)


def test_a_number_is_looked_up_with_its_hidden_id_and_devices(tmp_path: Path) -> None:
    async def story(_wa: Loopback, _companion: Companion, wire: Wire) -> None:
        query = Node("query", {}, (Node("contact"), Node("devices", {"version": "2"}), Node("lid")))
        users = (
            Node("user", {"jid": Jid(NUMBER, "s.whatsapp.net")}),
            Node("user", {}, (Node("contact", {}, "+4912345678"),)),
        )
        found = (await wire.ask("usync", "get", Node("usync", {"sid": "s"}, (query, Node("list", {}, users))))).get(
            "usync"
        )
        known, unknown = found.get("list").children
        assert known.get("lid").jid("val") == Jid(lid_of(NUMBER), "lid")
        assert [device.text("id") for device in known.get("devices", "device-list").children] == ["0", "1"]
        assert (unknown.get("contact").text("type"), unknown.get("devices", "device-list").children) == ("out", ())

    told(tmp_path, story)


def test_privacy_settings_hide_nothing(tmp_path: Path) -> None:
    async def story(_wa: Loopback, _companion: Companion, wire: Wire) -> None:
        settings = (await wire.ask("privacy", "get", Node("privacy"))).get("privacy")
        assert {category.text("value") for category in settings.children} == {"all"}

    told(tmp_path, story)
