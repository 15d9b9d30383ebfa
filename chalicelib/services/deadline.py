"""Until when the call that is being served has to be answered.

The gateway in front of the API gives up on a call that takes too long, and tells its caller so, whatever comes of it
afterwards. So the deadline goes along with the call, beside its arguments, and whatever waits looks at it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_answer_by: Final[ContextVar[int | None]] = ContextVar("answer_by", default=None)


@contextmanager
def answering_by(deadline: int) -> Iterator[None]:
    """Have what this thread does in this context end by then (milliseconds since the Unix epoch)."""
    token = _answer_by.set(deadline)
    try:
        yield
    finally:
        _answer_by.reset(token)


def in_time(ends: int) -> int:
    """Return when a wait has to end that would otherwise end at ``ends``; both in milliseconds since the epoch."""
    deadline = _answer_by.get()
    return ends if deadline is None else min(ends, deadline)
