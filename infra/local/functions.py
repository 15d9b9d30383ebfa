"""Chalice's functions, called as Lambda calls them: JSON in, JSON out, a context with the time that is left."""

import asyncio
import importlib
import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final

from chalice.app import Chalice
from chalice.local import LambdaContext
from chalice.utils import to_cfn_resource_name

from infra.local.iam.callers import calling_as

MEMORY_MB: Final = 256
TIMEOUT_S: Final = 30
REST_NAME: Final = "APIHandler"
SOCKET_NAMES: Final = {
    "$connect": "WebsocketConnect",
    "$default": "WebsocketMessage",
    "$disconnect": "WebsocketDisconnect",
}
"""The logical ids that packaging gives what serves the two APIs."""
Handler = Callable[[dict[str, Any], LambdaContext], Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One handler; a call takes a thread of ``executor`` for as long as it lasts.

    ``name`` is the logical id that packaging gives it: it calls AWS as that.
    """

    name: str
    handler: Handler
    executor: Executor

    async def __call__(self, event: dict[str, Any]) -> Any:
        """Return the function's answer to ``event``; what the handler raises is raised."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, self._call, json.dumps(event))

    def _call(self, event: str) -> Any:
        context = LambdaContext(self.name, MEMORY_MB, TIMEOUT_S * 1000)
        with calling_as(self.name):
            return json.loads(json.dumps(self.handler(json.loads(event), context)))


def load_app() -> Chalice:
    """Import ``app.py`` as Lambda does: the environment is read from then on."""
    app = importlib.import_module("app").app
    if not isinstance(app, Chalice):
        raise TypeError("app.py has no Chalice app named app")
    return app


def functions_of(app: Chalice, executor: Executor) -> dict[str, Function]:
    """Return the app's own Lambda functions by the logical ids that packaging gives them."""
    handlers = {to_cfn_resource_name(one.name): app.handler_map[one.name] for one in app.pure_lambda_functions}
    return {name: Function(name, handler, executor) for name, handler in handlers.items()}


def socket_functions_of(app: Chalice, executor: Executor) -> dict[str, Function]:
    """Return the app's WebSocket handlers by route key (``$connect``, ``$default``, ``$disconnect``, ...)."""
    return {
        route: Function(SOCKET_NAMES.get(route, SOCKET_NAMES["$default"]), app.handler_map[config.name], executor)
        for route, config in app.websocket_handlers.items()
    }
