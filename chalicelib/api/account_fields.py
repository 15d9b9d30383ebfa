"""What the parts of an account may look like: each function returns the value or raises InvalidField."""

import re
from typing import Final

from chalicelib.api.account_bodies import LONGEST, LONGEST_LIFE, SHORTEST
from chalicelib.domain.errors import InvalidField, KeyNotFound, TenantNotFound, UserNotFound

DAY: Final = 86_400_000
"""Milliseconds."""
USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}")
TENANT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
KEY: Final = re.compile(r"[0-9A-Za-z]{1,32}")


def user_name(value: str, *, field: str) -> str:
    """Return a name that a user may have."""
    if not USER.fullmatch(value):
        raise InvalidField(
            f"'{field}' must begin with a letter or digit and go on with letters, digits, '_', '.', '@', '+' or '-', "
            "64 characters at most.",
            field=field,
        )
    return value


def existing_user(value: str) -> str:
    """Return the user name in a path; raises UserNotFound for one that no user can have."""
    if not USER.fullmatch(value):
        raise UserNotFound("There is no user of that name.", field="name")
    return value


def tenant_id(value: str, *, field: str) -> str:
    """Return an id that a tenant may have."""
    if not TENANT.fullmatch(value):
        raise InvalidField(
            f"'{field}' must have lower-case letters, digits and '-', not '-' first, 40 characters at most.",
            field=field,
        )
    return value


def existing_tenant(value: str) -> str:
    """Return the tenant's id in a path; raises TenantNotFound for one that no tenant can have."""
    if not TENANT.fullmatch(value):
        raise TenantNotFound("There is no tenant of that id.", field="tenant")
    return value


def existing_key(value: str) -> str:
    """Return the API key's id in a path or query; raises KeyNotFound for one that no key can have."""
    if not KEY.fullmatch(value):
        raise KeyNotFound("There is no API key of that id.", field="id")
    return value


def password(value: str, *, field: str) -> str:
    """Return a password that may be set. Any characters will do: length is what makes guessing hard."""
    if not SHORTEST <= len(value) <= LONGEST:
        raise InvalidField(f"'{field}' must have {SHORTEST} to {LONGEST} characters.", field=field)
    return value


def life(days: int | None, *, field: str) -> int | None:
    """Return how long an API key is to be good, in milliseconds; None: until it is revoked."""
    if days is None:
        return None
    if not 1 <= days <= LONGEST_LIFE:
        raise InvalidField(f"'{field}' must be a whole number from 1 to {LONGEST_LIFE}.", field=field)
    return days * DAY
