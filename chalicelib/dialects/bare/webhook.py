"""The bare API's webhook payload: ``message``, ``status`` and ``connection``, for endpoints set by its own call.

What its documents don't know isn't told: what one's other devices write, a message that failed, steps on the way to a
link. An endpoint that is to hear of those takes the native words.
"""

import json
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from chalicelib.dialects.bare.messages import MediaUrl, file
from chalicelib.dialects.bare.sessions import WORDS, Word
from chalicelib.dialects.contents import ContentJson, ContextJson, beside
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.session import Session, Status
from chalicelib.domain.webhook import hex_digest, timed_signature

SIGNATURE: Final = "X-Webhook-Signature"
TIMED_SIGNATURE: Final = "X-Webhook-Signature-V2"
Event = Literal["message", "status", "connection"]
EVENTS: Final[tuple[Event, ...]] = ("message", "status", "connection")

# With ``from`` among its names it can't be a class.
BareMessageEvent = TypedDict(
    "BareMessageEvent",
    {
        "event": Literal["message"],
        "sessionId": str,
        "messageId": Annotated[str | None, "WhatsApp's."],
        "id": Annotated[str, "Ours."],
        "from": Annotated[str | None, "The sender's number, or LID where WhatsApp tells no number."],
        "fromName": str | None,
        "chat": Annotated[str, "The JID of the conversation: a person's number, where it is known, else the LID."],
        "chatLid": Annotated[str | None, "The JID of the person's LID; null in a group, or where it isn't known."],
        "message": str | None,
        "type": str,
        "mediaUrl": NotRequired[MediaUrl],
        "caption": NotRequired[str],
        "filename": NotRequired[str],
        "content": NotRequired[ContentJson],
        "context": NotRequired[ContextJson],
        "timestamp": Moment,
    },
)


class BareWebhookJson(TypedDict):
    """Where a session's events go."""

    success: Literal[True]
    sessionId: str
    webhookUrl: str | None
    events: list[Event]
    webhookSecret: Annotated[str | None, "What the Standard Webhooks signature is made with; ours, not the caller's."]


class BareWebhookGoneJson(TypedDict):
    """That a session has no webhook any more."""

    success: Literal[True]
    message: str
    sessionId: str


class BareStatusEvent(TypedDict):
    """What became of a message that was sent."""

    event: Literal["status"]
    sessionId: str
    messageId: str | None
    id: str
    status: Literal["sent", "delivered", "read"]
    timestamp: Moment


class BareConnectionEvent(TypedDict):
    """How the session stands with WhatsApp."""

    event: Literal["connection"]
    sessionId: str
    status: Word
    timestamp: Moment
    reason: NotRequired[str]
    phoneMismatch: NotRequired[Annotated[Literal[True], "Another account is linked than the one it was created for."]]


_STATUSES: Final[dict[str, Literal["sent", "delivered", "read"]]] = {
    "message.sent": "sent",
    "message.delivered": "delivered",
    "message.read": "read",
}
_STEPS: Final = frozenset(
    step.type
    for step in (
        e.QRShown,
        e.PairingCodeTaken,
        e.PairingCodeLapsed,
        e.ScanRoundEnded,
        e.PasskeyConfirmationRequested,
        e.PairSuccess,
        e.PairError,
        e.DeleteRequested,
    )
)
"""What leaves a session pending, as it was; and the request to delete it, after which it has no endpoint."""


def tells(envelope: Envelope, session: Session) -> bool:
    """Whether there is a word for the event, and the endpoint asked for it."""
    word = _word(envelope)
    return word is not None and word in (session.webhook_events or EVENTS)


def body(envelope: Envelope, message: Message | None, session: Session) -> bytes:
    """Return the JSON of an event that ``tells`` knows."""
    said: BareMessageEvent | BareStatusEvent | BareConnectionEvent
    if message is None:
        said = _connection(envelope)
    elif envelope.type in _STATUSES:
        said = _status(envelope, message)
    else:
        said = _message(envelope, message, session.webhook_gateway)
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def headers(session: Session, body: bytes, *, now: int) -> dict[str, str]:
    """Return the family's own signature, and one with a time in it against replays.

    Both are by the secret that came with the endpoint, else by the one that was made.
    """
    key = session.webhook_key or session.webhook_secret or ""
    return {SIGNATURE: hex_digest(key, body), TIMED_SIGNATURE: timed_signature(key, body, now=now)}


def webhook(of: Session) -> BareWebhookJson:
    """Return where the session's events go."""
    return {
        "success": True,
        "sessionId": of.id,
        "webhookUrl": of.webhook_url,
        "events": [event for event in EVENTS if event in (of.webhook_events or EVENTS)],
        "webhookSecret": of.webhook_secret,
    }


def removed(session_id: str, *, there_was_one: bool) -> BareWebhookGoneJson:
    """Return that there is no webhook any more, or never was one."""
    message = "Webhook removed" if there_was_one else "There was no webhook to remove"
    return {"success": True, "message": message, "sessionId": session_id}


def _word(envelope: Envelope) -> Event | None:
    if envelope.type == "message.received":
        foreign = envelope.data.get("direction") == Direction.INBOUND and not envelope.data.get("copied")
        return "message" if foreign else None
    if envelope.type in _STATUSES:
        # That the account's owner has read an incoming message is no status of a message that the session sent.
        return None if envelope.data.get("direction") == Direction.INBOUND else "status"
    return "connection" if envelope.type.startswith("session.") and envelope.type not in _STEPS else None


def _message(envelope: Envelope, message: Message, gateway: str | None) -> BareMessageEvent:
    sender: Any = message.sender
    phone, lid, name = (sender.phone, sender.lid, sender.name) if sender else (None, None, None)
    return {
        "event": "message",
        "sessionId": envelope.session,
        "messageId": message.whatsapp_id,
        "id": message.id,
        "from": f"+{phone}" if phone else f"{lid}@lid" if lid else None,
        "fromName": name,
        "chat": message.chat,
        "chatLid": message.chat_lid,
        "message": message.content.text,
        "type": message.content.type,
        **file(message, gateway),
        **beside(message),
        "timestamp": iso(message.created_at),
    }


def _status(envelope: Envelope, message: Message) -> BareStatusEvent:
    return {
        "event": "status",
        "sessionId": envelope.session,
        "messageId": envelope.data.get("whatsapp_id"),
        "id": message.id,
        "status": _STATUSES[envelope.type],
        "timestamp": iso(envelope.at),
    }


def _connection(envelope: Envelope) -> BareConnectionEvent:
    said: BareConnectionEvent = {
        "event": "connection",
        "sessionId": envelope.session,
        "status": WORDS[Status(envelope.data["status"])],
        "timestamp": iso(envelope.at),
    }
    if "reason" in envelope.data:
        said["reason"] = envelope.data["reason"]
    if envelope.data.get("phone_mismatch"):
        said["phoneMismatch"] = True
    return said
