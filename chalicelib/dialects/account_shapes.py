"""The shapes of seed 001's answers about users, API keys and tenants."""

from typing import Annotated, Literal, NotRequired, TypedDict

from chalicelib.dialects.moments import Moment
from chalicelib.domain.access import Role


class UserJson(TypedDict):
    """A user."""

    id: Annotated[str, "The same as the name."]
    username: str
    role: Role
    tenant: str
    is_active: bool
    created_at: Moment


class OneUserJson(UserJson):
    """A user, and the same again as ``user``."""

    user: UserJson


class PageJson(TypedDict):
    """What every page says."""

    count: int
    next_cursor: NotRequired[Annotated[str, "The next page's ``after``; absent on the last page."]]


class UserPageJson(PageJson):
    """A page of users."""

    users: list[UserJson]


class LoginJson(TypedDict):
    """A token, and whose it is."""

    success: Literal[True]
    token: Annotated[str, "To send as ``Authorization: Bearer …``."]
    user: UserJson
    expires_at: Moment


class LoggedOutJson(TypedDict):
    """A token that is good no more."""

    logged_out: Literal[True]


class KeyJson(TypedDict):
    """An API key without its secret, which nobody has but its owner."""

    id: str
    username: Annotated[str, "Its owner."]
    role: Role
    session_id: Annotated[str | None, "The one session that it is for; null: all of its tenant's."]
    created_at: Moment
    expires_at: Annotated[Moment | None, "Null: good until it is revoked."]
    last_used: Annotated[Moment | None, "To the minute."]


class NewKeyJson(KeyJson):
    """A new API key with its secret: the only answer that has it."""

    success: Literal[True]
    api_key: Annotated[str, "The secret."]


class TicketJson(TypedDict):
    """A ticket, which opens one WebSocket."""

    ticket: Annotated[str, "A secret, good once: to send as ``?token=…``."]
    expires_at: Moment
    expires_in: Annotated[int, "Seconds."]


class OwnKeysJson(TypedDict):
    """One's own API keys; the moments are the newest one's, for clients that know of one only."""

    has_key: bool
    created_at: Moment | None
    last_used: Moment | None
    keys: list[KeyJson]


class KeyPageJson(PageJson):
    """A page of API keys."""

    api_keys: list[KeyJson]


class RevokedJson(TypedDict):
    """How many API keys were revoked."""

    revoked: int


class GoneJson(TypedDict):
    """The id of what was removed."""

    id: str


class TenantJson(TypedDict):
    """A tenant."""

    id: str
    name: str
    disabled: bool
    created_at: Moment


class OneTenantJson(TenantJson):
    """A tenant, and the same again as ``tenant``."""

    tenant: TenantJson


class TenantPageJson(PageJson):
    """A page of tenants."""

    tenants: list[TenantJson]
