"""API Gateway's limit for a single WebSocket frame, which aiohttp knows for whole messages only."""

from typing import Final

from aiohttp.http_websocket import WebSocketReader

_EXTENDED: Final = {126: 2, 127: 8}
"""Bytes that follow for the length, by the seven bits that say so (RFC 6455, section 5.2)."""
_ENDLESS: Final = bytes([0x80 | 127]) + (2**40).to_bytes(8)
"""A head's end that says a length that no reader takes: the reader ends the connection with 1009 as it comes to it."""


class FrameLimit:
    """Stands before a connection's reader, and has it end the connection (1009) at a frame of over ``limit`` bytes.

    What came before that frame is still read.
    """

    def __init__(self, reader: WebSocketReader, limit: int) -> None:
        self._reader = reader
        self._limit = limit
        self._head = bytearray()
        self._payload = 0

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Hand over what came; returns whether nothing more is read, and what was left over, as readers do."""
        said: tuple[bool, bytes] = self._reader.feed_data(self._passed(data))
        return said

    def feed_eof(self) -> None:
        """Hand over that nothing more comes."""
        self._reader.feed_eof()

    def _passed(self, data: bytes) -> bytes:
        """Return what the reader may see: heads only as a whole, and a frame that is too large by its head alone."""
        passed, at = bytearray(), 0
        while at < len(data):
            if self._payload:
                part = data[at : at + self._payload]
                passed += part
                self._payload -= len(part)
                at += len(part)
                continue
            self._head.append(data[at])
            at += 1
            size = _size(self._head)
            if size is None:
                continue
            if size > self._limit:
                return bytes(passed + self._head[:1] + _ENDLESS)
            passed += self._head
            self._payload = size
            self._head.clear()
        return bytes(passed)


def _size(head: bytes | bytearray) -> int | None:
    """Return how many bytes of payload a frame has; None while its head isn't complete."""
    if len(head) < 2:
        return None
    said, masked = head[1] & 0x7F, head[1] >> 7
    extended = _EXTENDED.get(said, 0)
    if len(head) < 2 + extended + 4 * masked:
        return None
    return int.from_bytes(head[2 : 2 + extended]) if extended else said
