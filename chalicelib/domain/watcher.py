"""A watcher: an API Gateway WebSocket connection that follows a session."""

from dataclasses import dataclass
from typing import Final

SETTLING: Final = 10_000
"""Milliseconds after connecting in which API Gateway may still answer 410 for a connection that is fine."""
LIFETIME: Final = 2 * 3_600_000
"""Milliseconds that API Gateway lets a WebSocket connection live."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches what, in which dialect; ``expires_at`` is the end of its token or of the connection's life."""

    id: str
    tenant: str
    session: str
    dialect: str
    principal: str
    connected_at: int
    expires_at: int
