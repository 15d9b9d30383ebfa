"""Stanzas through the codec: what is written is what is read, and nonsense is refused."""

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.codec import MalformedStanza, decode, dictionaries, encode
from chalicelib.wire.node import Jid, Node

KNOWN = (*dictionaries().single_number, *dictionaries().double_number)
known = st.integers(0, len(KNOWN) - 1).map(KNOWN.__getitem__)
words = (
    known
    | st.text(min_size=1, max_size=300)
    | st.text("0123456789-.", min_size=1)
    | st.text("0123456789ABCDEF", min_size=1)
)
users = words
jids = (
    st.builds(Jid, users, st.sampled_from(["s.whatsapp.net", "lid", "hosted", "hosted.lid"]), st.integers(0, 255))
    | st.builds(Jid, users | st.just(""), st.sampled_from(["s.whatsapp.net", "g.us", "broadcast"]))
    | st.builds(Jid, users, st.just("msgr"), st.integers(0, 65535))
    | st.builds(Jid, users, st.just("interop"), st.integers(0, 65535), st.integers(0, 65535))
)
nodes = st.recursive(
    st.builds(Node, words, st.dictionaries(words, words | jids, max_size=4), st.none() | st.binary(max_size=400)),
    lambda inner: st.builds(Node, words, st.just({}), st.lists(inner, min_size=1, max_size=4).map(tuple)),
    max_leaves=8,
)


@given(nodes)
def test_a_stanza_is_read_as_it_was_written(node: Node) -> None:
    assert decode(encode(node)) == node


@given(nodes)
def test_a_compressed_stanza_is_read_like_a_plain_one(node: Node) -> None:
    assert decode(b"\x02" + zlib.compress(encode(node)[1:])) == node


@given(st.binary(max_size=200))
def test_nonsense_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with suppress(MalformedStanza):
        decode(data)


@given(nodes, st.data())
def test_a_stanza_cut_short_is_refused(node: Node, data: st.DataObject) -> None:
    whole = encode(node)
    with pytest.raises(MalformedStanza):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@pytest.mark.parametrize("size", [255, 256, (1 << 20) - 1, 1 << 20])
def test_data_of_each_length_class_survives(size: int) -> None:
    node = Node("ref", {}, b"x" * size)
    assert decode(encode(node)) == node


def test_a_list_longer_than_a_byte_counts_survives() -> None:
    node = Node("list", {}, tuple(Node("key", {}, bytes([n % 256])) for n in range(812)))
    assert decode(encode(node)) == node


def test_no_content_and_an_empty_list_are_the_same() -> None:
    assert decode(encode(Node("list", {}, ()))) == Node("list")


def test_empty_attributes_are_left_out() -> None:
    assert decode(encode(Node("iq", {"id": "1", "to": ""}))) == Node("iq", {"id": "1"})


def test_text_that_a_client_sends_as_content_is_read_as_text() -> None:
    assert decode(encode(Node("platform", {}, "android"))).content == "android"


def test_the_known_bytes_of_a_keepalive() -> None:
    # <iq id=123 xmlns=w:p type=get to=s.whatsapp.net/>, worked out by hand from the tables
    def token(word: str) -> bytes:
        return bytes([dictionaries().single_number[word]])

    written = encode(Node("iq", {"id": "123", "type": "get", "to": Jid("", "s.whatsapp.net")}))
    by_hand = b"\x00\xf8\x07" + token("iq") + token("id") + b"\xff\x82\x12\x3f"
    by_hand += token("type") + token("get") + token("to") + b"\xfa\x00" + token("s.whatsapp.net")
    assert written == by_hand


def test_a_stanza_nested_without_end_is_refused() -> None:
    with pytest.raises(MalformedStanza, match="deep"):
        decode(b"\x00" + b"\xf8\x02\x05\xf8\x01" * 100)


def test_a_compressed_stanza_that_grows_without_end_is_refused() -> None:
    with pytest.raises(MalformedStanza, match="too large"):
        decode(b"\x02" + zlib.compress(bytes(1 << 25)))
