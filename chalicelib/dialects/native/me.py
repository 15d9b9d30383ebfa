"""The native API's answer about its caller."""

from typing import Annotated, TypedDict

from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.access import Permission, Principal, Role


class NativeCallerJson(TypedDict):
    """Whose credential a call came with, and what that may do."""

    name: Annotated[str, "A user's name; for an API key ``key:`` and its id."]
    tenant: str
    role: Role
    permissions: Annotated[list[Permission], "An API key has fewer than a user of the same role."]
    session: Annotated[str | None, "The one session that the API key is for; null: all of its tenant's."]
    key: Annotated[str | None, "The API key's id; null for a user's token."]
    expires_at: Annotated[Moment | None, "When the credential ends by itself; null: never."]


def caller(of: Principal) -> NativeCallerJson:
    """Return who calls."""
    return {
        "name": of.name,
        "tenant": of.tenant,
        "role": of.role,
        "permissions": [permission for permission in Permission if of.may(permission)],
        "session": of.session,
        "key": of.key,
        "expires_at": iso(of.expires_at),
    }
