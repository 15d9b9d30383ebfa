"""Where the local AWS asks whether a request is allowed: by its signature, what it is for and what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from infra.local.iam.callers import NAMELESS, OPERATOR, Callers
from infra.local.iam.permissions import Permissions
from infra.local.iam.uses import Roles, Unread, connection_use, uses

Denial = Callable[[str, str], str | None]
CONNECTIONS_API: Final = "local"
"""The WebSocket API's id and stage, as the local front has them."""
STAGE: Final = "api"


@dataclass(frozen=True, slots=True)
class Door:
    """Judges requests to the services of one account and region; ``roles`` knows the task definitions' roles."""

    place: tuple[str, str]
    permissions: Permissions
    roles: Roles
    callers: Callers

    def service(self, authorization: str, target: str, body: bytes) -> str | None:
        """Return why a request to a service is not allowed; None if it is."""
        caller = self.callers.caller_of(authorization)
        if caller is None or caller == OPERATOR:
            return NAMELESS if caller is None else None
        try:
            needed = uses(self.place, target, body, self.roles)
        except Unread as unread:
            return f"User: {caller} is not authorized to perform: {unread}"
        return self.permissions.denial(caller, needed)

    def connections(self, authorization: str, method: str) -> str | None:
        """Return why a request to ``@connections`` is not allowed; None if it is."""
        caller = self.callers.caller_of(authorization)
        if caller is None:
            return NAMELESS
        return self.permissions.denial(caller, [connection_use(self.place, CONNECTIONS_API, STAGE, method)])
