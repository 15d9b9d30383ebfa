"""The caller of each AWS request: in the cloud each function has credentials of its own, here one process has all.

So a request is signed with an access key id that holds the caller's name, which the local AWS reads from the signature.
The id holds a secret of the run, too: any program on this machine can reach the local AWS, but can't name itself so.
"""

import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import boto3
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.session import Session, get_session

OPERATOR: Final = "local"
"""The stack itself, which sets the local AWS up and is allowed everything."""
WORKER: Final = "WorkerTask"
"""The name of workers: their task definition's logical id."""

NAMELESS: Final = "The security token included in the request is invalid."
"""AWS's message for an unknown access key id."""

_caller: ContextVar[str] = ContextVar("caller", default=OPERATOR)
_CREDENTIAL: Final = re.compile(r"Credential=(?P<key_id>[^/]+)/")


@contextmanager
def calling_as(name: str) -> Iterator[None]:
    """Sign the AWS requests of this thread, and of threads that it hands work to, as ``name``."""
    token = _caller.set(name)
    try:
        yield
    finally:
        _caller.reset(token)


class Callers:
    """The access key ids of one run, which are secret."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes()
        self._made: dict[str, str] = {}
        self.secret_key = secrets.token_urlsafe()

    def key_id(self, name: str) -> str:
        """Return the access key id of a caller."""
        if name not in self._made:
            self._made[name] = f"{name}.{hmac.digest(self._secret, name.encode(), 'sha256').hex()}"
        return self._made[name]

    def caller_of(self, authorization: str) -> str | None:
        """Return the caller who signed a request, from its ``Authorization`` header; None if unknown."""
        found = _CREDENTIAL.search(authorization)
        if found is None:
            return None
        name = found["key_id"].rpartition(".")[0]
        # Whom no id was made for can't have one.
        known = hmac.compare_digest(found["key_id"].encode(), self._made.get(name, "").encode())
        return name if known else None

    def denial(self, authorization: str, _target: str, _body: bytes) -> str | None:
        """Return AWS's message for a request of an unknown caller; None for a known caller."""
        return NAMELESS if self.caller_of(authorization) is None else None


def sign_by_caller(callers: Callers) -> Session:
    """Have the clients that this process makes from now on sign each request as whoever is calling then.

    Returns the session that they are made from.
    """
    session = get_session()
    vars(session)["_credentials"] = _CallersCredentials(callers)  # botocore has no other way in
    boto3.setup_default_session(botocore_session=session)
    return session


class _CallersCredentials(Credentials):
    def __init__(self, callers: Callers) -> None:
        super().__init__("caller", callers.secret_key)
        self._callers = callers

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of whoever is calling."""
        return ReadOnlyCredentials(self._callers.key_id(_caller.get()), self.secret_key, None)
