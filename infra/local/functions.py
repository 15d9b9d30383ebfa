"""Chalice's functions, called as Lambda calls them: JSON in, JSON out, a context with the time that is left."""

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from chalice.app import Chalice
from chalice.local import LambdaContext
from chalice.utils import to_cfn_resource_name

from infra.local.iam.callers import calling_as
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.local.settings import ACCOUNT_CONCURRENCY

MEMORY_MB: Final = 256
TIMEOUT_S: Final = 30
REST_NAME: Final = "APIHandler"
SOCKET_NAMES: Final = {
    "$connect": "WebsocketConnect",
    "$default": "WebsocketMessage",
    "$disconnect": "WebsocketDisconnect",
}
"""The logical ids that packaging gives the two APIs' functions."""
Handler = Callable[[dict[str, Any], LambdaContext], Any]
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
"""Seconds between attempts to call a throttled function, twice as long each time."""
T = TypeVar("T")
P = ParamSpec("P")


class Submits(Protocol):
    """What begins calls, each in a thread."""

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call."""


class Throttled(Exception):
    """As many calls run as may: all of a function's reserve, or all that the account has beside the reserves."""


@dataclass(slots=True)
class Reserved:
    """A part of the account's concurrency, by the logical id of the function that has it; with threads of its own."""

    name: str
    most: int
    _pool: ThreadPoolExecutor = field(init=False)
    _lock: Lock = field(default_factory=Lock)
    _running: int = 0

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.most, thread_name_prefix=self.name)

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call; raises Throttled, as Lambda does, where it would have to wait for another one's end."""
        with self._lock:
            if self._running >= self.most:
                raise Throttled(self.name)
            self._running += 1
        future = self._pool.submit(call, *args, **kwargs)
        future.add_done_callback(self._ended)
        return future

    def close(self) -> None:
        """Start no call any more, and wait for none."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ended(self, _: Future[T]) -> None:
        with self._lock:
            self._running -= 1


class Concurrency:
    """What may run at a time in an account: a function has its reserve to itself, the rest is shared."""

    def __init__(self, reserved: Mapping[str, int], account: int = ACCOUNT_CONCURRENCY) -> None:
        self._reserved = {name: Reserved(name, count) for name, count in reserved.items() if count}
        self._shared = Reserved("lambda", max(1, account - sum(reserved.values())))

    def of(self, name: str) -> Reserved:
        """Return what the function with that logical id runs in."""
        return self._reserved.get(name, self._shared)


def reserved_concurrency(functions: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Read the resolved properties of the template's functions, by logical id."""
    found = {name: properties.get("ReservedConcurrentExecutions") for name, properties in functions.items()}
    return {name: int(count) for name, count in found.items() if count is not None}


@dataclass(frozen=True, slots=True)
class Function:
    """One handler; a call takes a thread of ``executor`` for as long as it lasts.

    ``name`` is the logical id that packaging gives the function, as which it calls AWS. ``patient``: what calls it (a
    stream's, a queue's or an event's poller) tries again where it is throttled, as Lambda's do.
    """

    name: str
    handler: Handler
    executor: Submits
    latencies: Latencies = NO_LATENCIES
    patient: bool = False

    async def __call__(self, event: dict[str, Any] | str) -> Any:
        """Return the function's answer to ``event`` or its JSON; what the handler raises is raised, and Throttled."""
        said, pause = event if isinstance(event, str) else json.dumps(event), FIRST_PAUSE_S
        while True:
            try:
                return await asyncio.wrap_future(self.executor.submit(self._call, said))
            except Throttled:
                if not self.patient:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _call(self, event: str) -> Any:
        context = LambdaContext(self.name, MEMORY_MB, TIMEOUT_S * 1000)
        with self.latencies.invocation(self.name), calling_as(self.name):
            return json.loads(json.dumps(self.handler(json.loads(event), context)))


def load_app() -> Chalice:
    """Import ``app.py`` as Lambda does: the environment is read from then on."""
    app = importlib.import_module("app").app
    if not isinstance(app, Chalice):
        raise TypeError("app.py has no Chalice app named app")
    return app


def functions_of(app: Chalice, concurrency: Concurrency, latencies: Latencies = NO_LATENCIES) -> dict[str, Function]:
    """Return the app's own Lambda functions by the logical ids that packaging gives them."""
    handlers = {to_cfn_resource_name(one.name): app.handler_map[one.name] for one in app.pure_lambda_functions}
    return {
        name: Function(name, handler, concurrency.of(name), latencies, patient=True)
        for name, handler in handlers.items()
    }


def socket_functions_of(
    app: Chalice, concurrency: Concurrency, latencies: Latencies = NO_LATENCIES
) -> dict[str, Function]:
    """Return the app's WebSocket handlers by route key (``$connect``, ``$default``, ``$disconnect``, ...)."""
    named = {route: SOCKET_NAMES.get(route, SOCKET_NAMES["$default"]) for route in app.websocket_handlers}
    return {
        route: Function(named[route], app.handler_map[config.name], concurrency.of(named[route]), latencies)
        for route, config in app.websocket_handlers.items()
    }
