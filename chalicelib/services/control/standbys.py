"""The standby pool: workers that wait for a session, because Fargate needs most of a minute to start one."""

from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.lease import Order
from chalicelib.services.ports import (
    Clock,
    Figure,
    Mailboxes,
    Metrics,
    NewId,
    NoCapacity,
    NoSpotCapacity,
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
    """Keeps ``count`` workers waiting, on demand where Spot has no room if ``falls_back``."""

    store: StandbyStore
    workers: Workers
    mailboxes: Mailboxes
    clock: Clock
    new_id: NewId
    count: int
    task: str
    falls_back: bool
    metrics: Metrics

    def fill(self, *, more: int = 0) -> None:
        """Start as many standbys as are missing, and ``more``; those of an older version make room.

        Two callers at once may start one standby too many, which serves a later session.
        """
        now = self.clock()
        waiting = 0
        for standby in self.store.all():
            if standby.until + (MISSED_AFTER if standby.ready else 0) <= now:
                # The standby never reported, or is gone. A session that it was given is claimed anew by the reconciler.
                self.store.forget(standby.worker)
                self.mailboxes.delete(standby.mailbox)
            elif standby.uid is None and (standby.task == self.task or not self.store.retire(standby.worker)):
                waiting += standby.task == self.task
        for _ in range(self.count + more - waiting):
            self._start(now)

    def take(self, uid: str, epoch: int) -> Standby | None:
        """Assign a ready standby to the session by one conditional write; None if there is none."""
        now = self.clock()
        for standby in self.store.all():
            free = self._waits(standby, now)
            if free and self.store.assign(standby.worker, uid=uid, epoch=epoch):
                return standby
        return None

    def ready(self) -> int:
        """Return how many standbys could be given a session now."""
        now = self.clock()
        return sum(self._waits(standby, now) for standby in self.store.all())

    def trim(self) -> None:
        """Remove standbys beyond the wanted number from the pool; each ends when it finds its item gone."""
        waiting = [standby for standby in self.store.all() if standby.uid is None]
        for standby in waiting[self.count :]:
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

    def _start(self, now: int) -> None:
        worker = f"standby-{self.new_id()}"
        mailbox = self.mailboxes.create(worker)
        self.store.put(Standby(worker=worker, mailbox=mailbox, until=now + STARTING_TAKES, task=self.task))
        try:
            self._order(Order(worker=worker, mailbox=mailbox))
        except NoCapacity as refusal:
            # The pool is a convenience: without room the sweep tries again in a minute.
            self._refused(worker, mailbox, refusal)
        except Rejected as rejected:
            self._refused(worker, mailbox, rejected)
            raise

    def _refused(self, worker: str, mailbox: str, why: Exception) -> None:
        self.metrics.record({Figure.LAUNCHES_REFUSED: 1}, worker=worker, why=str(why))
        self.store.forget(worker)
        self.mailboxes.delete(mailbox)

    def _order(self, order: Order) -> None:
        try:
            self.workers.start(order)
        except NoSpotCapacity:
            if not self.falls_back:
                raise
            self.workers.start(replace(order, refusals=1, on_demand=True))
