"""Threads that work on behalf of whoever hands work to them: under the same request's id, by the same deadline."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(ThreadPoolExecutor):
    """A pool whose threads see the context variables of the thread that submits, which Python's own doesn't give them.

    ``map`` submits, too.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a thread call ``fn`` in a copy of the context that this is called in."""
        # A copy for each: a context can't be entered by two threads at a time.
        return super().submit(copy_context().run, fn, *args, **kwargs)  # type: ignore[arg-type]
