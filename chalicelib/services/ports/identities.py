"""Where it is remembered who somebody is on WhatsApp."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from chalicelib.domain.identity import Identity


class IdentityStore(Protocol):
    """What a session's account has learnt of people, each under their JIDs; forgotten after a month without news."""

    def note(self, uid: str, jids: Sequence[str], identity: Identity, *, now: int) -> None:
        """Have the person found under each of the ``jids``; again is no harm."""

    def find(self, uid: str, jids: Sequence[str], *, now: int) -> Mapping[str, Identity]:
        """Return who is known under the ``jids``, by JID; read consistently."""

    def forget(self, uid: str, jid: str) -> None:
        """Have nobody found under the JID; if nobody is, nothing happens."""
