"""The minute's look around: what is due and was missed, and the standby pool."""

import logging
from dataclasses import dataclass

from chalicelib.services.ports import Clock, DueIndex, Unavailable
from chalicelib.services.reconciler import Reconciler
from chalicelib.services.standbys import Standbys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Finds what no wake came for."""

    index: DueIndex
    reconciler: Reconciler
    standbys: Standbys
    clock: Clock

    def sweep(self) -> None:
        """Reconcile what is due, then fill the pool; a session that can't be reconciled now keeps nobody waiting."""
        for uid in self.index.due(self.clock()):
            try:
                self.reconciler.reconcile(uid)
            except Unavailable:
                log.warning("a due session couldn't be reconciled", extra={"uid": uid})
        self.standbys.fill()
