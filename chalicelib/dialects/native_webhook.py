"""A webhook's body: the native ``{id, type, session, at, cursor, data}``, and beside it seed 001's flat message fields.

001's system behind the documents sends one flat object per message. Its fields stand beside the native ones, but for
its ``id``: that word is the event's id here, and WhatsApp's id of the message is ``message_id``, as in the answer to a
send. Every attempt of a delivery says the same: what changes later is left to later events.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.dialects.moments import iso
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.session import Session

_GROUPS: Final = "@g.us"
_MOMENTS: Final = ("next_at", "expires_at")


def body(envelope: Envelope, message: Message | None, session: Session) -> bytes:
    """Return the JSON of an event; ``message`` is the one it is about, ``session`` as it stands."""
    said: dict[str, Any] = {
        "id": envelope.id,
        "type": envelope.type,
        "session": envelope.session,
        "at": iso(envelope.at),
        "cursor": envelope.cursor,
    }
    if message is None:
        said["data"] = _moments(envelope.data)
    else:
        own = session.device.phone if session.device else session.phone
        said |= {"data": _message(envelope.data, message, own), **_flat(message, envelope.session, own)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _moments(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if name in _MOMENTS else value for name, value in data.items()}


def _message(data: Mapping[str, Any], message: Message, own: str | None) -> dict[str, Any]:
    """The message under the status that it had at the event: it may have moved on since."""
    sender = message.sender
    whatsapp_id = data.get("whatsapp_id")
    error = {"code": data["error_code"], "message": data.get("error_message")} if data.get("error_code") else None
    return {
        "id": message.id,
        "message_id": whatsapp_id,
        "direction": str(message.direction),
        "status": data.get("status"),
        "chat": message.chat,
        "to": _recipient(message, own),
        "from": (sender.phone if sender else None) or (own if message.direction is Direction.OUTBOUND else None),
        "from_lid": sender.lid if sender else None,
        "from_name": sender.name if sender else None,
        "type": message.kind,
        "message": message.text,
        "timestamp": iso(message.created_at),
        "error": error,
    }


def _flat(message: Message, session_id: str, own: str | None) -> dict[str, Any]:
    sender = message.sender
    outbound = message.direction is Direction.OUTBOUND
    who = (sender.phone or sender.lid if sender else None) or (own if outbound else None)
    flat: dict[str, Any] = {
        "session_id": session_id,
        "from": who,
        "from_name": (sender.name if sender else None) or who,
        "to": _recipient(message, own),
        "message": message.text or "",
        "message_type": message.kind,
        "timestamp": iso(message.created_at),
        "message_id": message.whatsapp_id,
        "is_group": message.chat.endswith(_GROUPS),
    }
    return flat | ({"group_id": message.chat} if flat["is_group"] else {})


def _recipient(message: Message, own: str | None) -> str | None:
    return message.to or (message.chat if message.direction is Direction.OUTBOUND else own)
