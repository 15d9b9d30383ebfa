"""The websocket of a linking, on bytes."""

import zlib
from base64 import b64encode
from hashlib import sha1

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.worker.linking.websocket import LARGEST_MESSAGE, NotWebSocket, WebSocket, WebSocketClosed

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accepted(websocket: WebSocket, *, extensions: str = "", key: str | None = None) -> bytes:
    """The server's answer to the request."""
    request = websocket.bytes_to_send().decode()
    sent = next(line.partition(": ")[2] for line in request.split("\r\n") if line.startswith("Sec-Websocket-Key"))
    digest = b64encode(sha1(((key or sent) + GUID).encode(), usedforsecurity=False).digest()).decode()
    extra = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    return f"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {digest}\r\n{extra}\r\n".encode()


def opened(*, extensions: str = "") -> WebSocket:
    websocket = WebSocket()
    assert not websocket.receive(accepted(websocket, extensions=extensions))
    assert websocket.is_open
    return websocket


def frame(payload: bytes, *, opcode: int = 2, final: bool = True, compressed: bool = False) -> bytes:
    first = opcode | (0x80 if final else 0) | (0x40 if compressed else 0)
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def unmasked(data: bytes) -> tuple[int, bytes]:
    """A frame of the client's: its opcode and payload."""
    first, second = data[:2]
    assert second & 0x80, "a client masks"
    begin = {126: 4, 127: 10}.get(second & 127, 2)
    mask, payload = data[begin : begin + 4], data[begin + 4 :]
    return first & 15, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def test_the_request_is_the_library_s_header_for_header() -> None:
    names = [line.partition(":")[0] for line in WebSocket().bytes_to_send().decode().split("\r\n") if line]
    assert names == [
        "GET /ws/chat HTTP/1.1",
        "Host",
        "User-Agent",
        "Cache-Control",
        "Connection",
        "Origin",
        "Pragma",
        "Sec-Websocket-Extensions",
        "Sec-Websocket-Key",
        "Sec-Websocket-Version",
        "Upgrade",
        "Accept-Encoding",
    ]


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(1, 50))
def test_messages_arrive_however_they_are_cut(messages: list[bytes], size: int) -> None:
    websocket = WebSocket()
    stream = accepted(websocket) + b"".join(map(frame, messages))
    got: list[bytes] = []
    for at in range(0, len(stream), size):
        got += websocket.receive(stream[at : at + size])
    assert got == messages


def test_a_message_in_several_frames_is_one_with_a_ping_in_between() -> None:
    websocket = opened()
    parts = [frame(b"one ", final=False), frame(b"hello", opcode=9), frame(b"two", opcode=0)]
    assert websocket.receive(b"".join(parts)) == [b"one two"]
    assert unmasked(websocket.bytes_to_send()) == (10, b"hello")


def test_deflated_messages_share_their_window() -> None:
    websocket = opened(extensions="permessage-deflate; server_max_window_bits=15")
    deflater = zlib.compressobj(wbits=-15)
    for text in (b"much the same text", b"much the same text", b"and plain ones between"):
        packed = deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)
        assert websocket.receive(frame(packed[:-4], compressed=True)) == [text]
        assert websocket.receive(frame(b"plain")) == [b"plain"]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_what_is_sent_is_masked(size: int) -> None:
    websocket = opened()
    websocket.send(bytes(size))
    assert unmasked(websocket.bytes_to_send()) == (2, bytes(size))


def test_what_came_before_the_end_is_read_first() -> None:
    websocket = opened()
    assert websocket.receive(frame(b"last") + frame(b"\x03\xf3bye", opcode=8)) == [b"last"]
    with pytest.raises(WebSocketClosed, match="1011"):
        websocket.receive(b"")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "head"),
        (b"x" * 20_000, "head"),
        (b"HTTP/1.1 101 Yes\r\n\r\n", "accept"),
    ],
)
def test_who_is_no_websocket_is_refused(answer: bytes, why: str) -> None:
    with pytest.raises(NotWebSocket, match=why):
        WebSocket().receive(answer)


def test_the_answer_to_another_request_is_refused() -> None:
    websocket = WebSocket()
    with pytest.raises(NotWebSocket, match="accept"):
        websocket.receive(accepted(websocket, key="another"))


def test_an_extension_that_wasn_t_offered_is_refused() -> None:
    websocket = WebSocket()
    with pytest.raises(NotWebSocket, match="extension"):
        websocket.receive(accepted(websocket, extensions="permessage-bzip2"))


@pytest.mark.parametrize(
    "bad",
    [
        b"\x82\x81\0\0\0\0x",  # masked
        b"\xb2\x01x",  # reserved bits
        b"\x83\x01x",  # an opcode that there isn't
        b"\x09\x00",  # a ping in parts
        b"\x89\x7e\x01\x00" + bytes(256),  # a ping that is too long
        b"\xc2\x01x",  # compressed, which wasn't agreed on
        b"\x80\x01x",  # goes on with nothing
        b"\x02\x01x\x82\x01x",  # begins anew before the end
        b"\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff",  # two gigabytes
    ],
)
def test_frames_against_the_rules_are_refused_before_they_are_waited_for(bad: bytes) -> None:
    with pytest.raises(NotWebSocket):
        opened().receive(bad)


def test_a_message_that_inflates_to_too_much_is_refused() -> None:
    websocket = opened(extensions="permessage-deflate")
    deflater = zlib.compressobj(wbits=-15)
    packed = deflater.compress(bytes(LARGEST_MESSAGE * 2)) + deflater.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(NotWebSocket, match="size"):
        websocket.receive(frame(packed[:-4], compressed=True))


def test_what_doesn_t_inflate_is_refused() -> None:
    with pytest.raises(NotWebSocket, match="deflate"):
        opened(extensions="permessage-deflate").receive(frame(b"\xff\xff\xff", compressed=True))
