"""Running sessions' slots in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.domain.limits import Slot


@dataclass
class MemorySlots:
    """Slots."""

    rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def hold(self, tenant: str, uid: str, *, now: int) -> None:
        self.rows[tenant, uid] = now

    def held(self, tenant: str, *, most: int) -> Sequence[Slot]:
        return [Slot(uid, at) for (whose, uid), at in sorted(self.rows.items()) if whose == tenant][:most]

    def free(self, tenant: str, uid: str, *, at: int) -> None:
        if self.rows.get((tenant, uid), at) <= at:
            self.rows.pop((tenant, uid), None)
