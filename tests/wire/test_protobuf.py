"""Protobuf's wire format."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.protobuf import MalformedMessage, WireMessage

numbers = st.integers(1, 1 << 20)
fields = st.lists(st.tuples(numbers, st.integers(0, (1 << 64) - 1) | st.binary(max_size=300)), max_size=10)


@given(fields)
def test_a_message_is_read_as_it_was_written(content: list[tuple[int, int | bytes]]) -> None:
    message = WireMessage(tuple(content))
    assert WireMessage.decode(message.encode()) == message


@given(st.binary(max_size=100))
def test_nonsense_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with suppress(MalformedMessage):
        WireMessage.decode(data)


def test_the_known_bytes_of_the_format() -> None:
    # The example of the format's own documentation: field 1 is 150; field 2 is "testing".
    assert WireMessage.of({1: 150, 2: "testing"}).encode().hex() == "0896011207" + b"testing".hex()


def test_absent_fields_have_the_formats_defaults() -> None:
    message = WireMessage.of({1: None})
    assert (message.number(1), message.data(2), message.message(3), message.has(1)) == (0, b"", WireMessage(()), False)


def test_the_last_of_a_repeated_field_counts() -> None:
    assert WireMessage(((1, 1), (1, 2))).number(1) == 2


def test_a_field_of_another_type_is_refused() -> None:
    message = WireMessage.of({1: 1, 2: b"x"})
    with pytest.raises(MalformedMessage):
        message.data(1)
    with pytest.raises(MalformedMessage):
        message.number(2)


def test_fixed_width_numbers_are_read() -> None:
    assert WireMessage.decode(bytes.fromhex("0d01000000110200000000000000")).fields == ((1, 1), (2, 2))


def test_a_number_beyond_64_bits_is_not_written() -> None:
    with pytest.raises(MalformedMessage):
        WireMessage.of({1: 1 << 64}).encode()


def test_a_float_is_a_double_on_the_wire() -> None:
    # protoc --encode of a message whose field 1 is the double -6.5
    assert WireMessage.of({1: -6.5}).encode() == bytes.fromhex("090000000000001ac0")
    assert WireMessage.of({1: 0}).encode() != WireMessage.of({1: 0.0}).encode()
