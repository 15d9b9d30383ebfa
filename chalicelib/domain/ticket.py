"""A ticket: what opens one WebSocket, once and soon, in the place of a credential that must not stand in an address."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from chalicelib.domain.principal import Principal

LIFE: Final = 60_000
"""Milliseconds in which it must be used."""
TICKET_PREFIX: Final = "wst_"
ENTROPY: Final = 32
"""Random bytes in a ticket, written as 43 characters of base64url."""

_TICKET: Final = re.compile(r"wst_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket without its secret: to whom it was given, and until when it is good, in milliseconds since the epoch."""

    fingerprint: str = field(repr=False)
    holder: Principal
    expires_at: int


def ticket_of(entropy: bytes) -> str:
    """Return 32 random bytes as a ticket's secret."""
    return TICKET_PREFIX + urlsafe_b64encode(entropy).decode().rstrip("=")


def is_ticket(credential: str) -> bool:
    """Whether it is written like a ticket: no token and no API key begins so."""
    return credential.startswith(TICKET_PREFIX)


def ticket_fingerprint(secret: str) -> str | None:
    """Return what a ticket is found by: the SHA-256 of its secret; None if no ticket can look like that."""
    return sha256(secret.encode()).hexdigest() if _TICKET.fullmatch(secret) else None
