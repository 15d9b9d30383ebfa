"""The native webhook payload: ``{id, type, session, at, cursor, data}``, and the enveloped API's flat fields beside it.

A message's ``data`` is the message as the native API tells it everywhere, and besides in the words that ``data`` had
before there was that API.

The enveloped API's document shows one flat object a message. Those fields stand beside the native ones, but for
its ``id``: that word is the event's id here, and WhatsApp's id of the message is ``message_id``, as in the answer to a
send. Every attempt of a delivery says the same: what changes later is left to later events.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.dialects.contents import beside, temporary_path
from chalicelib.dialects.native.messages import message as told_natively
from chalicelib.dialects.native.messages import type_of
from chalicelib.dialects.shared import iso
from chalicelib.domain.events import Envelope
from chalicelib.domain.jid import LIDS, USERS, phone_in
from chalicelib.domain.media import KEPT
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.session import Session
from chalicelib.domain.watchers import wanted
from chalicelib.domain.webhook import MESSAGE_EVENTS, interests

_GROUPS: Final = "@g.us"
_MOMENTS: Final = ("next_at", "expires_at", "until")


def tells(envelope: Envelope, session: Session) -> bool:
    """Whether the endpoint asked for the event: for such a type, and of a message's, for messages of such a type."""
    if session.webhook_format:
        return True  # what it asked for isn't in these words
    if not wanted(session.webhook_events or (), envelope.type):
        return False
    kind = envelope.data.get("kind") if envelope.type in MESSAGE_EVENTS else None
    return not session.webhook_types or kind is None or type_of(kind) in session.webhook_types


def known(type_: str) -> bool:
    """Whether endpoints can be told of events of this type, or of this family (``message.*``; ``*`` is all)."""
    return interests(type_) or type_ in {"message.*", "session.*", "*"}


def headers(session: Session, body: bytes, *, now: int) -> dict[str, str]:  # noqa: ARG001 - every family's
    """Return nothing: the Standard Webhooks headers are all."""
    return {}


def body(envelope: Envelope, message: Message | None, session: Session) -> bytes:
    """Return the JSON of an event; ``message`` is the one it is about, ``session`` as it stands."""
    said: dict[str, Any] = {
        "id": envelope.id,
        "type": envelope.type,
        "session": envelope.session,
        "at": iso(envelope.at),
        "cursor": envelope.cursor.replace("#", "_"),
    }
    if message is None:
        said["data"] = moments(envelope.data)
    else:
        own = session.device.phone if session.device else session.phone
        told = _message(envelope.data, message, own)
        said |= {"data": told, **_flat(told, message, envelope)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def moments(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a session event's data, its times as clients read them; its worker is for the timeline alone."""
    return {name: iso(value) if name in _MOMENTS else value for name, value in data.items() if name != "worker"}


def _message(data: Mapping[str, Any], message: Message, own: str | None) -> dict[str, Any]:
    """The message under the status that it had at the event: it may have moved on since."""
    sender, outbound = message.sender, message.direction is Direction.OUTBOUND
    failed = data.get("error_code")
    to = message.to or (message.chat if outbound else None)
    native, older = told_natively(message, event=data), beside(message)
    told = {
        **native,
        "message_id": data.get("whatsapp_id"),
        "chat": message.chat,
        "to": (phone_in(to) or to) if to else own,
        "from": (sender.phone if sender else None) or (own if outbound else None),
        "from_lid": sender.lid if sender else None,
        "from_name": sender.name if sender else None,
        "message": message.content.text,
        **older,
        "timestamp": iso(message.created_at),
        "error": {"code": failed, "message": data.get("error_message")} if failed else None,
    }
    if "context" in older:
        told["context"] = _context(native.get("context", {}), older["context"])
    return told


def _context(native: Mapping[str, Any], older: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message's context in both words, which differ in how they call the beginning of a quoted text."""
    context = {**older, **native}
    if "quoted" in older:
        context["quoted"] = {**older["quoted"], **native.get("quoted", {})}
    return context


def _flat(told: Mapping[str, Any], message: Message, envelope: Envelope) -> dict[str, Any]:
    """The same as the enveloped API has it: ``from`` and ``to`` are JIDs, and a name and a text are always there."""
    sender = _jid(told["from"], USERS) or _jid(told["from_lid"], LIDS)
    group = {"group_id": told["chat"]} if told["chat"].endswith(_GROUPS) else {}
    target = message.content.about
    about = {"target_message_id": target.id} if target else {}
    quoted = message.context.quoted if message.context else None
    replied = {"quoted_message_id": quoted.target.id} if quoted else {}
    path = temporary_path(message, until=envelope.at + KEPT)
    file = {"media_url": path} if path else {}
    return {
        "session_id": envelope.session,
        "from": sender,
        "from_name": told["from_name"] or (sender or "").partition("@")[0],
        "to": _jid(told["to"], USERS),
        "message": told["message"] or "",
        "message_type": message.content.type,
        "timestamp": told["timestamp"],
        "message_id": told["message_id"],
        "is_group": bool(group),
        **group,
        **file,
        **about,
        **replied,
    }


def _jid(who: str | None, server: str) -> str | None:
    return f"{who}@{server}" if who and "@" not in who else who
