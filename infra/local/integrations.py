"""Which function serves which method of the REST API, and how many of its calls may run at a time, by the template.

All that the template says nothing about is the one function's that Chalice makes, whose concurrency is the account's.
"""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

T = TypeVar("T")

_FUNCTION: Final = re.compile(r"functions/\$\{(?P<name>\w+)\.Arn\}/invocations")


class Throttled(Exception):
    """As many calls of the function run as may."""


@dataclass(slots=True)
class Reserved:
    """A function with a reserved concurrency, by its logical id; its calls have threads of their own."""

    name: str
    most: int
    _pool: ThreadPoolExecutor = field(init=False)
    _lock: Lock = field(default_factory=Lock)
    _running: int = 0

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.most, thread_name_prefix=self.name)

    def submit(self, call: Callable[..., T], *arguments: Any) -> Future[T]:
        """Start a call; raises Throttled, as Lambda does, where it would have to wait for another one's end."""
        with self._lock:
            if self._running >= self.most:
                raise Throttled(self.name)
            self._running += 1
        future = self._pool.submit(call, *arguments)
        future.add_done_callback(self._ended)
        return future

    def close(self) -> None:
        """Start no call any more, and wait for none."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ended(self, _: Future[T]) -> None:
        with self._lock:
            self._running -= 1


def integrations(api: Mapping[str, Any], functions: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Reserved]:
    """Return the functions with a reserved concurrency that serve the REST API, by method and path.

    ``api`` and ``functions`` are the properties of the template's resources, those of the functions resolved.
    """
    made: dict[str, Reserved] = {}
    found = {}
    for path, methods in api["DefinitionBody"]["paths"].items():
        for method, said in methods.items():
            name = _function(said)
            most = functions.get(name, {}).get("ReservedConcurrentExecutions")
            if most is not None:
                found[method.upper(), path] = made.setdefault(name, Reserved(name, int(most)))
    return found


def _function(said: Mapping[str, Any]) -> str:
    uri = said["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    named = _FUNCTION.search(uri)
    if named is None:
        raise ValueError(f"The template has an integration with no function of its own: {uri}")
    return named["name"]
