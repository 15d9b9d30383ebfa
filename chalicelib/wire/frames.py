"""FrameStream on the websocket: a 3-byte length, then the payload; a client's stream begins with a header."""

from collections.abc import Iterator

HEADER = b"WA\x06\x03"
"""What opens a client's stream: the protocol's version and that of the token dictionary."""
ROUTING = b"ED\x00\x01"
"""Some clients put routing information of an earlier connection before the header: this mark, a length, the data."""
_LENGTH_SIZE = 3
LARGEST_FRAME = (1 << 24) - 1


class MalformedStream(ValueError):
    """The stream doesn't begin as a client's must."""


def framed(payload: bytes) -> bytes:
    """One frame. Send it as one websocket message: the client loses bytes of a frame that comes in several."""
    if len(payload) > LARGEST_FRAME:
        raise ValueError("the payload is too large for a frame")
    return len(payload).to_bytes(_LENGTH_SIZE, "big") + payload


class FrameStream:
    """Puts frames together from the messages of a stream, however they are split. A server's has no header."""

    def __init__(self, largest: int = LARGEST_FRAME) -> None:
        self._buffer = b""
        self._largest = largest

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what arrived and give each payload that is complete by now; MalformedStream for one over `largest`."""
        self._buffer += data
        while (payload := self._next(0)) is not None:
            self._buffer = self._buffer[_LENGTH_SIZE + len(payload) :]
            yield payload

    def _next(self, start: int) -> bytes | None:
        begin = start + _LENGTH_SIZE
        if len(self._buffer) < begin:
            return None
        size = int.from_bytes(self._buffer[start:begin], "big")
        if size > self._largest:
            raise MalformedStream("a frame is too large")
        end = begin + size
        return self._buffer[begin:end] if len(self._buffer) >= end else None


class ClientStream(FrameStream):
    """A client's stream, which begins with a header."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what arrived and give each payload that is complete by now."""
        self._buffer += data
        if not self._opened:
            self._opened = self._open()
        if self._opened:
            yield from super().feed(b"")

    def _open(self) -> bool:
        """Take the header off; False while it isn't complete."""
        if self._buffer.startswith(ROUTING):
            routing = self._next(len(ROUTING))
            if routing is None:
                return False
            self._buffer = self._buffer[len(ROUTING) + _LENGTH_SIZE + len(routing) :]
        if len(self._buffer) < len(HEADER):
            if not (HEADER.startswith(self._buffer) or ROUTING.startswith(self._buffer)):
                raise MalformedStream("not a WhatsApp client's stream")
            return False
        if not self._buffer.startswith(HEADER):
            raise MalformedStream("not a WhatsApp client's stream")
        self._buffer = self._buffer[len(HEADER) :]
        return True
