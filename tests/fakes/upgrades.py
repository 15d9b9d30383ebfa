"""Fakes of what an upgrade needs: where it stands, and who has a worker."""

from dataclasses import dataclass

from chalicelib.services.ports import Upgrade
from tests.fakes import MemoryLeases


@dataclass
class MemoryUpgrades:
    """UpgradeStore."""

    stands: Upgrade | None = None

    def get(self) -> Upgrade | None:
        return self.stands

    def put(self, upgrade: Upgrade) -> None:
        self.stands = upgrade


@dataclass
class LeasesByTime:
    """DueIndex, over leases alone."""

    leases: MemoryLeases

    def due(self, now: int) -> list[str]:
        return [uid for uid, lease in self.leases.rows.items() if not lease.released and lease.until <= now]

    def later(self, now: int) -> list[str]:
        return [uid for uid, lease in self.leases.rows.items() if not lease.released and lease.until > now]
