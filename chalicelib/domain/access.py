"""Who may do what: principals and their roles, tenants, API keys, tickets, and the count of failed logins.

Each failed login counts four times: by the user and the address together, by the user from wherever, by the address
whoever is named, and by the larger network that the address is in. So neither sixty networks that guess one user's
password nor one address that tries a hundred names get further than a few guesses.

Strangers can fill three of these counts, and so lock a user out for as long as they go on. So those three are ignored
at an address where the user has logged in within the last ``KNOWN`` seconds: only the count of user and address
together applies there, and strangers elsewhere can't fill that one. They are ignored, too, for a caller who shows one
of the user's tokens in order to change the password: those failures have a count of their own, by the user, which
nobody without a token can fill. Everywhere else a user whose password is being guessed has to wait, or has an
administrator set a new password, which clears the counts of the user's name.

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
    LINKING_FOLLOW = "linking:follow"  # to see how the linking of a session goes, and nothing of its messages
    LINKING_ACT = "linking:act"  # to take part in one: be shown codes, answer for the passkey, ask for new codes
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    ACCOUNT_OWN = "account:own"  # one's own password and API keys
    USERS_MANAGE = "users:manage"
    KEYS_MANAGE = "keys:manage"
    TENANTS_MANAGE = "tenants:manage"


_READING: Final = frozenset({Permission.SESSIONS_READ, Permission.MESSAGES_READ, Permission.LINKING_FOLLOW})
_WORKING: Final = _READING | {
    Permission.SESSIONS_WRITE,
    Permission.SESSIONS_LINK,
    Permission.MESSAGES_SEND,
    Permission.LINKING_ACT,
}

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: _WORKING | {Permission.ACCOUNT_OWN, Permission.USERS_MANAGE, Permission.KEYS_MANAGE},
    Role.MEMBER: _WORKING | {Permission.ACCOUNT_OWN},
    Role.READ_ONLY: _READING | {Permission.ACCOUNT_OWN},
}
"""The permission table. Each role may do all that the next one may."""


def lesser(role: Role, at_most: Role | None) -> Role:
    """Return the role, or ``at_most`` if that may do less."""
    return at_most if at_most is not None and GRANTS[at_most] < GRANTS[role] else role


OPERATORS: Final = frozenset({Permission.TENANTS_MANAGE})
"""What administrators of the default tenant may do besides."""

KEYS: Final = _WORKING
"""What an API key may do at most. A key that leaked can't make another, nor a user, so revoking it is the end of it."""

HOLDER: Final = frozenset({Permission.LINKING_FOLLOW, Permission.LINKING_ACT})
"""What a phone's holder may do with an invitation's token, for the one session that the invitation is for."""

HOLDER_WHEN_LINKED: Final = frozenset({Permission.LINKING_FOLLOW})
"""What is left of that for a moment once the session is linked: enough to learn that it is."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose credential was good until ``expires_at`` (milliseconds since the Unix epoch; None: no end).

    ``key`` is the id of the API key that it called with, ``session`` the one session that its credential is bound to.
    ``generation`` is that of the token that a user called with, ``token`` its id.

    A phone's holder calls with an invitation's token: ``token`` is the invitation's id, ``linking`` the ``uid`` of the
    session that is to be linked, ``maker`` the name of the principal that made the invitation, and ``linked`` says that
    the session is linked by now.
    """

    name: str
    tenant: str
    role: Role
    expires_at: int | None = None
    key: str | None = None
    session: str | None = None
    generation: int | None = None
    token: str | None = None
    linking: str | None = None
    maker: str | None = None
    linked: bool = False

    @property
    def listed_as(self) -> str:
        """The name under which its watchers are listed: a holder's are closed with those of who invited the holder."""
        return self.maker or self.name

    def may(self, permission: Permission) -> bool:
        """Whether the permission table grants the caller the permission."""
        if self.linking:
            return permission in (HOLDER_WHEN_LINKED if self.linked else HOLDER)
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
        """Whether the user may log in."""
        return not (self.disabled or self.suspended)

    @property
    def administers(self) -> bool:
        """Whether the tenant can count on the user as an administrator: of that role, and not disabled."""
        return self.role is Role.ADMIN and not self.disabled


KEY_PREFIX: Final = "sb_"
KEY_ENTROPY: Final = 32
"""Random bytes in an API key, written as 43 characters of base64url."""
MOST_KEYS: Final = 50
"""API keys that a user may have."""
LISTED: Final = 100
"""Administrators on a tenant's list at the most; those beyond are administrators all the same."""

_KEY: Final = re.compile(r"sb_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, without its secret; times in milliseconds since the Unix epoch.

    Its ``role`` is its owner's, or ``max_role`` if it was made with one that may do less. It is suspended with its
    owner's tenant. Both are written on it when they change, so that a request by key needs to read nothing but the key.
    ``name`` is its owner's word for what it is for.
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
    max_role: Role | None = None
    name: str | None = None

    def good(self, now: int) -> bool:
        """Whether the key is accepted at this time."""
        return not self.suspended and (self.expires_at is None or now < self.expires_at)


class DeviceType(StrEnum):
    """The kinds of programs that linked devices may be to WhatsApp, which shows a picture of each."""

    CHROME = "chrome"
    EDGE = "edge"
    FIREFOX = "firefox"
    OPERA = "opera"
    SAFARI = "safari"
    DESKTOP = "desktop"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company. ``admins`` names users who are its administrators, ``made_by`` the reservation it was created with.

    A name is removed from ``admins`` before the user stops being an administrator, added after the user has become one,
    and the last name is never removed. So a tenant always has an administrator, whatever happens concurrently or fails
    halfway.

    ``device_name`` and ``device_type`` are how devices look that are linked from now on, in the phone's list.
    """

    id: str
    name: str
    created_at: int
    admins: tuple[str, ...]
    disabled: bool = False
    device_name: str = "Switchboard"
    device_type: DeviceType = DeviceType.SAFARI
    version: int = 0
    made_by: str | None = None


def secret_of(entropy: bytes) -> str:
    """Return 32 random bytes as an API key's secret."""
    return KEY_PREFIX + urlsafe_b64encode(entropy).decode().rstrip("=")


def is_key(credential: str) -> bool:
    """Whether a credential has the form of an API key: no token and no ticket begins so."""
    return credential.startswith(KEY_PREFIX)


def fingerprint(secret: str) -> str | None:
    """Return the SHA-256 of a key's secret, under which the key is stored; None for a text that can't be a key.

    The secret is random and long, so it needs no slow hash and no salt.
    """
    return sha256(secret.encode()).hexdigest() if _KEY.fullmatch(secret) else None


def principal_of(key_id: str) -> str:
    """Return the principal's name of a key's caller, which has a colon; no user's name has one."""
    return f"key:{key_id}"


LIFE: Final = 60_000
"""Milliseconds within which a ticket must be used."""
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
    """Whether a credential has the form of a ticket: no token and no API key begins so."""
    return credential.startswith(TICKET_PREFIX)


def ticket_fingerprint(secret: str) -> str | None:
    """Return the SHA-256 of a ticket's secret, under which the ticket is stored; None for a text that can't be one."""
    return sha256(secret.encode()).hexdigest() if _TICKET.fullmatch(secret) else None


WINDOW: Final = 300
"""Seconds until a failed login is forgotten."""
MOST_BY_PAIR: Final = 5
"""Failed logins of one user from one address within the window, before more are refused."""
MOST_BY_USER: Final = 20
"""Failed logins of one user from anywhere; counted apart for callers who show one of the user's tokens."""
MOST_BY_ADDRESS: Final = 20
"""Failed logins from one address, for any users."""
MOST_BY_NETWORK: Final = 60
"""Failed logins from one larger network, for any users."""
KNOWN: Final = 90 * 86_400
"""Seconds for which a user's successful login from an address is remembered."""
NEWS: Final = 86_400
"""Seconds in which another login from the same address isn't written down again."""


@dataclass(frozen=True, slots=True)
class Source:
    """The keys of a login attempt's counters: the user who is named, the address, and the larger network."""

    name: str
    address: str
    network: str


@dataclass(frozen=True, slots=True)
class Failures:
    """The counters' values within the window; ``known_until`` (seconds since the epoch) is 0 at an unknown address."""

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
        """Whether a successful login at ``now`` (milliseconds) is worth writing down for its address."""
        return self.known_until - now // 1000 <= KNOWN - NEWS


def source(name: str, address: str) -> Source:
    """Return the keys of the counters for a login under that name from that address."""
    return Source(name, network_of(address), wider_network_of(address))
