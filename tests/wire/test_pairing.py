"""The formulas of pairing codes and of the passkey step, beside values that another implementation computed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire import pairing
from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.pairing import KeyBundle, PairingFailure
from chalicelib.wire.proto import MalformedMessage, parse
from chalicelib.wire.proto.handshake_pb2 import (
    CompanionCommitment,
    CompanionEphemeralIdentity,
    DeviceProps,
    EncryptedPairingRequest,
    PairingRequest,
    ProloguePayload,
)

KEYS = [bytes([n]) * 32 for n in range(10)]
IDENTITY = CompanionEphemeralIdentity(publicKey=KEYS[1], deviceType=DeviceProps.SAFARI, ref="2@ref")


def test_five_bytes_are_eight_letters() -> None:
    assert pairing.code_text(bytes(range(250, 255))) == "ZCXZSZGY"
    assert pairing.code_text(bytes(range(5))) == "111H51R5"


@given(st.binary(min_size=5, max_size=5))
def test_a_code_is_read_as_people_type_it(data: bytes) -> None:
    code = pairing.code_text(data)
    assert pairing.code_typed(f" {code[:4].lower()}-{code[4:]} ") == code


@pytest.mark.parametrize("text", ["", "ABCD", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGI", "ABCD\u0456FGH"])
def test_another_text_is_no_code(text: str) -> None:
    with pytest.raises(PairingFailure):
        pairing.code_typed(text)


def test_a_wrapped_key_is_read_with_its_code_alone() -> None:
    wrapped = KEYS[7] + bytes([8]) * 16 + bytes.fromhex(
        "37da79866c275dc6cabb516c0df032a0b1a23524b5ed157f8a138ba7b0662839"
    )  # fmt: skip
    assert pairing.unwrap_key("ABCDEFGH", wrapped) == KEYS[9]
    assert pairing.unwrap_key("ABCDEFGJ", wrapped) != KEYS[9]
    assert pairing.unwrap_key("ABCDEFGH", pairing.wrap_key("ABCDEFGH", KEYS[3])) == KEYS[3]


@pytest.mark.parametrize("size", [0, 79, 81])
def test_a_wrapped_key_has_eighty_bytes(size: int) -> None:
    with pytest.raises(PairingFailure):
        pairing.unwrap_key("ABCDEFGH", bytes(size))


def test_a_bundle_opens_for_who_shares_its_secret() -> None:
    bundle = KeyBundle(*KEYS[:3])
    sealed = bundle.sealed(KEYS[4])
    assert KeyBundle.opened(KEYS[4], sealed) == bundle
    with pytest.raises(PairingFailure):
        KeyBundle.opened(KEYS[5], sealed)
    assert KEYS[2].hex() not in repr(bundle)


@given(st.binary(max_size=200))
def test_other_bytes_are_no_bundle(data: bytes) -> None:
    with pytest.raises(PairingFailure):
        KeyBundle.opened(KEYS[4], data)


def test_the_secret_of_a_code() -> None:
    expected = "1ae9b61bcc49718a1001523d274ac5823c514ae46596eb0f758a7cd52cf6a991"
    assert pairing.secret_of_code(KEYS[1], KEYS[1], KEYS[1]).hex() == expected


def test_the_prologue_is_committed_to_and_proved() -> None:
    identity = IDENTITY.SerializeToString()
    bound = CompanionCommitment(hash=pairing.commitment(identity, KEYS[2]))
    prologue = ProloguePayload(companionEphemeralIdentity=identity, commitment=bound).SerializeToString()
    assert prologue.hex() == (
        "0a2b0a20010101010101010101010101010101010101010101010101010101010101010110051a053240726566"
        "12220a20ccf0ed3693b7b6c5752dc2e769adb5792a776bea6bd32ef24ee6dde6b5a12801"
    )
    proof = "5638b1bbfcf7dcf64c837b344e7ffaa95dbfbcff27f1fd1effc8c0012ca2e5a0"
    assert pairing.handoff_proof(pairing.handoff_key(KEYS[3]), prologue).hex() == proof


def test_both_sides_show_one_code() -> None:
    assert pairing.passkey_code(KEYS[2], KEYS[5], KEYS[6]) == "MJCE-ENTJ"


def test_the_request_is_for_who_met_the_companion_under_its_reference() -> None:
    key = pairing.request_key(KEYS[4], IDENTITY)
    assert key.hex() == "b384fcef31e882538023e0b2345cd167646cd896277fc539aaff5c443e46fc02"
    request = PairingRequest(companionPublicKey=KEYS[1], companionIdentityKey=KEYS[2], advSecret=KEYS[3])
    sealed = pairing.seal_request(key, request)
    assert pairing.open_request(key, sealed) == request
    with pytest.raises(PairingFailure):
        pairing.open_request(KEYS[0], sealed)


@given(st.binary(max_size=12))
def test_a_request_with_another_nonce_doesnt_open(iv: bytes) -> None:
    sealed = parse(EncryptedPairingRequest, pairing.seal_request(KEYS[0], PairingRequest(advSecret=KEYS[3])))
    changed = EncryptedPairingRequest(encryptedPayload=sealed.encryptedPayload, IV=iv)
    with pytest.raises(PairingFailure):
        pairing.open_request(KEYS[0], changed.SerializeToString())


@given(st.binary(max_size=100))
def test_other_bytes_are_no_request(data: bytes) -> None:
    with pytest.raises((PairingFailure, MalformedMessage)):
        pairing.open_request(KEYS[0], data)


def test_the_two_halves_of_a_code_meet() -> None:
    """A whole pairing by code, on keys alone."""
    companion, phone = KeyPair.generate(), KeyPair.generate()
    shown, answered = KeyPair.generate(), KeyPair.generate()
    code = pairing.code_text(b"right")
    theirs = pairing.unwrap_key(code, pairing.wrap_key(code, shown.public))
    shared = shown.shared(pairing.unwrap_key(code, pairing.wrap_key(code, answered.public)))
    opened = KeyBundle.opened(
        answered.shared(theirs), KeyBundle(companion.public, phone.public, KEYS[7]).sealed(shared)
    )
    assert pairing.secret_of_code(
        answered.shared(theirs), phone.shared(opened.companion), opened.random
    ) == pairing.secret_of_code(shared, companion.shared(opened.phone), KEYS[7])
