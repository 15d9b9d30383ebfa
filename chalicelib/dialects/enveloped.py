"""Seed 001's answers under ``/api``: sessions, codes and logins in the envelope.

Where the documented shape and the one of the system behind it differ, one body answers both.
"""

from typing import Any

from chalicelib.dialects.envelope import failure, success
from chalicelib.dialects.enveloped_messages import receipt
from chalicelib.dialects.moments import iso, seconds_until
from chalicelib.dialects.scanning import needs_qr
from chalicelib.domain.errors import GatewayError, SessionExists, SessionNotConnected
from chalicelib.domain.session import QRCode, Session, Status

_NEVER_LOGGED_IN = {Status.SCAN_QR, Status.PAIRING, Status.LOGGED_OUT}


def session(of: Session) -> dict[str, Any]:
    """Return a session. ``connected``: to WhatsApp; ``logged_in``: a linked device is stored."""
    return {
        "id": of.id,
        "phone": of.phone,
        "actual_phone": of.device.phone if of.device else None,
        "name": of.name,
        "webhook_url": of.webhook_url,
        "webhook_disabled_at": iso(of.webhook_disabled_at),
        "enabled": of.enabled,
        "connected": of.status in {Status.PAIRING, Status.CONNECTED},
        "logged_in": of.device is not None and of.status not in _NEVER_LOGGED_IN,
        "status": str(of.status),
        "reason": of.reason,
        "message": of.message,
        "since": iso(of.since),
        "next_at": iso(of.next_at),
        "created_at": iso(of.created_at),
    }


def one(of: Session, message: str | None = None, *, with_secret: bool = False) -> dict[str, Any]:
    """Return a session as ``data`` and as ``data.session``: the guide reads the latter, other clients the former.

    The secret that its webhooks are signed with is for those who may change the session.
    """
    shape = session(of) | ({"webhook_secret": of.webhook_secret} if with_secret and of.webhook_secret else {})
    return success(shape | {"session": shape}, message)


def many(page: list[Session], cursor: str | None) -> dict[str, Any]:
    """Return one page; ``next_cursor`` is there if another follows."""
    data: dict[str, Any] = {"sessions": [session(of) for of in page], "count": len(page)}
    if cursor:
        data["next_cursor"] = cursor
    return success(data)


def code(of: Session, qr: QRCode, now: int) -> dict[str, Any]:
    """Return a code: ``qr_code`` as PNG data URI, ``qr`` as the text that is in it."""
    return success(_code(of, qr, now))


def error(what: GatewayError, *, now: int, session_id: str | None) -> dict[str, Any]:  # noqa: ARG001 - every family's
    """Return an error, with what a caller goes on with: the session that stands, the code to scan, the message."""
    body = failure(what)
    if isinstance(what, SessionExists):
        standing: Session = what.context["session"]
        shape = session(standing)
        body["data"] = shape | {"session": shape}
    elif isinstance(what, SessionNotConnected):
        body |= _not_connected(what.context["session"], now)
    elif "message" in what.context:
        body["data"] = receipt(what.context["message"])
    return body


def _not_connected(of: Session, now: int) -> dict[str, Any]:
    body: dict[str, Any] = {"session_disconnected": True, "needs_qr": needs_qr(of), "status": str(of.status)}
    qr = of.code_at(now)
    return body | {"data": _code(of, qr, now)} if qr else body


def _code(of: Session, qr: QRCode, now: int) -> dict[str, Any]:
    return {
        "session_id": of.id,
        "qr_code": qr.image,
        "qr": qr.code,
        "attempt": qr.attempt,
        "expires_at": iso(qr.expires_at),
        "expires_in": seconds_until(qr.expires_at, now),
        "status": str(of.status),
    }
