"""A user's own account under ``/api/auth``: its password and its API keys, and the making of others' accounts."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.account_bodies import ChangePassword, NewApiKey, NewUser, role_of
from chalicelib.api.account_fields import existing_key, life, password, user_name
from chalicelib.api.answers import Answer
from chalicelib.api.bodies import read
from chalicelib.api.doorway import Call, Doorway
from chalicelib.api.fields import session_id
from chalicelib.dialects import enveloped_accounts as shapes
from chalicelib.dialects.envelope import success
from chalicelib.dialects.enveloped import error
from chalicelib.domain.principal import Permission

doorway: Final = Doorway(__name__, error)
_OWN: Final = Permission.ACCOUNT_OWN


@doorway.route("POST", "/api/auth/change-password", needs=_OWN)
def change_password(call: Call) -> Answer:
    """Change one's own password. Tokens of before end, the caller's too: the answer has a new one."""
    body = read(call.request, ChangePassword)
    new = password(body.new_password, field="new_password")
    login = bootstrap.accounts().change_password(call.name, body.old_password, new, address=call.address)
    return Answer(shapes.login(login.token, login.user, login.expires_at, "Password changed"))


@doorway.route("POST", "/api/auth/register", needs=Permission.USERS_MANAGE)
def register(call: Call) -> Answer:
    """Create a user in one's own tenant."""
    body = read(call.request, NewUser)
    user = bootstrap.users().register(
        call.tenant,
        user_name(body.username, field="username"),
        password(body.password, field="password"),
        role_of(body.role),
    )
    return Answer(shapes.one_user(user, "User created"), status=201)


@doorway.route("POST", "/api/auth/api-key", needs=_OWN)
def create_key(call: Call) -> Answer:
    """Make an API key, bound to a session if one is named; its secret is in this answer and nowhere else."""
    body = read(call.request, NewApiKey)
    key, secret = bootstrap.api_keys().create(
        call.name,
        session=session_id(body.session_id, field="session_id") if body.session_id else None,
        lasts=life(body.expires_in_days, field="expires_in_days"),
    )
    return Answer(shapes.new_key(key, secret), status=201)


@doorway.route("GET", "/api/auth/api-key", needs=_OWN)
def own_keys(call: Call) -> Answer:
    """List one's own API keys."""
    return Answer(shapes.own_keys(bootstrap.api_keys().mine(call.name)))


@doorway.route("DELETE", "/api/auth/api-key", needs=_OWN)
def revoke_key(call: Call) -> Answer:
    """Revoke one's own API key ``?id=``, or all of them if none is named."""
    key_id = call.query("id")
    if key_id is None:
        return Answer(success({"revoked": bootstrap.api_keys().revoke_all(call.name)}, "API keys revoked"))
    bootstrap.api_keys().revoke(call.tenant, existing_key(key_id), owner=call.name)
    return Answer(success({"revoked": 1}, "API key revoked"))
