"""A WhatsApp client that does as the test says, and a worker around it; for what the real one does seldom or slowly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.lease import TTL, Lease, Order, SessionClaim
from chalicelib.domain.questions import Contact, Group, IncomingCall, MarkRead, Typing
from chalicelib.domain.session import Device, Session
from chalicelib.domain.transitions import advance
from chalicelib.services.ports import Unavailable
from chalicelib.worker import monotonic
from chalicelib.worker.handover import Ending, Handover
from chalicelib.worker.host import Host
from chalicelib.worker.linking.registration import USUAL, Appearance
from chalicelib.worker.log import Log
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.shutdown import Shutdown
from chalicelib.worker.session.wal_sync import WalSync
from chalicelib.worker.waiting import EventQueue, Happening, Rung, Terminated
from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp.media_connection import MediaConnection
from chalicelib.worker.whatsapp.outgoing import Outgoing
from tests.fakes import MemoryLeases
from tests.makers import a_session
from tests.worker.databases import leave
from tests.worker.outside import Outside, now

Beat = Happening | c.Incoming | c.ReceiptEvent | Callable[[], None]
Script = Sequence[Beat]

NOBODY = c.Handlers(lambda _: None, lambda _: None, lambda _: None)
"""Handlers of a client whose events nobody waits for."""


@dataclass
class ScriptedClient:
    """Connecting makes everything of its script happen at once."""

    events: EventQueue
    script: Script
    handlers: c.Handlers = NOBODY
    linked_as: Device | None = None
    confirms: bool = True
    connected: bool = True
    leaves_remains: bool = True
    linking: c.OwnersActs | None = None
    calls: list[str] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    told: list[object] = field(default_factory=list)
    sends: Callable[[str, str], str] = lambda _, text: f"3EB0{text}"
    lids: dict[str, str] = field(default_factory=dict)
    ask: Callable[[str], Contact] = lambda number: Contact(exists=True, jid=f"{number}@s.whatsapp.net")

    def connect(self) -> None:
        self.calls.append("connect")
        for happening in self.script:
            if isinstance(happening, Terminated):
                self.events.terminate()
            elif isinstance(happening, Rung):
                self.events.put(happening)
            elif callable(happening):
                happening()
            else:
                self._tell(happening)

    def _tell(self, happening: c.ClientEvent | c.Incoming | c.ReceiptEvent) -> None:
        match happening:
            case c.Incoming():
                self.handlers.message(happening)
            case c.ReceiptEvent():
                self.handlers.receipt(happening)
            case _:
                if isinstance(happening, c.PairSuccessEvent | c.ConnectedEvent):
                    self.linked_as = happening.device
                self.handlers.event(happening)

    def is_connected(self) -> bool:
        return self.connected

    def send(self, to: str, outgoing: Outgoing) -> str | None:
        self.calls.append(f"send {to} {outgoing.content.text}")
        self.outgoing.append(outgoing)
        return self.sends(to, outgoing.content.text or "")

    def media_connection(self) -> MediaConnection:
        self.calls.append("media_connection")
        return MediaConnection("mmg.whatsapp.net", "auth", 0)

    def contact(self, who: str) -> Contact:
        self.calls.append(f"contact {who}")
        return self.ask(who)

    def phone_of(self, lid: str) -> str | None:
        return next((phone for phone, known in self.lids.items() if known == lid), None)

    def lid_of(self, phone: str) -> str | None:
        return self.lids.get(phone)

    def groups(self) -> list[Group]:
        self.calls.append("groups")
        return [Group("1@g.us", "Kopi")]

    def mark_read(self, read: MarkRead) -> None:
        self.told.append(read)

    def show_typing(self, typing: Typing) -> None:
        self.told.append(typing)

    def show_online(self, *, online: bool) -> None:
        self.told.append(online)

    def reject_call(self, call: IncomingCall) -> None:
        self.told.append(call)

    def logout(self) -> bool:
        self.calls.append("logout")
        return self.confirms

    def disconnect(self) -> None:
        self.calls.append("disconnect")


@dataclass
class ImageLeases(MemoryLeases):
    """The leases as one image of the process sees them: once it is gone, so are its threads and their renewals."""

    gone: bool = False
    deaf: bool = False

    def renew(self, lease: Lease) -> bool:
        if self.deaf:
            raise Unavailable
        return self.gone or super().renew(lease)


HELD: list[HeldLease] = []
"""Leases that tests hold by themselves. A fence that outlives its test would end the tests' own process."""


@dataclass
class WorkerHarness:
    """One session, claimed by its first worker, whose client follows a script."""

    root: Path
    linked: bool = False
    confirms: bool = True
    connected: bool = True
    remains: bool = True
    deaf: bool = False
    send: Callable[[str, str], str] = lambda _, text: f"3EB0{text}"
    events: EventQueue = field(default_factory=EventQueue)
    outside: Outside = field(default_factory=Outside)
    appearance: Appearance | None = None
    clients: list[ScriptedClient] = field(default_factory=list)
    lapsed: list[Handover] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = a_session(created_at=now())
        self.outside.sessions.create(self.session)
        self.happen(e.StartRequested())
        self.happen(e.WorkerClaimed("worker-1", "mailbox", standby=False))
        if self.linked:
            leave(self.root / self.session.uid / "device-0000000001.db", "ana")

    @property
    def now(self) -> Session:
        session = self.outside.sessions.get(self.session.uid)
        assert session
        return session

    def happen(self, *events: e.LinkEvent) -> None:
        for event in events:
            assert self.outside.sessions.move(advance(self.now, event, now=now(), event_id=""))

    def play(self, *script: Beat, **handed_over: Any) -> Ending:
        """Run the worker with a client that goes through ``script`` as soon as it is to connect."""

        def make(
            database: Path,
            handlers: c.Handlers,
            *,
            linking: bool,
            proxy: str | None = None,
            appearance: Appearance = USUAL,
        ) -> c.Client:
            self.appearance = appearance
            assert linking is not self.linked
            assert database.parent == self.root / self.session.uid
            client = ScriptedClient(
                self.events, script, handlers, confirms=self.confirms, connected=self.connected, sends=self.send
            )
            client.leaves_remains = self.remains
            self.clients.append(client)
            return client

        leases = ImageLeases(self.outside.leases.rows, deaf=self.deaf)
        image = replace(self.outside.services, leases=leases)
        worker = Host(image, Devices(self.root), make, self.events, Log(), lapse=self.lapsed.append)
        try:
            return worker.run(replace(Handover(self._order), **handed_over))
        finally:
            leases.gone = True

    @property
    def _order(self) -> Order:
        return Order("worker-1", "mailbox", "default", "ana", self.session.uid, self.now.epoch)

    def hold_lease(self) -> int:
        """Hold the lease, as a worker that was re-executed does; return when it was renewed."""
        lease = Lease(self.session.uid, "worker-1", self.now.epoch, until=now() + TTL)
        self.outside.leases.rows[lease.uid] = lease
        return monotonic()

    def reporter(self) -> tuple[SessionReporter, HeldLease]:
        """Return a session reporter and a lease, for what needs no whole worker."""
        claim = SessionClaim(self.session.uid, "worker-1", self.now.epoch)
        reporter = SessionReporter(self.now, claim, self.outside.services, self.events, Log())
        held = Handover(self._order, renewed=self.hold_lease())
        HELD.append(HeldLease(claim, self.outside.services, held, lapse=self.lapsed.append))
        return reporter, HELD[-1]

    def shutdown(self) -> Shutdown:
        """Return a shutdown of the session, for what takes long."""
        reporter, lease = self.reporter()
        return Shutdown(reporter, lease, Devices(self.root), wal_sync=WalSync(self.root / "none"))

    @property
    def reported(self) -> list[e.LinkEvent]:
        return self.outside.reports.heard
