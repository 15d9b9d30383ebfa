"""What the bodies of the account and admin routes may hold; what is absent or null stays as it is."""

from typing import Annotated, Final, Literal

import msgspec

from chalicelib.domain.principal import Role

SHORTEST: Final = 8
LONGEST: Final = 128
"""Characters of a password; the upper bound keeps hashing cheap."""
LONGEST_LIFE: Final = 3650
"""Days that an API key can be made for; without a number it has no end."""

Name = Annotated[str, msgspec.Meta(max_length=100)]
Password = Annotated[str, msgspec.Meta(max_length=1024)]
RoleName = Literal["admin", "member", "read_only", "user"]


def role_of(name: RoleName) -> Role:
    """Return the role; ``user`` is what seed 001's family calls a member."""
    return Role.MEMBER if name == "user" else Role(name)


class ChangePassword(msgspec.Struct):
    """A password to change."""

    old_password: Password
    new_password: Password


class NewUser(msgspec.Struct):
    """A user to create; a member if nothing else is said."""

    username: Name
    password: Password
    role: RoleName = "member"


class UserPatch(msgspec.Struct):
    """Changes of a user."""

    role: RoleName | None = None
    disabled: bool | None = None
    password: Password | None = None


class NewApiKey(msgspec.Struct):
    """An API key to make."""

    session_id: Name | None = None
    expires_in_days: int | None = None


class NewTenant(msgspec.Struct):
    """A tenant to create, with its first administrator."""

    id: Name
    username: Name
    password: Password
    name: Name | None = None


class TenantPatch(msgspec.Struct):
    """Changes of a tenant."""

    name: Name | None = None
    disabled: bool | None = None
