"""Seed 001's messages: the answer to a send, messages as they stand, and the frames that tell of them."""

from typing import Any, Final

from chalicelib.dialects.envelope import success
from chalicelib.dialects.frames import clipped, frame
from chalicelib.dialects.moments import iso
from chalicelib.domain.events import Envelope
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus

WORDS: Final[dict[str, str]] = {
    "message.received": "message",
    "message.sent": "message_status",
    "message.delivered": "message_status",
    "message.read": "message_status",
    "message.failed": "message_status",
    "message.unknown": "message_status",
}
"""The ``type`` of a message event's frame; that one is queued or being sent is the gateway's own affair."""

_SAID: Final[dict[MessageStatus, str]] = {
    MessageStatus.QUEUED: "Message queued",
    MessageStatus.SENDING: "Message queued",
    MessageStatus.UNKNOWN: "It is unknown whether the message was sent",
}


def message(of: Message) -> dict[str, Any]:
    """Return a message. ``id`` is ours and always there, ``message_id`` WhatsApp's, null until it is known."""
    sender = of.sender
    shape: dict[str, Any] = {
        "id": of.id,
        "message_id": of.whatsapp_id,
        "session": of.session,
        "direction": str(of.direction),
        "from_me": of.direction is Direction.OUTBOUND,
        "status": str(of.status),
        "chat": of.chat,
        "to": phone_in(of.to) or of.to,
        "from": sender.phone if sender else None,
        "from_lid": sender.lid if sender else None,
        "from_name": sender.name if sender else None,
        "type": of.kind,
        "message": of.text,
        "timestamp": iso(of.created_at),
        "sent_at": iso(of.sent_at),
        "delivered_at": iso(of.delivered_at),
        "read_at": iso(of.read_at),
    }
    if of.error_code:
        shape["error"] = {"code": of.error_code, "message": of.error_message}
    return shape


def one(of: Message) -> dict[str, Any]:
    """Return one message as ``data``."""
    return success(message(of))


def many(page: list[Message], before: str | None) -> dict[str, Any]:
    """Return one page, newest first; ``next_before`` is there if another follows."""
    data: dict[str, Any] = {"messages": [message(of) for of in page], "count": len(page)}
    if before:
        data["next_before"] = before
    return success(data)


def receipt(of: Message) -> dict[str, Any]:
    """Return what a sender is told of a message at once."""
    return {
        "message_id": of.whatsapp_id,
        "id": of.id,
        "status": str(of.status),
        "to": phone_in(of.to) or of.to,
        "timestamp": iso(of.created_at),
        "session": of.session,
    }


def sent(of: Message) -> dict[str, Any]:
    """Return the answer to a send."""
    return success(receipt(of), _SAID.get(of.status, "Message sent"))


def frames(envelope: Envelope) -> list[str]:
    """Return a message event's frames; none if there is no word for it. ``id`` is the event's, as in every frame."""
    word, of = WORDS.get(envelope.type), envelope.message
    if word is None or of is None:
        return []
    data = message(of)
    if word == "message_status":
        del data["message"]
    elif of.text:
        data |= clipped(of.text, "message")
    said = {"id": envelope.id, "cursor": envelope.cursor, "session_id": envelope.session, "at": iso(envelope.at)}
    return [frame(type=word, **said, message_id=of.whatsapp_id, status=str(of.status), data=data)]
