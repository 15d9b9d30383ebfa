import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.engineio import Malformed, SocketPacket, SocketPacketType, emitted, frame, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMESPACE = st.just("/") | st.from_regex(r"/[a-z/]{1,10}", fullmatch=True)
ACK = st.none() | st.integers(0, 10**15 - 1)
EVENTS = st.builds(
    lambda name, values, ack, namespace: SocketPacket(SocketPacketType.EVENT, [name, *values], ack, namespace),
    st.text(max_size=9),
    st.lists(JSON, max_size=3),
    ACK,
    NAMESPACE,
)
CONNECTS = st.builds(
    SocketPacket, st.just(SocketPacketType.CONNECT), st.none() | st.dictionaries(st.text(), JSON), st.none(), NAMESPACE
)


@given(EVENTS | CONNECTS)
def test_a_packet_is_read_as_it_was_written(said):
    assert parse(frame(said)[1:]) == said


@given(st.text())
def test_any_text_is_a_packet_or_malformed(text):
    try:
        parse(text)
    except Malformed:
        return


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('0{"token":"t"}', SocketPacket(SocketPacketType.CONNECT, {"token": "t"})),
        ("0", SocketPacket(SocketPacketType.CONNECT)),
        ('0/admin,{"token":"t"}', SocketPacket(SocketPacketType.CONNECT, {"token": "t"}, namespace="/admin")),
        ('2["join-session","abc"]', SocketPacket(SocketPacketType.EVENT, ["join-session", "abc"])),
        ('20["join-session","abc"]', SocketPacket(SocketPacketType.EVENT, ["join-session", "abc"], 0)),
        ('2/admin,12["x"]', SocketPacket(SocketPacketType.EVENT, ["x"], 12, "/admin")),
        ("1", SocketPacket(SocketPacketType.DISCONNECT)),
    ],
)
def test_the_packets_are_the_protocol_s_own(text, said):
    assert parse(text) == said


@pytest.mark.parametrize(
    "text", ["", "5", '51-["x",{"_placeholder":true,"num":0}]', "2", "2{}", "2[]", "2[7]", '2["x"', "2" + "[" * 100_000]
)
def test_what_is_no_packet_or_a_binary_one_is_malformed(text):
    with pytest.raises(Malformed):
        parse(text)


def test_an_event_is_one_frame():
    assert emitted("qr-code", {"ascii": "█"}) == '42["qr-code",{"ascii":"█"}]'


@pytest.mark.parametrize(
    "text", ['0{"token":"\\ud800"}', '2["leave-session","\\udfff"]', f'2["x",{"[" * 40}{"]" * 40}]', "0" + "[" * 60_000]
)
def test_text_that_cannot_be_written_down_and_nesting_without_end_are_malformed(text):
    with pytest.raises(Malformed):
        parse(text)
