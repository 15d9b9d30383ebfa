"""What the bodies of the account and admin routes may hold; what is absent or null stays as it is."""

from typing import Annotated, Final, Literal

import msgspec

from chalicelib.domain.access import Role
from chalicelib.reading import DigitText

SHORTEST: Final = 8
LONGEST: Final = 128
"""Characters of a password; the upper bound keeps hashing cheap."""
LONGEST_LIFE: Final = 3650
"""Days that an API key can be made for; without a number it has no end."""

Name = Annotated[str, msgspec.Meta(max_length=100)]
Password = Annotated[str, msgspec.Meta(max_length=1024)]
NewPassword = Annotated[
    str,
    # The rule is checked with a sentence of its own; here it is for the description.
    msgspec.Meta(
        max_length=1024,
        description="Any characters.",
        extra_json_schema={"minLength": SHORTEST, "maxLength": LONGEST},
    ),
]
UserName = Annotated[
    str,
    msgspec.Meta(max_length=100, description="Letters, digits and ``_.@+-``, 64 at most. A login names no tenant."),
]
RoleName = Literal["admin", "member", "read_only", "user"]


def role_of(name: RoleName) -> Role:
    """Return the role; ``user`` is what seed 001's family calls a member."""
    return Role.MEMBER if name == "user" else Role(name)


class ChangePassword(msgspec.Struct):
    """A password to change."""

    old_password: Password
    new_password: NewPassword


class NewUser(msgspec.Struct):
    """A user to create; a member if nothing else is said."""

    username: UserName
    password: NewPassword
    role: Annotated[RoleName, msgspec.Meta(description="``user`` is another word for ``member``.")] = "member"


class UserPatch(msgspec.Struct):
    """Changes of a user."""

    role: RoleName | None = None
    disabled: bool | None = None
    password: NewPassword | None = None


class NewApiKey(msgspec.Struct):
    """An API key to make."""

    session_id: Annotated[DigitText | None, msgspec.Meta(description="The one session that it is to be for.")] = None
    expires_in_days: Annotated[
        Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": LONGEST_LIFE})] | None,
        msgspec.Meta(description="Without it the key is good until it is revoked."),
    ] = None


class NewTenant(msgspec.Struct):
    """A tenant to create, with its first administrator."""

    id: Annotated[str, msgspec.Meta(max_length=100, description="Lower-case letters, digits and ``-``, 40 at most.")]
    username: UserName
    password: NewPassword
    name: Name | None = None


class TenantPatch(msgspec.Struct):
    """Changes of a tenant."""

    name: Name | None = None
    disabled: bool | None = None
