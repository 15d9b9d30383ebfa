"""Chalice's functions, called as Lambda calls them: JSON in, JSON out, a context with the time that is left."""

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from chalice.app import Chalice
from chalice.local import LambdaContext
from chalice.utils import to_cfn_resource_name

from infra.local.iam.callers import calling_as
from infra.local.latencies import NO_LATENCIES, Latencies

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
ACCOUNT_CONCURRENCY: Final = 1000
"""Calls that Lambda runs at a time for an account by default."""


class Concurrency:
    """The threads that functions run in, each call in one: a function has its reserve to itself, the rest is shared."""

    def __init__(self, reserved: Mapping[str, int]) -> None:
        self._reserved = {
            name: ThreadPoolExecutor(count, thread_name_prefix=name) for name, count in reserved.items() if count
        }
        left = max(1, ACCOUNT_CONCURRENCY - sum(reserved.values()))
        self._shared = ThreadPoolExecutor(left, thread_name_prefix="lambda")

    def of(self, name: str) -> Executor:
        """Return the executor of the function with that logical id."""
        return self._reserved.get(name, self._shared)


def reserved_concurrency(functions: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Read the resolved properties of the template's functions, by logical id."""
    found = {name: properties.get("ReservedConcurrentExecutions") for name, properties in functions.items()}
    return {name: int(count) for name, count in found.items() if count is not None}


@dataclass(frozen=True, slots=True)
class Function:
    """One handler; a call takes a thread of ``executor`` for as long as it lasts.

    ``name`` is the logical id that packaging gives the function, as which it calls AWS.
    """

    name: str
    handler: Handler
    executor: Executor
    latencies: Latencies = NO_LATENCIES

    async def __call__(self, event: dict[str, Any]) -> Any:
        """Return the function's answer to ``event``; what the handler raises is raised."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, self._call, json.dumps(event))

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
    return {name: Function(name, handler, concurrency.of(name), latencies) for name, handler in handlers.items()}


def socket_functions_of(
    app: Chalice, concurrency: Concurrency, latencies: Latencies = NO_LATENCIES
) -> dict[str, Function]:
    """Return the app's WebSocket handlers by route key (``$connect``, ``$default``, ``$disconnect``, ...)."""
    named = {route: SOCKET_NAMES.get(route, SOCKET_NAMES["$default"]) for route in app.websocket_handlers}
    return {
        route: Function(named[route], app.handler_map[config.name], concurrency.of(named[route]), latencies)
        for route, config in app.websocket_handlers.items()
    }
