"""Our own linking on a thread of the worker's, with an event loop of its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Final

from chalicelib.domain.session import Device
from chalicelib.wire.certificates import WHATSAPP_ROOT
from chalicelib.worker.linking.connection import LinkingConnection
from chalicelib.worker.linking.ends import Why
from chalicelib.worker.linking.linking import CodeShown, Ended, Event, Linked, PasskeyDemanded
from chalicelib.worker.linking.pairing import LinkedDevice
from chalicelib.worker.linking.protocol import LinkingProtocol
from chalicelib.worker.linking.registration import VERSION, Appearance
from chalicelib.worker.linking.store import store
from chalicelib.worker.whatsapp import client as c

_PHONE_S: Final = {Why.BAD_VOUCHER, Why.NOT_STORED, Why.NO_MULTI_DEVICE}
"""Ends that follow a scan."""


@dataclass(frozen=True, slots=True)
class Registrant:
    """As what devices register: how they look, WhatsApp's version, and the key that must vouch for its server."""

    appearance: Appearance = field(default_factory=Appearance)
    version: tuple[int, int, int] = VERSION
    root: bytes = WHATSAPP_ROOT


class OwnLinker:
    """Links one device, once. ``tables`` is called on another thread while the first code shows: it may take a while.

    ``emit`` gets what the owner is shown; then either ``linked`` is called, with the device stored, or ``ended``.
    """

    name = "own"

    def __init__(
        self,
        database: Path,
        emit: c.Emit,
        linked: Callable[[Device], None],
        ended: Callable[[c.ClientEvent, str], None],
        *,
        tables: Callable[[], bytes],
        registrant: Registrant,
        proxy: str | None,
    ) -> None:
        self._database = database
        self._emit = emit
        self._linked = linked
        self._ended = ended
        self._tables = tables
        self._registrant = registrant
        self._warming = Thread(target=tables, name="library", daemon=True)
        self._shown = False
        self._demanded = False
        self._connection = LinkingConnection(self._protocol, self._told, self._store, proxy=proxy)

    def start(self) -> None:
        """Begin."""
        Thread(target=self._run, name="linking", daemon=True).start()

    def is_open(self) -> bool:
        """Whether its websocket is open."""
        return self._connection.is_open

    def cancel(self) -> None:
        """End it; what it still calls is of no interest."""
        self._connection.cancel()

    def _protocol(self, now: float, unix_s: float) -> LinkingProtocol:
        one = self._registrant
        return LinkingProtocol(None, one.appearance, now=now, unix_s=unix_s, version=one.version, root=one.root)

    def _run(self) -> None:
        try:
            end = asyncio.run(self._connection.run())
        except Exception as error:  # noqa: BLE001 - whatever it was: a linking that ended must not look as if it went on
            end = Ended(Why.CLOSED, type(error).__name__)
        if isinstance(end, Linked):
            self._linked(_device(end.device))
        elif not self._demanded:
            self._ended(_meaning(end), end.why)

    def _told(self, event: Event) -> None:
        match event:
            case CodeShown(text=text, seconds=seconds):
                if not self._shown:
                    # Only now: it would keep the code waiting.
                    self._shown = True
                    self._warming.start()
                self._emit(c.QREvent(text, seconds))
            case PasskeyDemanded():
                # Nobody can be asked to sign yet.
                self._demanded = True
                self._emit(c.PasskeyRequestEvent())
                self._connection.cancel()
            case _:
                pass

    def _store(self, device: LinkedDevice) -> None:
        store(device, self._database, empty=self._tables())


def _device(device: LinkedDevice) -> Device:
    return Device(str(device.jid), str(device.lid) if device.lid else None, device.platform or None)


def _meaning(end: Ended) -> c.ClientEvent:
    """Return what an end means to the session."""
    if end.why is Why.CODES_RAN_OUT:
        return c.CodesRanOutEvent()
    if end.why is Why.OUTDATED:
        return c.ClientOutdatedEvent()
    if end.why in _PHONE_S:
        return c.PairErrorEvent(f"{end.why}: {end.detail}")
    if end.why is Why.REFUSED and end.detail:
        return c.ConnectFailureEvent(int(end.detail))
    return c.EndedEvent(end.why)
