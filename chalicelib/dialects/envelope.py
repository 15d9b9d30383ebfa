"""The envelope ``{success, message?, data?, error?, code?}`` that seed 001's family of callers expects."""

from typing import Any

from chalicelib.domain.errors import GatewayError


def success(data: Any = None, message: str | None = None) -> dict[str, Any]:
    """Return ``data`` and ``message``, as far as there are any, in the envelope."""
    body: dict[str, Any] = {"success": True}
    if message is not None:
        body["message"] = message
    if data is not None:
        body["data"] = data
    return body


def failure(error: GatewayError) -> dict[str, Any]:
    """Return the error in the envelope. ``error`` and ``message`` say the same: clients read the one or the other."""
    body: dict[str, Any] = {"success": False, "error": error.message, "code": error.code, "message": error.message}
    if error.field:
        body["field"] = error.field
    if error.hint:
        body["hint"] = error.hint
    if "request_id" in error.context:
        body["request_id"] = error.context["request_id"]
    return body
