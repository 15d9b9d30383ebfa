"""Accounts in the enveloped API: one's own (``/api/auth``), a tenant's users and API keys, tenants (``/api/admin``).

A tenant's administrators see and change what belongs to their tenant; tenants are the business of the gateway's
operators, who are the administrators of the default tenant. Tickets (``/api/ws-ticket``) are for WebSockets, whose
credential stands in an address, and may be seen there.
"""

import re
from typing import Final

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.enveloped.requests import (
    ChangePassword,
    NewApiKey,
    NewTenant,
    NewTicket,
    NewUser,
    TenantPatch,
    UserPatch,
    existing_key,
    existing_tenant,
    existing_user,
    life,
    password,
    role_of,
    tenant_id,
    user_name,
)
from chalicelib.api.fields import KEY_ID, TENANT_ID, USER_NAME, line, session_id, some_of
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.pages import bounds, page_of
from chalicelib.api.parameters import IDEMPOTENCY_KEY, Parameter
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import ACCOUNTS, DIALECT
from chalicelib.dialects.enveloped import accounts as shapes
from chalicelib.dialects.enveloped.accounts import TicketJson
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    InvalidCredentials,
    KeyNotFound,
    KeyQuotaExceeded,
    LastAdministrator,
    TenantExists,
    TicketQuotaExceeded,
    TooManyAttempts,
    TooManyKeys,
    UserExists,
    UserQuotaExceeded,
)

router: Final = Router(__name__, DIALECT, tag=ACCOUNTS)
_OWN: Final = Permission.ACCOUNT_OWN
_USERS, _KEYS, _TENANTS = Permission.USERS_MANAGE, Permission.KEYS_MANAGE, Permission.TENANTS_MANAGE
_ULID: Final = re.compile(r"[0-9A-Z]{26}")
"""What the gateway's own ids look like: a cursor that looks otherwise is none that a list of keys has given."""
_USERS_PAGE, _KEYS_PAGE, _TENANTS_PAGE = page_of(USER_NAME), page_of(_ULID), page_of(TENANT_ID)
KEY_TO_REVOKE: Final = Parameter(
    "id",
    "The API key to revoke; without it, all of one's own are.",
    lambda value: None if value is None else existing_key(value),
    {"type": "string", "pattern": f"^{KEY_ID.pattern}$"},
)


@router.route(
    "POST",
    "/api/auth/change-password",
    needs=_OWN,
    gives={200: Success[shapes.LoginJson]},
    refuses=(InvalidCredentials, TooManyAttempts, Contended),
)
def change_password(call: Call, body: ChangePassword) -> Answer:
    """Change one's own password. Tokens issued before end, the caller's too: the answer has a new one."""
    new = password(body.new_password, field="new_password")
    login = bootstrap.accounts().change_password(call.name, body.old_password, new, address=call.address)
    return Answer(shapes.login(login.token, login.user, login.expires_at, "Password changed"))


@router.route(
    "POST",
    "/api/auth/logout",
    needs=_OWN,
    gives={200: Success[shapes.LoggedOutJson]},
    refuses=(Contended,),
    ended=True,
)
def log_out(call: Call) -> Answer:
    """End the token that this is called with, and close the WebSockets that it opened; others of the user's stay.

    Done once more it is done all the same. An API key is revoked, not logged out (403).
    """
    bootstrap.accounts().log_out(call.caller)
    return Answer(shapes.logged_out())


@router.route(
    "POST",
    "/api/auth/register",
    needs=Permission.USERS_MANAGE,
    gives={201: Success[shapes.OneUserJson]},
    refuses=(UserExists, UserQuotaExceeded, Contended, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def register(call: Call, body: NewUser) -> Answer:
    """Create a user in one's own tenant."""
    name, secret = user_name(body.username, field="username"), password(body.password, field="password")
    with once(call, body) as made:
        user = bootstrap.users().register(call.tenant, name, secret, role_of(body.role), made=made)
    return Answer(shapes.one_user(user, "User created"), status=201)


@router.route(
    "POST",
    "/api/auth/api-key",
    needs=_OWN,
    gives={201: Success[shapes.NewKeyJson]},
    refuses=(TooManyKeys, KeyQuotaExceeded, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create_key(call: Call, body: NewApiKey) -> Answer:
    """Make an API key, bound to a session if one is named; its secret is in this answer and nowhere else.

    It acts with its ``role`` or with its owner's, whichever may do less at the time. A role above one's own is refused
    (403).
    """
    session = session_id(body.session_id, field="session_id") if body.session_id is not None else None
    lasts = life(body.expires_in_days, field="expires_in_days")
    role = role_of(body.role) if body.role is not None else None
    name = line(body.name, field="name").strip() or None if body.name is not None else None
    with once(call, body) as made:
        key, secret = bootstrap.api_keys().create(
            call.name, session=session, lasts=lasts, role=role, name=name, made=made
        )
    return Answer(shapes.new_key(key, secret), status=201)


@router.route("GET", "/api/auth/api-key", needs=_OWN, gives={200: Success[shapes.OwnKeysJson]})
def own_keys(call: Call) -> Answer:
    """List one's own API keys."""
    return Answer(shapes.own_keys(bootstrap.api_keys().mine(call.name)))


@router.route(
    "DELETE",
    "/api/auth/api-key",
    needs=_OWN,
    gives={200: Success[shapes.RevokedJson]},
    refuses=(KeyNotFound,),
    takes=(KEY_TO_REVOKE,),
)
def revoke_key(call: Call) -> Answer:
    """Revoke one's own API key ``?id=``, or all of them if none is named."""
    key_id = call.read(KEY_TO_REVOKE)
    if key_id is None:
        count = bootstrap.api_keys().revoke_all(call.name)
        return Answer(shapes.revoked(count, "API keys revoked" if count else "There was no API key to revoke"))
    bootstrap.api_keys().revoke(call.tenant, key_id, owner=call.name)
    return Answer(shapes.revoked(1, "API key revoked"))


@router.route("GET", "/api/admin/users", needs=_USERS, gives={200: Success[shapes.UserPageJson]}, takes=_USERS_PAGE)
def users(call: Call) -> Answer:
    """List the tenant's users."""
    limit, after = bounds(call, _USERS_PAGE)
    return Answer(shapes.users(*bootstrap.users().page(call.tenant, limit=limit, after=after)))


@router.route("GET", "/api/admin/users/{name}", needs=_USERS, gives={200: Success[shapes.OneUserJson]})
def user(call: Call, name: str) -> Answer:
    """Give one user."""
    return Answer(shapes.one_user(bootstrap.users().get(call.tenant, existing_user(name))))


@router.route(
    "PATCH",
    "/api/admin/users/{name}",
    needs=_USERS,
    gives={200: Success[shapes.OneUserJson]},
    refuses=(LastAdministrator, Contended),
)
def change_user(call: Call, name: str, body: UserPatch) -> Answer:
    """Change a user's role or password, disable or enable it: all of it or nothing."""
    new = password(body.password, field="password") if body.password is not None else None
    changed = bootstrap.users().change(
        call.tenant,
        existing_user(name),
        role=role_of(body.role) if body.role else None,
        disabled=body.disabled,
        password=new,
    )
    some_of(body)  # last: what isn't there isn't there, whatever is to be changed of it
    return Answer(shapes.one_user(changed, "The user is as you want it"))


@router.route(
    "DELETE",
    "/api/admin/users/{name}",
    needs=_USERS,
    gives={200: Success[shapes.GoneJson]},
    refuses=(LastAdministrator, Contended),
)
def remove_user(call: Call, name: str) -> Answer:
    """Remove a user, its API keys and its watchers."""
    bootstrap.users().remove(call.tenant, existing_user(name))
    return Answer(shapes.gone(name, "User deleted"))


@router.route("GET", "/api/admin/api-keys", needs=_KEYS, gives={200: Success[shapes.KeyPageJson]}, takes=_KEYS_PAGE)
def keys(call: Call) -> Answer:
    """List the tenant's API keys."""
    limit, after = bounds(call, _KEYS_PAGE)
    return Answer(shapes.keys(*bootstrap.api_keys().page(call.tenant, limit=limit, after=after)))


@router.route("DELETE", "/api/admin/api-keys/{key_id}", needs=_KEYS, gives={200: Success[shapes.GoneJson]})
def remove_key(call: Call, key_id: str) -> Answer:
    """Revoke one of the tenant's API keys."""
    bootstrap.api_keys().revoke(call.tenant, existing_key(key_id))
    return Answer(shapes.gone(key_id, "API key revoked"))


@router.route(
    "POST",
    "/api/admin/tenants",
    needs=_TENANTS,
    gives={201: Success[shapes.OneTenantJson]},
    refuses=(TenantExists, UserExists, Contended, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create_tenant(call: Call, body: NewTenant) -> Answer:
    """Create a tenant with its first administrator."""
    name = tenant_id(body.id, field="id")
    title = line(body.name or name, field="name")
    admin, secret = user_name(body.username, field="username"), password(body.password, field="password")
    with once(call, body) as made:
        tenant = bootstrap.tenants().create(name, title, admin=admin, password=secret, made=made)
    return Answer(shapes.one_tenant(tenant, "Tenant created"), status=201)


@router.route(
    "GET", "/api/admin/tenants", needs=_TENANTS, gives={200: Success[shapes.TenantPageJson]}, takes=_TENANTS_PAGE
)
def tenants(call: Call) -> Answer:
    """List the tenants."""
    limit, after = bounds(call, _TENANTS_PAGE)
    return Answer(shapes.tenants(*bootstrap.tenants().page(limit=limit, after=after)))


@router.route("GET", "/api/admin/tenants/{tenant}", needs=_TENANTS, gives={200: Success[shapes.OneTenantJson]})
def tenant(call: Call, tenant: str) -> Answer:
    """Give one tenant."""
    return Answer(shapes.one_tenant(bootstrap.tenants().get(existing_tenant(tenant))))


@router.route(
    "PATCH",
    "/api/admin/tenants/{tenant}",
    needs=_TENANTS,
    gives={200: Success[shapes.OneTenantJson]},
    refuses=(Contended,),
)
def change_tenant(call: Call, tenant: str, body: TenantPatch) -> Answer:
    """Rename, disable or enable a tenant, or say what its devices are to look like."""
    changed = bootstrap.tenants().change(
        existing_tenant(tenant),
        name=line(body.name, field="name") if body.name is not None else None,
        disabled=body.disabled,
        device_name=line(body.device_name, field="device_name") if body.device_name is not None else None,
        device_type=body.device_type,
    )
    some_of(body)  # last: what isn't there isn't there, whatever is to be changed of it
    return Answer(shapes.one_tenant(changed, "The tenant is as you want it"))


@router.route(
    "POST",
    "/api/ws-ticket",
    needs=Permission.SESSIONS_READ,
    gives={200: Success[TicketJson]},
    refuses=(TicketQuotaExceeded,),
    tag=DIALECT.tag,
)
def give_ticket(call: Call, body: NewTicket) -> Answer:
    """Give a ticket, which opens one WebSocket within a minute: ``?token=`` takes it in the place of a token.

    It is for addresses, which get into logs and histories: once used it is worth nothing. An API key may ask for one,
    so that a page can watch what only its server has the key for.
    """
    named = session_id(body.session_id, field="session_id") if body.session_id is not None else None
    secret, ends = bootstrap.tickets().give(call.caller, session=call.naming(named, field="session_id"))
    return Answer(shapes.ticket(secret, ends, bootstrap.clock()))
