"""The id of the request that what happens goes back to: from the call, through table and queues, to webhook and log.

A call's id is API Gateway's, which its log and the answer have too. It goes along beside arguments, as deadlines do,
also into threads that are begun on the way (``chalicelib.services.threads``).
Adapters write it with what they write, and what reads that back (the stream's consumers, a queue's) works under the
same id. It is no secret, opens nothing, and is never a client's own word.

A session keeps the id of the last call that changed it, a message that of the call that made it. Whoever acts on an
older record of a session leaves the session's id alone: a newer call may have changed it since.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

HEADER: Final = "X-Request-Id"
"""Where answers and webhooks have it."""

_current: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
_in_call: Final[ContextVar[bool]] = ContextVar("in_call", default=False)


@contextmanager
def in_call(request_id: str) -> Iterator[None]:
    """Have this context be the call itself."""
    token = _in_call.set(True)
    try:
        with on_behalf_of(request_id):
            yield
    finally:
        _in_call.reset(token)


@contextmanager
def on_behalf_of(request_id: str | None) -> Iterator[None]:
    """Have all that this context does go back to that request; None for what no request set off."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def request_id() -> str | None:
    """Return the id of the request that what happens now goes back to, None for none."""
    return _current.get()


def call_id() -> str | None:
    """Return the id of the call that this context is, None outside of calls."""
    return _current.get() if _in_call.get() else None


def name_requests_in_logs() -> None:
    """Have each line of the process's log carry the id as ``request_id``, where what happens goes back to a request.

    Lambda writes a record's own attributes into its JSON lines, so the record is where the id belongs.
    """
    made = logging.getLogRecordFactory()
    if getattr(made, "names_requests", False):
        return

    def make(*given: Any, **named: Any) -> logging.LogRecord:
        record = made(*given, **named)
        if name := request_id():
            record.request_id = name
        return record

    make.names_requests = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make)
