"""LetsBot's answers under ``/api/v1``: one session that nobody names, in the envelope.

What WhatsApp doesn't tell a linked device, the phone's battery for one, is null.
"""

from typing import Annotated, Final, Literal, NotRequired, TypedDict, cast

from chalicelib.dialects.contents import ContentJson, ContextJson, beside
from chalicelib.dialects.shared import Failure, LastReasonJson, Moment, Success, failure, iso, last_reason, success
from chalicelib.domain.errors import GatewayError, OfMessage, SessionNotConnected
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus
from chalicelib.domain.session import QRCode, Reason, Session, Status, ended, needs_qr

DATA_URI: Final = "data:image/png;base64,"
"""What a code's image begins with; this family takes what follows."""

Word = Literal["active", "inactive"]

WORDS: Final[dict[Status, Word]] = {status: "active" if status is Status.CONNECTED else "inactive" for status in Status}
"""The ``status`` of a session, in this family's two words."""

_SAID: Final[dict[MessageStatus, str]] = {
    MessageStatus.QUEUED: "Message queued",
    MessageStatus.SENDING: "Message queued",
    MessageStatus.UNKNOWN: "It is unknown whether the message was sent",
}


class LetsBotCodeJson(TypedDict):
    """A QR code that can be scanned now."""

    qrcode: Annotated[str, "The PNG in base64, without a data URI's beginning."]
    expires_at: Moment


class LetsBotSessionJson(TypedDict):
    """The session that the API key is for."""

    session_id: str
    status: Word
    created_at: Moment
    last_active: Annotated[Moment, "When the newest event of the session's life happened."]


class LetsBotStatusJson(TypedDict):
    """How the session stands."""

    status: Word
    connected: Annotated[bool, "To WhatsApp."]
    phone: Annotated[str | None, "The linked account's number; null while none is linked."]
    platform: Annotated[str | None, "What the account's phone runs, as it said when it scanned; null if it didn't."]
    battery: Annotated[None, "WhatsApp doesn't tell linked devices any more."]
    reason: NotRequired[Annotated[str, "Why it is inactive: a word for programs."]]
    last_reason: NotRequired[Annotated[LastReasonJson, "Why it last was inactive against its owner's will; stays."]]
    phone_mismatch: NotRequired[Annotated[Literal[True], "Another account is linked than the one it was created for."]]


class LetsBotGoneJson(TypedDict):
    """When the session was logged out, or was asked to be."""

    timestamp: Moment
    reason: NotRequired[Annotated[str, "``unlink_unconfirmed``: WhatsApp couldn't be told, see the message."]]


class LetsBotKeyJson(TypedDict):
    """A message, as this family's own system names one."""

    remoteJid: str
    fromMe: bool
    id: Annotated[str, "WhatsApp's id, ours until that is known: either will do where a message is named."]


class LetsBotReceiptJson(TypedDict):
    """What a sender is told of a message at once."""

    key: LetsBotKeyJson

    message_id: Annotated[str | None, "WhatsApp's; null until it is known."]
    id: Annotated[str, "Ours, always there."]
    status: MessageStatus
    phone: str | None
    timestamp: Moment
    messageTimestamp: Annotated[str, "The same in seconds since the Unix epoch."]


class LetsBotMessageJson(LetsBotReceiptJson):
    """A message; ``phone`` is whom the conversation is with: a number, or the JID where there is none."""

    from_me: bool
    name: Annotated[str | None, "The sender's."]
    type: Annotated[str, "A kind that we have no word for has WhatsApp's own name, such as ``orderMessage``."]
    body: str | None
    content: NotRequired[ContentJson]
    context: NotRequired[ContextJson]


class LetsBotMessagesJson(TypedDict):
    """Messages, newest first."""

    messages: list[LetsBotMessageJson]
    count: int
    next_before: NotRequired[Annotated[str, "The next page's ``before``; absent on the last page."]]


class LetsBotChatJson(TypedDict):
    """What a chat was told."""

    phone: Annotated[str, "The chat: a number, or the JID where there is none."]
    status: Annotated[Literal["composing", "recording", "read"], "What it was."]


class LetsBotPresenceJson(TypedDict):
    """What others are shown of the account."""

    presence: Annotated[str, "As it was asked for."]
    phone: Annotated[str | None, "The chat that sees it: a number, or the JID where there is none; null for everybody."]


class LetsBotError(Failure):
    """An error; what can't be sent says, in the names that clients of all such gateways look for, how to go on."""

    session_disconnected: NotRequired[Literal[True]]
    needs_qr: NotRequired[bool]
    data: NotRequired[LetsBotReceiptJson]


def code(qr: QRCode) -> Success[LetsBotCodeJson]:
    """Return a code."""
    said: LetsBotCodeJson = {"qrcode": qr.image.removeprefix(DATA_URI), "expires_at": iso(qr.expires_at)}
    return success(said, "QR code generated successfully")


def found(of: Session) -> Success[LetsBotSessionJson]:
    """Return the session."""
    return success(
        {
            "session_id": of.id,
            "status": WORDS[of.status],
            "created_at": iso(of.created_at),
            "last_active": iso(max(of.since, of.last_event.at if of.last_event else 0)),
        },
        "Session information retrieved successfully",
    )


def status(of: Session) -> Success[LetsBotStatusJson]:
    """Return how the session stands; a device that was unlinked is nobody's phone any more."""
    device = None if needs_qr(of) else of.device
    said: LetsBotStatusJson = {
        "status": WORDS[of.status],
        "connected": of.status is Status.CONNECTED,
        "phone": f"+{device.phone}" if device else None,
        "platform": device.platform if device else None,
        "battery": None,
    }
    if of.reason and of.status is not Status.CONNECTED:
        said["reason"] = of.reason
    last = last_reason(of)
    if last:
        said["last_reason"] = last
    if device and of.phone_mismatch:
        said["phone_mismatch"] = True
    return success(said, f"Session is {WORDS[of.status]}")


def logged_out(of: Session, now: int) -> Success[LetsBotGoneJson]:
    """Return the answer to a logout; what isn't done yet goes on by itself."""
    if of.answered:
        said: LetsBotGoneJson = {"timestamp": iso(of.since)}
        if of.reason == Reason.UNLINK_UNCONFIRMED:
            said["reason"] = of.reason
        return success(said, ended("Successfully logged out", of.reason))
    return success({"timestamp": iso(now)}, "The session is being logged out")


def sent(of: Message) -> Success[LetsBotReceiptJson]:
    """Return the answer to a send."""
    return success(_receipt(of), _SAID.get(of.status, "Message sent successfully"))


def error(what: GatewayError, *, now: int, session_id: str | None) -> LetsBotError:  # noqa: ARG001 - every family's
    """Return an error."""
    body = cast("LetsBotError", failure(what))
    if what.field == "to":
        body["field"] = "phone"  # as this family calls it
    if isinstance(what, SessionNotConnected):
        body |= {"session_disconnected": True, "needs_qr": needs_qr(what.session)}
    elif isinstance(what, OfMessage):
        body["data"] = _receipt(what.failed)
    return body


def deleted(of: Message) -> Success[LetsBotReceiptJson]:
    """Return the answer to a deletion, which is a message of its own."""
    return success(_receipt(of), _SAID.get(of.status, "Message deleted successfully"))


def one(of: Message) -> Success[LetsBotMessageJson]:
    """Return one message."""
    return success(message(of), "Message retrieved successfully")


def many(page: list[Message], before: str | None) -> Success[LetsBotMessagesJson]:
    """Return one page of messages."""
    data: LetsBotMessagesJson = {"messages": [message(of) for of in page], "count": len(page)}
    if before:
        data["next_before"] = before
    return success(data, "Messages retrieved successfully")


def message(of: Message) -> LetsBotMessageJson:
    """Return a message."""
    return {
        **_receipt(of),
        "phone": _named(of.chat),
        "from_me": of.direction is Direction.OUTBOUND,
        "name": of.sender.name if of.sender else None,
        "type": of.content.type,
        "body": of.content.text,
        **beside(of),
    }


def told(chat: str, status: Literal["composing", "recording", "read"]) -> Success[LetsBotChatJson]:
    """Return that a chat (a JID) was told something."""
    return success({"phone": _named(chat), "status": status}, "Chat updated successfully")


def shown(presence: str, chat: str | None = None) -> Success[LetsBotPresenceJson]:
    """Return what others are shown, in a chat (a JID) or everywhere."""
    return success({"presence": presence, "phone": _named(chat) if chat else None}, "Presence updated successfully")


def _named(jid: str) -> str:
    number = phone_in(jid)
    return f"+{number}" if number else jid


def _receipt(of: Message) -> LetsBotReceiptJson:
    key: LetsBotKeyJson = {
        "remoteJid": of.chat,
        "fromMe": of.direction is Direction.OUTBOUND,
        "id": of.whatsapp_id or of.id,
    }
    return {
        "key": key,
        "message_id": of.whatsapp_id,
        "id": of.id,
        "status": of.status,
        "phone": _named(of.to) if of.to else None,
        "timestamp": iso(of.created_at),
        "messageTimestamp": str(of.created_at // 1000),
    }
