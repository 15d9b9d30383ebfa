"""XEdDSA signatures, against the specification's mathematics and an independent verifier."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.wire import edwards
from chalicelib.wire.curve25519 import KeyPair, _edwards_pair, _hash_number, sign, verified

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
    # A signer that doesn't force the sign writes it into the last bit, as clients do: make one from the other root.
    scalar, _ = _edwards_pair(key.private)
    negative = edwards.ORDER - scalar
    public = edwards.encoded(edwards.times_base(negative))
    commitment = edwards.encoded(edwards.times_base(7))
    answer = (7 + _hash_number(commitment + public + message) * negative) % edwards.ORDER
    signature = bytearray(commitment + answer.to_bytes(32, "little"))
    signature[-1] |= public[-1] & 0x80
    assert public[-1] & 0x80
    assert verified(key.public, message, bytes(signature))


@few
@given(st.binary(min_size=32, max_size=32))
def test_multiples_of_the_base_point_agree_with_ed25519(seed: bytes) -> None:
    import hashlib

    private = Ed25519PrivateKey.from_private_bytes(seed)
    clamped = bytearray(hashlib.sha512(seed).digest()[:32])
    clamped[0] &= 248
    clamped[31] = clamped[31] & 127 | 64
    point = edwards.encoded(edwards.times_base(int.from_bytes(clamped, "little") % edwards.ORDER))
    assert point == private.public_key().public_bytes_raw()


@few
@given(keys, st.binary(max_size=50))
def test_a_signature_is_a_plain_ed25519_one_under_the_edwards_key(key: KeyPair, message: bytes) -> None:
    _, public = _edwards_pair(key.private)
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
    minus_one = (edwards.PRIME - 1).to_bytes(32, "little")
    assert not verified(minus_one, b"m", bytes(64))
