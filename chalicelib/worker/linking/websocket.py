"""A client's side of one websocket, RFC 6455, as bytes in and out: binary messages, pings, and inflated messages.

The opening request is that of the client library, header for header. It offers compression, as that one does; messages
of our own are never compressed, which the RFC allows.
"""

import hashlib
import secrets
import zlib
from base64 import b64encode
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

HOST: Final = "web.whatsapp.com"
PATH: Final = "/ws/chat"
_ORIGIN: Final = "https://web.whatsapp.com"
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END_OF_HEAD: Final = b"\r\n\r\n"
_LONGEST_HEAD: Final = 16 * 1024
LARGEST_MESSAGE: Final = 1 << 20
"""Bytes, inflated."""
_LONGEST_CONTROL: Final = 125
_TAIL: Final = b"\x00\x00\xff\xff"
"""What a deflated message's end is stripped of."""
NORMAL: Final = 1000
_FINAL, _COMPRESSED, _RESERVED, _MASKED = 0x80, 0x40, 0x30, 0x80


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class NotWebSocket(Exception):
    """The other side doesn't speak the protocol, or refuses to; the text is an HTTP status or a word of ours."""


class WebSocketClosed(Exception):
    """The other side has closed it; the text is its code, if it gave one."""


class WebSocket:
    """One connection. It is open once ``is_open`` says so."""

    def __init__(self) -> None:
        self._key = b64encode(secrets.token_bytes(16)).decode()
        self._out = [self._request()]
        self._buffer = b""
        self._inflater: zlib._Decompress | None = None
        self._parts: list[bytes] = []
        self._compressed = False
        self.is_open = False

    def bytes_to_send(self) -> bytes:
        """Return, once, what is to be sent."""
        out, self._out = b"".join(self._out), []
        return out

    def send(self, message: bytes) -> None:
        """Send a binary message."""
        self._frame(Opcode.BINARY, message)

    def close(self) -> None:
        """Say that it is over; nothing is waited for."""
        if self.is_open:
            self._frame(Opcode.CLOSE, NORMAL.to_bytes(2, "big"))

    def receive(self, data: bytes) -> Sequence[bytes]:
        """Take what arrived; return the messages that are complete by now.

        Raises NotWebSocket for what is no websocket, and WebSocketClosed once it is closed: messages before that are
        returned first, by a call of their own.
        """
        self._buffer += data
        if not self.is_open and not self._opened():
            return ()
        messages: list[bytes] = []
        while frame := self._next():
            opcode, payload, final = frame
            match opcode:
                case Opcode.CLOSE if messages:
                    # Once more, after what came before it.
                    self._buffer = bytes((_FINAL | Opcode.CLOSE, len(payload))) + payload
                    return messages
                case Opcode.CLOSE:
                    raise WebSocketClosed(str(int.from_bytes(payload[:2], "big")) if len(payload) > 1 else "")
                case Opcode.PING:
                    self._frame(Opcode.PONG, payload)
                case Opcode.PONG:
                    pass
                case _:
                    self._parts.append(payload)
                    if final:
                        messages.append(self._message())
        return messages

    def _request(self) -> bytes:
        lines = (
            f"GET {PATH} HTTP/1.1",
            f"Host: {HOST}",
            "User-Agent: Go-http-client/1.1",
            "Cache-Control: no-cache",
            "Connection: Upgrade",
            f"Origin: {_ORIGIN}",
            "Pragma: no-cache",
            "Sec-Websocket-Extensions: permessage-deflate",
            f"Sec-Websocket-Key: {self._key}",
            "Sec-Websocket-Version: 13",
            "Upgrade: websocket",
            "Accept-Encoding: gzip",
        )
        return "\r\n".join(lines).encode() + _END_OF_HEAD

    def _opened(self) -> bool:
        head, found, rest = self._buffer.partition(_END_OF_HEAD)
        if not found:
            if len(self._buffer) > _LONGEST_HEAD:
                raise NotWebSocket("head")
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, status = first.partition(" ")
        if not version.startswith("HTTP/1.") or status[:3] != "101":
            code = status[:3]
            raise NotWebSocket(code if code.isascii() and code.isdecimal() else "head")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        digest = hashlib.sha1((self._key + _GUID).encode(), usedforsecurity=False).digest()
        if fields.get("sec-websocket-accept") != b64encode(digest).decode():
            raise NotWebSocket("accept")
        extensions = fields.get("sec-websocket-extensions", "")
        if extensions:
            if extensions.partition(";")[0].strip() != "permessage-deflate":
                raise NotWebSocket("extension")
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._buffer, self.is_open = rest, True
        return True

    def _next(self) -> tuple[int, bytes, bool] | None:
        """Take a frame off the buffer, if one is complete: what it is, what it says, whether it is a message's last."""
        if len(self._buffer) < 2:
            return None
        first, second = self._buffer[:2]
        opcode, final, size, begin = first & 15, bool(first & _FINAL), second, 2
        if second in (126, 127):
            begin += 2 if second == 126 else 8
            if len(self._buffer) < begin:
                return None
            size = int.from_bytes(self._buffer[2:begin], "big")
        self._check(first, second, size)
        if len(self._buffer) < begin + size:
            return None
        payload, self._buffer = self._buffer[begin : begin + size], self._buffer[begin + size :]
        if opcode in {Opcode.TEXT, Opcode.BINARY}:
            self._compressed = bool(first & _COMPRESSED)
        return opcode, payload, final

    def _check(self, first: int, second: int, size: int) -> None:
        opcode = first & 15
        control = opcode >= Opcode.CLOSE
        begins = opcode in {Opcode.TEXT, Opcode.BINARY}
        wrong = (
            second & _MASKED
            or first & _RESERVED
            or opcode not in set(Opcode)
            or (control and (size > _LONGEST_CONTROL or not first & _FINAL))
            or (first & _COMPRESSED and not (begins and self._inflater))
            or (begins and self._parts)
            or (opcode == Opcode.CONTINUATION and not self._parts)
        )
        if wrong:
            raise NotWebSocket("frame")
        if size + sum(map(len, self._parts)) > LARGEST_MESSAGE:
            raise NotWebSocket("size")

    def _message(self) -> bytes:
        whole, self._parts = b"".join(self._parts), []
        if not (self._compressed and self._inflater):
            return whole
        try:
            message = self._inflater.decompress(whole + _TAIL, LARGEST_MESSAGE)
        except zlib.error as error:
            raise NotWebSocket("deflate") from error
        if self._inflater.unconsumed_tail:
            raise NotWebSocket("size")
        return message

    def _frame(self, opcode: int, payload: bytes) -> None:
        size, mask = len(payload), secrets.token_bytes(4)
        if size <= _LONGEST_CONTROL:
            length = bytes((_MASKED | size,))
        elif size < 1 << 16:
            length = bytes((_MASKED | 126,)) + size.to_bytes(2, "big")
        else:
            length = bytes((_MASKED | 127,)) + size.to_bytes(8, "big")
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        self._out.append(bytes((_FINAL | opcode,)) + length + mask + masked)
