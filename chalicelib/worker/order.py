"""What this worker was started for, and what it hands over to itself when it re-executes: the worker's environment.

The only reader of the environment besides ``config``: an order isn't a setting.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.services.ports import Order


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """The session this worker is to serve, under which epoch; everything it writes carries all three."""

    uid: str
    worker: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Handover:
    """An order, and what the process image before this one already did about it.

    ``renewed`` is the monotonic time (milliseconds; it goes on across an exec) at which the last good renewal of the
    lease was sent, None if the lease isn't held. ``failures`` counts clients that came to nothing in a row.
    ``took_over_at`` is when (milliseconds since the Unix epoch) the lease was taken from a worker that hadn't given it
    back, ``replaced`` that WhatsApp has closed our connection for another one once since. ``restarts`` and
    ``restarted_at`` are a ``Restarts``.
    """

    order: Order
    standby: bool = False
    renewed: int | None = None
    failures: int = 0
    took_over_at: int | None = None
    replaced: bool = False
    restarts: int = 0
    restarted_at: int | None = None

    @property
    def claim(self) -> SessionClaim | None:
        """The claim, unless this is a standby that has none yet."""
        order = self.order
        return None if order.uid is None or order.epoch is None else SessionClaim(order.uid, order.worker, order.epoch)


NEEDED: Final = ("TABLE_NAME", "AWS_REGION", "SWITCHBOARD_WORKER", "SWITCHBOARD_MAILBOX")
"""What a worker can't do without. The first two come with its task, the others with the order."""


def lacking(env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return which of the needed variables ``env``, else the process's environment, doesn't set."""
    env = os.environ if env is None else env
    given = {name for name, value in env.items() if value}
    if "AWS_DEFAULT_REGION" in given:
        given.add("AWS_REGION")
    return tuple(name for name in NEEDED if name not in given)


def settle_region() -> None:
    """Name the region as AWS's library for Python reads it: a task may be told it under the other name alone."""
    if not os.environ.get("AWS_DEFAULT_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]


def from_environment(env: Mapping[str, str] | None = None) -> Handover:
    """Return what ``env``, else the process's environment, says; an order without a session is a standby's."""
    env = os.environ if env is None else env
    uid = env.get("SWITCHBOARD_UID")
    return Handover(
        order=Order(
            worker=env["SWITCHBOARD_WORKER"],
            mailbox=env["SWITCHBOARD_MAILBOX"],
            tenant=env.get("SWITCHBOARD_TENANT"),
            session=env.get("SWITCHBOARD_SESSION"),
            uid=uid,
            epoch=int(env["SWITCHBOARD_EPOCH"]) if uid else None,
        ),
        standby=uid is None or env.get("SWITCHBOARD_STANDBY") == "1",
        renewed=_number(env.get("SWITCHBOARD_RENEWED")),
        failures=_number(env.get("SWITCHBOARD_FAILURES")) or 0,
        took_over_at=_number(env.get("SWITCHBOARD_TOOK_OVER_AT")),
        replaced=env.get("SWITCHBOARD_REPLACED") == "1",
        restarts=_number(env.get("SWITCHBOARD_RESTARTS")) or 0,
        restarted_at=_number(env.get("SWITCHBOARD_RESTARTED_AT")),
    )


def to_environment(handover: Handover) -> dict[str, str]:
    """Return the process's environment with ``handover`` in it, for the image that comes after this one."""
    order = handover.order
    values: dict[str, str | int | None] = {
        "SWITCHBOARD_WORKER": order.worker,
        "SWITCHBOARD_MAILBOX": order.mailbox,
        "SWITCHBOARD_TENANT": order.tenant,
        "SWITCHBOARD_SESSION": order.session,
        "SWITCHBOARD_UID": order.uid,
        "SWITCHBOARD_EPOCH": order.epoch,
        "SWITCHBOARD_STANDBY": 1 if handover.standby else None,
        "SWITCHBOARD_RENEWED": handover.renewed,
        "SWITCHBOARD_FAILURES": handover.failures or None,
        "SWITCHBOARD_TOOK_OVER_AT": handover.took_over_at,
        "SWITCHBOARD_REPLACED": 1 if handover.replaced else None,
        "SWITCHBOARD_RESTARTS": handover.restarts or None,
        "SWITCHBOARD_RESTARTED_AT": handover.restarted_at,
    }
    others = {name: value for name, value in os.environ.items() if name not in values}
    return others | {name: str(value) for name, value in values.items() if value is not None}


def _number(text: str | None) -> int | None:
    return int(text) if text else None
