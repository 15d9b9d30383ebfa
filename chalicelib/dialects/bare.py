"""Seed 002's answers under ``/sessions``: bare camelCase JSON."""

from typing import Any, Final

from chalicelib.dialects.moments import iso, seconds_until
from chalicelib.dialects.scanning import needs_qr
from chalicelib.domain.errors import GatewayError, SessionNotConnected
from chalicelib.domain.messages import Message
from chalicelib.domain.session import QRCode, Session, Status

WORDS: Final[dict[Status, str]] = {
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


def session(of: Session, *, with_secret: bool = False) -> dict[str, Any]:
    """Return a session; ``phoneNumber`` is the linked account's, before that the one it was created for.

    The secret that its webhooks are signed with is for those who may change the session.
    """
    phone = of.device.phone if of.device else of.phone
    body: dict[str, Any] = {
        "sessionId": of.id,
        "status": WORDS[of.status],
        "phoneNumber": f"+{phone}" if phone else None,
    }
    if of.status is Status.CONNECTED:
        body["connectedAt"] = iso(of.connected_at or of.since)
    if of.name:
        body["name"] = of.name
    if of.reason:
        body |= {"reason": of.reason, "message": of.message}
    if of.webhook_url:
        body["webhookUrl"] = of.webhook_url
        body |= {"webhookDisabledAt": iso(of.webhook_disabled_at)} if of.webhook_disabled_at else {}
        body |= {"webhookSecret": of.webhook_secret} if with_secret else {}
    return body


def many(page: list[Session], cursor: str | None) -> dict[str, Any]:
    """Return one page; ``nextCursor`` is there if another follows."""
    body: dict[str, Any] = {"sessions": [session(of) for of in page]}
    if cursor:
        body["nextCursor"] = cursor
    return body


def created(of: Session, now: int) -> dict[str, Any]:
    """Return a new session with its code, or with ``qrCode`` null if none has come yet."""
    qr = of.code_at(now)
    body: dict[str, Any] = {"sessionId": of.id, "qrCode": qr.image if qr else None, "status": WORDS[of.status]}
    if qr:
        body |= {"expiresAt": iso(qr.expires_at), "expiresIn": seconds_until(qr.expires_at, now)}
    elif of.reason:
        body |= {"reason": of.reason, "message": of.message}
    if of.webhook_secret:
        body["webhookSecret"] = of.webhook_secret
    return body


def code(of: Session, qr: QRCode, now: int) -> dict[str, Any]:
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


def error(what: GatewayError, *, now: int, session_id: str | None) -> dict[str, Any]:
    """Return an error as this family documents it."""
    body: dict[str, Any] = {"error": what.message, "code": what.code, "timestamp": iso(now)}
    if session_id:
        body["sessionId"] = session_id
    if what.field:
        body["field"] = what.field
    if what.hint:
        body["hint"] = what.hint
    if "request_id" in what.context:
        body["requestId"] = what.context["request_id"]
    if isinstance(what, SessionNotConnected):
        body |= _not_connected(what.context["session"], now)
    if "message" in what.context:
        failed: Message = what.context["message"]
        body |= {"id": failed.id, "status": str(failed.status)}
    return body


def _not_connected(of: Session, now: int) -> dict[str, Any]:
    # The two names that clients of every such gateway look for, in no family's case.
    body: dict[str, Any] = {"session_disconnected": True, "needs_qr": needs_qr(of), "status": WORDS[of.status]}
    qr = of.code_at(now)
    if qr:
        body |= {"qrCode": qr.image, "expiresAt": iso(qr.expires_at), "expiresIn": seconds_until(qr.expires_at, now)}
    return body
