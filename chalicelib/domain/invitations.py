"""Invitations: one-time links by which the holder of a phone links one session, without an account here.

An owner makes an invitation and gives its secret to the holder. The secret is exchanged once, for a token that takes
part in that one linking. Whatever ends an invitation ends its token too: fifteen minutes, its owner's word, and the
session's being linked. Which of them came first is what the invitation says from then on.

Both secrets say which invitation they are of, ``inv_UID.ID.RANDOM`` and ``lnk_UID.ID.RANDOM``, so that one read finds
it. What makes them good is the random part, 32 bytes as base64url; of either the hash alone is kept.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from chalicelib.domain.session import Session

LASTS: Final = 15 * 60_000
"""Milliseconds for which an invitation is good, opened or not."""
GRACE: Final = 60_000
"""Milliseconds in which a token can still learn that its session is linked."""
MOST_OPEN: Final = 20
"""Invitations of a session that may be good at a time."""
MOST_TICKETS: Final = 10
"""Tickets for WebSockets that an invitation's token is given a minute, apart from those of its tenant."""
MOST_WATCHING: Final = 10
"""WebSockets of phones' holders that may follow a session at a time: places are left for its owner."""
ENTROPY: Final = 32
"""Random bytes in either secret."""

_OF_SECRETS: Final = "inv_"
_OF_TOKENS: Final = "lnk_"
_EITHER: Final = re.compile(r"(?:inv|lnk)_([0-9A-Za-z-]{1,64})\.([0-9A-Za-z-]{1,64})\.[A-Za-z0-9_-]{43}")


class InvitationState(StrEnum):
    """How an invitation stands."""

    OPEN = "open"
    """Nobody has opened it yet."""
    OPENED = "opened"
    """Somebody has, and may be linking the session."""
    USED = "used"
    """The session was linked."""
    REVOKED = "revoked"
    EXPIRED = "expired"


GOOD: Final = frozenset({InvitationState.OPEN, InvitationState.OPENED})
"""States in which something can still come of it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation without its secrets; times in milliseconds since the Unix epoch.

    ``uid`` and ``session`` are the session's, ``maker`` is the name of the principal who made it, ``key`` the
    fingerprint of the API key that it was made with, if it was. ``company`` and ``colour`` (``#rrggbb``) are who the
    page says invites, ``language`` is the one that the page is to speak, as a BCP 47 tag.
    """

    id: str
    uid: str
    tenant: str
    session: str
    created_at: int
    expires_at: int
    maker: str
    company: str
    secret_hash: str = field(repr=False)
    token_hash: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    colour: str | None = None
    language: str | None = None
    opened_at: int | None = None
    revoked_at: int | None = None

    def state(self, session: Session, now: int) -> InvitationState:
        """Return how it stands at ``now``; ``session`` is its session as that stands."""
        linked_at = session.linked_at
        if linked_at is not None and linked_at < self.created_at:
            linked_at = None
        ends = (
            (self.revoked_at, InvitationState.REVOKED),
            (linked_at, InvitationState.USED),
            (self.expires_at, InvitationState.EXPIRED),
        )
        past = [(at, state) for at, state in ends if at is not None and at <= now]
        if past:
            return min(past)[1]
        return InvitationState.OPEN if self.opened_at is None else InvitationState.OPENED

    def just_used(self, session: Session, now: int) -> bool:
        """Whether the session was linked so lately that whoever linked it may not know yet."""
        linked = self.state(session, now) is InvitationState.USED and session.linked_at is not None
        return linked and now < min((session.linked_at or 0) + GRACE, self.expires_at)

    def is_secret(self, secret: str) -> bool:
        """Whether this is its secret."""
        return hmac.compare_digest(hashed(secret), self.secret_hash)

    def is_token(self, token: str) -> bool:
        """Whether this is the token that its secret was exchanged for."""
        return self.token_hash is not None and hmac.compare_digest(hashed(token), self.token_hash)


def secret_of(uid: str, invitation_id: str, entropy: bytes) -> str:
    """Return the secret of a session's invitation, from 32 random bytes."""
    return f"{_OF_SECRETS}{uid}.{invitation_id}.{_text(entropy)}"


def token_of(uid: str, invitation_id: str, entropy: bytes) -> str:
    """Return the token of a session's invitation, from 32 random bytes."""
    return f"{_OF_TOKENS}{uid}.{invitation_id}.{_text(entropy)}"


def is_linking_token(credential: str) -> bool:
    """Whether a credential has the form of an invitation's token: no other one begins so."""
    return credential.startswith(_OF_TOKENS)


def named_by(secret: str) -> tuple[str, str] | None:
    """Return the session's uid and the invitation's id that a secret or a token names; None for what can be neither."""
    found = _EITHER.fullmatch(secret)
    return (found[1], found[2]) if found else None


def hashed(secret: str) -> str:
    """Return the SHA-256 under which a secret or a token is kept: it is random and long, so that needs no salt."""
    return sha256(secret.encode()).hexdigest()


def _text(entropy: bytes) -> str:
    return urlsafe_b64encode(entropy).decode().rstrip("=")
