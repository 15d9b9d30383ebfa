"""The end of a worker's process, and what one image of the process hands over to the next in the environment.

Theory of re-execution
----------------------
The client library can't be taken down: its ``stop`` may hang, its Go threads stay, and a client that has come to
nothing connects no second time. So a worker that needs a fresh client replaces the image of its process by ``execve``:
the task, the process id and the mailbox stay, and everything else begins anew. What must outlive that goes through the
environment:

- the lease goes on. So does the monotonic clock, and the next image's lease keeper counts from the renewal that this
  image sent last: nobody else gets to see a gap;
- what was learnt about failures goes on, so that a pause between tries grows and does not begin anew;
- the order goes on, for a standby with the session that it was given.

SIGTERM is blocked over the exec, and heard by the next image (see ``defer_sigterm``). The end of the image closes the
linked device; the next one opens the database of the same epoch.

No end of the process waits for the client library, which leaves threads behind.

This module is the only reader of the environment besides ``config``: an order isn't a setting.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, NoReturn

from chalicelib.domain.lease import MAILBOX, VARIABLES, WORKER, Order, SessionClaim
from chalicelib.worker.log import hand_back


@dataclass(frozen=True, slots=True)
class Handover:
    """An order, and what the process image before this one already did about it.

    ``standby`` says that the worker came from the pool, and goes back to it if the session isn't its own after all.
    ``renewed`` is the monotonic time (milliseconds; it goes on across an exec) at which the last good renewal of the
    lease was sent, None if the lease isn't held. ``failures`` counts clients that came to nothing in a row.
    ``took_over_at`` is when (milliseconds since the Unix epoch) the lease was taken from a worker that hadn't given it
    back, ``replaced`` that WhatsApp has closed our connection for another one once since. ``restarts`` and
    ``restarted_at`` are a ``Restarts``. ``ended`` is the epoch of the worker, or image, before this one, if its process
    is known to have ended while its host lived on.

    Each field but the order is a variable of its own, and a field at its default is none.
    """

    order: Order
    standby: bool = False
    renewed: int | None = None
    failures: int = 0
    took_over_at: int | None = None
    replaced: bool = False
    restarts: int = 0
    restarted_at: int | None = None
    ended: int | None = None

    @property
    def claim(self) -> SessionClaim | None:
        """The claim, unless this is a standby that has none yet."""
        return self.order.claim


_VARIABLES: Final = {field.name: f"SWITCHBOARD_{field.name.upper()}" for field in fields(Handover)[1:]}
"""The variable of each field but the order."""
_DEFAULTS: Final[Mapping[str, Any]] = {field.name: field.default for field in fields(Handover)[1:]}

_OURS: Final = {*_VARIABLES.values(), *VARIABLES}
"""What the image before this one was told, and the next one isn't any more."""

NEEDED: Final = ("TABLE_NAME", "AWS_REGION", WORKER, MAILBOX)
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
    order = Order.from_env(env)
    given = {name: int(env[variable]) for name, variable in _VARIABLES.items() if env.get(variable)}
    values: dict[str, Any] = {
        name: bool(value) if isinstance(_DEFAULTS[name], bool) else value for name, value in given.items()
    }
    return Handover(order, **(values | {"standby": order.uid is None or values.get("standby", False)}))


def to_environment(handover: Handover) -> dict[str, str]:
    """Return the process's environment with ``handover`` in it, for the image that comes after this one."""
    told = handover.order.to_env() | {
        variable: str(int(getattr(handover, name)))
        for name, variable in _VARIABLES.items()
        if getattr(handover, name) != _DEFAULTS[name]
    }
    return {name: value for name, value in os.environ.items() if name not in _OURS} | told


DONE: Final = 0
BROKEN: Final = 1
NOTHING_TO_DO: Final = 75


@dataclass(frozen=True, slots=True)
class Exit:
    """The worker is through; 0 done, 1 the device can't be read, 70 fenced, 75 the session isn't this worker's."""

    code: int


@dataclass(frozen=True, slots=True)
class Again:
    """The client must be thrown away: go on in a fresh image of this process."""

    handover: Handover


Ending = Exit | Again


def defer_sigterm(heeded: Callable[[], bool]) -> None:
    """Have SIGTERM wait for the next image of the process, also one that came already and isn't ``heeded``.

    Blocked on the main thread, the system hands it to another one, whose share of it an exec forgets. So it is sent
    once more, to the main thread alone: what waits for that one outlives the exec.
    """

    def wait() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, lambda _number, _frame: wait())
    if not heeded():
        wait()


def end(ending: Ending, *, log_descriptor: int) -> NoReturn:
    """End this image of the process as ``ending`` says. Only the main thread may call it."""
    match ending:
        case Exit(code=code):
            os._exit(code)
        case Again(handover=handover):
            try:
                hand_back(log_descriptor)
                os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], to_environment(handover))  # noqa: S606
            finally:
                # It failed. The library's threads would keep the process, and our own its lease.
                os._exit(BROKEN)
