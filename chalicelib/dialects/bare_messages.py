"""Seed 002's messages: the answer to a send, and messages as they stand."""

from typing import Any

from chalicelib.dialects.moments import iso
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message


def message(of: Message) -> dict[str, Any]:
    """Return a message. ``id`` is ours and always there, ``messageId`` WhatsApp's, null until it is known."""
    sender = of.sender
    shape: dict[str, Any] = {
        "id": of.id,
        "messageId": of.whatsapp_id,
        "sessionId": of.session,
        "direction": str(of.direction),
        "fromMe": of.direction is Direction.OUTBOUND,
        "status": str(of.status),
        "chat": of.chat,
        "to": _number(phone_in(of.to)) or of.to,
        "from": _number(sender.phone) if sender else None,
        "fromLid": sender.lid if sender else None,
        "fromName": sender.name if sender else None,
        "type": of.kind,
        "message": of.text,
        "timestamp": iso(of.created_at),
        "sentAt": iso(of.sent_at),
        "deliveredAt": iso(of.delivered_at),
        "readAt": iso(of.read_at),
    }
    if of.error_code:
        shape["error"] = {"code": of.error_code, "message": of.error_message}
    return shape


def many(page: list[Message], before: str | None) -> dict[str, Any]:
    """Return one page, newest first; ``nextBefore`` is there if another follows."""
    body: dict[str, Any] = {"messages": [message(of) for of in page]}
    if before:
        body["nextBefore"] = before
    return body


def sent(of: Message) -> dict[str, Any]:
    """Return the answer to a send."""
    return {
        "success": True,
        "messageId": of.whatsapp_id,
        "id": of.id,
        "status": str(of.status),
        "timestamp": iso(of.created_at),
    }


def _number(digits: str | None) -> str | None:
    return f"+{digits}" if digits else None
