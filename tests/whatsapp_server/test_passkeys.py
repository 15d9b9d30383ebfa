"""Passkeys: what WhatsApp accepts and refuses, and whole linkings by a device in Python."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chalicelib.wire import pairing
from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.node import Node
from chalicelib.wire.pairing import PairingFailure
from chalicelib.wire.proto import MalformedMessage, parse
from chalicelib.wire.proto.handshake_pb2 import (
    CompanionCommitment,
    CompanionEphemeralIdentity,
    DeviceProps,
    PairingRequest,
    PrimaryEphemeralIdentity,
    ProloguePayload,
)
from infra.whatsapp_server.passkeys import (
    ORIGIN,
    TIMEOUT_S,
    Ceremony,
    Passkey,
    Refused,
    Step,
    base64url,
    from_base64url,
    request_options,
)
from tests.whatsapp_server.companion import Companion, Wire, dialled
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback
from tests.whatsapp_server.test_typed_codes import TypedCompanion

PASSKEY = Passkey.generate()
OPTIONS = request_options()
SECRET = bytes(range(32))


class Ceremonious:
    """A companion's side of the passkey step."""

    def __init__(self, keys: Companion, reference: str) -> None:
        self.keys = keys
        self.ephemeral = KeyPair.generate()
        self.nonce = bytes(range(32))
        self.identity = CompanionEphemeralIdentity(
            publicKey=self.ephemeral.public, deviceType=DeviceProps.CHROME, ref=reference
        )
        encoded = self.identity.SerializeToString()
        bound = CompanionCommitment(hash=pairing.commitment(encoded, self.nonce))
        self.prologue = ProloguePayload(companionEphemeralIdentity=encoded, commitment=bound).SerializeToString()
        self.code = ""

    def meet(self, answer: bytes) -> None:
        phone = parse(PrimaryEphemeralIdentity, answer)
        self.code = pairing.passkey_code(self.nonce, phone.publicKey, phone.nonce)
        self.key = pairing.request_key(self.ephemeral.shared(phone.publicKey), self.identity)

    def request(self, **changed: bytes) -> bytes:
        fields = {
            "companionPublicKey": self.keys.noise.public,
            "companionIdentityKey": self.keys.identity.public,
            "advSecret": self.keys.secret,
        } | changed
        return pairing.seal_request(self.key, PairingRequest(**fields))


def encoded(assertion: dict[str, Any]) -> bytes:
    return json.dumps(assertion).encode()


def with_data(assertion: dict[str, Any], data: bytes) -> dict[str, Any]:
    return {**assertion, "response": {**assertion["response"], "authenticatorData": base64url(data)}}


def created(assertion: dict[str, Any]) -> dict[str, Any]:
    facts = {"type": "webauthn.create", "challenge": OPTIONS["challenge"], "origin": ORIGIN}
    client = base64url(json.dumps(facts).encode())
    return {**assertion, "response": {**assertion["response"], "clientDataJSON": client}}


GOOD = PASSKEY.sign(OPTIONS)
BAD = {
    "another passkey": Passkey.generate().sign(OPTIONS),
    "another's key": Passkey(PASSKEY.id, Passkey.generate().private).sign(OPTIONS),
    "another request": PASSKEY.sign(request_options()),
    "another page": PASSKEY.sign(OPTIONS, origin="https://example.com"),
    "a look-alike page": PASSKEY.sign(OPTIONS, origin="https://web.whatsapp.com.example.com"),
    "a sister page": PASSKEY.sign(OPTIONS, origin="https://www.whatsapp.com"),
    "another site": PASSKEY.sign({**OPTIONS, "rpId": "web.whatsapp.com"}),
    "an unverified user": PASSKEY.sign(OPTIONS, verified=False),
    "a new passkey": created(GOOD),
    "changed data": with_data(GOOD, sha256(b"whatsapp.com").digest() + b"\x05" + b"\0\0\0\1"),
    "short data": with_data(GOOD, b"short"),
    "no assertion": {"id": "x"},
    "no base64": {**GOOD, "rawId": "\u00e4"},
    "no object": [],
}


def test_a_good_assertion_is_accepted() -> None:
    PASSKEY.check(OPTIONS, PASSKEY.id, encoded(GOOD))


@pytest.mark.parametrize("what", BAD)
def test_a_bad_assertion_is_refused(what: str) -> None:
    with pytest.raises(Refused):
        PASSKEY.check(OPTIONS, PASSKEY.id, json.dumps(BAD[what]).encode())


def test_an_assertion_under_another_credential_is_refused() -> None:
    with pytest.raises(Refused):
        PASSKEY.check(OPTIONS, b"other", encoded(GOOD))


def proof_of(secret: bytes, prologue: bytes) -> bytes:
    return pairing.handoff_proof(pairing.handoff_key(secret), prologue)


def begun(*, secret: bytes | None = SECRET) -> tuple[Ceremony, Ceremonious]:
    ceremony = Ceremony(PASSKEY, secret, 0)
    ceremony.references.add("2@ref")
    return ceremony, Ceremonious(Companion(), "2@ref")


def prologue(ceremony: Ceremony, side: Ceremonious, proof: bytes | None = None, *, now: float = 0) -> bytes:
    assertion = encoded(PASSKEY.sign(ceremony.options))
    return ceremony.take_prologue(PASSKEY.id, assertion, side.prologue, proof, now=now)


def test_a_proof_spares_the_code_and_the_request_brings_a_new_secret() -> None:
    ceremony, side = begun()
    side.meet(prologue(ceremony, side, proof_of(SECRET, side.prologue)))
    ceremony.take_nonce(side.nonce)
    keys = {"noise_key": side.keys.noise.public, "identity": side.keys.identity.public}
    assert ceremony.take_request(side.request(), **keys) == side.keys.secret
    assert (ceremony.code, ceremony.step) == (None, Step.LINKING)


@pytest.mark.parametrize(("secret", "proof"), [(SECRET, None), (None, b"a proof that the phone can't check")])
def test_without_a_proof_both_show_one_code(secret: bytes | None, proof: bytes | None) -> None:
    ceremony, side = begun(secret=secret)
    side.meet(prologue(ceremony, side, proof))
    assert ceremony.code is None
    ceremony.take_nonce(side.nonce)
    assert ceremony.code == side.code


def test_a_proof_of_another_code_is_refused() -> None:
    ceremony, side = begun()
    with pytest.raises(Refused):
        prologue(ceremony, side, proof_of(bytes(32), side.prologue))
    assert ceremony.step is Step.PASSKEY


def test_a_prologue_is_refused_that_is_late_or_has_another_reference() -> None:
    ceremony, side = begun()
    with pytest.raises(Refused, match="too late"):
        prologue(ceremony, side, now=TIMEOUT_S)
    with pytest.raises(Refused, match="reference"):
        prologue(ceremony, Ceremonious(Companion(), "2@other"))
    with pytest.raises(MalformedMessage):
        ceremony.take_prologue(PASSKEY.id, encoded(GOOD), b"\xff", None, now=0)


def test_each_step_has_its_turn() -> None:
    ceremony, side = begun()
    with pytest.raises(Refused, match="out of turn"):
        ceremony.take_nonce(side.nonce)
    side.meet(prologue(ceremony, side))
    with pytest.raises(Refused, match="out of turn"):
        prologue(ceremony, side)
    with pytest.raises(Refused, match="out of turn"):
        ceremony.take_request(side.request(), noise_key=b"", identity=b"")
    with pytest.raises(Refused, match="another nonce"):
        ceremony.take_nonce(bytes(32))


def test_the_request_must_hold_the_keys_that_were_registered_and_a_secret() -> None:
    ceremony, side = begun()
    side.meet(prologue(ceremony, side))
    ceremony.take_nonce(side.nonce)
    keys = {"noise_key": side.keys.noise.public, "identity": side.keys.identity.public}
    for changed in ({"companionPublicKey": bytes(32)}, {"companionIdentityKey": b""}, {"advSecret": b"short"}):
        with pytest.raises(Refused):
            ceremony.take_request(side.request(**changed), **keys)
    with pytest.raises(PairingFailure):
        ceremony.take_request(pairing.seal_request(bytes(32), PairingRequest()), **keys)
    assert ceremony.step is Step.REQUEST


Story = Callable[[Loopback, TypedCompanion, Wire, str], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with a device that shows a QR code."""

    async def run() -> None:
        async with loopback(tmp_path) as wa, dialled(wa.whatsapp) as wire:
            companion = TypedCompanion()
            await wire.open(companion.noise, companion.registration())
            await story(wa, companion, wire, companion.code((await wire.receive()).get("pair-device", "ref").data))

    asyncio.run(run())


async def asked(wa: Loopback, wire: Wire) -> dict[str, Any]:
    """The demand: its options, and what the phone says meanwhile."""
    notice = await wire.receive()
    assert (notice.text("type"), (await wa.get(f"phones/{NUMBER}/linking"))["step"]) == (
        "passkey_prologue_request",
        "passkey",
    )
    options = notice.find("passkey_request_options")
    if options is None:
        options = (await wire.ask("md", "get", Node("passkey_request_options"))).get("passkey_request_options")
    return dict(json.loads(options.data))


async def signed(wa: Loopback, **fields: object) -> dict[str, Any]:
    status, answer = await wa.post(f"phones/{NUMBER}/passkey/sign", **fields)
    assert status == 200, answer
    return dict(answer["assertion"])


async def handed_in(wire: Wire, side: Ceremonious, assertion: dict[str, Any], proof: bytes | None = None) -> Node:
    parts = {
        "credential_id": from_base64url(assertion["rawId"]),
        "webauthn_assertion": encoded(assertion),
        "prologue_payload": side.prologue,
        **({"pairing_handoff_proof": proof} if proof else {}),
    }
    children = tuple(Node(tag, {}, data) for tag, data in parts.items())
    return await wire.ask("md", "set", Node("passkey_prologue", {}, children), name="prologue")


async def finished(wa: Loopback, companion: Companion, wire: Wire, side: Ceremonious) -> None:
    """From the phone's answer to the link."""
    continuation = await wire.receive()
    assert continuation.text("type") == "crsc_continuation"
    side.meet(continuation.get("primary_ephemeral_identity").data)
    nonce = await wire.ask("md", "set", Node("companion_nonce", {}, side.nonce), name="nonce")
    assert nonce.text("type") == "result"
    companion.secret = bytes(reversed(range(32)))
    request = Node("encrypted_pairing_request", {}, side.request())
    assert (await wire.ask("md", "set", request, name="request")).text("type") == "result"
    await wire.send(companion.agree(await wire.receive()))
    assert (await wire.receive()).text("code") == "515"
    assert (await wa.get("phones"))["phones"][0]["devices"][0]["device"] == 1


async def reference(wire: Wire) -> str:
    return (await wire.ask("md", "get", Node("ref"))).get("ref").data.decode()


def test_a_device_is_linked_with_a_passkey_and_the_code_that_was_scanned(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire, code: str) -> None:
        await wa.post("faults/passkey", number=NUMBER)
        assert (await wa.scan(code))[1]["code"] == "passkey_required"
        options = await asked(wa, wire)
        side = Ceremonious(companion, await reference(wire))
        foreign = await handed_in(wire, side, await signed(wa, options=options, origin="https://example.com"))
        assert dict(foreign.get("error").attributes) == {"code": "401", "text": "not-authorized"}
        proof = proof_of(companion.secret, side.prologue)
        accepted = await handed_in(wire, side, await signed(wa, options={"publicKey": options}), proof)
        assert accepted.text("type") == "result"
        await finished(wa, companion, wire, side)
        shown = await wa.get(f"phones/{NUMBER}/linking")
        assert (shown["step"], shown["code"]) == ("linked", None)

    told(tmp_path, story)


def test_a_device_asks_for_the_options_and_shows_the_code_that_the_phone_shows(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire, code: str) -> None:
        await wa.post("faults/passkey", options=False, proof=False)
        await wa.scan(code)
        await asked(wa, wire)
        side = Ceremonious(companion, await reference(wire))
        assert (await handed_in(wire, side, await signed(wa), b"proof")).text("type") == "result"
        await finished(wa, companion, wire, side)
        assert (await wa.get(f"phones/{NUMBER}/linking"))["code"] == side.code

    told(tmp_path, story)


def test_a_passkey_is_asked_for_when_a_code_is_typed(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire, _code: str) -> None:
        await wa.post("faults/passkey")
        await companion.ask_for_code(wire)
        status, answer = await wa.post("phones/link-code", code=companion.shown, number=NUMBER)
        assert (status, answer["code"]) == (409, "passkey_required")
        greeting = await wire.receive()
        assert greeting.text("type") == "link_code_companion_reg"
        parts = {one.tag for one in greeting.get("link_code_companion_reg").children}
        assert parts == {"primary_identity_pub", "link_code_pairing_ref"}
        await asked(wa, wire)
        side = Ceremonious(companion, await reference(wire))
        assert (await handed_in(wire, side, await signed(wa))).text("type") == "result"
        await finished(wa, companion, wire, side)
        assert (await wa.get(f"phones/{NUMBER}/linking"))["code"] == side.code

    told(tmp_path, story)


def test_a_device_that_goes_away_fails_and_one_that_was_not_asked_is_refused(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: TypedCompanion, wire: Wire, code: str) -> None:
        for child in ("ref", "passkey_request_options"):
            refused = await wire.ask("md", "get", Node(child))
            assert refused.get("error").text("code") == "404"
        await wa.post(f"phones/{NUMBER}")
        assert (await wa.post(f"phones/{NUMBER}/passkey/sign"))[1]["code"] == "no_ceremony"
        sign = await wa.post(f"phones/{NUMBER}/passkey/sign", options={"challenge": "AAAA"})
        assert sign[1]["code"] == "no_passkey"
        assert (await wa.post(f"phones/{NUMBER}/passkey/sign", options=[]))[1]["code"] == "no_ceremony"
        assert (await wa.post(f"phones/{NUMBER}/passkey/sign", options={"x": 1}))[1]["code"] == "bad_request"
        await wa.post("faults/passkey")
        await wa.scan(code)
        await wa.post("faults/close-unpaired")
        await wa.until_nobody_waits()
        shown = await wa.get(f"phones/{NUMBER}/linking")
        assert (shown["step"], shown["why"]) == ("failed", "the device went away")

    told(tmp_path, story)


def test_a_phones_passkey_stays_its_own(tmp_path: Path) -> None:
    async def run() -> None:
        async with loopback(tmp_path) as wa:
            made = (await wa.post(f"phones/{NUMBER}/passkey"))[1]
            assert (await wa.post(f"phones/{NUMBER}/passkey"))[1] == made
        async with loopback(tmp_path) as wa:
            assert (await wa.post(f"phones/{NUMBER}/passkey"))[1] == made

    asyncio.run(run())
