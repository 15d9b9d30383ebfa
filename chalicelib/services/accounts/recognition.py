"""Credentials that were looked up a moment ago, remembered for calls that come thick and fast: those that send."""

from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from typing import Final

from chalicelib.domain.access import Principal
from chalicelib.services.ports import Clock

GOOD_FOR: Final = 3_000
"""Milliseconds for which a credential counts as it was found: so long one that is revoked may still send."""
MOST: Final = 1_000
"""Credentials that are remembered."""


class Recognition:
    """Remembers in one process whose credentials they were; the credentials themselves only as hashes.

    Used from many threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._known: dict[bytes, tuple[Principal, int]] = {}

    def recently(self, given: str, look: Callable[[str], Principal]) -> Principal:
        """Return whose credential it was within the last ``GOOD_FOR``, else whose it is now, as ``look`` says.

        A token's own end counts at once. Raises what ``look`` raises, which nothing is remembered of.
        """
        name, now = sha256(given.encode()).digest(), self._clock()
        with self._lock:
            principal, until = self._known.get(name, (None, 0))
        if principal and now < until and (principal.expires_at is None or now < principal.expires_at):
            return principal
        self._forget(name)
        principal = look(given)
        with self._lock:
            self._known[name] = principal, now + GOOD_FOR
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return principal

    def forget(self) -> None:
        """Forget them all."""
        with self._lock:
            self._known.clear()

    def _forget(self, name: bytes) -> None:
        with self._lock:
            self._known.pop(name, None)
