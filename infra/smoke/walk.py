"""The walk itself: each step as soon as the one before has been taken, and all that it made removed at the end."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from infra.deploy.stack import Say
from infra.smoke import NotWorking
from infra.smoke.gateway import Gateway, message
from infra.smoke.target import SmokeTarget
from infra.smoke.workers import STANDBY, Fleet

PAUSE: Final = 1.0
"""Seconds between looks."""
LOOK: Final = 20.0
"""Seconds that one call waits for the code at the most."""
MINUTES_FROM: Final = 120
"""Seconds from which on a time is told in minutes."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds for what takes its time."""

    edge: float = 60.0
    """A name that was made a moment ago isn't known everywhere."""
    standby: float = 180.0
    """The minute until the next sweep, and what Fargate needs to fetch the image and start it."""
    code: float = 180.0
    """It comes in a few seconds from a standby, and where Fargate has to start a task first, in most of a minute."""
    removal: float = 60.0


USUAL_LIMITS: Final = TimeLimits()


def walk(target: SmokeTarget, say: Say, limits: TimeLimits = USUAL_LIMITS) -> None:
    """Take every step and say how long it took; raises NotWorking, and CannotDeploy where AWS tells nothing."""
    began = time.monotonic()
    say(f"The smoke test of {target.address}:")
    with closing(Gateway(target.address, target.sockets)) as gateway:
        trial = _Trial(gateway, Fleet(target), say, limits)
        try:
            trial.reach_edge()
            trial.log_in(target.username, target.password)
            trial.greet()
            trial.find_standby(target.standbys)
            trial.create()
            trial.get_code()
            trial.delete()
        except BaseException as failure:
            trial.clear_away(failure)
            raise
        trial.clear_away(None)
    say(f"It works ({time.monotonic() - began:.1f} s).")


class _Trial:
    def __init__(self, gateway: Gateway, fleet: Fleet, say: Say, limits: TimeLimits) -> None:
        self._gateway = gateway
        self._fleet = fleet
        self._say = say
        self._limits = limits
        self._session = f"smoke-{secrets.token_hex(4)}"
        self._made = False

    def reach_edge(self) -> None:
        with self._step("the gateway answers at its address"):
            self._until(self._healthy, self._limits.edge, lambda: self._gateway.ask("GET", "/health"))

    def log_in(self, username: str, password: str) -> None:
        with self._step(f"{username} logs in"):
            self._gateway.log_in(username, password)

    def greet(self) -> None:
        with self._step("a WebSocket answers"):
            self._gateway.greet()

    def find_standby(self, wanted: int) -> None:
        if not wanted:
            self._say("  no worker waits in the pool, as was chosen")
            return

        def missing() -> None:
            raise NotWorking(f"None is ready within {_span(self._limits.standby)}. {self._fleet.why_none(STANDBY)}")

        with self._step("a standby worker is ready"):
            self._until(self._fleet.ready, self._limits.standby, missing)

    def create(self) -> None:
        with self._step("a session is created"):
            # Before it is asked for: the answer may get lost.
            self._made = True
            self._gateway.ask("POST", "/v1/sessions", {"id": self._session, "name": "Smoke test"})

    def get_code(self) -> None:
        def missing() -> None:
            session = self._gateway.ask("GET", self._path)
            worker = (session.get("worker") or {}).get("id") or self._session
            raise NotWorking(
                f"There is no code within {_span(self._limits.code)}: the session says {session['status']}"
                f"{', ' + session['reason'] if session.get('reason') else ''}. {self._fleet.why_none(worker)}"
            )

        with self._step("its first QR code is there"):
            self._until(self._has_code, self._limits.code, missing)

    def delete(self) -> None:
        with self._step("the session is deleted"):
            self._remove()

    def clear_away(self, failure: BaseException | None) -> None:
        """Remove what is left of the walk; what can't be is told, beside the failure if there was one."""
        for end in (self._remove, self._gateway.log_out):
            try:
                end()
            except NotWorking as left:
                if failure is None:
                    raise
                failure.add_note(str(left))

    @property
    def _path(self) -> str:
        return f"/v1/sessions/{self._session}"

    def _healthy(self) -> bool:
        try:
            return self._gateway.call("GET", "/health")[0] == HTTPStatus.OK
        except NotWorking:
            return False

    def _has_code(self) -> bool:
        status, told = self._gateway.call("GET", f"{self._path}/qr?wait={min(LOOK, self._limits.code):.0f}")
        if status == HTTPStatus.OK:
            return bool(told["code"])
        if not _passes(status, told):
            raise NotWorking(f"It was answered with {status}: {message(told)}")
        return False

    def _remove(self) -> None:
        if not self._made:
            return
        status, told = self._gateway.call("DELETE", self._path)
        if status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND}:
            raise NotWorking(f"The session {self._session} is left: DELETE was answered with {status}: {message(told)}")

        def left() -> None:
            raise NotWorking(
                f"The session {self._session} is left: it isn't gone within {_span(self._limits.removal)}."
            )

        self._until(
            lambda: self._gateway.call("GET", self._path)[0] == HTTPStatus.NOT_FOUND, self._limits.removal, left
        )
        self._made = False

    def _until(self, look: Callable[[], bool], within: float, otherwise: Callable[[], Any]) -> None:
        ends = time.monotonic() + within
        while not look():
            if time.monotonic() >= ends:
                otherwise()
                return
            time.sleep(PAUSE)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except NotWorking as failure:
            raise NotWorking(f"Not so: {what}. {failure}") from failure
        self._say(f"  {what} ({time.monotonic() - began:.1f} s)")


def _passes(status: int, told: Any) -> bool:
    """Whether it is right to ask again: the gateway says so, or API Gateway didn't wait for it."""
    match told:
        case {"error": {"retryable": True}}:
            return True
        case _:
            return status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.GATEWAY_TIMEOUT}


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= MINUTES_FROM else f"{seconds:.0f} seconds"
