"""What stands in the routes' paths for their variables."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.enveloped.requests import KEY, TENANT, USER
from chalicelib.api.fields import MESSAGE_ID
from chalicelib.domain.session import ID


def _variable(about: str, pattern: str, example: str) -> dict[str, Any]:
    return {"description": about, "schema": {"type": "string", "pattern": f"^{pattern}$"}, "example": example}


VARIABLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "id": _variable("The session's id.", ID.pattern, "6281234567890"),
    "message_id": _variable(
        "The message's id: ours, or WhatsApp's once it is known.", MESSAGE_ID.pattern, "01KDVM3W00MESSAGE0000000A1"
    ),
    "name": _variable("The user's name.", USER.pattern, "ben"),
    "key_id": _variable("The API key's id; it is no secret.", KEY.pattern, "01KDVM3W00APIKEY00000000A1"),
    "tenant": _variable("The tenant's id.", TENANT.pattern, "acme"),
    "company": _variable("The company: a tenant's id.", TENANT.pattern, "default"),
}
"""Each variable as an OpenAPI parameter; a value that doesn't fit is answered like one that isn't there."""
