"""The standby pool in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.services.ports import PoolState, Standby


@dataclass
class MemoryStandbys:
    """StandbyStore."""

    pool: dict[str, Standby] = field(default_factory=dict)
    serving: dict[str, tuple[str, int]] = field(default_factory=dict)
    version: int = 0
    starts: dict[int, int] = field(default_factory=dict)

    def state(self) -> PoolState:
        return PoolState(self.version, dict(self.starts))

    def note_start(self, minute: int) -> None:
        self.starts[minute] = self.starts.get(minute, 0) + 1

    def settle(self, version: int) -> bool:
        if version != self.version:
            return False
        self.version += 1
        return True

    def all(self) -> list[Standby]:
        return [self.pool[worker] for worker in sorted(self.pool)]

    def get(self, worker: str) -> Standby | None:
        return self.pool.get(worker)

    def put(self, standby: Standby) -> None:
        self.pool[standby.worker] = standby

    def renew(self, worker: str, *, until: int) -> tuple[bool, Standby | None]:
        standby = self.pool.get(worker)
        if standby is None or standby.uid is not None:
            return False, standby
        self.pool[worker] = replace(standby, until=until, ready=True)
        return True, None

    def assign(self, worker: str, *, tenant: str, uid: str, epoch: int) -> bool:
        standby = self.pool.get(worker)
        if standby is None or not standby.ready or standby.uid is not None:
            return False
        self.pool[worker] = replace(standby, tenant=tenant, uid=uid, epoch=epoch)
        return True

    def free(self, worker: str, *, uid: str, epoch: int) -> bool:
        standby = self.pool.get(worker)
        if standby is None or (standby.uid, standby.epoch) != (uid, epoch):
            return False
        self.pool[worker] = replace(standby, tenant=None, uid=None, epoch=None)
        return True

    def retire(self, worker: str) -> bool:
        standby = self.pool.get(worker)
        if standby is None or standby.uid is not None:
            return False
        del self.pool[worker]
        return True

    def set_apart(self, standbys: Sequence[Standby]) -> None:
        for standby in standbys:
            self.serving[standby.worker] = (standby.uid or "", standby.epoch or 0)
            self.pool.pop(standby.worker, None)

    def given(self, worker: str) -> tuple[str, int] | None:
        standby = self.pool.get(worker)
        if worker not in self.serving and standby and standby.uid is not None and standby.epoch is not None:
            return standby.uid, standby.epoch
        return self.serving.get(worker)

    def forget(self, worker: str) -> None:
        self.serving.pop(worker, None)
        self.pool.pop(worker, None)
