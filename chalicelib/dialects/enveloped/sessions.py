"""The enveloped API's answers under ``/api``: sessions, codes and logins in the envelope.

Where the documented shape and the one of the system behind it differ, one body answers both.
"""

from typing import Annotated, Literal, NotRequired, TypedDict, cast

from chalicelib.dialects.shared import (
    Failure,
    LastReasonJson,
    Moment,
    ReceiptJson,
    Success,
    failure,
    iso,
    last_reason,
    receipt,
    seconds_until,
    sentence,
    success,
)
from chalicelib.domain.errors import GatewayError, OfMessage, SessionExists, SessionNotConnected
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import QRCode, Session, Status, WebhookFailure, ended, linked, needs_qr


class WebhookFailureJson(TypedDict):
    """How the latest delivery to the webhook failed that was noted."""

    at: Moment
    status: Annotated[int | None, "What the endpoint answered, if it did."]
    reason: Annotated[str, "Why it failed: a word for programs."]
    message: Annotated[str, "The same as a sentence."]
    event_id: Annotated[str, "The event that should have been told."]
    attempts: Annotated[int, "How often that was tried so far."]
    given_up: Annotated[bool, "It isn't tried again."]
    next_at: Annotated[Moment | None, "When it is tried again."]
    recovered_at: Annotated[Moment | None, "When an event was delivered again; null while none was."]


class ProxyConfigJson(TypedDict):
    """What all of a session's traffic with WhatsApp goes through. Its credentials are never told again."""

    enabled: Literal[True]
    type: ProxyType
    host: str
    port: int


class SessionJson(TypedDict):
    """A session."""

    id: str
    phone: Annotated[str | None, "The number that it was created for, digits only."]
    actual_phone: Annotated[str | None, "The number that scanned, digits only."]
    phone_mismatch: Annotated[bool, "Another account is linked than the one that it was created for."]
    require_phone_match: Annotated[bool, "Such an account is unlinked as soon as it scans."]
    name: str
    webhook_url: str | None
    webhook_disabled_at: Annotated[Moment | None, "When the endpoint said that it was gone for good."]
    last_webhook_failure: Annotated[WebhookFailureJson | None, "Null if none was noted since the webhook was set."]
    proxy_config: ProxyConfigJson | None
    enabled: bool
    connected: Annotated[bool, "To WhatsApp."]
    logged_in: Annotated[bool, "A linked device is stored."]
    status: Status
    reason: Annotated[str | None, "Why it has this status: a word for programs."]
    message: Annotated[str | None, "The same as a sentence."]
    last_reason: Annotated[LastReasonJson | None, "Why it last wasn't as its owner wanted; stays when it is again."]
    since: Moment
    next_at: Annotated[Moment | None, "When the status will change by itself."]
    created_at: Moment
    webhook_secret: NotRequired[Annotated[str, "What webhooks are signed with; for those who may change the session."]]


class OneSessionJson(SessionJson):
    """A session, and the same again as ``session``: clients read the one or the other."""

    session: SessionJson


class SessionPageJson(TypedDict):
    """A page of sessions."""

    sessions: list[SessionJson]
    count: int
    next_cursor: NotRequired[Annotated[str, "The next page's ``after``; absent on the last page."]]


class SessionGoneJson(TypedDict):
    """A session that was deleted; clients of the Socket.IO family, who delete here too, read all but the first."""

    id: str
    sessionName: str
    deleted: Annotated[bool, "False while that goes on by itself."]
    reason: NotRequired[Annotated[str, "``unlink_unconfirmed``: WhatsApp couldn't be told, see the message."]]
    clientRemoved: bool
    dataDirectoryDeleted: bool
    timestamp: Moment


class CodeJson(TypedDict):
    """A QR code that can be scanned now."""

    session_id: str
    qr_code: Annotated[str, "A PNG as data URI."]
    qr: Annotated[str, "The text in it. A secret: who has it can link the account."]
    attempt: Annotated[int, "Counts the codes of this scan round, from 1."]
    expires_at: Moment
    expires_in: Annotated[int, "Seconds."]
    status: Status


class EnvelopedError(Failure):
    """An error, with what a caller goes on with: the session that stands, the code to scan, the message."""

    session_disconnected: NotRequired[Literal[True]]
    needs_qr: NotRequired[bool]
    status: NotRequired[Status]
    data: NotRequired[OneSessionJson | CodeJson | ReceiptJson]


def session(of: Session) -> SessionJson:
    """Return a session. ``connected``: to WhatsApp; ``logged_in``: a linked device is stored."""
    return {
        "id": of.id,
        "phone": of.phone,
        "actual_phone": of.device.phone if of.device else None,
        "phone_mismatch": of.phone_mismatch,
        "require_phone_match": of.require_phone_match,
        "name": of.name,
        "webhook_url": of.webhook_url,
        "webhook_disabled_at": iso(of.webhook_disabled_at),
        "last_webhook_failure": _failure(of.webhook_failure) if of.webhook_failure else None,
        "proxy_config": _proxy(of.proxy) if of.proxy else None,
        "enabled": of.enabled,
        "connected": of.status in {Status.PAIRING, Status.CONNECTED},
        "logged_in": linked(of),
        "status": of.status,
        "reason": of.reason,
        "message": of.message,
        "last_reason": last_reason(of),
        "since": iso(of.since),
        "next_at": iso(of.next_at),
        "created_at": iso(of.created_at),
    }


def _proxy(of: Proxy) -> ProxyConfigJson:
    return {"enabled": True, "type": of.type, "host": of.host, "port": of.port}


def one(of: Session, message: str | None = None, *, with_secret: bool = False) -> Success[OneSessionJson]:
    """Return a session; the secret that its webhooks are signed with is for those who may change it."""
    shape = session(of)
    if with_secret and of.webhook_secret:
        shape["webhook_secret"] = of.webhook_secret
    return success({**shape, "session": shape}, message)


def many(page: list[Session], cursor: str | None) -> Success[SessionPageJson]:
    """Return one page; ``next_cursor`` is there if another follows."""
    data: SessionPageJson = {"sessions": [session(of) for of in page], "count": len(page)}
    if cursor:
        data["next_cursor"] = cursor
    return success(data)


def gone(session_id: str, *, at_once: bool, now: int, reason: str | None = None) -> Success[SessionGoneJson]:
    """Return the answer to a delete; ``at_once`` if it is done, else it goes on by itself."""
    data: SessionGoneJson = {
        "id": session_id,
        "sessionName": session_id,
        "deleted": at_once,
        "clientRemoved": at_once,
        "dataDirectoryDeleted": at_once,
        "timestamp": iso(now),
    }
    if reason:
        data["reason"] = reason
    return success(data, ended("Session deleted", reason) if at_once else "Session is being deleted")


def stopped(of: Session) -> Success[OneSessionJson]:
    """Return the answer to a disconnect; what isn't done yet goes on by itself."""
    return one(of, "Session disconnected" if of.answered else "Session is being disconnected")


def logged_out(of: Session) -> Success[OneSessionJson]:
    """Return the answer to a logout; what isn't done yet goes on by itself."""
    done = ended("Session logged out successfully", of.reason)
    return one(of, done if of.answered else "Session is being logged out")


def code(of: Session, qr: QRCode, now: int) -> Success[CodeJson]:
    """Return a code: ``qr_code`` as PNG data URI, ``qr`` as the text that is in it."""
    return success(_code(of, qr, now))


def error(what: GatewayError, *, now: int, session_id: str | None) -> EnvelopedError:  # noqa: ARG001 - every family's
    """Return an error, with what a caller goes on with."""
    body = cast("EnvelopedError", failure(what))
    if isinstance(what, SessionExists):
        body["data"] = one(what.session)["data"]
    elif isinstance(what, SessionNotConnected):
        standing = what.session
        body |= {"session_disconnected": True, "needs_qr": needs_qr(standing), "status": standing.status}
        qr = standing.code_at(now)
        if qr:
            body["data"] = _code(standing, qr, now)
    elif isinstance(what, OfMessage):
        body["data"] = receipt(what.failed)
    return body


def _failure(of: WebhookFailure) -> WebhookFailureJson:
    return {
        "at": iso(of.at),
        "status": of.status,
        "reason": of.reason,
        "message": sentence(of),
        "event_id": of.event,
        "attempts": of.attempts,
        "given_up": of.given_up,
        "next_at": iso(of.next_at),
        "recovered_at": iso(of.recovered_at),
    }


def _code(of: Session, qr: QRCode, now: int) -> CodeJson:
    return {
        "session_id": of.id,
        "qr_code": qr.image,
        "qr": qr.code,
        "attempt": qr.attempt,
        "expires_at": iso(qr.expires_at),
        "expires_in": seconds_until(qr.expires_at, now),
        "status": of.status,
    }
