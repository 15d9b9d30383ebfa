"""What our linking and the loopback WhatsApp make of each other: pairing codes, passkeys, refusals."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from chalicelib.worker.linking import passkey
from chalicelib.worker.linking.linking import (
    CodeEnd,
    Ended,
    Event,
    Linked,
    PairingCodeEnded,
    PairingCodeShown,
    PasskeyCodeShown,
    PasskeyDemanded,
)
from chalicelib.worker.linking.states import Why
from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, Loopback, loopback
from tests.worker.linking.test_connection import Owner

E = TypeVar("E", bound=Event)


class Witness(Owner):
    """An owner that waits for events of a kind."""

    def __init__(self, wa: Loopback) -> None:
        super().__init__(wa)
        self._seen = 0
        self.linking = asyncio.create_task(self.run())

    async def next(self, kind: type[E]) -> E:
        """The next event of that kind; others before it are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for event in self.events[self._seen :]:
                    self._seen += 1
                    if isinstance(event, kind):
                        return event
                assert not self.linking.done(), self.events
                await asyncio.sleep(0.01)


Story = Callable[[Loopback, Witness], Awaitable[None]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """Tell a story of one linking over a loopback WhatsApp that this process trusts."""

    def tell(story: Story) -> None:
        async def run() -> None:
            async with loopback(tmp_path / "wa") as wa:
                monkeypatch.setenv("SSL_CERT_FILE", wa.whatsapp.client_environment()["SSL_CERT_FILE"])
                await story(wa, Witness(wa))

        asyncio.run(run())

    return tell


async def signed(wa: Loopback, **fields: Any) -> dict[str, Any]:
    status, answer = await wa.post(f"phones/{NUMBER}/passkey/sign", **fields)
    assert status == 200, answer
    return dict(answer["assertion"])


def test_a_passkey_and_the_scanned_code_link_without_a_code_to_compare(told: Callable[[Story], None]) -> None:
    async def story(wa: Loopback, owner: Witness) -> None:
        await wa.post("faults/passkey")
        assert (await wa.scan(await owner.code()))[1]["code"] == "passkey_required"
        demanded = await owner.next(PasskeyDemanded)
        assertion = await signed(wa, options=demanded.challenge.options)
        owner.connection.acted(lambda protocol, now: protocol.give_assertion(assertion, now))
        assert isinstance(await owner.linking, Linked)
        assert (await wa.get(f"phones/{NUMBER}/linking"))["code"] is None

    told(story)


@pytest.mark.parametrize("same", [True, False])
def test_without_a_proof_a_person_compares_the_codes(
    told: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    monkeypatch.setattr(passkey, "PROOF_S", 0)  # as after five minutes

    async def story(wa: Loopback, owner: Witness) -> None:
        await wa.post("faults/passkey")
        await wa.scan(await owner.code())
        await owner.next(PasskeyDemanded)
        assertion = await signed(wa)
        owner.connection.acted(lambda protocol, now: protocol.give_assertion(assertion, now))
        code = (await owner.next(PasskeyCodeShown)).code
        assert (await wa.get(f"phones/{NUMBER}/linking"))["code"] == code
        owner.connection.acted(lambda protocol, now: protocol.confirm(now, same=same))
        ended = await owner.linking
        assert isinstance(ended, Linked) if same else ended == Ended(Why.PASSKEY_DECLINED)

    told(story)


def test_a_phone_on_which_a_code_was_typed_has_seen_no_secret_so_the_codes_are_compared(
    told: Callable[[Story], None],
) -> None:
    async def story(wa: Loopback, owner: Witness) -> None:
        await wa.post("faults/passkey", options=False)
        await owner.code()
        owner.connection.acted(lambda protocol, now: protocol.show_pairing_code(NUMBER, now))
        shown = await owner.next(PairingCodeShown)
        typed = await wa.post("phones/link-code", code=shown.code, number=NUMBER)
        assert typed[1]["code"] == "passkey_required"
        await owner.next(PasskeyDemanded)
        assertion = await signed(wa)
        owner.connection.acted(lambda protocol, now: protocol.give_assertion(assertion, now))
        code = (await owner.next(PasskeyCodeShown)).code
        assert (await wa.get(f"phones/{NUMBER}/linking"))["code"] == code
        owner.connection.acted(lambda protocol, now: protocol.confirm(now, same=True))
        assert isinstance(await owner.linking, Linked)

    told(story)


def test_a_typed_code_links(told: Callable[[Story], None]) -> None:
    async def story(wa: Loopback, owner: Witness) -> None:
        await owner.code()
        await wa.post("faults/refuse-code", code=429)
        owner.connection.acted(lambda protocol, now: protocol.show_pairing_code(NUMBER, now))
        assert (await owner.next(PairingCodeEnded)).why is CodeEnd.THROTTLED
        owner.connection.acted(lambda protocol, now: protocol.show_pairing_code(NUMBER, now))
        await owner.next(PairingCodeShown)
        await wa.post("faults/refresh-code")
        assert (await owner.next(PairingCodeEnded)).why is CodeEnd.WITHDRAWN
        owner.connection.acted(lambda protocol, now: protocol.show_pairing_code(NUMBER, now))
        shown = await owner.next(PairingCodeShown)
        assert (await wa.post("phones/link-code", code=shown.code, number=NUMBER))[0] == 200
        assert isinstance(await owner.linking, Linked)

    told(story)


def test_a_hosted_account_links_by_the_code_that_whatsapp_wants_shown(told: Callable[[Story], None]) -> None:
    async def story(wa: Loopback, owner: Witness) -> None:
        await wa.post(f"phones/{NUMBER}", hosted=True)
        await wa.post("faults/refresh", scans=1)
        former = await owner.code()
        assert (await wa.scan(former))[1]["code"] == "expired_code"
        assert (await wa.scan(await owner.code()))[0] == 200
        assert isinstance(await owner.linking, Linked)

    told(story)


def test_whatsapps_refusals_end_it(told: Callable[[Story], None]) -> None:
    async def story(wa: Loopback, owner: Witness) -> None:
        await owner.code()
        await wa.post("faults/downgrade")
        assert await owner.linking == Ended(Why.NO_MULTI_DEVICE)
        await wa.post("faults/failure", reason=403, registering=True)
        assert await Witness(wa).linking == Ended(Why.REFUSED, "403")
        await wa.post("faults/version", least="2.3000.4000000000")
        assert await Witness(wa).linking == Ended(Why.OUTDATED, "405")

    told(story)
