"""What several dialects have in common: times, the envelope, receipts, text frames, last troubles, who must scan."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, Literal, NotRequired, TypedDict, TypeVar, overload

from msgspec import Struct

from chalicelib.domain.errors import GatewayError
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.session import Session, WebhookFailure
from chalicelib.domain.webhook import FAILURES


class Format(Struct, frozen=True):
    """What a text looks like, in JSON Schema's words."""

    name: str


Moment = Annotated[str, Format("date-time")]
"""A point in time as ``iso`` writes it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def iso(at: int) -> str: ...
@overload
def iso(at: None) -> None: ...
@overload
def iso(at: int | None) -> str | None: ...
def iso(at: int | None) -> str | None:
    """Return milliseconds since the Unix epoch as ``2025-01-08T12:00:00.000Z``; None stays None."""
    if at is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def seconds_until(at: int, now: int) -> int:
    """Return whole seconds from ``now`` to ``at``, never below 0."""
    return max(0, (at - now) // 1000)


def microseconds(at: int) -> str:
    """Return milliseconds since the Unix epoch as PHP's Carbon writes a time: ``2025-11-07T20:13:29.000000Z``."""
    return f"{iso(at)[:-1]}000Z"


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
    if error.request_id:
        body["request_id"] = error.request_id
    return body


LARGEST_PUSH: Final = 32 * 1024
"""Bytes that a frame to a watcher may have.

API Gateway charges for each begun 32 KB, and posts nothing of more than 128 KB.
"""


def frame(**fields: Any) -> str:
    """Return the frame with these fields, the empty ones left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    return _json(present)


def fits(text: str) -> bool:
    """Whether a frame of this text may be sent to a watcher (``LARGEST_PUSH``)."""
    return len(text.encode()) <= LARGEST_PUSH


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class LastReasonJson(TypedDict):
    """Why a session last lost its link or its connection, or failed; kept when its status has moved on."""

    reason: Annotated[str, "A word for programs, one of those that ``reason`` has."]
    message: Annotated[str | None, "The same as a sentence."]
    at: Annotated[Moment, "When that came about."]


def last_reason(of: Session) -> LastReasonJson | None:
    """Return it; None if there was none yet."""
    last = of.last_reason
    return {"reason": last.reason, "message": last.message, "at": iso(last.at)} if last else None


def sentence(of: WebhookFailure) -> str:
    """Return why a delivery failed, for people."""
    said = FAILURES.get(of.reason, "The delivery failed.")
    return f"{said[:-1]}, but {of.status}." if of.reason == "http_error" else said


class ReceiptJson(TypedDict):
    """What a sender is told of a message at once."""

    message_id: Annotated[str | None, "WhatsApp's; null until it is known."]
    id: Annotated[str, "Ours, always there."]
    status: MessageStatus
    to: str | None
    timestamp: Moment
    session: str


def receipt(of: Message) -> ReceiptJson:
    """Return what a sender is told of a message at once."""
    return {
        "message_id": of.whatsapp_id,
        "id": of.id,
        "status": of.status,
        "to": phone_in(of.to) or of.to,
        "timestamp": iso(of.created_at),
        "session": of.session,
    }
