"""Brings sessions closer to what their owners want: reads, asks ``next_step``, acts. Safe to run twice, or late."""

from typing import Final

from msgspec import Struct

from chalicelib.domain.access import Tenant
from chalicelib.domain.events import GaveUp, Launched, LaunchRefused, Stopped, TenantDisabled, Unlinked, WorkerClaimed
from chalicelib.domain.lease import Lease, Order
from chalicelib.domain.media import prefix_of, uploads_of
from chalicelib.domain.reconcile import Act, Step, Version, foreseen, next_step, retry_in, version_of
from chalicelib.domain.session import Desired, Reason, Session, Status
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.ports import (
    Clock,
    Figure,
    LeaseStore,
    Mailboxes,
    Metrics,
    NoCapacity,
    NoSpotCapacity,
    Rejected,
    SessionStore,
    Situation,
    SituationStore,
    Wakes,
    Workers,
)
from chalicelib.services.ports.accounts import TenantStore
from chalicelib.services.ports.media import MediaFiles
from chalicelib.services.sessions.moves import Moves
from chalicelib.services.sessions.running import Running

LONGEST_WAKE: Final = 900.0
"""Seconds that the wake queue can delay (SQS's limit); what is further away the sweep finds."""
LOOKS: Final = (1.0, 3.0, 8.0)
"""Seconds after a worker was told to give way at which its session is reconciled: ECS tells of its end much later."""


class Reconciler(Struct, frozen=True):
    """Starts, rings, stops and replaces workers.

    With ``falls_back`` it starts a worker on demand where Spot has no capacity.
    """

    sessions: SessionStore
    situations: SituationStore
    tenants: TenantStore
    leases: LeaseStore
    moves: Moves
    workers: Workers
    mailboxes: Mailboxes
    standbys: Standbys
    wakes: Wakes
    running: Running
    clock: Clock
    task: str
    falls_back: bool
    unsent: Unsent
    files: MediaFiles
    metrics: Metrics

    def follow(self, written: Session) -> None:
        """Take the step that follows from the session's having been ``written``, as its stream record tells it.

        That a worker was claimed has the standby pool filled as well: only now, since the session's own start goes
        first.
        """
        now = self.clock()
        step = foreseen(written, now)
        claimed = written.last_event is not None and written.last_event.type == WorkerClaimed.type
        fills = claimed and (written.standby or self.standbys.grows)
        if claimed and written.reason == Reason.REQUESTED:
            # Workers that replace lost ones or older versions are no demand that would come again.
            self.standbys.note_start()
        if step is None:
            self.reconcile(written.uid, tenant=written.tenant, version=written.version)
            if fills:
                self.wakes.fill_standbys()
            return
        self._note_starting(written, now)
        if fills and step.again_at is not None:
            self.wakes.fill_and_reconcile(written.uid, delay=_seconds_until(step.again_at, now))
        else:
            self._look_again(written.uid, step, now)

    def reconcile(self, uid: str, *, tenant: str | None = None, version: int | None = None) -> None:
        """Take the session's next step, decided on a fresh read: the event that led here may be old.

        Whoever knows its ``tenant`` saves a read of its own for that. Where it was the session's record of a
        ``version`` that led here, and it has moved on since, the step is left to the later record.
        """
        situation, now = self.situations.read(uid, tenant=tenant), self.clock()
        session, lease = situation.session, situation.lease
        if version is not None and session is not None and session.version > version:
            return
        if lease and (session is None or session.answered):
            self._give_back(lease, now, gone=session is None)
        if session is None:
            return
        if session.answered:
            self.running.free(session)
        self._note_starting(session, now)
        step = next_step(session, lease, now)
        self._take(step, session, situation)
        if step.act is not Act.REMOVE:
            # After the step: the worker is to be told first.
            self.unsent.end(session)
        self._look_again(uid, step, now)

    def _note_starting(self, session: Session, now: int) -> None:
        if session.status is Status.STARTING:
            self.metrics.record({Figure.STARTING_SECONDS: max(now - session.since, 0) / 1000}, uid=session.uid)

    def _look_again(self, uid: str, step: Step, now: int) -> None:
        if step.again_at is not None:
            self.wakes.reconcile(uid, delay=_seconds_until(step.again_at, now))

    def _take(self, step: Step, session: Session, situation: Situation) -> None:
        lease = situation.lease
        match step.act:
            case Act.CLAIM:
                self._claim(session, lease, owner=situation.tenant)
            case Act.LAUNCH:
                self._launch(session, again=True)
            case Act.CALL if lease:
                self.leases.call(lease, now=self.clock())
            case Act.RING:
                self.mailboxes.ring(session.mailbox or "")
            case Act.STOP_WORKER:
                self.workers.stop(session.worker or "", reason="It was over its deadline.")
            case Act.SETTLE:
                self._settle(session)
            case Act.GIVE_UP:
                self.moves.report(session, GaveUp())
            case Act.REMOVE:
                self._remove(session, lease)
            case Act.REST | Act.CALL:
                pass

    def _remove(self, session: Session, lease: Lease | None) -> None:
        """Remove all that belongs to a session; what fails is done again as long as the session is there."""
        self.running.give_back(session)
        for prefix in (prefix_of(session.tenant, session.uid), uploads_of(session.tenant, session.uid)):
            self.files.remove_all(prefix)
        if self.sessions.remove(session):
            self._remove_mailbox(session, lease)

    def _give_back(self, lease: Lease, now: int, *, gone: bool) -> None:
        """Release an expired lease that no worker will take over; the due index would list it for ever otherwise.

        This also removes a lease that a worker gave back after its session had been removed.
        """
        if not lease.holds(now) and (gone or not lease.released):
            self.leases.release(lease.uid, worker=lease.worker, epoch=lease.epoch)

    def worker_ended(
        self,
        worker: str,
        *,
        uid: str | None,
        epoch: int | None,
        mailbox: str | None,
        known: bool = False,
        refusal: NoCapacity | None = None,
    ) -> None:
        """Note that a worker's task has stopped: its lease is free at once, and its session looked at.

        ``known`` says that its process was seen to end, rather than its host to be lost. ``refusal`` says that it never
        ran, since there was no room after all: it is started anew.
        """
        if refusal and uid is not None and self._refused_late(worker, uid, refusal):
            return
        served = (uid, epoch) if uid is not None and epoch is not None else self.standbys.given(worker)
        # A removed session has no lease any more: releasing it would write an item that nothing removes.
        if served and self.sessions.get(served[0]):
            self.leases.release(served[0], worker=worker, epoch=served[1], ended=known)
            self.reconcile(served[0])
        if mailbox:
            self.mailboxes.delete(mailbox)
        # Last: told again because something failed, this must still know whom the worker served.
        self.standbys.forget(worker)

    def version(self, uid: str) -> Version:
        """Return how the version of the session's worker compares with the current one."""
        stands = self.situations.read(uid)
        return version_of(stands.session, stands.lease, self.task, self.clock()) if stands.session else Version.CURRENT

    def hand_over(self, uid: str) -> None:
        """Have the session's worker give way to a new one.

        The worker's task is stopped: the worker closes its connection and releases the lease, and the session is
        claimed anew.
        """
        session = self.sessions.get(uid)
        if session:
            self.workers.stop(session.worker or "", reason="A newer version takes over.")
            for delay in LOOKS:
                self.wakes.reconcile(uid, delay=delay)

    def _claim(self, session: Session, lease: Lease | None, *, owner: Tenant | None) -> None:
        """Name a worker for the next epoch by one conditional write, then start it. ``owner`` is its tenant, if known.

        The mailbox comes first: its name follows from uid and epoch, so whoever wins the claim finds it there. For a
        disabled tenant nothing is started: whoever disables one may have missed a session that was just being created.
        """
        if session.desired is Desired.RUNNING:
            owner = owner or self.tenants.get(session.tenant)
            if owner and owner.disabled:
                self.moves.report(session, TenantDisabled())
                return
            self.running.hold(session)
        epoch = session.epoch + 1
        standby = self.standbys.take(session, epoch)
        worker = standby.worker if standby else f"{session.uid}-{epoch}"
        mailbox = standby.mailbox if standby else self.mailboxes.create(worker)
        lost = session.live
        task = standby.task if standby else self.task
        upgraded = lost and session.task is not None and session.task != task
        claim = WorkerClaimed(worker, mailbox, standby is not None, lost=lost, task=task, upgraded=upgraded)
        claimed = self.moves.report(session, claim)
        if claimed is None:
            # Somebody moved the session meanwhile, and the stream brings it back here.
            if standby:
                self.standbys.give_back(standby, session.uid, epoch)
            return
        if standby:
            self.mailboxes.ring(mailbox)
        else:
            self._launch(claimed, again=False)
        self._remove_mailbox(session, lease)
        if session.worker and not (lease and lease.released):
            # Silent, but perhaps only frozen: ECS ends it for good.
            self.workers.stop(session.worker, reason="Another worker took over.")

    def _remove_mailbox(self, session: Session, lease: Lease | None) -> None:
        """Remove the mailbox of a worker that is no more, or never was: no task's end may ever tell of it.

        A standby's stays its own: it may be waiting still.
        """
        if session.mailbox and not session.standby and not (lease and lease.holds(self.clock())):
            self.mailboxes.delete(session.mailbox)

    def _launch(self, session: Session, *, again: bool) -> None:
        order = Order(
            worker=session.worker or "",
            mailbox=session.mailbox or "",
            tenant=session.tenant,
            session=session.id,
            uid=session.uid,
            epoch=session.epoch,
            refusals=session.refusals,
            on_demand=session.on_demand,
        )
        try:
            self.workers.start(order)
        except NoCapacity as refusal:
            self._refused(session, refusal)
        except Rejected as rejected:
            # No retry mends that: an operator has to hear of it.
            self._count_refusal(session, rejected)
            raise
        else:
            if again:
                self.moves.report(session, Launched())

    def _refused(self, session: Session, refusal: NoCapacity) -> None:
        """Schedule another launch: at once on demand if Spot had no room, else with a growing delay."""
        if isinstance(refusal, NoSpotCapacity) and self.falls_back and not session.on_demand:
            self.moves.report(session, LaunchRefused(Reason.NO_SPOT_CAPACITY, self.clock(), on_demand=True))
        else:
            self._count_refusal(session, refusal)
            retry_at = self.clock() + retry_in(session.uid, session.refusals)
            self.moves.report(session, LaunchRefused(Reason.NO_CAPACITY, retry_at))

    def _count_refusal(self, session: Session, why: Exception) -> None:
        self.metrics.record({Figure.LAUNCHES_REFUSED: 1}, uid=session.uid, why=str(why))

    def _refused_late(self, worker: str, uid: str, refusal: NoCapacity) -> bool:
        """Take a refusal that came after RunTask for one of RunTask's; False if another claim is in force by now."""
        session = self.sessions.get(uid)
        if session is None or session.worker != worker or session.status not in {Status.STARTING, Status.DELETING}:
            return False
        # Told twice, it is news once: by then it is being tried again.
        known = session.next_at or (session.on_demand and isinstance(refusal, NoSpotCapacity))
        if not known:
            self._refused(session, refusal)
        return True

    def _settle(self, session: Session) -> None:
        event = Unlinked() if session.desired is Desired.UNLINKED else Stopped()
        settled = self.moves.report(session, event)
        if settled and session.worker and session.live:
            self.workers.stop(session.worker, reason="Its session was stopped.")


def _seconds_until(at: int, now: int) -> float:
    return min((at - now) / 1000, LONGEST_WAKE)
