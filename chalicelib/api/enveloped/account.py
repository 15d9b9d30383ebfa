"""A user's own account under ``/api/auth``: its password and its API keys, and the making of others' accounts."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.call import Call
from chalicelib.api.enveloped.requests import (
    KEY,
    ChangePassword,
    NewApiKey,
    NewUser,
    existing_key,
    life,
    password,
    role_of,
    user_name,
)
from chalicelib.api.fields import session_id
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.parameters import IDEMPOTENCY_KEY, Parameter
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import accounts as kinds
from chalicelib.dialects.enveloped import accounts as shapes
from chalicelib.dialects.enveloped.sessions import error
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    InvalidCredentials,
    KeyNotFound,
    KeyQuotaExceeded,
    TooManyAttempts,
    TooManyKeys,
    UserExists,
    UserQuotaExceeded,
)

router: Final = Router(__name__, error)
_OWN: Final = Permission.ACCOUNT_OWN
KEY_ID: Final = Parameter(
    "id",
    "The API key to revoke; without it, all of one's own are.",
    lambda value: None if value is None else existing_key(value),
    {"type": "string", "pattern": f"^{KEY.pattern}$"},
)


@router.route(
    "POST",
    "/api/auth/change-password",
    needs=_OWN,
    gives={200: Success[kinds.LoginJson]},
    refuses=(InvalidCredentials, TooManyAttempts, Contended),
)
def change_password(call: Call, body: ChangePassword) -> Answer:
    """Change one's own password. Tokens of before end, the caller's too: the answer has a new one."""
    new = password(body.new_password, field="new_password")
    login = bootstrap.accounts().change_password(call.name, body.old_password, new, address=call.address)
    return Answer(shapes.login(login.token, login.user, login.expires_at, "Password changed"))


@router.route(
    "POST",
    "/api/auth/logout",
    needs=_OWN,
    gives={200: Success[kinds.LoggedOutJson]},
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
    gives={201: Success[kinds.OneUserJson]},
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
    gives={201: Success[kinds.NewKeyJson]},
    refuses=(TooManyKeys, KeyQuotaExceeded, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create_key(call: Call, body: NewApiKey) -> Answer:
    """Make an API key, bound to a session if one is named; its secret is in this answer and nowhere else."""
    session = session_id(body.session_id, field="session_id") if body.session_id is not None else None
    lasts = life(body.expires_in_days, field="expires_in_days")
    with once(call, body) as made:
        key, secret = bootstrap.api_keys().create(call.name, session=session, lasts=lasts, made=made)
    return Answer(shapes.new_key(key, secret), status=201)


@router.route("GET", "/api/auth/api-key", needs=_OWN, gives={200: Success[kinds.OwnKeysJson]})
def own_keys(call: Call) -> Answer:
    """List one's own API keys."""
    return Answer(shapes.own_keys(bootstrap.api_keys().mine(call.name)))


@router.route(
    "DELETE",
    "/api/auth/api-key",
    needs=_OWN,
    gives={200: Success[kinds.RevokedJson]},
    refuses=(KeyNotFound,),
    takes=(KEY_ID,),
)
def revoke_key(call: Call) -> Answer:
    """Revoke one's own API key ``?id=``, or all of them if none is named."""
    key_id = call.read(KEY_ID)
    if key_id is None:
        count = bootstrap.api_keys().revoke_all(call.name)
        return Answer(shapes.revoked(count, "API keys revoked" if count else "There was no API key to revoke"))
    bootstrap.api_keys().revoke(call.tenant, key_id, owner=call.name)
    return Answer(shapes.revoked(1, "API key revoked"))
