"""The minute's look around: what is due and was missed, messages that nobody sends, and the standby pool."""

import logging
from dataclasses import dataclass

from chalicelib.services.control.reconciler import Reconciler
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.control.upgrades import Upgrades
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.ports import Clock, DueIndex, Unavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Finds what no wake came for."""

    index: DueIndex
    reconciler: Reconciler
    standbys: Standbys
    upgrades: Upgrades
    clock: Clock
    unsent: Unsent

    def sweep(self) -> None:
        """Reconcile what is due, expire messages, go on with an upgrade, then fill the pool.

        A session that can't be reconciled now, or at all, keeps nobody waiting.
        """
        for uid in self.index.due(self.clock()):
            try:
                self.reconciler.reconcile(uid)
            except Unavailable:
                log.warning("a due session couldn't be reconciled", extra={"uid": uid})
            except Exception:
                log.exception("a due session can't be reconciled", extra={"uid": uid})
        self.unsent.expire()
        more = self.upgrades.go_on()
        self.standbys.fill(more=more)
        if not more:
            self.standbys.trim()
