"""The enveloped API's answers about users, API keys and tenants."""

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired, TypedDict, TypeVar

from chalicelib.dialects.shared import Moment, Success, iso, seconds_until, success
from chalicelib.domain.access import ApiKey, DeviceType, Role, Tenant, User


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
    name: Annotated[str | None, "What it is for, in its owner's words."]
    username: Annotated[str, "Its owner."]
    role: Annotated[Role, "What it acts with now: its owner's role, or ``max_role`` if that may do less."]
    max_role: Annotated[Role | None, "The role that it was made with; null: its owner's, whichever that is."]
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
    device_name: Annotated[str, "What devices are called on the phone that are linked from now on."]
    device_type: DeviceType
    created_at: Moment


class OneTenantJson(TenantJson):
    """A tenant, and the same again as ``tenant``."""

    tenant: TenantJson


class TenantPageJson(PageJson):
    """A page of tenants."""

    tenants: list[TenantJson]


P = TypeVar("P", bound=PageJson)


def user(of: User) -> UserJson:
    """Return a user; never anything of its password."""
    return {
        "id": of.name,
        "username": of.name,
        "role": of.role,
        "tenant": of.tenant,
        "is_active": of.active,
        "created_at": iso(of.created_at),
    }


def login(token: str, of: User, expires_at: int, message: str = "Login successful") -> Success[LoginJson]:
    """Return a token and whose it is."""
    return success({"success": True, "token": token, "user": user(of), "expires_at": iso(expires_at)}, message)


def logged_out() -> Success[LoggedOutJson]:
    """Return the answer to the end of a token."""
    return success({"logged_out": True}, "Logged out")


def one_user(of: User, message: str | None = None) -> Success[OneUserJson]:
    """Return a user as ``data`` and as ``data.user``."""
    shape = user(of)
    return success({**shape, "user": shape}, message)


def users(page: Sequence[User], cursor: str | None) -> Success[UserPageJson]:
    """Return one page; ``next_cursor`` is there if another follows."""
    return _paged({"users": [user(of) for of in page], "count": len(page)}, cursor)


def key(of: ApiKey) -> KeyJson:
    """Return an API key without its secret, which nobody has but its owner."""
    return {
        "id": of.id,
        "name": of.name,
        "username": of.owner,
        "role": of.role,
        "max_role": of.max_role,
        "session_id": of.session,
        "created_at": iso(of.created_at),
        "expires_at": iso(of.expires_at),
        "last_used": iso(of.last_used),
    }


def new_key(of: ApiKey, secret: str) -> Success[NewKeyJson]:
    """Return a new API key with its secret: the only answer that has it."""
    return success({"success": True, "api_key": secret, **key(of)}, "Keep the API key: it is not shown again.")


def ticket(secret: str, ends: int, now: int) -> Success[TicketJson]:
    """Return a ticket for a WebSocket: the only answer that has it."""
    return success({"ticket": secret, "expires_at": iso(ends), "expires_in": seconds_until(ends, now)})


def own_keys(of: Sequence[ApiKey]) -> Success[OwnKeysJson]:
    """Return one's keys; ``created_at`` and ``last_used`` are the newest one's, for clients that know of one only."""
    newest = of[-1] if of else None
    return success(
        {
            "has_key": bool(of),
            "created_at": iso(newest.created_at) if newest else None,
            "last_used": iso(newest.last_used) if newest else None,
            "keys": [key(one) for one in of],
        }
    )


def revoked(count: int, message: str) -> Success[RevokedJson]:
    """Return how many of one's keys were revoked."""
    return success({"revoked": count}, message)


def gone(name: str, message: str) -> Success[GoneJson]:
    """Return the id of what was removed."""
    return success({"id": name}, message)


def keys(page: Sequence[ApiKey], cursor: str | None) -> Success[KeyPageJson]:
    """Return one page; ``next_cursor`` is there if another follows."""
    return _paged({"api_keys": [key(of) for of in page], "count": len(page)}, cursor)


def tenant(of: Tenant) -> TenantJson:
    """Return a tenant."""
    return {
        "id": of.id,
        "name": of.name,
        "disabled": of.disabled,
        "device_name": of.device_name,
        "device_type": of.device_type,
        "created_at": iso(of.created_at),
    }


def one_tenant(of: Tenant, message: str | None = None) -> Success[OneTenantJson]:
    """Return a tenant as ``data`` and as ``data.tenant``."""
    shape = tenant(of)
    return success({**shape, "tenant": shape}, message)


def tenants(page: Sequence[Tenant], cursor: str | None) -> Success[TenantPageJson]:
    """Return one page; ``next_cursor`` is there if another follows."""
    return _paged({"tenants": [tenant(of) for of in page], "count": len(page)}, cursor)


def _paged(page: P, cursor: str | None) -> Success[P]:
    if cursor:
        page["next_cursor"] = cursor
    return success(page)
