"""A WhatsApp client that does as the test says, and a worker around it; for what the real one does seldom or slowly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chalicelib.domain import events as e
from chalicelib.domain.lease import TTL, Lease
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import advance
from chalicelib.services.ports import Order
from chalicelib.worker import client as c
from chalicelib.worker.desk import Desk
from chalicelib.worker.device import Devices
from chalicelib.worker.ending import Ending
from chalicelib.worker.fence import monotonic
from chalicelib.worker.hold import Hold
from chalicelib.worker.inbox import Happening, Inbox, Terminated
from chalicelib.worker.log import Log
from chalicelib.worker.order import Claim, Handover
from chalicelib.worker.parting import Parting
from chalicelib.worker.quiet import Quiet
from chalicelib.worker.run import Worker
from tests.makers import a_session
from tests.worker.databases import leave
from tests.worker.outside import Outside, now


@dataclass
class PuppetClient:
    """Connecting makes everything of its script happen at once."""

    inbox: Inbox
    script: Sequence[Happening | Callable[[], None]]
    confirms: bool = True
    connected: bool = True
    calls: list[str] = field(default_factory=list)
    send: Callable[[str, str], str] = lambda _, text: f"3EB0{text}"

    def connect(self) -> None:
        self.calls.append("connect")
        for happening in self.script:
            if isinstance(happening, Terminated):
                self.inbox.terminate()
            elif callable(happening):
                happening()
            else:
                self.inbox.put(happening)

    def is_connected(self) -> bool:
        return self.connected

    def send_text(self, to: str, text: str) -> str:
        self.calls.append(f"send {to} {text}")
        return self.send(to, text)

    def logout(self) -> bool:
        self.calls.append("logout")
        return self.confirms

    def disconnect(self) -> None:
        self.calls.append("disconnect")


@dataclass
class Theatre:
    """One session, claimed by its first worker, whose client is a puppet."""

    root: Path
    linked: bool = False
    confirms: bool = True
    connected: bool = True
    inbox: Inbox = field(default_factory=Inbox)
    outside: Outside = field(default_factory=Outside)
    clients: list[PuppetClient] = field(default_factory=list)

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

    def play(self, *script: Happening | Callable[[], None], **handed_over: Any) -> Ending:
        """Run the worker with a client that goes through ``script`` as soon as it is to connect."""

        def make(database: Path, emit: c.Emit, *, linking: bool) -> c.Client:
            assert linking is not self.linked
            assert database.parent == self.root / self.session.uid
            client = PuppetClient(self.inbox, script, self.confirms, self.connected)
            self.clients.append(client)
            return client

        order = Order("worker-1", "mailbox", "default", "ana", self.session.uid, self.now.epoch)
        worker = Worker(self.outside, Devices(self.root), make, self.inbox, Log())
        return worker.run(replace(Handover(order), **handed_over))

    def hold_lease(self) -> int:
        """Hold the lease, as a worker that was re-executed does; return when it was renewed."""
        lease = Lease(self.session.uid, "worker-1", self.now.epoch, until=now() + TTL)
        self.outside.leases.rows[lease.uid] = lease
        return monotonic()

    def parting(self) -> Parting:
        """A parting of its own, for what takes long."""
        claim = Claim(self.session.uid, "worker-1", self.now.epoch)
        desk = Desk(self.now, claim, self.outside, self.inbox, Log())
        hold = Hold(claim, self.outside, self.hold_lease())
        return Parting(desk, hold, Devices(self.root), quiet=Quiet(self.root / "none"))

    @property
    def reported(self) -> list[e.LinkEvent]:
        return self.outside.link.heard
