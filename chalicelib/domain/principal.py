"""Who a caller is, and what it may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

DEFAULT_TENANT: Final = "default"
"""The tenant of the gateway's operators: its administrators manage the other tenants."""


class Role(StrEnum):
    """What a user is in its tenant."""

    ADMIN = "admin"
    MEMBER = "member"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """What a route needs."""

    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    SESSIONS_LINK = "sessions:link"  # to be shown codes: whoever scans one has the session's messages
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    ACCOUNT_OWN = "account:own"  # one's own password and API keys
    USERS_MANAGE = "users:manage"
    KEYS_MANAGE = "keys:manage"
    TENANTS_MANAGE = "tenants:manage"


_READING: Final = frozenset({Permission.SESSIONS_READ, Permission.MESSAGES_READ})
_WORKING: Final = _READING | {Permission.SESSIONS_WRITE, Permission.SESSIONS_LINK, Permission.MESSAGES_SEND}

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: _WORKING | {Permission.ACCOUNT_OWN, Permission.USERS_MANAGE, Permission.KEYS_MANAGE},
    Role.MEMBER: _WORKING | {Permission.ACCOUNT_OWN},
    Role.READ_ONLY: _READING | {Permission.ACCOUNT_OWN},
}
"""The permission table."""

OPERATORS: Final = frozenset({Permission.TENANTS_MANAGE})
"""What administrators of the default tenant may do besides."""

KEYS: Final = _WORKING
"""What an API key may do at most. A key that leaked can't make another, nor a user, so revoking it is the end of it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose credential was good until ``expires_at`` (milliseconds since the Unix epoch; None: no end).

    ``key`` is the id of the API key that it called with, ``session`` the one session that this key is bound to.
    ``generation`` is that of the token that a user called with, ``token`` its id.
    """

    name: str
    tenant: str
    role: Role
    expires_at: int | None = None
    key: str | None = None
    session: str | None = None
    generation: int | None = None
    token: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the permission table grants it."""
        granted = GRANTS[self.role]
        if self.role is Role.ADMIN and self.tenant == DEFAULT_TENANT:
            granted |= OPERATORS
        return permission in (granted & KEYS if self.key else granted)


@dataclass(frozen=True, slots=True)
class User:
    """A person with a password (argon2's encoded hash).

    ``disabled`` is its administrator's will, ``suspended`` comes from its tenant. Tokens carry ``token_generation``,
    and are good for as long as it stays the same; single ones that ended before their time are in ``ended_tokens``, by
    their ids, with that time in milliseconds since the Unix epoch. ``version`` grows with every write. ``made_by`` is
    the reservation that it was created with, if the request had an Idempotency-Key.
    """

    name: str
    tenant: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: int
    disabled: bool = False
    suspended: bool = False
    token_generation: int = 0
    version: int = 0
    made_by: str | None = None
    ended_tokens: Mapping[str, int] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it may log in."""
        return not (self.disabled or self.suspended)

    @property
    def administers(self) -> bool:
        """Whether its tenant can count on it for an administrator."""
        return self.role is Role.ADMIN and not self.disabled
