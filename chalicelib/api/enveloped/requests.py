"""The bodies of the enveloped API's requests, and what the names and ids in them and in its paths may look like."""

from typing import Annotated, Final, Literal

import msgspec

from chalicelib.api.fields import (
    KEY_ID,
    MOST_OF_A_WORD,
    TENANT_ID,
    USER_NAME,
    Digits,
    Line,
    Name,
    Phone,
    SendBody,
    SessionId,
    Url,
)
from chalicelib.domain.access import DeviceType, Role
from chalicelib.domain.errors import InvalidField, KeyNotFound, TenantNotFound, UserNotFound
from chalicelib.domain.proxy import ProxyType
from chalicelib.reading import DigitText

SHORTEST: Final = 8
LONGEST: Final = 128
"""Characters of a password; the upper bound keeps hashing cheap."""
LONGEST_LIFE: Final = 3650
"""Days that an API key can be made for; without a number it has no end."""

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


class LoginBody(msgspec.Struct):
    """A user's name and password."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    # The bound keeps hashing cheap: argon2 reads all of it.
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class ProxyConfig(msgspec.Struct):
    """What all of a session's traffic with WhatsApp is to go through. Its credentials are never shown again."""

    enabled: Annotated[bool | None, msgspec.Meta(description="False: no proxy, whatever else is given.")] = None
    type: Annotated[ProxyType | None, msgspec.Meta(description="``http`` if it is absent.")] = None
    host: Annotated[str, msgspec.Meta(max_length=253, description="A public name or address.")] = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    username: Annotated[str, msgspec.Meta(max_length=MOST_OF_A_WORD)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=MOST_OF_A_WORD)] | None = None


class ProxyBody(msgspec.Struct):
    """A session's new proxy; null removes the one that there is."""

    proxy_config: ProxyConfig | None


class EnvelopedSession(msgspec.Struct):
    """A new session; null is as good as absent."""

    phone: Annotated[Phone | None, msgspec.Meta(description="The number to link. It becomes the session's id.")] = None
    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="Where its events go: a public https address.")] = None
    enabled: Annotated[bool | None, msgspec.Meta(description="False: it sends nothing.")] = None
    require_phone_match: Annotated[
        bool | None,
        msgspec.Meta(description="True: an account that isn't ``phone``'s is unlinked as soon as it scans."),
    ] = None
    proxy_config: ProxyConfig | None = None


class EnvelopedSettings(msgspec.Struct):
    """Changes of a session, one at least: what is absent stays as it is, and so does a null name or ``enabled``."""

    name: Name | None = None
    # ``GET`` shows null where there is no webhook: a client that sends a session back as it wants it means that.
    webhook_url: Annotated[
        Url | msgspec.UnsetType | None, msgspec.Meta(description="An empty address, or null, removes it.")
    ] = msgspec.UNSET
    enabled: Annotated[bool | None, msgspec.Meta(description="False: it sends nothing.")] = None
    require_phone_match: Annotated[
        bool | None,
        msgspec.Meta(
            description="True: an account that isn't ``phone``'s is unlinked as soon as it scans from now on."
        ),
    ] = None
    proxy_config: Annotated[ProxyConfig | msgspec.UnsetType | None, msgspec.Meta(description="Null removes it.")] = (
        msgspec.UNSET
    )


class NameBody(msgspec.Struct):
    """A session's new name."""

    name: Name


class WebhookBody(msgspec.Struct):
    """A session's new webhook."""

    webhook_url: Annotated[Url, msgspec.Meta(description="A public https address; an empty one removes the webhook.")]


class EnabledBody(msgspec.Struct):
    """Whether a session sends anything."""

    enabled: bool


class CheckBody(msgspec.Struct):
    """Somebody to look up on WhatsApp: a phone number with its country code, or a person's JID."""

    number: Digits


class SendFromBody(SendBody):
    """A message to send, and the session to send it from: by its id, or by its phone number."""

    session_id: SessionId | None = None
    phone: Digits | None = None


class NewTicket(msgspec.Struct):
    """A ticket to be given."""

    session_id: Annotated[SessionId | None, msgspec.Meta(description="The one session that it is to be for.")] = None


def role_of(name: RoleName) -> Role:
    """Return the role; ``user`` is another word for a member."""
    return Role.MEMBER if name == "user" else Role(name)


class ChangePassword(msgspec.Struct):
    """A password to change."""

    old_password: Password
    new_password: NewPassword


class NewUser(msgspec.Struct):
    """A user to create; a member if nothing else is said."""

    username: UserName
    password: NewPassword
    role: Annotated[RoleName, msgspec.Meta(description="``member`` if absent; ``user`` is another word for it.")] = (
        "member"
    )


class UserPatch(msgspec.Struct):
    """Changes of a user."""

    role: RoleName | None = None
    disabled: bool | None = None
    password: NewPassword | None = None


class NewApiKey(msgspec.Struct):
    """An API key to make."""

    name: Annotated[Line | None, msgspec.Meta(description="What it is for, in your words.")] = None
    session_id: Annotated[DigitText | None, msgspec.Meta(description="The one session that it is to be for.")] = None
    expires_in_days: Annotated[
        Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": LONGEST_LIFE})] | None,
        msgspec.Meta(description="Without it the key is good until it is revoked."),
    ] = None
    role: Annotated[
        RoleName | None,
        msgspec.Meta(
            description="What it may do at most; one's own role if absent. It never may more than its owner may."
        ),
    ] = None


class NewTenant(msgspec.Struct):
    """A tenant to create, with its first administrator."""

    id: Annotated[str, msgspec.Meta(max_length=100, description="Lower-case letters, digits and ``-``, 40 at most.")]
    username: UserName
    password: NewPassword
    name: Line | None = None


DeviceName = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=50, description="What devices are called on the phone that are linked from now on."
    ),
]


class TenantPatch(msgspec.Struct):
    """Changes of a tenant."""

    name: Line | None = None
    disabled: bool | None = None
    device_name: DeviceName | None = None
    device_type: Annotated[
        DeviceType | None, msgspec.Meta(description="What such devices are to WhatsApp, which shows a picture of it.")
    ] = None


DAY: Final = 86_400_000
"""Milliseconds."""


def user_name(value: str, *, field: str) -> str:
    """Return a name that a user may have."""
    if not USER_NAME.fullmatch(value):
        raise InvalidField(
            f"'{field}' must begin with a letter or digit and go on with letters, digits, '_', '.', '@', '+' or '-', "
            "64 characters at most.",
            field=field,
        )
    return value


def existing_user(value: str) -> str:
    """Return the user name in a path; raises UserNotFound for one that no user can have."""
    if not USER_NAME.fullmatch(value):
        raise UserNotFound("There is no user of that name.", field="name")
    return value


def tenant_id(value: str, *, field: str) -> str:
    """Return an id that a tenant may have."""
    if not TENANT_ID.fullmatch(value):
        raise InvalidField(
            f"'{field}' must have lower-case letters, digits and '-', not '-' first, 40 characters at most.",
            field=field,
        )
    return value


def existing_tenant(value: str) -> str:
    """Return the tenant's id in a path; raises TenantNotFound for one that no tenant can have."""
    if not TENANT_ID.fullmatch(value):
        raise TenantNotFound("There is no tenant of that id.", field="tenant")
    return value


def existing_key(value: str) -> str:
    """Return the API key's id in a path or query; raises KeyNotFound for one that no key can have."""
    if not KEY_ID.fullmatch(value):
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
