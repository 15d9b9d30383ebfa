"""Our own linking on a thread of the worker's, with an event loop of its own."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

from chalicelib.domain.session import Device
from chalicelib.wire.certificates import WHATSAPP_ROOT
from chalicelib.worker.linking.connection import Act, LinkingConnection
from chalicelib.worker.linking.linking import (
    CodeShown,
    Ended,
    Event,
    Linked,
    PairingCodeEnded,
    PairingCodeShown,
    PasskeyCodeShown,
    PasskeyDemanded,
)
from chalicelib.worker.linking.pairing import LinkedDevice
from chalicelib.worker.linking.protocol import LinkingProtocol
from chalicelib.worker.linking.registration import VERSION, Appearance
from chalicelib.worker.linking.states import OutOfTurn, Why
from chalicelib.worker.linking.store import store
from chalicelib.worker.whatsapp import client as c

_PHONE_S: Final = {Why.BAD_VOUCHER, Why.NOT_STORED, Why.NO_MULTI_DEVICE}
"""Ends that follow a scan."""
_PASSKEY: Final = {Why.PASSKEY_EXPIRED, Why.PASSKEY_DECLINED, Why.PASSKEY_REFUSED}
ACTING_S: Final = 5.0
"""Seconds for the linking to take what its owner does: it is busy for a tenth of one at the most."""


@dataclass(frozen=True, slots=True)
class Registrant:
    """As what devices register: WhatsApp's version, and the key that must vouch for its server."""

    version: tuple[int, int, int] = VERSION
    root: bytes = WHATSAPP_ROOT


class OwnLinker:
    """Links one device, once. ``tables`` is called on another thread while the first code shows: it may take a while.

    ``emit`` gets what the owner is shown; then either ``linked`` is called, with the device stored, or ``ended``, with
    why, or None where the other linker would come to nothing too.
    """

    name = "own"

    def __init__(
        self,
        database: Path,
        emit: c.Emit,
        linked: Callable[[Device], None],
        ended: Callable[[c.ClientEvent, str | None], None],
        *,
        tables: Callable[[], bytes],
        registrant: Registrant,
        appearance: Appearance,
        proxy: str | None,
    ) -> None:
        self._database = database
        self._emit = emit
        self._linked = linked
        self._ended = ended
        self._tables = tables
        self._registrant = registrant
        self._appearance = appearance
        self._warming = Thread(target=tables, name="library", daemon=True)
        self._shown = False
        self._demanded = False
        self._connection = LinkingConnection(self._protocol, self._told, self._store, proxy=proxy)

    @property
    def acts(self) -> c.OwnersActs:
        """What the owner can do meanwhile."""
        return self

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
        return LinkingProtocol(None, self._appearance, now=now, unix_s=unix_s, version=one.version, root=one.root)

    def _run(self) -> None:
        try:
            end = asyncio.run(self._connection.run())
        except Exception as error:  # noqa: BLE001 - whatever it was: a linking that ended must not look as if it went on
            end = Ended(Why.CLOSED, type(error).__name__)
        if isinstance(end, Linked):
            self._linked(_device(end.device))
        else:
            # The library can't answer a passkey either.
            self._ended(_meaning(end), None if self._demanded else _why(end))

    def _told(self, event: Event) -> None:
        match event:
            case CodeShown(text=text, seconds=seconds):
                if not self._shown:
                    # Only now: it would keep the code waiting.
                    self._shown = True
                    self._warming.start()
                self._emit(c.QREvent(text, seconds))
            case PairingCodeShown(phone=phone, code=code, seconds=seconds):
                self._emit(c.PairingCodeEvent(phone, code, seconds))
            case PairingCodeEnded(why=why):
                self._emit(c.PairingCodeEndedEvent(why))
            case PasskeyDemanded(challenge=challenge, seconds=seconds):
                self._demanded = True
                options = json.dumps(dict(challenge.options), separators=(",", ":"))
                self._emit(c.PasskeyRequestEvent(options, seconds))
            case PasskeyCodeShown(code=code, seconds=seconds):
                self._emit(c.PasskeyCodeEvent(code, seconds))
            case _:
                pass

    # What the owner does.

    def show_pairing_code(self, phone: str) -> None:
        """Have WhatsApp take a fresh pairing code."""
        self._do(lambda protocol, now: protocol.show_pairing_code(phone, now))

    def give_assertion(self, assertion: Mapping[str, Any]) -> None:
        """Give the passkey's answer."""
        self._do(lambda protocol, now: protocol.give_assertion(assertion, now))

    def confirm(self, *, same: bool) -> None:
        """Say whether the phone shows the same code."""
        self._do(lambda protocol, now: protocol.confirm(now, same=same))

    def _do(self, act: Act) -> None:
        try:
            self._connection.done(act, ACTING_S)
        except (OutOfTurn, TimeoutError) as error:
            raise c.NotNow(str(error)) from error

    def _store(self, device: LinkedDevice) -> None:
        store(device, self._database, empty=self._tables())


def _device(device: LinkedDevice) -> Device:
    return Device(str(device.jid), str(device.lid) if device.lid else None, device.platform or None)


def _why(end: Ended) -> str:
    """Return an end as a word for the log, with WhatsApp's code where that is all that says what to do."""
    return f"{end.why} {end.detail}".rstrip() if end.why is Why.REFUSED else end.why


def _meaning(end: Ended) -> c.ClientEvent:
    """Return what an end means to the session."""
    if end.why is Why.CODES_RAN_OUT:
        return c.CodesRanOutEvent()
    if end.why in _PASSKEY:
        return c.PasskeyEndedEvent(end.why)
    if end.why is Why.OUTDATED:
        return c.ClientOutdatedEvent()
    if end.why in _PHONE_S:
        return c.PairErrorEvent(f"{end.why}: {end.detail}")
    if end.why is Why.REFUSED and end.detail:
        return c.ConnectFailureEvent(int(end.detail))
    return c.EndedEvent(end.why)
