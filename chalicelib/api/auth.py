"""Who may pass: the one place that reads credentials and checks permissions."""

from enum import Enum
from typing import Final

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.domain.errors import Forbidden, Unauthenticated
from chalicelib.domain.principal import Permission, Principal


class Public(Enum):
    """The mark of a route that needs no credential, and reads none."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC
Need = Permission | Public

_HOW: Final = "Send 'Authorization: Bearer <token>', with a token from POST /api/auth/login."


def admit(request: Request, needs: Need, *, anonymous: bool) -> Principal | None:
    """Return who calls, None on a public route; raises Unauthenticated and Forbidden.

    ``anonymous`` routes let in a caller without any credential where the gateway is configured so; a bad credential
    is refused all the same.
    """
    if isinstance(needs, Public):
        return None
    token = bearer(request.headers.get("authorization"))
    principal = identify(token) if token is not None else bootstrap.accounts().anonymous() if anonymous else None
    if principal is None:
        raise Unauthenticated("This needs a credential.", hint=_HOW)
    return permit(principal, needs)


def identify(token: str) -> Principal:
    """Return whose token it is; raises Unauthenticated."""
    return bootstrap.accounts().authenticate(token)


def permit(principal: Principal, needs: Permission) -> Principal:
    """Return the principal if it has the permission; raises Forbidden."""
    if not principal.may(needs):
        raise Forbidden(f"'{principal.name}' may not do this: it needs {needs}.")
    return principal


def bearer(header: str | None) -> str | None:
    """Return the token of an Authorization header, None where there is no header; raises Unauthenticated."""
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("The Authorization header is not 'Bearer <token>'.", hint=_HOW)
    return token.strip()
