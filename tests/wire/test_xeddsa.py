"""XEdDSA signatures, against the specification's mathematics and an independent verifier."""

import pytest
import xeddsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.wire.curve25519 import KeyPair, sign, verified

PRIME = 2**255 - 19
keys = st.binary(min_size=32, max_size=32).map(KeyPair.from_private)
few = settings(max_examples=25, deadline=None)


@few
@given(keys, st.binary(max_size=200))
def test_what_a_key_signs_verifies_under_its_public_key(key: KeyPair, message: bytes) -> None:
    assert verified(key.public, message, sign(key.private, message))


@few
@given(keys, keys, st.binary(max_size=50), st.integers(0, 511))
def test_another_key_message_or_bit_does_not_verify(key: KeyPair, other: KeyPair, message: bytes, bit: int) -> None:
    signature = sign(key.private, message)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not verified(key.public, message, bytes(changed))
    assert not verified(key.public, message + b"!", signature)
    assert key == other or not verified(other.public, message, signature)


@few
@given(keys, st.binary(max_size=50))
def test_a_signature_whose_key_has_sign_1_verifies_by_its_sign_bit(key: KeyPair, message: bytes) -> None:
    # A signer that doesn't force the sign writes it into the last bit, as clients do.
    private = xeddsa.priv_force_sign(key.private, set_sign_bit=True)
    signature = bytearray(xeddsa.ed25519_priv_sign(private, message))
    assert not signature[-1] & 0x80
    assert not verified(key.public, message, bytes(signature))
    signature[-1] |= 0x80
    assert verified(key.public, message, bytes(signature))


@few
@given(keys, st.binary(max_size=50))
def test_a_signature_is_a_plain_ed25519_one_under_the_edwards_key(key: KeyPair, message: bytes) -> None:
    # The birational map of RFC 7748: y = (u - 1) / (u + 1), here with sign 0.
    u = int.from_bytes(key.public, "little")
    public = ((u - 1) * pow(u + 1, -1, PRIME) % PRIME).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(public).verify(sign(key.private, message), message)


def test_the_same_randomness_makes_the_same_signature_and_other_randomness_another() -> None:
    key = KeyPair.generate()
    first = sign(key.private, b"m", randomness=bytes(64))
    assert first == sign(key.private, b"m", randomness=bytes(64))
    assert first != sign(key.private, b"m")


@pytest.mark.parametrize(("public", "signature"), [(b"", bytes(64)), (bytes(32), b""), (b"\xff" * 32, b"\xff" * 64)])
def test_keys_and_signatures_that_are_none_do_not_verify(public: bytes, signature: bytes) -> None:
    assert not verified(public, b"m", signature)


def test_the_key_without_an_edwards_form_does_not_verify() -> None:
    minus_one = (PRIME - 1).to_bytes(32, "little")
    assert not verified(minus_one, b"m", bytes(64))


def test_a_signature_of_another_implementation_verifies() -> None:
    key = KeyPair.from_private(bytes(range(32)))
    signature = bytes.fromhex(
        "eaa5f45d70d665e0db739eeb413eddd4c586dac32116dc2ce1f80124ed031acf"
        "fa9e7744ff610b6b49f43e5c7b2dd381ee8b22c99718184708b660e39abc6a02"
    )
    assert verified(key.public, b"a message", signature)
