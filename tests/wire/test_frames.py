"""Frames, however a client splits them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.frames import HEADER, ROUTING, ClientStream, MalformedStream, framed


@given(st.lists(st.binary(max_size=50), max_size=5), st.booleans(), st.integers(1, 20))
def test_frames_come_out_whole_however_they_are_split(payloads: list[bytes], routed: bool, size: int) -> None:
    routing = ROUTING + framed(b"route") if routed else b""
    data = routing + HEADER + b"".join(framed(payload) for payload in payloads)
    stream = ClientStream()
    out = [frame for at in range(0, len(data), size) for frame in stream.feed(data[at : at + size])]
    assert out == payloads


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1", b"WA\x06\x02", b"W!"])
def test_another_protocol_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedStream):
        list(ClientStream().feed(data))


def test_a_payload_too_large_for_a_frame_is_not_written() -> None:
    with pytest.raises(ValueError, match="too large"):
        framed(bytes(1 << 24))
