"""The envelope ``{success, message?, data?, error?, code?}`` that seed 001's family of callers expects."""

from typing import Annotated, Generic, Literal, NotRequired, TypedDict, TypeVar

from chalicelib.domain.errors import GatewayError

T = TypeVar("T")


class Success(TypedDict, Generic[T]):
    """What went well."""

    success: Literal[True]
    message: NotRequired[str]
    data: T


class Failure(TypedDict):
    """What didn't; ``error`` and ``message`` say the same: clients read the one or the other."""

    success: Literal[False]
    error: str
    code: Annotated[str, "Stable, for programs."]
    message: str
    field: NotRequired[Annotated[str, "The part of the request at fault."]]
    hint: NotRequired[Annotated[str, "What to do."]]
    request_id: NotRequired[str]


def success(data: T, message: str | None = None) -> Success[T]:
    """Return ``data``, and ``message`` if there is one, in the envelope."""
    return {"success": True, "data": data} if message is None else {"success": True, "message": message, "data": data}


def failure(error: GatewayError) -> Failure:
    """Return the error in the envelope."""
    body: Failure = {"success": False, "error": error.message, "code": error.code, "message": error.message}
    if error.field:
        body["field"] = error.field
    if error.hint:
        body["hint"] = error.hint
    if "request_id" in error.context:
        body["request_id"] = error.context["request_id"]
    return body
