"""Seed 004's sends: one message, and many, which stop where the session is disconnected."""

from typing import Annotated, Final, Literal, NotRequired, TypedDict

from chalicelib.dialects.company import DISCONNECTED
from chalicelib.dialects.scanning import needs_qr
from chalicelib.domain.errors import GatewayError, SessionNotConnected
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Attempt, Message, MessageStatus, Report

_SAID: Final[dict[MessageStatus, str]] = {
    MessageStatus.QUEUED: "Message queued",
    MessageStatus.SENDING: "Message queued",
    MessageStatus.UNKNOWN: "It is unknown whether the message was sent",
}


class CompanyReceiptJson(TypedDict):
    """What a sender is told of a message at once."""

    message_id: Annotated[str | None, "WhatsApp's; null until it is known."]
    id: Annotated[str, "Ours, always there."]
    status: MessageStatus
    to: str | None


class CompanySentAnswer(TypedDict):
    """The answer to a send."""

    success: Literal[True]
    message: str
    data: CompanyReceiptJson


class CompanyResultJson(TypedDict):
    """What came of one recipient of a bulk."""

    to: Annotated[str, "As it was written."]
    success: bool
    id: NotRequired[str]
    message_id: NotRequired[str | None]
    status: NotRequired[MessageStatus]
    error: NotRequired[str]
    code: NotRequired[str]


class CompanyBulkAnswer(TypedDict):
    """What came of a bulk. ``success`` says that every recipient was tried and some message taken in, not all."""

    success: bool
    message: NotRequired[str]
    error: NotRequired[Annotated[str, "Why it stopped, or why no message was taken in."]]
    code: NotRequired[str]
    hint: NotRequired[str]
    status_code: NotRequired[int]
    session_disconnected: NotRequired[Literal[True]]
    needs_qr: NotRequired[bool]
    total: int
    success_count: Annotated[int, "Messages that were sent, or are on their way."]
    failure_count: Annotated[int, "Recipients that were tried in vain."]
    remaining: Annotated[list[str], "Recipients that weren't tried."]
    results: list[CompanyResultJson]


def sent(of: Message) -> CompanySentAnswer:
    """Return the answer to a send."""
    return {"success": True, "message": _SAID.get(of.status, "Message sent successfully"), "data": _receipt(of)}


def _receipt(of: Message) -> CompanyReceiptJson:
    """Return what a sender is told of a message at once."""
    number = phone_in(of.to)
    return {
        "message_id": of.whatsapp_id,
        "id": of.id,
        "status": of.status,
        "to": f"+{number}" if number else of.to,
    }


def bulk(report: Report) -> CompanyBulkAnswer:
    """Return what came of a bulk. One that stopped says why; so does one of which no message was taken in."""
    failure = report.stopped or _in_vain(report)
    counts: CompanyBulkAnswer = {
        "success": failure is None,
        "total": report.total,
        "success_count": report.successes,
        "failure_count": report.failures,
        "remaining": list(report.remaining),
        "results": [_result(attempt) for attempt in report.attempts],
    }
    if failure is None:
        return {**counts, "message": f"{report.successes} of {report.total} messages sent"}
    body: CompanyBulkAnswer = {
        **counts,
        "error": failure.message,
        "code": failure.code,
        "status_code": failure.status,
    }
    if failure.hint:
        body["hint"] = failure.hint
    if isinstance(failure, SessionNotConnected):
        body |= {"session_disconnected": True, "error": DISCONNECTED}
        body["needs_qr"] = needs_qr(failure.context["session"])
    return body


def _in_vain(report: Report) -> GatewayError | None:
    """Return the first recipient's error if no message was taken in; each one's own is in the results."""
    return next((attempt.error for attempt in report.attempts), None) if report.successes == 0 else None


def _result(of: Attempt) -> CompanyResultJson:
    body: CompanyResultJson = {"to": of.to, "success": of.error is None}
    if of.message:
        body |= {"id": of.message.id, "message_id": of.message.whatsapp_id, "status": of.message.status}
    if of.error:
        body |= {"code": of.error.code, "error": of.error.message}
    return body
