"""The sweep, once a minute: due work that no wake came for, the standby pool, and workers of an old version.

Upgrades: a task runs the task definition that it was started with for as long as it lives, so without upgrades an old
version would stay for months. The sweep takes a few sessions a minute in the order of their uids; those with a worker
are found by their leases in the due index, and the progress is one item. Every definition but the current one gives
way, so a deployment that is rolled back is an upgrade, too.
"""

import logging
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.reconcile import Version
from chalicelib.services.control.reconciler import Reconciler
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.ports import (
    Clock,
    DueIndex,
    Figure,
    Metrics,
    Misconfigured,
    Unavailable,
    Upgrade,
    UpgradeStore,
)

READ_AT_MOST: Final = 200
"""Sessions that are read a minute."""
SETTLES: Final = 300_000
"""Milliseconds that an upgrade takes at least: until then the version before may still start tasks."""
PATIENCE: Final = 120_000
"""Milliseconds until a session moves though no standby is ready for it: its new task then takes most of a minute."""

log = logging.getLogger(__name__)


class Upgrades(Struct, frozen=True):
    """Moves ``per_minute`` sessions a minute to workers of the task definition ``task``; with 0, none."""

    store: UpgradeStore
    index: DueIndex
    reconciler: Reconciler
    standbys: Standbys
    clock: Clock
    task: str
    per_minute: int

    def go_on(self) -> int:
        """Move one minute's share of sessions; return how many standbys beyond the usual the next share needs."""
        upgrade, now = self.store.get(), self.clock()
        if upgrade is None or upgrade.task != self.task:
            upgrade = Upgrade(self.task, begun_at=now)
            log.info("an upgrade begins", extra={"task": self.task})
        if upgrade.done or not self.per_minute:
            return 0
        moved, after = self._share(upgrade, now)
        self.store.put(after)
        return self.per_minute if moved else 0

    def _share(self, upgrade: Upgrade, now: int) -> tuple[bool, Upgrade]:
        """Continue the round; return whether it found a session to move, and the uid at which it stopped."""
        room = self._room(upgrade, now)
        ahead = sorted(uid for uid in self.index.later(now) if uid > upgrade.after)
        met = False
        for uid in ahead[:READ_AT_MOST]:
            version = self._pass(uid, may_move=room > 0)
            met |= version is Version.OLD
            if version is Version.OLD and not room:
                return True, replace(upgrade, left=True)
            room -= version is Version.OLD
            upgrade = replace(upgrade, after=uid, left=upgrade.left or version is not Version.CURRENT)
        if len(ahead) > READ_AT_MOST:
            return met, upgrade
        settled = now >= upgrade.begun_at + SETTLES
        return met, replace(upgrade, after="", left=False, done=settled and not upgrade.left)

    def _room(self, upgrade: Upgrade, now: int) -> int:
        """How many sessions may move now: as many as there are standbys to take them, and not none for ever."""
        ready = min(self.standbys.ready(), self.per_minute)
        return ready or int(now >= upgrade.begun_at + PATIENCE)

    def _pass(self, uid: str, *, may_move: bool) -> Version:
        """Move the session if it has to and may; one that can't be read now is met again in the next round."""
        try:
            version = self.reconciler.version(uid)
            if version is Version.OLD and may_move:
                self.reconciler.hand_over(uid)
        except (Unavailable, Misconfigured):
            log.warning("a session couldn't be moved to a new worker", extra={"uid": uid})
            return Version.BUSY
        except Exception:
            # Counted as moved: tried again in every round, it would keep the upgrade from ending.
            log.exception("a session can't be moved to a new worker", extra={"uid": uid})
            return Version.CURRENT
        return version


class Sweeper(Struct, frozen=True):
    """Reconciles sessions whose deadline passed without a wake, and keeps pool and upgrades going."""

    index: DueIndex
    reconciler: Reconciler
    standbys: Standbys
    upgrades: Upgrades
    clock: Clock
    unsent: Unsent
    metrics: Metrics

    def sweep(self) -> None:
        """Reconcile what is due, expire messages, go on with an upgrade, then fill the pool.

        A session that can't be reconciled doesn't hold up the others.
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
        self.standbys.fill(more=more, sweeps=True)
        if not more:
            self.standbys.trim()
        self.metrics.record({Figure.SWEEPS: 1, Figure.STANDBYS_READY: self.standbys.ready()})
