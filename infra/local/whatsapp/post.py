"""The post: keeps each stanza for its device and has it brought there."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from infra.local.whatsapp.connection import Connection
from infra.local.whatsapp.courier import Courier
from infra.local.whatsapp.knobs import Knobs
from infra.local.whatsapp.mail import Mail, Place
from infra.local.whatsapp.node import Node

PHONE = 0
"""The phone's own place in its account."""


class Post:
    """Delivers to linked devices by courier, and to the virtual phones, which are in this process, by a call."""

    def __init__(self, mail: Mail, knobs: Knobs) -> None:
        self.mail = mail
        self._knobs = knobs
        self._couriers: dict[Place, tuple[Courier, asyncio.Task[None]]] = {}
        self._ring_phone: Callable[[str], None] = lambda _number: None

    def listen(self, ring_phone: Callable[[str], None]) -> None:
        """Have a function called with the number of each phone that has mail."""
        self._ring_phone = ring_phone

    def deliver(self, place: Place, stanza: Node) -> None:
        """Keep a stanza for a device until it acknowledges it, and have it brought if the device is there."""
        number, device = place
        if device != PHONE and stanza.find("enc") and self._knobs.take_spoiling():
            stanza = _spoilt(stanza)
        self.mail.put(place, stanza)
        if device == PHONE:
            self._ring_phone(number)
        elif place in self._couriers:
            self._couriers[place][0].ring()

    def serve(self, place: Place, connection: Connection) -> None:
        """Begin to bring a device its mail over its connection, and end to do so over a former one."""
        former = self._couriers.get(place)
        if former:
            if former[0].connection is connection:
                return
            former[1].cancel()
        courier = Courier(self.mail, place, connection)
        self._couriers[place] = courier, asyncio.create_task(courier.run())

    def part(self, place: Place, connection: Connection) -> None:
        """Bring nothing more over a connection."""
        courier, task = self._couriers.get(place, (None, None))
        if courier and task and courier.connection is connection:
            task.cancel()
            del self._couriers[place]


def _spoilt(stanza: Node) -> Node:
    """The same with each ciphertext changed, so that nobody can open it."""
    children = (
        replace(child, content=_changed(child.data)) if child.tag == "enc" else child for child in stanza.children
    )
    return replace(stanza, content=tuple(children))


def _changed(data: bytes) -> bytes:
    """With one bit changed where the ciphertext is: what surrounds it isn't all covered by the signature."""
    place = len(data) * 2 // 3
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
