"""Who may do what: principals and their roles, tenants, API keys, tickets, and the count of failed logins.

Each failed login counts four times: by the user and the address together, by the user from wherever, by the address
whoever is named, and by the larger network that the address is in. So neither sixty networks that guess one user's
password nor one address that tries a hundred names get further than a few guesses.

Three of these counts can be filled by strangers, who would lock a user out for as long as they go on. So they don't
hold for a user at an address where the same user has logged in within ``KNOWN`` before: there the first count alone
does, which strangers elsewhere can't reach. Nor do they hold for who shows a token of the user's, to change the
password: what fails there has a count of its own besides, by the user, which nobody without a token can fill.
Everywhere else a user who is being guessed at waits, or has an administrator set a new password, which forgives what
was counted against the name.

"Address" is an IPv4 address, or the /64 network of an IPv6 one; the larger network is a /24 or a /48.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from chalicelib.domain.addresses import network_of, wider_network_of

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


KEY_PREFIX: Final = "sb_"
KEY_ENTROPY: Final = 32
"""Random bytes in an API key, written as 43 characters of base64url."""
MOST_KEYS: Final = 50
"""API keys that a user may have."""
LISTED: Final = 100
"""Administrators that a tenant counts; the others are no less administrators."""

_KEY: Final = re.compile(r"sb_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, without its secret; times in milliseconds since the Unix epoch.

    It has its owner's role and is suspended with its owner's tenant: both are written on it when they change, so that a
    request by key needs to read nothing but the key.
    """

    id: str
    fingerprint: str = field(repr=False)
    tenant: str
    owner: str
    role: Role
    created_at: int
    session: str | None = None
    expires_at: int | None = None
    last_used: int | None = None
    suspended: bool = False

    def good(self, now: int) -> bool:
        """Whether it opens anything."""
        return not self.suspended and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company. ``admins`` names users who are its administrators, ``made_by`` the reservation it was created with.

    It is changed before a user stops being one, and after a user has become one, and never to nothing. So there always
    is one, whatever happens at the same time or halfway.
    """

    id: str
    name: str
    created_at: int
    admins: tuple[str, ...]
    disabled: bool = False
    version: int = 0
    made_by: str | None = None


def secret_of(entropy: bytes) -> str:
    """Return 32 random bytes as an API key's secret."""
    return KEY_PREFIX + urlsafe_b64encode(entropy).decode().rstrip("=")


def is_key(credential: str) -> bool:
    """Whether it is written like an API key: nothing else begins so."""
    return credential.startswith(KEY_PREFIX)


def fingerprint(secret: str) -> str | None:
    """Return what a key is found by: the SHA-256 of its secret; None if no key can look like that.

    The secret is random and long, so it needs no slow hash and no salt.
    """
    return sha256(secret.encode()).hexdigest() if _KEY.fullmatch(secret) else None


def principal_of(key_id: str) -> str:
    """Return the name under which a key's caller goes; no user's name has a colon."""
    return f"key:{key_id}"


LIFE: Final = 60_000
"""Milliseconds in which it must be used."""
TICKET_PREFIX: Final = "wst_"
TICKET_ENTROPY: Final = 32
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


WINDOW: Final = 300
"""Seconds until a failed login is forgotten."""
MOST_BY_PAIR: Final = 5
"""Failed logins of one user from one address within the window, before more are refused."""
MOST_BY_USER: Final = 20
"""The same of one user from anywhere; and once more of those who show a token of the user's."""
MOST_BY_ADDRESS: Final = 20
"""The same from one address, whoever is named."""
MOST_BY_NETWORK: Final = 60
"""The same from one larger network."""
KNOWN: Final = 90 * 86_400
"""Seconds for which an address is remembered as one where the user has logged in."""
NEWS: Final = 86_400
"""Seconds in which it isn't noted again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who is said to log in, and from where: the counts of a failure go by these."""

    name: str
    address: str
    network: str


@dataclass(frozen=True, slots=True)
class Failures:
    """What was counted within the window; ``known_until`` (seconds since the Unix epoch) is 0 at an unknown address."""

    by_pair: int = 0
    by_user: int = 0
    by_address: int = 0
    by_network: int = 0
    by_bearer: int = 0
    known_until: int = 0

    def too_many(self, *, now: int, proven: bool = False) -> bool:
        """Whether another try is refused at ``now`` (milliseconds); ``proven`` if a token of the user's is shown."""
        if self.by_pair >= MOST_BY_PAIR:
            return True
        if proven:
            return self.by_bearer >= MOST_BY_USER
        if self.known_until > now // 1000:
            return False
        by_strangers = (
            self.by_user >= MOST_BY_USER,
            self.by_address >= MOST_BY_ADDRESS,
            self.by_network >= MOST_BY_NETWORK,
        )
        return any(by_strangers)

    def is_news(self, now: int) -> bool:
        """Whether a login at ``now`` (milliseconds) is to be noted for its address."""
        return self.known_until - now // 1000 <= KNOWN - NEWS


def source(name: str, address: str) -> Source:
    """Return what a login under that name from that address is counted by."""
    return Source(name, network_of(address), wider_network_of(address))
