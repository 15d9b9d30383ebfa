"""One client's encrypted connection: stanzas in and out over a websocket."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from chalicelib.wire.codec import decode, encode
from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.frames import HEADER, ClientStream, framed
from chalicelib.wire.node import SERVER, Attribute, Node
from chalicelib.wire.noise import Finished, Handshake

HANDSHAKE_S = 20
ANSWER_S = 20
SETTLING_S = 0.005
"""How long the server is silent after a handshake. On a real network no answer is quicker, and clients rely on it: some
install their ciphers only when the last of their own frames has been written."""
GRACE_S = 2.0
"""How long a connection stays after its last word: the client must have read it before it sees the socket close."""


class ConnectionEnded(Exception):
    """The client went away."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the server proves itself with: its static key and the certificate chain for it."""

    static: KeyPair
    certificate: bytes


class Connection:
    """A client after its handshake. `key` is its Noise key, `payload` what it says about itself."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self._socket = socket
        self._transport = transport
        self._stream = ClientStream()
        self._frames: deque[bytes] = deque()
        self._finished: Finished | None = None
        self._sending = asyncio.Lock()
        self._ids = itertools.count(1)
        self._awaited: dict[str, asyncio.Future[Node]] = {}

    async def shake_hands(self, credentials: Credentials) -> Finished:
        """The handshake; ConnectionEnded, NoiseFailure or ValueError where a client fails it."""
        async with asyncio.timeout(HANDSHAKE_S):
            hello = await self._frame()
            handshake = Handshake(HEADER, credentials.static, credentials.certificate)
            await self._write(handshake.answer(hello))
            self._finished = handshake.finish(await self._frame())
        await asyncio.sleep(SETTLING_S)
        return self._finished

    async def stanzas(self) -> AsyncIterator[Node]:
        """Each stanza of the client's until it goes away, without the answers that `ask` waits for."""
        finished = self._ready()
        try:
            while True:
                node = decode(finished.incoming.decrypt(await self._frame()))
                awaited = self._awaited.get(node.text("id")) if node.tag == "iq" else None
                if awaited and node.text("type") in ("result", "error"):
                    if not awaited.done():
                        awaited.set_result(node)
                else:
                    yield node
        except ConnectionEnded:
            return
        finally:
            for waiting in self._awaited.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionEnded("the client went away"))

    async def send(self, node: Node) -> None:
        """Send a stanza; ConnectionEnded if the client is gone."""
        finished = self._ready()
        async with self._sending:  # the nonces count: stanzas must leave in the order of their encryption
            await self._write(finished.outgoing.encrypt(encode(node)))

    async def reply(self, query: Node, *children: Node) -> None:
        """Answer a client's query."""
        sender = query.attributes.get("to", SERVER)
        attributes: dict[str, Attribute] = {"from": sender, "type": "result", "id": query.text("id")}
        await self.send(Node("iq", attributes, children or None))

    async def refuse(self, query: Node, code: int, text: str) -> None:
        """Answer a client's query with an error."""
        sender = query.attributes.get("to", SERVER)
        error = Node("error", {"code": str(code), "text": text})
        await self.send(Node("iq", {"from": sender, "type": "error", "id": query.text("id")}, (error,)))

    async def tell(self, child: Node, **attributes: Attribute) -> None:
        """Send a query of the server's own, which has exactly one child; nobody waits for the answer."""
        await self.send(self._query(child, attributes))

    async def ask(self, child: Node, **attributes: Attribute) -> Node:
        """Send a query and wait for its answer; ConnectionEnded if none comes."""
        waiting: asyncio.Future[Node] = asyncio.get_running_loop().create_future()
        query = self._query(child, attributes)
        self._awaited[query.text("id")] = waiting
        try:
            await self.send(query)
            async with asyncio.timeout(ANSWER_S):
                return await waiting
        except TimeoutError as error:
            raise ConnectionEnded("no answer came") from error
        finally:
            del self._awaited[query.text("id")]

    async def close_later(self, delay_s: float = GRACE_S) -> None:
        """Close after a while, unless the client does so first."""
        await asyncio.sleep(delay_s)
        await self._socket.close()
        self.abort()

    def abort(self) -> None:
        """Cut the TCP connection, as a network does that fails."""
        if self._transport:
            self._transport.abort()

    def _query(self, child: Node, attributes: dict[str, Attribute]) -> Node:
        name = f"loopback-{next(self._ids)}"
        return Node("iq", {"from": SERVER, "type": "set", "id": name, **attributes}, (child,))

    def _ready(self) -> Finished:
        if self._finished is None:
            raise ConnectionEnded("the handshake isn't finished")
        return self._finished

    async def _write(self, payload: bytes) -> None:
        try:
            await self._socket.send_bytes(framed(payload))
        except (ConnectionError, RuntimeError) as error:  # aiohttp raises RuntimeError on a socket that isn't open
            raise ConnectionEnded("the client went away") from error

    async def _frame(self) -> bytes:
        while not self._frames:
            message = await self._socket.receive()
            if message.type is not WSMsgType.BINARY:
                raise ConnectionEnded("the client went away")
            self._frames.extend(self._stream.feed(message.data))
        return self._frames.popleft()
