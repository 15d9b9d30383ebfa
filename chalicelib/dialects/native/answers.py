"""What all of the native API's answers share: errors, pages, and how a phone number is written."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypedDict, TypeVar

from chalicelib.domain.errors import GatewayError

T = TypeVar("T")


class NativeErrorDetailJson(TypedDict):
    """What went wrong."""

    code: Annotated[str, "Stable, for programs, in UPPER_SNAKE."]
    message: Annotated[str, "For people: what is wrong, then what to do about it."]
    field: Annotated[str | None, "The part of the request at fault, as a path such as ``to.phone``."]
    retryable: Annotated[bool, "The same request may succeed later."]
    retry_after: Annotated[int | None, "Seconds after which to come again, where that is known; a header says it too."]


class NativeErrorJson(TypedDict):
    """An error."""

    error: NativeErrorDetailJson
    request_id: Annotated[str | None, "Finds the request in the gateway's log."]


class NativePageJson(TypedDict, Generic[T]):
    """A page of a list."""

    data: list[T]
    next_cursor: Annotated[str | None, "The next page's ``cursor``; null on the last page."]


def error(what: GatewayError, *, now: int, session_id: str | None) -> NativeErrorJson:  # noqa: ARG001 - every family's
    """Return an error."""
    return {
        "error": {
            "code": what.code.upper(),
            "message": f"{what.message} {what.hint}" if what.hint else what.message,
            "field": what.field,
            "retryable": what.retryable,
            "retry_after": what.retry_after,
        },
        "request_id": what.request_id,
    }


def page(data: Sequence[T], next_cursor: str | None) -> NativePageJson[T]:
    """Return a page of a list."""
    return {"data": list(data), "next_cursor": next_cursor}


def phone(digits: str | None) -> str | None:
    """Return a phone number as all of the API writes it: ``+`` and digits; None stays None."""
    return f"+{digits}" if digits else None
