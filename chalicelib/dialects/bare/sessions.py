"""The bare API's answers about sessions and the gateway's status: camelCase JSON without an envelope."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Final, Literal, NotRequired, TypedDict

from chalicelib.dialects.shared import LastReasonJson, Moment, iso, last_reason, seconds_until, sentence
from chalicelib.domain.errors import GatewayError, InvalidPhone, OfMessage, SessionNotConnected
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.session import QRCode, Session, Status, WebhookFailure, ended, needs_qr

Word = Literal["pending", "connected", "disconnected", "failed"]

WORDS: Final[dict[Status, Word]] = {
    Status.CREATED: "pending",
    Status.STARTING: "pending",
    Status.SCAN_QR: "pending",
    Status.PAIRING: "pending",
    Status.CONNECTED: "connected",
    Status.DISCONNECTED: "disconnected",
    Status.LOGGED_OUT: "disconnected",
    Status.STOPPED: "disconnected",
    Status.DELETING: "disconnected",
    Status.PASSKEY_REQUIRED: "failed",
    Status.FAILED: "failed",
}
"""The ``status`` of a session, in this family's four words."""


class BareWebhookFailureJson(TypedDict):
    """How the latest delivery to the webhook failed that was noted."""

    at: Moment
    status: NotRequired[Annotated[int, "What the endpoint answered, if it did."]]
    reason: Annotated[str, "Why it failed: a word for programs."]
    message: Annotated[str, "The same as a sentence."]
    eventId: Annotated[str, "The event that should have been told."]
    attempts: Annotated[int, "How often that was tried so far."]
    givenUp: Annotated[bool, "It isn't tried again."]
    nextAt: NotRequired[Annotated[Moment, "When it is tried again."]]
    recoveredAt: NotRequired[Annotated[Moment, "When an event was delivered again; absent while none was."]]


class BareSessionJson(TypedDict):
    """A session."""

    sessionId: str
    status: Word
    phoneNumber: Annotated[str | None, "The linked account's; before that the one that the session was created for."]
    phoneMismatch: NotRequired[Annotated[Literal[True], "Another account is linked than the one it was created for."]]
    expectedPhoneNumber: NotRequired[Annotated[str, "Whose account it was created for, where another one is linked."]]
    requirePhoneMatch: NotRequired[Annotated[Literal[True], "Such an account is unlinked as soon as it scans."]]
    connectedAt: NotRequired[Moment]
    name: NotRequired[str]
    reason: NotRequired[Annotated[str, "Why it has this status: a word for programs."]]
    message: NotRequired[Annotated[str | None, "The same as a sentence."]]
    lastReason: NotRequired[
        Annotated[LastReasonJson, "Why it last wasn't as its owner wanted; stays when it is again."]
    ]
    webhookUrl: NotRequired[str]
    webhookDisabledAt: NotRequired[Annotated[Moment, "When the endpoint said that it was gone for good."]]
    lastWebhookFailure: NotRequired[BareWebhookFailureJson]
    webhookSecret: NotRequired[Annotated[str, "What webhooks are signed with; for those who may change the session."]]


class BareSessionPageJson(TypedDict):
    """A page of sessions."""

    sessions: list[BareSessionJson]
    nextCursor: NotRequired[Annotated[str, "The next page's ``after``; absent on the last page."]]


class BareCreatedJson(TypedDict):
    """A new session, with its code if one came in time."""

    sessionId: str
    qrCode: Annotated[str | None, "A PNG as data URI; null if none came in time."]
    status: Word
    expiresAt: NotRequired[Moment]
    expiresIn: NotRequired[Annotated[int, "Seconds."]]
    reason: NotRequired[str]
    message: NotRequired[str | None]
    webhookSecret: NotRequired[Annotated[str, "What webhooks are signed with."]]


class BareCodeJson(TypedDict):
    """A QR code that can be scanned now."""

    sessionId: str
    qrCode: Annotated[str, "A PNG as data URI."]
    qr: Annotated[str, "The text in it. A secret: who has it can link the account."]
    attempt: Annotated[int, "Counts the codes of this scan round, from 1."]
    expiresAt: Moment
    expiresIn: Annotated[int, "Seconds."]
    status: Word


class BareGoneJson(TypedDict):
    """What became of a session that was deleted."""

    message: str
    sessionId: str
    reason: NotRequired[Annotated[str, "``unlink_unconfirmed``: WhatsApp couldn't be told, see the message."]]


class BareError(TypedDict):
    """An error. What can't be sent says, in the names that clients of all such gateways look for, how to go on."""

    error: str
    code: Annotated[str, "Stable, for programs."]
    timestamp: Moment
    sessionId: NotRequired[str]
    to: NotRequired[Annotated[str, "What was given for ``to``, where that is no phone number (``INVALID_PHONE``)."]]
    field: NotRequired[Annotated[str, "The part of the request at fault."]]
    hint: NotRequired[Annotated[str, "What to do."]]
    requestId: NotRequired[str]
    session_disconnected: NotRequired[Literal[True]]
    needs_qr: NotRequired[bool]
    qrCode: NotRequired[str]
    expiresAt: NotRequired[Moment]
    expiresIn: NotRequired[int]
    id: NotRequired[Annotated[str, "The message's."]]
    status: NotRequired[Annotated[Word | MessageStatus, "The session's, or the message's if there is an ``id``."]]


def session(of: Session, *, with_secret: bool = False) -> BareSessionJson:
    """Return a session; the secret that its webhooks are signed with is for those who may change it."""
    phone = of.device.phone if of.device else of.phone
    body: BareSessionJson = {
        "sessionId": of.id,
        "status": WORDS[of.status],
        "phoneNumber": f"+{phone}" if phone else None,
    }
    if of.phone_mismatch:
        body |= {"phoneMismatch": True, "expectedPhoneNumber": f"+{of.phone}"}
    if of.require_phone_match:
        body["requirePhoneMatch"] = True
    if of.status is Status.CONNECTED:
        body["connectedAt"] = iso(of.connected_at or of.since)
    if of.name:
        body["name"] = of.name
    _explain(body, of)
    if of.webhook_url:
        body["webhookUrl"] = of.webhook_url
        if of.webhook_disabled_at:
            body["webhookDisabledAt"] = iso(of.webhook_disabled_at)
        if of.webhook_failure:
            body["lastWebhookFailure"] = _failure(of.webhook_failure)
        if with_secret and of.webhook_secret:
            body["webhookSecret"] = of.webhook_secret
    return body


def _explain(body: BareSessionJson, of: Session) -> None:
    """Say why the session stands as it does, and why it last wasn't as its owner wanted."""
    if of.reason:
        body |= {"reason": of.reason, "message": of.message}
    last = last_reason(of)
    if last:
        body["lastReason"] = last


def _failure(of: WebhookFailure) -> BareWebhookFailureJson:
    body: BareWebhookFailureJson = {
        "at": iso(of.at),
        "reason": of.reason,
        "message": sentence(of),
        "eventId": of.event,
        "attempts": of.attempts,
        "givenUp": of.given_up,
    }
    if of.status is not None:
        body["status"] = of.status
    if of.next_at is not None:
        body["nextAt"] = iso(of.next_at)
    if of.recovered_at is not None:
        body["recoveredAt"] = iso(of.recovered_at)
    return body


def many(page: list[Session], cursor: str | None) -> BareSessionPageJson:
    """Return one page; ``nextCursor`` is there if another follows."""
    body: BareSessionPageJson = {"sessions": [session(of) for of in page]}
    if cursor:
        body["nextCursor"] = cursor
    return body


def created(of: Session, now: int) -> BareCreatedJson:
    """Return a new session with its code, or with ``qrCode`` null if none has come yet."""
    qr = of.code_at(now)
    body: BareCreatedJson = {"sessionId": of.id, "qrCode": qr.image if qr else None, "status": WORDS[of.status]}
    if qr:
        body |= {"expiresAt": iso(qr.expires_at), "expiresIn": seconds_until(qr.expires_at, now)}
    elif of.reason:
        body |= {"reason": of.reason, "message": of.message}
    if of.webhook_secret:
        body["webhookSecret"] = of.webhook_secret
    return body


def gone(session_id: str, *, at_once: bool, reason: str | None = None) -> BareGoneJson:
    """Return the answer to a delete; ``at_once`` if it is done, else it goes on by itself."""
    message = ended("Session deleted successfully", reason) if at_once else "Session is being deleted"
    body: BareGoneJson = {"message": message, "sessionId": session_id}
    if reason:
        body["reason"] = reason
    return body


def code(of: Session, qr: QRCode, now: int) -> BareCodeJson:
    """Return a code: ``qrCode`` as PNG data URI, ``qr`` as the text that is in it."""
    return {
        "sessionId": of.id,
        "qrCode": qr.image,
        "qr": qr.code,
        "attempt": qr.attempt,
        "expiresAt": iso(qr.expires_at),
        "expiresIn": seconds_until(qr.expires_at, now),
        "status": WORDS[of.status],
    }


LONGEST_GIVEN: Final = 100
"""Characters that an error repeats of what is no phone number."""


def code_of(what: GatewayError) -> str:
    """Return an error's code: the family has one of its own for what is no phone number."""
    return "INVALID_PHONE" if isinstance(what, InvalidPhone) else what.code


def error(what: GatewayError, *, now: int, session_id: str | None) -> BareError:
    """Return an error as this family documents it."""
    body: BareError = {"error": what.message, "code": code_of(what), "timestamp": iso(now)}
    if isinstance(what, InvalidPhone) and what.field == "to":
        body["to"] = what.given[:LONGEST_GIVEN]
    if session_id:
        body["sessionId"] = session_id
    if what.field:
        body["field"] = what.field
    if what.hint:
        body["hint"] = what.hint
    if what.request_id:
        body["requestId"] = what.request_id
    if isinstance(what, SessionNotConnected):
        standing = what.session
        body |= {"session_disconnected": True, "needs_qr": needs_qr(standing), "status": WORDS[standing.status]}
        qr = standing.code_at(now)
        if qr:
            body |= {
                "qrCode": qr.image,
                "expiresAt": iso(qr.expires_at),
                "expiresIn": seconds_until(qr.expires_at, now),
            }
    if isinstance(what, OfMessage):
        body |= {"id": what.failed.id, "status": what.failed.status}
    return body


class BareApiJson(TypedDict):
    """The gateway."""

    status: Literal["ok"]
    version: str
    uptime: Annotated[int, "Seconds that the function which answers has been there: functions come and go."]


class BareDatabaseJson(TypedDict):
    """The table."""

    status: Literal["connected"]
    latency: Annotated[int, "Milliseconds that the first page of sessions took."]


class BareCountsJson(TypedDict):
    """The tenant's sessions by their ``status``."""

    total: int
    connected: int
    pending: int
    disconnected: int
    failed: int
    complete: Annotated[bool, "False where there are more than the first 1,000, which are those that are counted."]


class BareStatusJson(TypedDict):
    """How the gateway stands, and the tenant's sessions."""

    api: BareApiJson
    database: BareDatabaseJson
    sessions: BareCountsJson
    timestamp: Moment


def counts(sessions: Iterable[Session], *, complete: bool) -> BareCountsJson:
    """Return how many of the sessions stand how; ``complete`` if they are all that there are."""
    found = Counter(WORDS[of.status] for of in sessions)
    return {
        "total": found.total(),
        "connected": found["connected"],
        "pending": found["pending"],
        "disconnected": found["disconnected"],
        "failed": found["failed"],
        "complete": complete,
    }


def status(of: BareCountsJson, *, version: str, uptime: int, latency: int, now: int) -> BareStatusJson:
    """Return the whole; ``uptime`` is in seconds, ``latency`` in milliseconds."""
    return {
        "api": {"status": "ok", "version": version, "uptime": uptime},
        "database": {"status": "connected", "latency": latency},
        "sessions": of,
        "timestamp": iso(now),
    }
