"""What is encrypted under a message's secret."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.addons import AddOn, Use, WrongSecret, option_hash

SECRET = bytes(range(32))
VOTE = AddOn(Use.POLL_VOTE, "3A01", "11@lid", "22@lid")


@given(st.sampled_from(Use), st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_what_was_sealed_opens_again(use: Use, secret: bytes, plaintext: bytes) -> None:
    addon = replace(VOTE, use=use)
    assert addon.open(secret, *addon.seal(secret, plaintext)) == plaintext


@pytest.mark.parametrize(
    "other",
    [
        replace(VOTE, use=Use.MESSAGE_EDIT),
        replace(VOTE, message_id="3A02"),
        replace(VOTE, author="22@lid"),
        replace(VOTE, speaker="33@lid"),
    ],
)
def test_it_opens_as_nothing_else(other: AddOn) -> None:
    sealed = VOTE.seal(SECRET, b"vote")
    with pytest.raises(WrongSecret):
        other.open(SECRET, *sealed)
    with pytest.raises(WrongSecret):
        VOTE.open(bytes(32), *sealed)


@pytest.mark.parametrize(
    ("ciphertext", "iv"), [(b"", b""), (b"short", bytes(12)), (bytes(40), bytes(3)), (bytes(40), bytes(200))]
)
def test_what_is_no_ciphertext_doesnt_open(ciphertext: bytes, iv: bytes) -> None:
    with pytest.raises(WrongSecret):
        VOTE.open(SECRET, ciphertext, iv)


def test_one_seal_isnt_like_the_next() -> None:
    assert VOTE.seal(SECRET, b"vote") != VOTE.seal(SECRET, b"vote")


def test_an_option_is_named_by_its_hash() -> None:
    assert option_hash("Ya").hex() == "3bc5f88660e4812ca6caaa452ef80e6e5f8679235a74176dbd3a4e26c691e449"
