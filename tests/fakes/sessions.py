"""Sessions and leases in memory."""

from dataclasses import dataclass, field, replace

from chalicelib.domain.lease import Lease
from chalicelib.domain.limits import too_many_sessions
from chalicelib.domain.session import Reason, Session
from chalicelib.services.ports import LeaseStore, SessionStore, Situation
from chalicelib.services.ports.accounts import TenantStore


@dataclass
class MemorySessions:
    """SessionStore."""

    rows: dict[str, Session] = field(default_factory=dict)
    moves: list[Session] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def create(self, session: Session, *, most: int = 0) -> Session:
        stands = self.find(session.tenant, session.id)
        if stands:
            return stands
        if most and sum(one.tenant == session.tenant for one in self.rows.values()) >= most:
            raise too_many_sessions(most)
        self.rows[session.uid] = session
        return session

    def find(self, tenant: str, session_id: str) -> Session | None:
        return next((s for s in self.rows.values() if (s.tenant, s.id) == (tenant, session_id)), None)

    def get(self, uid: str) -> Session | None:
        return self.rows.get(uid)

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        rows = sorted(
            (s for s in self.rows.values() if s.tenant == tenant and s.id > (after or "")), key=lambda s: s.id
        )
        page = rows[:limit]
        return page, page[-1].id if len(page) == limit else None

    def move(self, session: Session, *, before: Session | None = None) -> bool:
        stands = self.rows.get(session.uid)
        if stands is None or stands.version != session.version - 1:
            return False
        self.rows[session.uid] = session
        self.moves.append(session)
        return True

    def remove(self, session: Session) -> bool:
        stands = self.rows.get(session.uid)
        if stands is not None and stands.version != session.version:
            return False
        self.rows.pop(session.uid, None)
        if session.reason == Reason.UNLINK_UNCONFIRMED:
            self.left[session.uid] = session.reason
        return True

    def removed(self, uid: str) -> str | None:
        return self.left.get(uid)


@dataclass
class MemoryLeases:
    """LeaseStore."""

    rows: dict[str, Lease] = field(default_factory=dict)

    def get(self, uid: str) -> Lease | None:
        return self.rows.get(uid)

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        before = self.rows.get(lease.uid)
        if before and not before.admits(epoch=lease.epoch, now=now):
            return False, before
        self.rows[lease.uid] = lease
        return True, before

    def renew(self, lease: Lease) -> bool:
        stands = self.rows.get(lease.uid)
        if stands is None or not stands.same_hold(lease):
            return False
        self.rows[lease.uid] = replace(stands, until=max(lease.until, stands.until))
        return True

    def call(self, lease: Lease, *, now: int) -> bool:
        stands = self.rows.get(lease.uid)
        if stands is None or stands.released:
            return False
        if (stands.worker, stands.epoch, stands.until) != (lease.worker, lease.epoch, lease.until):
            return False
        self.rows[lease.uid] = replace(stands, called_at=now)
        return True

    def release(self, uid: str, *, worker: str, epoch: int, ended: bool = False) -> bool:
        stands = self.rows.get(uid)
        mine = stands is not None and (stands.worker, stands.epoch) == (worker, epoch)
        if stands is not None and not mine and not (stands.epoch < epoch and stands.released):
            return False
        self.rows[uid] = Lease(uid=uid, worker=worker, epoch=epoch, until=0, released=True, ended=ended)
        return True


@dataclass
class MemorySituations:
    """SituationStore, over the stores of what it reads."""

    sessions: SessionStore
    leases: LeaseStore
    tenants: TenantStore

    def read(self, uid: str, *, tenant: str | None = None) -> Situation:
        owner = self.tenants.get(tenant) if tenant else None
        return Situation(self.sessions.get(uid), self.leases.get(uid), owner)
