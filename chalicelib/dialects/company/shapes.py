"""The company API's answers: whether a company is connected, what there is to scan, and what became of sends."""

from typing import Annotated, Final, Literal, NotRequired, TypedDict

from chalicelib.dialects.shared import LastReasonJson, Moment, last_reason, microseconds
from chalicelib.domain.errors import GatewayError, OfMessage, OfSession, SessionNotConnected
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Attempt, Message, MessageStatus, Report
from chalicelib.domain.session import QRCode, Session, Status, needs_qr, news

Word = Literal["CONNECTED", "DISCONNECTED", "UNKNOWN", "NOT_CONFIGURED"]

WORDS: Final[dict[Status, Word]] = {
    Status.CREATED: "DISCONNECTED",
    Status.STARTING: "DISCONNECTED",
    Status.SCAN_QR: "DISCONNECTED",
    Status.PAIRING: "DISCONNECTED",
    Status.CONNECTED: "CONNECTED",
    Status.DISCONNECTED: "DISCONNECTED",
    Status.LOGGED_OUT: "DISCONNECTED",
    Status.STOPPED: "DISCONNECTED",
    Status.DELETING: "DISCONNECTED",
    Status.PASSKEY_REQUIRED: "UNKNOWN",
    Status.FAILED: "UNKNOWN",
}
"""The ``status`` of a session, in this family's words; a company without a session is NOT_CONFIGURED."""

DISCONNECTED: Final = "WhatsApp session is disconnected."
"""What the document has a bulk say that stops."""
_ASK: Final = "The session isn't running. Ask for its QR code to link it."
_NONE: Final = "This company has no WhatsApp session yet. Ask for its QR code to make one."
_NOT_SHOWN: Final = "There is a QR code, which is shown to those who may link the session."
_SENTENCES: Final[dict[str, str]] = {
    "CONNECTED": "WhatsApp session is connected.",
    "DISCONNECTED": DISCONNECTED,
    "UNKNOWN": "The WhatsApp session failed.",
    "NOT_CONFIGURED": _NONE,
}


class CompanyStatusJson(TypedDict):
    """How the company's session stands."""

    status: Word
    needs_qr: bool
    qr_code: Annotated[str | None, "The text to draw as a QR code, while one can be scanned. A secret."]
    qr_error: Annotated[str | None, "Why there is no code, where none will come by itself."]
    checked_at: Moment
    phone_mismatch: NotRequired[Annotated[Literal[True], "Another account is linked than the one it was created for."]]
    last_reason: NotRequired[
        Annotated[LastReasonJson, "Why it last wasn't as its owner wanted; stays when it is again."]
    ]


class CompanyStatusAnswer(TypedDict):
    """The answer to session-status."""

    success: Literal[True]
    data: CompanyStatusJson


class CompanyCodeAnswer(TypedDict):
    """A code that can be scanned now."""

    success: Literal[True]
    qr_code: Annotated[str, "The text to draw as a QR code. A secret: who has it can link the account."]
    status: Word


class CompanyTestAnswer(TypedDict):
    """Whether the session could send now."""

    success: bool
    status: Word
    message: str


class CompanyError(TypedDict):
    """An error."""

    success: Literal[False]
    error: str
    code: Annotated[str, "Stable, for programs."]
    status_code: Annotated[int, "The HTTP status again."]
    field: NotRequired[Annotated[str, "The part of the request at fault."]]
    hint: NotRequired[Annotated[str, "What to do."]]
    request_id: NotRequired[str]
    status: NotRequired[Word]
    session_disconnected: NotRequired[Literal[True]]
    needs_qr: NotRequired[bool]
    qr_code: NotRequired[Annotated[str, "The code to scan, if there is one."]]
    message_id: NotRequired[Annotated[str, "The gateway's id for the message that failed."]]
    total: NotRequired[Annotated[int, "The recipients of a bulk that began with nobody."]]
    success_count: NotRequired[int]
    failure_count: NotRequired[int]
    remaining: NotRequired[list[str]]


def status(of: Session | None, now: int, *, shows_code: bool = True) -> CompanyStatusAnswer:
    """Return how the session stands; None where the company has none. ``shows_code`` to those who may link it."""
    qr = of.code_at(now) if of else None
    data: CompanyStatusJson = {
        "status": word(of),
        "needs_qr": of is None or needs_qr(of),
        "qr_code": qr.code if qr and shows_code else None,
        "qr_error": _why_none(of) if shows_code or qr is None else _NOT_SHOWN,
        "checked_at": microseconds(now),
    }
    if of and of.phone_mismatch:
        data["phone_mismatch"] = True
    last = last_reason(of) if of else None
    if last:
        data["last_reason"] = last
    return {"success": True, "data": data}


def code(of: Session, qr: QRCode) -> CompanyCodeAnswer:
    """Return a code."""
    return {"success": True, "qr_code": qr.code, "status": word(of)}


def tested(of: Session | None) -> CompanyTestAnswer:
    """Return whether the session could send now."""
    said = word(of)
    return {"success": said == "CONNECTED", "status": said, "message": _SENTENCES[said]}


def word(of: Session | None) -> Word:
    """Return this family's word for how the session stands."""
    return WORDS[of.status] if of else "NOT_CONFIGURED"


def error(what: GatewayError, *, now: int, session_id: str | None) -> CompanyError:  # noqa: ARG001 - every family's
    """Return an error; about a session it says how that stands."""
    body: CompanyError = {
        "success": False,
        "error": what.message,
        "code": what.code,
        "status_code": what.status,
    }
    if what.field:
        body["field"] = what.field
    if what.hint:
        body["hint"] = what.hint
    if what.request_id:
        body["request_id"] = what.request_id
    if isinstance(what, OfMessage):
        body["message_id"] = what.failed.id
    if isinstance(what, OfSession):
        standing = what.session
        body["status"] = word(standing)
        if isinstance(what, SessionNotConnected):
            body |= {"session_disconnected": True, "needs_qr": needs_qr(standing)}
            qr = standing.code_at(now)
            if qr:
                body["qr_code"] = qr.code
    if what.untried:
        body |= {
            "total": len(what.untried),
            "success_count": 0,
            "failure_count": 0,
            "remaining": list(what.untried),
        }
        body["error"] = DISCONNECTED if isinstance(what, SessionNotConnected) else what.message
    return body


def _why_none(of: Session | None) -> str | None:
    """Return why no code will come unless somebody does something; None where one is there, will come, or isn't due."""
    if of is None:
        return _NONE
    if WORDS[of.status] == "UNKNOWN":
        return of.message or of.reason or _SENTENCES["UNKNOWN"]
    if of.live or not needs_qr(of) or not of.answered:
        return None
    return news(of.reason, of.message) or _ASK


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
        body["needs_qr"] = needs_qr(failure.session)
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
