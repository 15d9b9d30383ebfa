"""The workers' tasks and mailboxes, and the queue that wakes whoever looks after them."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker's task is started for; no secret is in it. A standby's order names no session yet.

    ``refusals`` is how often ECS has refused it so far, which makes it a new request; ``on_demand`` rules Spot out.
    """

    worker: str
    mailbox: str
    tenant: str | None = None
    session: str | None = None
    uid: str | None = None
    epoch: int | None = None
    refusals: int = 0
    on_demand: bool = False


class NoCapacity(Exception):
    """ECS has no room, or throttles; nothing was started."""


class NoSpotCapacity(NoCapacity):
    """There is no room on Spot; there may be some on demand."""


class Workers(Protocol):
    """The workers' tasks."""

    def start(self, order: Order) -> None:
        """Start a task for ``order``, once however often it is called; raises NoCapacity and NoSpotCapacity."""

    def stop(self, worker: str, *, reason: str) -> None:
        """End the worker's task, if it runs."""


class Mailboxes(Protocol):
    """The workers' mailboxes: a ring means "look"."""

    def create(self, worker: str) -> str:
        """Make the worker's mailbox, if it isn't there, and return its address."""

    def ring(self, mailbox: str) -> None:
        """Ring; a mailbox that is gone is no error."""

    def delete(self, mailbox: str) -> None:
        """Remove the mailbox; one that is gone is no error."""


class Wakes(Protocol):
    """The wake queue: jobs for later, 15 minutes at the most (the sweep finds what is further away)."""

    def reconcile(self, uid: str, *, delay: float) -> None:
        """Have the session reconciled in ``delay`` seconds."""

    def snapshot(self, watcher: str, *, delay: float) -> None:
        """Have the watcher sent what stands, in ``delay`` seconds."""

    def fill_standbys(self, *, delay: float) -> None:
        """Have the standby pool filled in ``delay`` seconds."""
