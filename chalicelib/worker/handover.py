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

A worker whose lease has run out does the same, on the thread that watches the lease and whatever the other threads are
at: the kernel ends them, and closes their sockets, before the next image begins (see ``lapse``). That image begins
without a client and without a lease.

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
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
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
    is known to have ended while its host lived on. ``lapsed`` says that the lease had run out on the image before this
    one, which held it under the same claim. ``holder`` is the number that the process drew for its leases, 0 if it has
    drawn none yet.

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
    lapsed: bool = False
    holder: int = 0

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
FENCED: Final = 70
NOTHING_TO_DO: Final = 75


@dataclass(frozen=True, slots=True)
class Exit:
    """The worker is through; 0 done, 1 the device can't be read, 70 fenced, 75 the session isn't this worker's.

    Fenced is a worker whose lease or claim turned out to be another's while it served.
    """

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
                _become(handover, log_descriptor)
            finally:
                # It failed. The library's threads would keep the process, and our own its lease.
                os._exit(BROKEN)


def lapse(handover: Handover, *, terminated: bool, log_descriptor: int) -> NoReturn:
    """End this image of the process here and now, for one that waits without a client to hold the lease again.

    Any thread may call it. It waits for no lock: neither the client library's nor the log's. Where there can't be
    another image, or where the process is ``terminated`` anyway, it ends the process.

    A SIGTERM of this very moment may be lost with the image. Then the task is killed when its time to stop is over,
    which costs no more than a worker that is killed at any other time.
    """
    try:
        # Inherited by the next image: as a container's first process it would be deaf to a SIGTERM that came early.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        if not terminated:
            _close_sockets_with_this_image()
            _become(handover, log_descriptor)
    finally:
        os._exit(FENCED)


def _become(handover: Handover, log_descriptor: int) -> NoReturn:
    """Replace this image by one that goes on with ``handover``; returns, with an OSError, only if that fails."""
    hand_back(log_descriptor)
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], to_environment(handover))  # noqa: S606


def _close_sockets_with_this_image() -> None:
    """See that no socket outlives this image, though the client library should have opened one that would."""
    descriptors = Path("/proc/self/fd")
    with suppress(OSError):
        for one in list(descriptors.iterdir()):
            with suppress(OSError):
                if str(one.readlink()).startswith("socket:"):
                    os.set_inheritable(int(one.name), False)
