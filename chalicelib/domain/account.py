"""Tenants and API keys, and what their names and secrets look like."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from chalicelib.domain.principal import Role

KEY_PREFIX: Final = "sb_"
ENTROPY: Final = 32
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
