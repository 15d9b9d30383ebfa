"""What administrators do under ``/api/admin`` with their tenant's users and API keys."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.call import Call
from chalicelib.api.enveloped.requests import KEY, USER, UserPatch, existing_key, existing_user, password, role_of
from chalicelib.api.fields import some_of
from chalicelib.api.pages import bounds, page_of
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import accounts as kinds
from chalicelib.dialects.enveloped import accounts as shapes
from chalicelib.dialects.enveloped.sessions import error
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import Contended, LastAdministrator

router: Final = Router(__name__, error)
_USERS, _KEYS = Permission.USERS_MANAGE, Permission.KEYS_MANAGE
_USERS_PAGE: Final = page_of(USER)
_KEYS_PAGE: Final = page_of(KEY)


@router.route("GET", "/api/admin/users", needs=_USERS, gives={200: Success[kinds.UserPageJson]}, takes=_USERS_PAGE)
def users(call: Call) -> Answer:
    """List the tenant's users."""
    limit, after = bounds(call, _USERS_PAGE)
    return Answer(shapes.users(*bootstrap.users().page(call.tenant, limit=limit, after=after)))


@router.route("GET", "/api/admin/users/{name}", needs=_USERS, gives={200: Success[kinds.OneUserJson]})
def user(call: Call, name: str) -> Answer:
    """Give one user."""
    return Answer(shapes.one_user(bootstrap.users().get(call.tenant, existing_user(name))))


@router.route(
    "PATCH",
    "/api/admin/users/{name}",
    needs=_USERS,
    gives={200: Success[kinds.OneUserJson]},
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
    return Answer(shapes.one_user(changed, "User updated"))


@router.route(
    "DELETE",
    "/api/admin/users/{name}",
    needs=_USERS,
    gives={200: Success[kinds.GoneJson]},
    refuses=(LastAdministrator, Contended),
)
def remove_user(call: Call, name: str) -> Answer:
    """Remove a user, its API keys and its watchers."""
    bootstrap.users().remove(call.tenant, existing_user(name))
    return Answer(shapes.gone(name, "User deleted"))


@router.route("GET", "/api/admin/api-keys", needs=_KEYS, gives={200: Success[kinds.KeyPageJson]}, takes=_KEYS_PAGE)
def keys(call: Call) -> Answer:
    """List the tenant's API keys."""
    limit, after = bounds(call, _KEYS_PAGE)
    return Answer(shapes.keys(*bootstrap.api_keys().page(call.tenant, limit=limit, after=after)))


@router.route("DELETE", "/api/admin/api-keys/{key_id}", needs=_KEYS, gives={200: Success[kinds.GoneJson]})
def revoke_key(call: Call, key_id: str) -> Answer:
    """Revoke one of the tenant's API keys."""
    bootstrap.api_keys().revoke(call.tenant, existing_key(key_id))
    return Answer(shapes.gone(key_id, "API key revoked"))
