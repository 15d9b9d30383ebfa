"""A client's visit from handshake to goodbye: a new device waits for a phone, a linked one logs in."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from chalicelib.wire.node import Node
from chalicelib.wire.noise import NoiseFailure
from infra.whatsapp_server import login, messages, newcomers, queries, scanning
from infra.whatsapp_server.connection import Connection, ConnectionEnded, Credentials
from infra.whatsapp_server.faults import PlannedFailure
from infra.whatsapp_server.messages import accept_receipt, settle
from infra.whatsapp_server.network import Client, Network, Waiting
from infra.whatsapp_server.payload import Login, Registration, read_payload

Handler = Callable[[Client, Node], Awaitable[None]]


async def _presence(client: Client, stanza: Node) -> None:
    await client.network.presences.accept(client.account, client.connection, stanza)


async def _chatstate(client: Client, stanza: Node) -> None:
    await client.network.presences.accept_typing(client.account, client.device.number, stanza)


async def _call(client: Client, stanza: Node) -> None:
    await client.connection.send(client.network.calls.accept(client.account, stanza))


HANDLERS: dict[str, Handler] = {
    "iq": queries.answer,
    "message": messages.accept,
    "receipt": accept_receipt,
    "ack": settle,
    "presence": _presence,
    "chatstate": _chatstate,
    "call": _call,
}
"""By tag."""


async def route(client: Client, stanza: Node) -> None:
    """Hand a linked device's stanza to its handler."""
    handler = HANDLERS.get(stanza.tag)
    if handler:
        await handler(client, stanza)


_log = logging.getLogger(__name__)
_LARGEST_MESSAGE = 1 << 24


class ChatEndpoint:
    """Serves the websocket route."""

    def __init__(self, network: Network, credentials: Credentials) -> None:
        self._network = network
        self._credentials = credentials

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One client, as long as it stays."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=_LARGEST_MESSAGE, timeout=1)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        self._network.connections.add(connection)
        try:
            await self._receive(connection)
        except (ConnectionEnded, TimeoutError):
            pass
        except (NoiseFailure, ValueError) as error:
            _log.warning("a client was turned away: %s", error)
        finally:
            self._network.connections.discard(connection)
            connection.abort()
        return socket

    async def _receive(self, connection: Connection) -> None:
        finished = await connection.shake_hands(self._credentials)
        match read_payload(finished.payload):
            case Registration() as registration:
                await self._register(Waiting(connection, registration, finished.client_key))
            case Login() as claim:
                await self._log_in(claim, connection, finished.client_key)

    async def _register(self, waiting: Waiting) -> None:
        faults = self._network.faults
        refusal = faults.outdated(waiting.registration.version) or faults.take_registration_failure()
        if refusal:
            await _turn_away(waiting.connection, refusal)
        else:
            await self._wait_for_phone(waiting)

    async def _wait_for_phone(self, waiting: Waiting) -> None:
        self._network.waiting.append(waiting)
        try:
            await scanning.offer_codes(self._network, waiting)
            async for stanza in waiting.connection.stanzas():
                await newcomers.answer(self._network, waiting, stanza)
        finally:
            self._network.waiting.remove(waiting)
            waiting.leave()

    async def _log_in(self, claim: Login, connection: Connection, noise_key: bytes) -> None:
        try:
            client = login.admitted(self._network, claim, connection, noise_key)
        except login.LoginRefused as refusal:
            await _turn_away(connection, refusal.why)
            return
        try:
            await login.welcome(client)
            async for stanza in connection.stanzas():
                await route(client, stanza)
        finally:
            self._network.leave((client.account.number, client.device.number), connection)
            await self._network.presences.leave(client.account, connection)


async def _turn_away(connection: Connection, why: PlannedFailure) -> None:
    """Refuse a client, and let it read why before the socket closes."""
    await login.refuse(connection, why)
    closing = asyncio.create_task(connection.close_later())
    try:
        async for _ in connection.stanzas():
            pass
    finally:
        closing.cancel()
