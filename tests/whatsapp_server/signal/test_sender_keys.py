"""Sender keys: a group's messages, encrypted once for all members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.curve25519 import SIGNATURE_SIZE, KeyPair
from infra.whatsapp_server.signal import sender_keys
from infra.whatsapp_server.signal.messages import Repeated, SignalFailure, Undecryptable
from infra.whatsapp_server.signal.ratchet import MOST_SKIPPED, Chain
from infra.whatsapp_server.signal.sender_keys import Distribution, ReceivedKeys, SenderKey


class Member:
    """Writes with a key of its own; gives it away as bytes, as they come over a wire."""

    def __init__(self) -> None:
        self.key = SenderKey.generate()

    def give(self, keys: ReceivedKeys = ReceivedKeys()) -> ReceivedKeys:  # noqa: B008 - it can't change
        return keys.accept(Distribution.decode(self.key.distribution.encode()))

    def say(self, text: bytes) -> bytes:
        self.key, message = self.key.encrypt(text)
        return message


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_messages_open_once_each_in_any_order(texts: list[bytes], random: object) -> None:
    member = Member()
    keys = member.give()
    sent = [(member.say(text), text) for text in texts]
    random.shuffle(sent)  # type: ignore[attr-defined]
    for message, text in sent:
        keys, opened = keys.decrypt(message)
        assert opened == text
    for message, _ in sent:
        with pytest.raises(Repeated):
            keys.decrypt(message)


def test_who_gets_the_key_later_opens_what_comes_from_then_on() -> None:
    member = Member()
    early = member.say(b"before")
    keys = member.give()
    with pytest.raises(Repeated):
        keys.decrypt(early)
    assert keys.decrypt(member.say(b"after"))[1] == b"after"


def test_a_key_that_is_given_again_doesnt_lose_what_is_skipped() -> None:
    member = Member()
    keys = member.give()
    first, second = member.say(b"1"), member.say(b"2")
    keys, _ = keys.decrypt(second)
    assert member.give(keys).decrypt(first)[1] == b"1"


def test_a_new_key_leaves_the_former_usable() -> None:
    member = Member()
    keys = member.give()
    late = member.say(b"late")
    member.key = SenderKey.generate()
    keys = member.give(keys)
    assert keys.decrypt(member.say(b"new"))[1] == b"new"
    assert keys.decrypt(late)[1] == b"late"


@pytest.mark.parametrize("place", [0, 2, 5, -SIGNATURE_SIZE - 3, -1])
def test_what_was_changed_isnt_opened(place: int) -> None:
    member = Member()
    keys = member.give()
    message = bytearray(member.say(b"halo"))
    message[place] ^= 1
    with pytest.raises(SignalFailure):
        keys.decrypt(bytes(message))


def test_a_key_of_another_with_the_same_number_opens_nothing() -> None:
    member = Member()
    stranger = SenderKey(member.key.id, member.key.chain, KeyPair.generate())
    with pytest.raises(Undecryptable, match="isn't the sender's"):
        ReceivedKeys().accept(stranger.distribution).decrypt(member.say(b"halo"))


def test_without_the_key_nothing_opens() -> None:
    with pytest.raises(Undecryptable, match="isn't known"):
        ReceivedKeys().decrypt(Member().say(b"halo"))


def test_a_message_too_far_ahead_is_refused() -> None:
    member = Member()
    keys = member.give()
    ahead = SenderKey(member.key.id, Chain(bytes(32), MOST_SKIPPED + 1), member.key.signing)
    with pytest.raises(Undecryptable, match="too far ahead"):
        keys.decrypt(ahead.encrypt(b"halo")[1])


@pytest.mark.parametrize("data", [b"", b"\x33", b"\x22\x08\x01", b"\x33\x1a\x01\x00\x22\x01\x05", b"\x33\xff"])
def test_garbage_is_no_distribution(data: bytes) -> None:
    with pytest.raises(Undecryptable):
        Distribution.decode(data)


def test_keys_are_what_their_records_say() -> None:
    member = Member()
    keys = member.give()
    member.say(b"1")
    keys, _ = keys.decrypt(member.say(b"2"))
    assert sender_keys.from_record(sender_keys.to_record(keys)) == keys
    assert sender_keys.own_from_record(sender_keys.own_to_record(member.key)) == member.key


def test_the_keys_arent_shown_by_accident() -> None:
    shown = repr(Member().give()) + repr(Member().key)
    assert "key=b" not in shown
