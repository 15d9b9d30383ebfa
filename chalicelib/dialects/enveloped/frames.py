"""The enveloped API's WebSocket frames: one JSON object each, told apart by ``type``.

Documented are ``{"type": "qr", "qr": <PNG data URI>}`` and ``{"type": "connected"}``; a client's ``ping`` gets a
``pong``. The other words are ours, so that a watcher is never left with a stale code on its screen.
"""

from typing import Any, Final

from chalicelib.dialects.dialect import Saying
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.shared import frame, iso, last_reason, seconds_until
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Reason, Session, Status
from chalicelib.reading import BadJson, parse_json

WORDS: Final[dict[str, str]] = {
    e.QRShown.type: "qr",
    e.QRTimeout.type: "qr_timeout",
    e.PairSuccess.type: "pairing",
    e.PairError.type: "pair_error",
    e.PasskeyRequested.type: "passkey_required",
    e.PasskeyLapsed.type: "stopped",
    e.PasskeyRefused.type: "failed",
    e.Connected.type: "connected",
    e.Disconnected.type: "disconnected",
    e.LoggedOut.type: "logged_out",
    e.Unlinked.type: "logged_out",
    e.StreamReplaced.type: "stopped",
    e.Stopped.type: "stopped",
    e.ClientOutdated.type: "failed",
    e.RegistrationRefused.type: "failed",
    e.TemporaryBan.type: "failed",
    e.AccountRefused.type: "failed",
    e.GaveUp.type: "failed",
    e.DELETED: "deleted",
    e.WebhookFailing.type: "webhook_failing",
    e.WebhookRecovered.type: "webhook_recovered",
    e.WebhookDisabled.type: "webhook_disabled",
}
"""The ``type`` of a session event's frame; one that isn't here is the gateway's own affair."""

_STANDING: Final[dict[Status, str]] = {
    Status.PAIRING: "pairing",
    Status.CONNECTED: "connected",
    Status.DISCONNECTED: "disconnected",
    Status.PASSKEY_REQUIRED: "passkey_required",
    Status.LOGGED_OUT: "logged_out",
    Status.STOPPED: "stopped",
    Status.FAILED: "failed",
}


def event(envelope: Envelope, session: Session | None, now: int) -> list[Saying]:
    """Return the event's frame; none if there is no word for the event, or its code can't be scanned any more."""
    word = WORDS.get(envelope.type)
    if word is None:
        return _said(*enveloped_messages.frames(envelope))
    said: dict[str, Any] = {
        "id": envelope.id,
        "cursor": envelope.cursor,
        "session_id": envelope.session,
        "at": iso(envelope.at),
    }
    if word == "qr":
        standing = session if session and session.uid == envelope.uid else None
        code = _code(standing, now)
        if code:
            return _said(frame(type="qr", **code, **said))
        # One that waits for a scan and has no code has one that this watcher may not see.
        hidden = standing and standing.status is Status.SCAN_QR and standing.qr is None
        return _said(_status(standing, **said)) if standing and hidden else []
    data = envelope.data
    return _said(
        frame(
            type=word,
            **said,
            phone=data.get("phone"),
            phone_mismatch=data.get("phone_mismatch") or None,
            expected_phone=data.get("expected_phone"),
            reason=data.get("reason"),
            message=data.get("message"),
            next_at=iso(data.get("next_at")),
            webhook=data.get("webhook"),
        )
    )


def snapshot(session: Session | None, now: int) -> list[Saying]:
    """Return what a watcher that comes late needs: the code that stands, or the status. No event, so no id."""
    if session is None:
        return _said(frame(type="deleted", snapshot=True))
    code = _code(session, now)
    if code:
        return _said(frame(type="qr", **code, session_id=session.id, at=iso(session.since), snapshot=True))
    word = _STANDING.get(session.status, "status")
    if session.status is Status.STOPPED and session.reason == Reason.QR_TIMEOUT:
        word = "qr_timeout"
    return _said(
        frame(
            type=word,
            session_id=session.id,
            status=str(session.status),
            at=iso(session.since),
            phone=session.device.phone if session.device else None,
            phone_mismatch=session.phone_mismatch or None,
            expected_phone=session.phone if session.phone_mismatch else None,
            reason=session.reason,
            message=session.message,
            last_reason=last_reason(session),
            next_at=iso(session.next_at),
            snapshot=True,
        )
    )


def _said(*frames: str) -> list[Saying]:
    return [Saying(frames)] if frames else []


def _status(session: Session, **said: Any) -> str:
    """Say how the session stands, where no other word does."""
    status = {"status": str(session.status), "reason": session.reason, "message": session.message}
    return frame(type="status", **said, **status, next_at=iso(session.next_at))


def reply(text: str) -> list[str]:
    """Return the answer to a client's frame: a pong to a ping, and a sentence to what isn't understood."""
    try:
        said = parse_json(text)
    except BadJson:
        said = None
    if isinstance(said, dict) and said.get("type") == "ping":
        return [frame(type="pong")]
    return [frame(type="error", code="INVALID_FRAME", message='The only frame to send here is {"type": "ping"}.')]


def _code(session: Session | None, now: int) -> dict[str, Any] | None:
    qr = session.code_at(now) if session else None
    if qr is None:
        return None
    return {
        "qr": qr.image,
        "attempt": qr.attempt,
        "expires_at": iso(qr.expires_at),
        "expires_in": seconds_until(qr.expires_at, now),
    }
