"""The symmetric half of the Noise protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.noise import PROTOCOL, Cipher, HandshakeState, NoiseFailure


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_messages_arrive_in_order(messages: list[bytes]) -> None:
    sender, receiver = Cipher(bytes(32)), Cipher(bytes(32))
    assert [receiver.decrypt(sender.encrypt(message)) for message in messages] == messages


def test_a_repeated_message_is_refused() -> None:
    sender, receiver = Cipher(bytes(32)), Cipher(bytes(32))
    sealed = sender.encrypt(b"once")
    receiver.decrypt(sealed)
    with pytest.raises(NoiseFailure):
        receiver.decrypt(sealed)


def test_a_lost_message_is_noticed() -> None:
    sender, receiver = Cipher(bytes(32)), Cipher(bytes(32))
    sender.encrypt(b"lost")
    with pytest.raises(NoiseFailure):
        receiver.decrypt(sender.encrypt(b"next"))


def test_data_shorter_than_a_seal_is_refused() -> None:
    with pytest.raises(NoiseFailure):
        Cipher(bytes(32)).decrypt(b"x")


def test_the_name_needs_no_hashing() -> None:
    assert len(PROTOCOL) == 32


def test_sides_that_saw_different_things_do_not_understand_each_other() -> None:
    ours, theirs = HandshakeState(b"WA"), HandshakeState(b"WA")
    ours.authenticate(b"one")
    theirs.authenticate(b"other")
    with pytest.raises(NoiseFailure):
        theirs.decrypt(ours.encrypt(b"secret"))
