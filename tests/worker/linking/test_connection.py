"""Linkings over real sockets: through a proxy and TLS to the loopback WhatsApp, and then by the unmodified library."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from chalicelib.worker.linking.connection import LinkingConnection
from chalicelib.worker.linking.linking import (
    CodeEnd,
    CodeShown,
    Ended,
    Event,
    Linked,
    PairingCodeEnded,
    PairingCodeShown,
    PasskeyCodeShown,
    PasskeyDemanded,
)
from chalicelib.worker.linking.pairing import LinkedDevice
from chalicelib.worker.linking.passkey import PROOF_S
from chalicelib.worker.linking.protocol import LinkingProtocol
from chalicelib.worker.linking.registration import VERSION
from chalicelib.worker.linking.states import Why
from chalicelib.worker.linking.store import store
from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, loopback

BEN = "628777000333"
E = TypeVar("E")


class Owner:
    """Who links: what has happened, and what was stored."""

    def __init__(self, wa: Loopback, store: Callable[[LinkedDevice], None] = lambda _: None, **changed: Any) -> None:
        environment = wa.whatsapp.client_environment()
        root = changed.get("root", bytes.fromhex(environment["LOOPBACK_WHATSAPP_ROOT_KEY"]))
        self.events: list[Event] = []
        self._codes: asyncio.Queue[str] = asyncio.Queue()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self.connection = LinkingConnection(
            lambda now, unix_s: LinkingProtocol(
                now=now, unix_s=unix_s, root=root, version=changed.get("version", VERSION)
            ),
            self._told,
            store,
            proxy=changed.get("proxy", environment["HTTPS_PROXY"]),
        )

    def _told(self, event: Event) -> None:
        self.events.append(event)
        self._events.put_nowait(event)
        if isinstance(event, CodeShown):
            self._codes.put_nowait(event.text)

    async def until(self, kind: type[E]) -> E:
        """The next event of that kind."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event = await self._events.get()
                if isinstance(event, kind):
                    return event

    async def code(self) -> str:
        return await asyncio.wait_for(self._codes.get(), PATIENCE_S)

    async def run(self) -> Ended | Linked:
        return await asyncio.wait_for(self.connection.run(), PATIENCE_S)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Loopback], Any]], None]:
    """Tell a story over a loopback WhatsApp that this process trusts."""

    def tell(story: Callable[[Loopback], Any]) -> None:
        async def run() -> None:
            async with loopback(tmp_path / "wa") as wa:
                monkeypatch.setenv("SSL_CERT_FILE", wa.whatsapp.client_environment()["SSL_CERT_FILE"])
                await story(wa)

        asyncio.run(run())

    return tell


@pytest.mark.subprocess
def test_a_device_that_we_link_is_the_library_s_to_connect_send_and_receive_with(
    told: Callable[..., None], tmp_path: Path, empty: bytes
) -> None:
    database = tmp_path / "device.db"

    async def story(wa: Loopback) -> None:
        owner = Owner(wa, lambda device: store(device, database, empty=empty))
        linking = asyncio.create_task(owner.run())
        status, answer = await wa.scan(await owner.code())
        assert status == 200, answer
        linked = await linking
        assert isinstance(linked, Linked)
        assert str(linked.device.jid) == f"{NUMBER}:1@s.whatsapp.net"
        await wa.post(f"phones/{BEN}")
        async with wa.client(database) as client:
            await client.until("connected")
            await wa.say(BEN, NUMBER, "Hello")
            assert (await client.message())["text"] == "Hello"
            name = (await client.send(BEN, "Hello yourself"))["id"]
            assert (await wa.until_letter(BEN, name))["text"] == "Hello yourself"

    told(story)


def test_a_code_that_is_typed_on_a_phone_links_the_device(told: Callable[..., None]) -> None:
    async def story(wa: Loopback) -> None:
        owner = Owner(wa)
        linking = asyncio.create_task(owner.run())
        await owner.code()
        owner.connection.acted(lambda protocol, now: protocol.show_pairing_code(NUMBER, now))
        shown = await owner.until(PairingCodeShown)
        status, answer = await wa.post("phones/link-code", code=shown.code, number=NUMBER, name="Ana")
        assert status == 200, answer
        linked = await linking
        assert isinstance(linked, Linked)
        assert linked.device.jid.user == NUMBER

    told(story)


@pytest.mark.parametrize(("code", "why"), [(400, CodeEnd.REFUSED), (429, CodeEnd.THROTTLED)])
def test_a_pairing_code_that_whatsapp_refuses_leaves_the_picture(
    told: Callable[..., None], code: int, why: CodeEnd
) -> None:
    async def story(wa: Loopback) -> None:
        owner = Owner(wa)
        linking = asyncio.create_task(owner.run())
        picture = await owner.code()
        await wa.post("faults/refuse-code", code=code)
        owner.connection.acted(lambda protocol, now: protocol.show_pairing_code(NUMBER, now))
        assert (await owner.until(PairingCodeEnded)).why is why
        assert (await wa.scan(picture))[0] == 200
        assert isinstance(await linking, Linked)

    told(story)


@pytest.mark.parametrize("proof", [True, False], ids=["seen", "unseen"])
def test_a_passkey_that_is_demanded_links_the_device_once_it_has_signed(
    told: Callable[..., None], *, proof: bool
) -> None:
    """Where the phone can't check that it has seen the device's code, both show one to be compared."""

    async def story(wa: Loopback) -> None:
        owner = Owner(wa)
        linking = asyncio.create_task(owner.run())
        await wa.post(f"phones/{NUMBER}/passkey")
        await wa.post("faults/passkey", options=proof, proof=proof)
        status, answer = await wa.scan(await owner.code())
        assert (status, answer["code"]) == (409, "passkey_required")
        demanded = await owner.until(PasskeyDemanded)
        options = dict(demanded.challenge.options)
        signed = (await wa.post(f"phones/{NUMBER}/passkey/sign", options=options))[1]["assertion"]
        # As if the owner had taken longer than the proof is good for.
        later = 0 if proof else PROOF_S
        owner.connection.acted(lambda protocol, now: protocol.give_assertion(signed, now + later))
        if not proof:
            code = (await owner.until(PasskeyCodeShown)).code
            assert (await wa.get(f"phones/{NUMBER}/linking"))["code"] == code
            owner.connection.acted(lambda protocol, now: protocol.confirm(now, same=True))
        linked = await linking
        assert isinstance(linked, Linked), linked
        assert linked.device.jid.user == NUMBER

    told(story)


def test_a_version_that_whatsapp_refuses_is_outdated(told: Callable[..., None]) -> None:
    async def story(wa: Loopback) -> None:
        await wa.post("faults/version", least="2.3000.2000000000")
        assert await Owner(wa).run() == Ended(Why.OUTDATED, "405")
        newer = Owner(wa, version=(2, 3000, 2_000_000_000))
        linking = asyncio.create_task(newer.run())
        assert (await wa.scan(await newer.code()))[0] == 200
        assert isinstance(await linking, Linked)

    told(story)


def test_a_device_that_can_t_be_stored_isn_t_linked(told: Callable[..., None]) -> None:
    def full(_: LinkedDevice) -> None:
        raise OSError

    async def story(wa: Loopback) -> None:
        owner = Owner(wa, full)
        linking = asyncio.create_task(owner.run())
        assert (await wa.scan(await owner.code()))[0] == 409
        assert await linking == Ended(Why.NOT_STORED)
        await wa.until_nobody_waits()

    told(story)


def test_who_can_t_prove_to_be_whatsapp_is_told_nothing(told: Callable[..., None]) -> None:
    async def story(wa: Loopback) -> None:
        owner = Owner(wa, root=bytes(32))
        assert await owner.run() == Ended(Why.NOT_WHATSAPP, "UntrustedServer") == owner.events[-1]

    told(story)


def test_a_linking_that_is_cancelled_ends_at_once(told: Callable[..., None]) -> None:
    async def story(wa: Loopback) -> None:
        owner = Owner(wa)
        linking = asyncio.create_task(owner.run())
        await owner.code()
        assert owner.connection.is_open
        await asyncio.to_thread(owner.connection.cancel)
        assert await linking == Ended(Why.CANCELLED)
        assert not owner.connection.is_open
        await wa.until_nobody_waits()

    told(story)


def test_a_connection_that_breaks_ends_it(told: Callable[..., None]) -> None:
    async def story(wa: Loopback) -> None:
        owner = Owner(wa)
        linking = asyncio.create_task(owner.run())
        await owner.code()
        assert await wa.post("faults/close-unpaired") == (200, {"closed": 1})
        ended = await linking
        assert isinstance(ended, Ended)
        assert ended.why is Why.CLOSED

    told(story)


def test_fifty_linkings_at_once_share_a_process_and_leave_nothing_behind(told: Callable[..., None]) -> None:
    async def story(wa: Loopback) -> None:
        owners = [Owner(wa) for _ in range(50)]
        running = [asyncio.create_task(owner.run()) for owner in owners]
        codes = [await owner.code() for owner in owners]
        assert len(set(codes)) == 50
        assert (await wa.scan(codes[7]))[0] == 200
        for owner in owners:
            owner.connection.cancel()
        ends = await asyncio.gather(*running)
        assert isinstance(ends[7], Linked)
        assert {end for end in ends if isinstance(end, Ended)} == {Ended(Why.CANCELLED)}
        await wa.until_nobody_waits()

    told(story)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "socks5://127.0.0.1:1080", "http://"])
def test_a_proxy_that_can_t_be_reached_ends_it(told: Callable[..., None], proxy: str) -> None:
    async def story(wa: Loopback) -> None:
        ended = await Owner(wa, proxy=proxy).run()
        assert isinstance(ended, Ended)
        assert ended.why is Why.UNREACHABLE

    told(story)
