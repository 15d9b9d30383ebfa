"""Linking by a code that is typed on the phone, with a device in Python and with the unmodified client."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chalicelib.wire import pairing
from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.node import PHONES, Attribute, Jid, Node
from infra.whatsapp_server.codes import CODES_WINDOW_S, MOST_CODES, MOST_TRIES, PAIRING_S, CodeThrottle, PairingCode
from tests.whatsapp_server.companion import Companion, Wire, dialled
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback

CODE = "ABCDEFGH"


class TypedCompanion(Companion):
    """A companion that shows a pairing code."""

    def __init__(self, code: str = CODE) -> None:
        super().__init__()
        self.shown = code
        self.ephemeral = KeyPair.generate()
        self.reference = b""

    def hello(self, number: str = NUMBER, **changed: bytes) -> Node:
        parts = {
            "link_code_pairing_wrapped_companion_ephemeral_pub": pairing.wrap_key(self.shown, self.ephemeral.public),
            "companion_server_auth_key_pub": self.noise.public,
            "companion_platform_id": b"1",
            "companion_platform_display": b"Chrome (Mac OS)",
            "link_code_pairing_nonce": b"\0",
        } | changed
        attributes: dict[str, Attribute] = {
            "jid": Jid(number, PHONES),
            "stage": "companion_hello",
            "should_show_push_notification": "true",
        }
        children = tuple(Node(tag, {}, data) for tag, data in parts.items())
        return Node("link_code_companion_reg", attributes, children)

    async def ask_for_code(self, wire: Wire, number: str = NUMBER) -> None:
        answer = await wire.ask("md", "set", self.hello(number), name="hello")
        self.reference = answer.get("link_code_companion_reg", "link_code_pairing_ref").data

    def finish(self, greeting: Node) -> Node:
        stage = greeting.get("link_code_companion_reg")
        wrapped = stage.get("link_code_pairing_wrapped_primary_ephemeral_pub").data
        phone, random = stage.get("primary_identity_pub").data, bytes(range(32))
        shared = self.ephemeral.shared(pairing.unwrap_key(self.shown, wrapped))
        self.secret = pairing.secret_of_code(shared, self.identity.shared(phone), random)
        parts = {
            "link_code_pairing_wrapped_key_bundle": pairing.KeyBundle(self.identity.public, phone, random).sealed(
                shared
            ),
            "companion_identity_public": self.identity.public,
            "link_code_pairing_ref": stage.get("link_code_pairing_ref").data,
        }
        attributes: dict[str, Attribute] = {"jid": Jid(NUMBER, PHONES), "stage": "companion_finish"}
        return Node("link_code_companion_reg", attributes, tuple(Node(tag, {}, data) for tag, data in parts.items()))


Story = Callable[[Loopback, TypedCompanion, Wire], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with a device that waits for a phone."""

    async def run() -> None:
        async with loopback(tmp_path) as wa, dialled(wa.whatsapp) as wire:
            companion = TypedCompanion()
            await wire.open(companion.noise, companion.registration())
            await wire.receive()
            await story(wa, companion, wire)

    asyncio.run(run())


async def type_code(wa: Loopback, code: str = CODE, number: str = NUMBER) -> tuple[int, str]:
    status, answer = await wa.post("phones/link-code", code=code, number=number, name="Ana")
    return status, str(answer.get("code", answer.get("jid")))


async def met(companion: TypedCompanion, wire: Wire) -> None:
    """Answer the phone's greeting."""
    greeting = await wire.receive()
    assert (greeting.text("type"), greeting.get("link_code_companion_reg").text("stage")) == (
        "link_code_companion_reg",
        "primary_hello",
    )
    assert greeting.get("link_code_companion_reg", "link_code_pairing_ref").data == companion.reference
    assert (await wire.ask("md", "set", companion.finish(greeting), name="finish")).text("type") == "result"


def test_a_device_is_linked_by_the_code_that_it_shows(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        await companion.ask_for_code(wire)
        typed = asyncio.create_task(type_code(wa, "abcd-efgh"))
        await met(companion, wire)
        await wire.send(companion.agree(await wire.receive()))
        assert await typed == (200, f"{NUMBER}:1@s.whatsapp.net")
        assert (await wire.receive()).text("code") == "515"
        assert await type_code(wa) == (410, "expired_code")

    told(tmp_path, story)


def test_a_wrong_code_can_be_typed_three_times(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        await companion.ask_for_code(wire)
        for _ in range(MOST_TRIES):
            typed = asyncio.create_task(type_code(wa, "HGFEDCBA"))
            await met(companion, wire)
            assert await typed == (409, "wrong_code")
        assert await type_code(wa) == (410, "expired_code")
        assert (await wa.get("phones"))["phones"][0]["devices"] == []

    told(tmp_path, story)


def test_a_new_code_takes_the_place_of_the_former(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        await companion.ask_for_code(wire)
        companion.shown = "HGFEDCBA"
        await companion.ask_for_code(wire)
        typed = asyncio.create_task(type_code(wa))
        await met(companion, wire)
        assert await typed == (409, "wrong_code")
        typed = asyncio.create_task(type_code(wa, companion.shown))
        await met(companion, wire)
        await wire.send(companion.agree(await wire.receive()))
        assert (await typed)[0] == 200

    told(tmp_path, story)


def test_a_code_is_for_the_phone_that_it_was_asked_for(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        assert await type_code(wa) == (409, "nothing_waits")
        await companion.ask_for_code(wire)
        assert await type_code(wa, number="6281999999999") == (409, "nothing_waits")
        assert await type_code(wa, "ABCD-EFG0") == (400, "foreign_code")

    told(tmp_path, story)


def test_a_code_expires(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        await companion.ask_for_code(wire)
        code = wa.whatsapp._network.waiting[0].code
        assert code
        code.start -= PAIRING_S
        assert await type_code(wa) == (410, "expired_code")

    told(tmp_path, story)


def test_a_device_that_goes_away_is_not_waited_for(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        await companion.ask_for_code(wire)
        typed = asyncio.create_task(type_code(wa))
        await wire.receive()
        await wa.post("faults/close-unpaired")
        assert await typed == (409, "no_answer")

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        ("0812", {}),
        (NUMBER, {"companion_platform_display": b"Chrome (Acme)"}),
        (NUMBER, {"companion_platform_display": b"Chrome"}),
        (NUMBER, {"companion_server_auth_key_pub": bytes(32)}),
        (NUMBER, {"link_code_pairing_wrapped_companion_ephemeral_pub": bytes(79)}),
    ],
)
def test_what_whatsapp_doesnt_accept_gets_no_code(tmp_path: Path, number: str, changed: dict[str, bytes]) -> None:
    async def story(_wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        refused = await wire.ask("md", "set", companion.hello(number, **changed))
        assert (refused.text("type"), refused.get("error").text("code")) == ("error", "400")

    told(tmp_path, story)


@pytest.mark.parametrize(
    "stage",
    [
        Node("link_code_companion_reg", {"stage": "companion_hello"}),
        Node("link_code_companion_reg", {"stage": "companion_ciao"}),
    ],
)
def test_a_stage_that_cant_be_read_is_refused(tmp_path: Path, stage: Node) -> None:
    async def story(_wa: Loopback, _companion: TypedCompanion, wire: Wire) -> None:
        assert (await wire.ask("md", "set", stage)).get("error").text("code") == "400"

    told(tmp_path, story)


def test_a_device_cant_finish_what_no_phone_began(tmp_path: Path) -> None:
    async def story(_wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        await companion.ask_for_code(wire)
        children = (Node("link_code_pairing_ref", {}, companion.reference),)
        finish = Node("link_code_companion_reg", {"stage": "companion_finish"}, children)
        assert (await wire.ask("md", "set", finish)).get("error").text("code") == "404"

    told(tmp_path, story)


def test_a_number_gets_five_codes_and_a_refusal_can_be_planned(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        assert await wa.post("faults/refuse-code", code=400, number=NUMBER) == (200, {"planned": 1})
        refused = await wire.ask("md", "set", companion.hello())
        assert dict(refused.get("error").attributes) == {"code": "400", "text": "bad-request"}
        for _ in range(MOST_CODES):
            await companion.ask_for_code(wire)
        throttled = await wire.ask("md", "set", companion.hello())
        assert dict(throttled.get("error").attributes) == {"code": "429", "text": "rate-overlimit"}
        await companion.ask_for_code(wire, "6281999999999")

    told(tmp_path, story)


def test_whatsapp_can_withdraw_a_code(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire) -> None:
        assert await wa.post("faults/refresh-code") == (200, {"asked": 0})
        await companion.ask_for_code(wire)
        assert await wa.post("faults/refresh-code", force=True) == (200, {"asked": 1})
        stage = (await wire.receive()).get("link_code_companion_reg")
        assert (stage.text("stage"), stage.text("force_manual_refresh")) == ("refresh_code", "true")
        assert stage.get("link_code_pairing_ref").data == companion.reference
        assert await type_code(wa) == (410, "expired_code")

    told(tmp_path, story)


def test_codes_are_given_again_after_a_while() -> None:
    throttle = CodeThrottle()
    assert [throttle.allows("1", n) for n in range(MOST_CODES + 1)] == [True] * MOST_CODES + [False]
    assert throttle.allows("2", MOST_CODES)
    assert [throttle.allows("1", CODES_WINDOW_S + n) for n in (-1, 0, 0)] == [False, True, False]


def test_a_code_is_awaited_for_three_minutes_and_three_tries() -> None:
    code = PairingCode("1", b"ref", b"", 10)
    assert [code.awaited(10 + PAIRING_S - 1), code.awaited(10 + PAIRING_S)] == [True, False]
    code.tries = MOST_TRIES
    assert not code.awaited(10)


@pytest.mark.subprocess
def test_the_unmodified_client_is_linked_by_a_code(tmp_path: Path) -> None:
    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa, wa.client(tmp_path / "device.db") as client:
            await client.code()
            await wa.post("faults/refuse-code", code=429)
            client.tell(f"pair {NUMBER}")
            assert "rate-overlimit" in (await client.until("code_refused"))["error"]
            client.tell(f"pair {NUMBER}")
            code = str((await client.until("code"))["code"])
            assert await type_code(wa, "1111-1111") == (409, "wrong_code")
            assert (await type_code(wa, code))[0] == 200
            await client.until("connected")

    asyncio.run(run())
