"""Brings a logged-in device what waits for it: first what came while it was away, then each stanza as it comes."""

import asyncio
from dataclasses import replace

from infra.local.whatsapp.connection import Connection, ConnectionEnded
from infra.local.whatsapp.jid import SERVER
from infra.local.whatsapp.mail import Mail, Place
from infra.local.whatsapp.node import Node


class Courier:
    """Serves one connection. Each stanza goes out once on it; what isn't acknowledged waits for the next login."""

    def __init__(self, mail: Mail, place: Place, connection: Connection) -> None:
        self.connection = connection
        self._mail = mail
        self._place = place
        self._brought = 0
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Say that something new waits."""
        self._bell.set()

    async def run(self) -> None:
        """Bring what waits until the connection ends."""
        try:
            count = await self._bring(offline=True)
            await self.connection.send(Node("ib", {"from": SERVER}, (Node("offline", {"count": str(count)}),)))
            while await self._bell.wait():
                self._bell.clear()
                await self._bring(offline=False)
        except ConnectionEnded:
            return

    async def _bring(self, *, offline: bool) -> int:
        count = 0
        while items := self._mail.after(self._place, self._brought):
            for item in items:
                await self.connection.send(_marked(item.stanza) if offline else item.stanza)
                self._brought = item.seq
                count += 1
        return count


def _marked(stanza: Node) -> Node:
    return replace(stanza, attributes={**stanza.attributes, "offline": "0"})
