"""Who may pass: the one place that reads credentials and checks permissions."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.domain.access import Permission, Principal, is_key, is_ticket
from chalicelib.domain.errors import Forbidden, SessionNotFound, Unauthenticated
from chalicelib.domain.invitations import is_linking_token
from chalicelib.reading import is_text


class Public(Enum):
    """The mark of a route that needs no credential, and reads none."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC
Need = Permission | Public

_HOW: Final = "Send 'Authorization: Bearer <token>', with a token from POST /api/auth/login, or with an API key."


def admit(request: Request, needs: Need, *, anonymous: bool, ended: bool = False) -> Principal | None:
    """Return who calls, None on a public route; raises Unauthenticated and Forbidden.

    ``anonymous`` routes let in a caller without any credential where the gateway is configured so; a bad credential
    is refused all the same. ``ended`` routes take a token also after its end. A credential that was good a moment ago
    may send without another look at it (``Recognition``), and nothing else.
    """
    if isinstance(needs, Public):
        return None
    given = credential(request.headers)
    if ended and given is not None and not is_key(given) and not is_linking_token(given):
        return permit(bootstrap.accounts().bearer(given), needs)
    if given is None:
        principal = bootstrap.accounts().anonymous() if anonymous else None
    elif needs is Permission.MESSAGES_SEND:
        principal = bootstrap.recognition().recently(given, recognise)
    else:
        principal = recognise(given)
    if principal is None:
        raise Unauthenticated("This needs a credential.", hint=_HOW)
    return permit(principal, needs)


def recognise(given: str) -> Principal:
    """Return whose token or API key it is, as the table has it now; raises Unauthenticated."""
    if is_linking_token(given):
        return bootstrap.invitations().authenticate(given)
    return bootstrap.api_keys().authenticate(given) if is_key(given) else identify(given)


def identify(token: str) -> Principal:
    """Return whose token it is; raises Unauthenticated, also for what has no place in an address.

    That is an API key, and the token of an invitation.
    """
    if is_linking_token(token):
        raise Unauthenticated("A link's token is no credential here.", hint="Ask POST /v1/ws-ticket for a ticket.")
    if is_key(token):
        raise Unauthenticated(
            "An API key is no credential here.", hint="Log in for a token, or ask POST /api/ws-ticket for a ticket."
        )
    return bootstrap.accounts().authenticate(token)


def authenticator(given: str, *, key: bool = False) -> Callable[[], Principal]:
    """Return a function that authenticates, at each call anew, who comes to a WebSocket with that token or ticket.

    With ``key``, an API key will do as well; the token of an invitation never does. A ticket is used up here, whatever
    comes of it. Both functions raise Unauthenticated.
    """
    if not is_ticket(given):
        return lambda: recognise(given) if key and not is_linking_token(given) else identify(given)
    tickets = bootstrap.tickets()
    holder = tickets.take(given)
    return lambda: tickets.standing(holder)


def permit(principal: Principal, needs: Permission) -> Principal:
    """Return the principal if it has the permission; raises Forbidden."""
    if not principal.may(needs):
        raise Forbidden(f"'{principal.name}' may not do this: it needs {needs}.")
    return principal


def reach(principal: Principal | None, session_id: str) -> str:
    """Return the id of a session that the caller's credential isn't kept from; raises SessionNotFound."""
    if principal is not None and principal.session not in {None, session_id}:
        raise SessionNotFound(f"There is no session '{session_id}'.", field="id")
    return session_id


def credential(headers: Mapping[str, str]) -> str | None:
    """Return the token or API key that a request's headers carry, None if none does; raises Unauthenticated."""
    token, key = bearer(headers.get("authorization")), headers.get("x-api-key")
    if key is not None and not is_key(key):
        raise Unauthenticated("The X-API-Key header has no API key in it.", hint=_HOW)
    if token is not None and key not in {None, token}:
        raise Unauthenticated("There are two credentials, and they differ.", hint="Send one.")
    return key if token is None else token


def bearer(header: str | None) -> str | None:
    """Return the token of an Authorization header, None where there is no header; raises Unauthenticated."""
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    # Bytes that are no UTF-8 come as halves of surrogate pairs, which no library that checks a token can encode.
    if scheme.lower() != "bearer" or not token.strip() or not is_text(token):
        raise Unauthenticated("The Authorization header is not 'Bearer <token>'.", hint=_HOW)
    return token.strip()
