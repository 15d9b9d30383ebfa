"""A watcher: an API Gateway WebSocket connection that follows a session."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.session import Session

SETTLING: Final = 10_000
"""Milliseconds after connecting in which API Gateway may still answer 410 for a connection that is fine."""
LIFETIME: Final = 2 * 3_600_000
"""Milliseconds that API Gateway lets a WebSocket connection live."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches what, in which dialect; ``expires_at`` is the end of its token or of the connection's life.

    ``token`` is the id of the token that let it in, if one did. ``codes`` says that its principal may link the
    session, and so is shown codes.
    """

    id: str
    tenant: str
    session: str
    dialect: str
    principal: str
    connected_at: int
    expires_at: int
    codes: bool = False
    token: str | None = None

    def sees(self, session: Session | None) -> Session | None:
        """Return what it may be told of a session that it follows."""
        return session if self.codes or session is None else session.without_code()
