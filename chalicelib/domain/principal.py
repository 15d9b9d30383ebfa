"""Who a caller is, and what it may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a user is in its tenant."""

    ADMIN = "admin"
    MEMBER = "member"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """What a route needs."""

    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"


GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MEMBER: frozenset(Permission),
    Role.READ_ONLY: frozenset({Permission.SESSIONS_READ, Permission.MESSAGES_READ}),
}
"""The permission table."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose credential was good until ``expires_at`` (milliseconds since the Unix epoch; None: no end)."""

    name: str
    tenant: str
    role: Role
    expires_at: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the permission table grants it."""
        return permission in GRANTS[self.role]


@dataclass(frozen=True, slots=True)
class User:
    """A person with a password (argon2's encoded hash)."""

    name: str
    tenant: str
    role: Role
    password_hash: str
    created_at: int
