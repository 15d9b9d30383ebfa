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

MEMORY_MB: Final = 256
TIMEOUT_S: Final = 30
Handler = Callable[[dict[str, Any], LambdaContext], Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One handler; a call takes a thread of ``executor`` for as long as it lasts."""

    name: str
    handler: Handler
    executor: Executor

    async def __call__(self, event: dict[str, Any]) -> Any:
        """Return the function's answer to ``event``; what the handler raises is raised."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, self._call, json.dumps(event))

    def _call(self, event: str) -> Any:
        context = LambdaContext(self.name, MEMORY_MB, TIMEOUT_S * 1000)
        return json.loads(json.dumps(self.handler(json.loads(event), context)))


def load_app() -> Chalice:
    """Import ``app.py`` as Lambda does: the environment is read from then on."""
    app = importlib.import_module("app").app
    if not isinstance(app, Chalice):
        raise TypeError("app.py has no Chalice app named app")
    return app


def functions_of(app: Chalice, executor: Executor) -> dict[str, Function]:
    """Return the app's own Lambda functions by the logical ids that packaging gives them."""
    names = [one.name for one in app.pure_lambda_functions]
    return {to_cfn_resource_name(name): Function(name, app.handler_map[name], executor) for name in names}


def socket_functions_of(app: Chalice, executor: Executor) -> dict[str, Function]:
    """Return the app's WebSocket handlers by route key (``$connect``, ``$default``, ``$disconnect``, ...)."""
    configs = {route: config.name for route, config in app.websocket_handlers.items()}
    return {route: Function(name, app.handler_map[name], executor) for route, name in configs.items()}
