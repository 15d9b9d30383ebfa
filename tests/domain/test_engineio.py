import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.engineio import (
    MAX_PAYLOAD,
    MOST_PACKETS,
    PING_INTERVAL,
    PING_TIMEOUT,
    SEPARATOR,
    Malformed,
    Packet,
    PacketType,
    decode,
    encode,
    join,
    split,
)
from chalicelib.domain.watchers import HANDSHAKE, LIFETIME

TEXT = st.text(st.characters(exclude_characters=SEPARATOR, exclude_categories=["Cs"]), max_size=50)
PACKETS = st.builds(Packet, st.sampled_from(PacketType), TEXT)


@given(PACKETS)
def test_a_packet_is_read_as_it_was_written(packet):
    assert decode(encode(packet)) == packet


@given(st.lists(PACKETS, min_size=1, max_size=MOST_PACKETS))
def test_packets_in_one_body_are_read_as_they_were_written(packets):
    assert split(join([encode(packet) for packet in packets])) == packets


@given(st.text())
def test_any_text_is_packets_or_malformed(text):
    try:
        assert join([encode(packet) for packet in split(text)]) == text
    except Malformed:
        assert text == "" or any(frame[:1] not in set("0123456") or not frame for frame in text.split(SEPARATOR))


@pytest.mark.parametrize("body", ["", "7", "bAAA", "x", "4a" + SEPARATOR, "4" * (MAX_PAYLOAD + 1)])
def test_what_is_no_packet_is_malformed(body):
    with pytest.raises(Malformed):
        split(body)


def test_more_packets_than_a_client_has_reason_to_send_are_malformed():
    with pytest.raises(Malformed):
        split(SEPARATOR.join(["2"] * (MOST_PACKETS + 1)))


def test_the_packets_are_the_protocol_s_own():
    assert split("2probe\x1e4hello") == [Packet(PacketType.PING, "probe"), Packet(PacketType.MESSAGE, "hello")]


def test_a_connection_s_life_takes_fewer_rounds_of_the_wake_queue_than_aws_takes_for_a_loop():
    assert HANDSHAKE + 15 * PING_INTERVAL >= LIFETIME


def test_a_ping_comes_before_api_gateway_takes_the_connection_for_idle():
    assert PING_INTERVAL + PING_TIMEOUT < 600_000


def test_half_a_surrogate_pair_is_no_packet():
    with pytest.raises(Malformed):
        decode('4"\ud800"')
