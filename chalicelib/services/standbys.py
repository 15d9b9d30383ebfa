"""The standby pool: workers that wait for a session, because Fargate needs most of a minute to start one."""

from dataclasses import dataclass
from typing import Final

from chalicelib.services.ports import Clock, Mailboxes, NewId, NoCapacity, Order, Standby, StandbyStore, Workers

STARTING_TAKES: Final = 120_000
"""Milliseconds that a standby may take from RunTask to its first sign of life."""


@dataclass(frozen=True, slots=True)
class Standbys:
    """Keeps ``count`` workers waiting."""

    store: StandbyStore
    workers: Workers
    mailboxes: Mailboxes
    clock: Clock
    new_id: NewId
    count: int

    def fill(self) -> None:
        """Start as many standbys as are missing. Two callers at once may start one too many: it serves later."""
        now = self.clock()
        waiting = 0
        for standby in self.store.all():
            if standby.until <= now:
                # It never came, or is gone; what it was given is claimed anew by the reconciler.
                self.store.ended(standby.worker)
                self.mailboxes.delete(standby.mailbox)
            elif standby.uid is None:
                waiting += 1
        for _ in range(self.count - waiting):
            self._start(now)

    def take(self, uid: str, epoch: int) -> Standby | None:
        """Give the session to a standby that is ready, by one conditional write; None if there is none."""
        now = self.clock()
        for standby in self.store.all():
            free = standby.ready and standby.uid is None and standby.until > now
            if free and self.store.assign(standby.worker, uid=uid, epoch=epoch):
                return standby
        return None

    def give_back(self, standby: Standby, uid: str, epoch: int) -> None:
        """Let the standby wait again: the claim it was taken for was lost."""
        self.store.free(standby.worker, uid=uid, epoch=epoch)

    def ended(self, worker: str) -> tuple[str, int] | None:
        """Forget a worker whose task has ended; return the (uid, epoch) that it was given, if it was given one."""
        return self.store.ended(worker)

    def _start(self, now: int) -> None:
        worker = f"standby-{self.new_id()}"
        mailbox = self.mailboxes.create(worker)
        self.store.put(Standby(worker=worker, mailbox=mailbox, until=now + STARTING_TAKES))
        try:
            self.workers.start(Order(worker=worker, mailbox=mailbox))
        except NoCapacity:
            # The pool is a convenience: without room the sweep tries again in a minute.
            self.store.ended(worker)
            self.mailboxes.delete(mailbox)
