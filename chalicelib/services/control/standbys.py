"""The standby pool: workers that wait for a session, because Fargate needs most of a minute to start one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.lease import Order
from chalicelib.domain.pool import minute_of, wanted
from chalicelib.domain.session import Session
from chalicelib.services.ports import (
    Clock,
    Figure,
    Mailboxes,
    Metrics,
    NewId,
    NoCapacity,
    NoSpotCapacity,
    PoolState,
    Rejected,
    Standby,
    StandbyStore,
    Workers,
)

STARTING_TAKES: Final = 120_000
"""Milliseconds that a standby may take from RunTask to its first sign of life."""
MISSED_AFTER: Final = 180_000
"""Milliseconds without a sign of life after which a standby that was ready is given up.

It may live, and only the table be out of reach: it shall not be replaced for that. Nobody is given to it meanwhile, and
the end of its task tells of itself.
"""


class Standbys(Struct, frozen=True):
    """Keeps ``least`` to ``most`` workers waiting, on demand where Spot has no room if ``falls_back``."""

    store: StandbyStore
    workers: Workers
    mailboxes: Mailboxes
    clock: Clock
    new_id: NewId
    least: int
    most: int
    task: str
    falls_back: bool
    metrics: Metrics

    def fill(self, *, more: int = 0, sweeps: bool = False) -> None:
        """Start as many standbys as are missing, and ``more``; those of an older version make room.

        The sweep also takes those out of the pool that serve a session.

        Of several callers at once one starts them. Each first puts in the pool what it is about to start, then moves
        the pool's version on. Whoever finds the version moved takes its own out again; whoever comes later reads the
        new version first, and so finds in the pool what was put there before.
        """
        now, pool = self.clock(), self.store.state()
        missing = self._wanted(pool, now) + more - self._tidied(now, sweeps=sweeps)
        fresh = [self._place(now) for _ in range(missing)]
        if fresh and self.store.settle(pool.version):
            self._start(fresh)
        else:
            self._withdraw(fresh)

    def _tidied(self, now: int, *, sweeps: bool) -> int:
        """Take out of the pool who is gone or of an older version; return how many of the current one wait.

        Who was given a session stays until the last sign of life that it gave while it waited has run out: by then it
        has found out whether the session is its own, and else was given back. The sweep takes those out together.
        """
        waiting, given = 0, []
        for standby in self.store.all():
            if standby.uid is not None:
                given.append(standby)
            elif standby.until + (MISSED_AFTER if standby.ready else 0) <= now:
                # It never reported, or is gone.
                self.store.forget(standby.worker)
                self.mailboxes.delete(standby.mailbox)
            elif standby.task == self.task or not self.store.retire(standby.worker):
                waiting += standby.task == self.task
        serving = [standby for standby in given if standby.until <= now]
        if sweeps and serving:
            self.store.set_apart(serving)
        return waiting

    @property
    def grows(self) -> bool:
        """Whether the pool grows with demand."""
        return self.most > self.least

    def note_start(self) -> None:
        """Count a session's start as demand, where the pool grows with it."""
        if self.grows:
            self.store.note_start(minute_of(self.clock()))

    def take(self, session: Session, epoch: int) -> Standby | None:
        """Assign a ready standby to the session by one conditional write; None if there is none."""
        now = self.clock()
        for standby in self.store.all():
            free = self._waits(standby, now)
            if free and self.store.assign(standby.worker, tenant=session.tenant, uid=session.uid, epoch=epoch):
                return standby
        return None

    def ready(self) -> int:
        """Return how many standbys could be given a session now."""
        now = self.clock()
        return sum(self._waits(standby, now) for standby in self.store.all())

    def trim(self) -> None:
        """Remove standbys beyond the wanted number from the pool; each ends when it finds its item gone."""
        enough = self._wanted(self.store.state(), self.clock())
        waiting = [standby for standby in self.store.all() if standby.uid is None]
        for standby in waiting[enough:]:
            self.store.retire(standby.worker)

    def give_back(self, standby: Standby, uid: str, epoch: int) -> None:
        """Return a standby to the pool: another worker won the claim that it was assigned for."""
        self.store.free(standby.worker, uid=uid, epoch=epoch)

    def given(self, worker: str) -> tuple[str, int] | None:
        """Return the (uid, epoch) that a worker was given, if it was given one."""
        return self.store.given(worker)

    def forget(self, worker: str) -> None:
        """Forget a worker whose task has ended."""
        self.store.forget(worker)

    def _waits(self, standby: Standby, now: int) -> bool:
        """Whether the standby can be assigned: one of an older task definition is about to be replaced."""
        return standby.ready and standby.uid is None and standby.until > now and standby.task == self.task

    def _wanted(self, pool: PoolState, now: int) -> int:
        return wanted(pool.starts, now, least=self.least, most=self.most)

    def _place(self, now: int) -> Standby:
        """Put a standby that isn't started yet in the pool."""
        worker = f"standby-{self.new_id()}"
        standby = Standby(worker, self.mailboxes.create(worker), until=now + STARTING_TAKES, task=self.task)
        self.store.put(standby)
        return standby

    def _withdraw(self, standbys: Sequence[Standby]) -> None:
        for standby in standbys:
            self.store.forget(standby.worker)
            self.mailboxes.delete(standby.mailbox)

    def _start(self, standbys: Sequence[Standby]) -> None:
        """Start the tasks up to the first that is refused: where there is no room for one, there is none for others."""
        for number, standby in enumerate(standbys):
            try:
                self._order(Order(worker=standby.worker, mailbox=standby.mailbox))
            except (NoCapacity, Rejected) as refusal:
                self.metrics.record({Figure.LAUNCHES_REFUSED: 1}, worker=standby.worker, why=str(refusal))
                self._withdraw(standbys[number:])
                if isinstance(refusal, Rejected):
                    # No retry mends that. Without room the sweep tries again in a minute: the pool is a convenience.
                    raise
                return

    def _order(self, order: Order) -> None:
        try:
            self.workers.start(order)
        except NoSpotCapacity:
            if not self.falls_back:
                raise
            self.workers.start(replace(order, refusals=1, on_demand=True))
