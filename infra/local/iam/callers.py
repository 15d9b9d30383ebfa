"""Who calls AWS: in the cloud each function has a process and credentials of its own, here they share both.

So a request is signed with an access key id that is the caller's name, and the local AWS reads it off the signature.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, Final

import boto3
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.session import Session, get_session

OPERATOR: Final = "local"
"""Who sets the local AWS up, and plays its own parts: everything is allowed."""
WORKER: Final = "WorkerTask"
"""Workers, by their task definition's logical id."""

_caller: ContextVar[str] = ContextVar("caller", default=OPERATOR)
_CREDENTIAL: Final = re.compile(r"Credential=(?P<caller>[^/]+)/")


@contextmanager
def calling_as(name: str) -> Iterator[None]:
    """Sign what this thread asks of AWS, and what threads that it hands work to ask, as ``name``."""
    token = _caller.set(name)
    try:
        yield
    finally:
        _caller.reset(token)


def caller_of(authorization: str) -> str:
    """Return who signed a request, from its ``Authorization`` header; an unsigned one is the operator's."""
    found = _CREDENTIAL.search(authorization)
    return found["caller"] if found else OPERATOR


def sign_by_caller() -> Session:
    """Have the clients that this process makes from now on sign each request as whoever is calling then.

    Returns the session that they are made from.
    """
    session = get_session()
    vars(session)["_credentials"] = _CallersCredentials("caller", "local")  # botocore has no other way in
    boto3.setup_default_session(botocore_session=session)
    ThreadPoolExecutor.submit = _submit_in_context  # type: ignore[method-assign,assignment]
    return session


class _CallersCredentials(Credentials):
    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of whoever is calling."""
        return ReadOnlyCredentials(_caller.get(), self.secret_key, None)


_submit = ThreadPoolExecutor.submit


def _submit_in_context(pool: ThreadPoolExecutor, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
    """Hand work over with the context it comes from: a function's own threads are the function."""
    return _submit(pool, copy_context().run, call, *args, **kwargs)
