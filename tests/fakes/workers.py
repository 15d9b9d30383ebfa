"""Tasks, mailboxes, the wake queue and figures, which only note what is asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.domain.lease import Order
from chalicelib.domain.ring import ANYTHING, Ring
from chalicelib.services.ports import Figure, NoCapacity, NoSpotCapacity


@dataclass
class FakeWorkers:
    """Workers."""

    started: list[Order] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    full: bool = False
    spot_full: bool = False

    def start(self, order: Order) -> None:
        if self.full:
            raise NoCapacity("RESOURCE:FARGATE")
        if self.spot_full and not order.on_demand:
            raise NoSpotCapacity("Capacity is unavailable at this time.")
        if order not in self.started:
            self.started.append(order)

    def stop(self, worker: str, *, reason: str) -> None:
        self.stopped.append(worker)


@dataclass
class FakeMailboxes:
    """Mailboxes."""

    there: set[str] = field(default_factory=set)
    rung: list[str] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)

    def create(self, worker: str) -> str:
        self.there.add(f"https://queue/{worker}")
        return f"https://queue/{worker}"

    def ring(self, mailbox: str, ring: Ring = ANYTHING) -> None:
        self.rung.append(mailbox)
        self.rings.append(ring)

    def delete(self, mailbox: str) -> None:
        self.there.discard(mailbox)


FILL = ("fill_standbys", "", 0.0)
"""The job that fills the standby pool."""


@dataclass
class FakeWakes:
    """Wakes."""

    jobs: list[tuple[str, str, float]] = field(default_factory=list)

    def reconcile(self, uid: str, *, delay: float) -> None:
        self.jobs.append(("reconcile", uid, delay))

    def snapshot(self, watcher: str, *, delay: float) -> None:
        self.jobs.append(("snapshot", watcher, delay))

    def catch_up(self, watcher: str, tenant: str, session_id: str, *, delay: float) -> None:
        self.jobs.append(("catch_up", f"{watcher} {tenant} {session_id}", delay))

    def fill_standbys(self) -> None:
        self.jobs.append(FILL)

    def fill_and_reconcile(self, uid: str, *, delay: float) -> None:
        self.fill_standbys()
        self.reconcile(uid, delay=delay)

    def greet(self, sid: str, *, delay: float) -> None:
        self.jobs.append(("greet", sid, delay))

    def beat(self, sid: str, *, delay: float) -> None:
        self.jobs.append(("beat", sid, delay))

    def part(self, sid: str, *, delay: float) -> None:
        self.jobs.append(("part", sid, delay))

    def still_lost(self, uid: str, *, delay: float) -> None:
        self.jobs.append(("still_lost", uid, delay))


@dataclass
class FakeMetrics:
    """Metrics."""

    lines: list[tuple[Mapping[Figure, float], Mapping[str, str]]] = field(default_factory=list)

    def record(self, figures: Mapping[Figure, float], **about: str) -> None:
        self.lines.append((figures, about))

    def of(self, figure: Figure) -> list[float]:
        """Return the values of the figure, the oldest first."""
        return [figures[figure] for figures, _ in self.lines if figure in figures]
