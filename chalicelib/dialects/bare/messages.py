"""The bare API's messages: the answer to a send, and messages as they stand."""

from collections.abc import Collection
from typing import Annotated, Final, Literal, NotRequired, TypedDict, cast

from chalicelib.dialects.bare.sessions import code_of
from chalicelib.dialects.contents import ContentJson, ContextJson, beside, file_of
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain import content as c
from chalicelib.domain.errors import GatewayError
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus, Report


class BareMessageErrorJson(TypedDict):
    """Why a message failed."""

    code: str
    message: str | None


MediaUrl = Annotated[
    str, "Where the message's file can be fetched, with the credential that the session's other calls have."
]


class BareFileJson(TypedDict):
    """What a message with a file says of it."""

    mediaUrl: NotRequired[MediaUrl]
    caption: NotRequired[str]
    filename: NotRequired[str]


# With ``from`` among its names it can't be a class.
BareMessageJson = TypedDict(
    "BareMessageJson",
    {
        "id": Annotated[str, "Ours, always there."],
        "messageId": Annotated[str | None, "WhatsApp's; null until it is known."],
        "sessionId": str,
        "direction": Direction,
        "fromMe": bool,
        "status": MessageStatus,
        "read": Annotated[bool, "False for what came in and hasn't been marked as read."],
        "chat": Annotated[str, "The JID of the conversation: a person's number, where it is known, else the LID."],
        "chatLid": Annotated[str | None, "The JID of the person's LID; null in a group, or where it isn't known."],
        "to": str | None,
        "from": Annotated[str | None, "The sender's number; null where WhatsApp tells none."],
        "fromLid": Annotated[str | None, "The sender's LID, WhatsApp's name for who hides the number."],
        "fromName": str | None,
        "type": Annotated[str, "A kind that we have no word for has WhatsApp's own name, such as ``orderMessage``."],
        "message": str | None,
        "mediaUrl": NotRequired[MediaUrl],
        "caption": NotRequired[str],
        "filename": NotRequired[str],
        "content": NotRequired[ContentJson],
        "context": NotRequired[ContextJson],
        "timestamp": Moment,
        "sentAt": Moment | None,
        "deliveredAt": Moment | None,
        "readAt": Moment | None,
        "error": NotRequired[BareMessageErrorJson],
    },
)


class BareMessagePageJson(TypedDict):
    """A page of messages, newest first."""

    messages: list[BareMessageJson]
    nextBefore: NotRequired[Annotated[str, "The next page's ``before``; absent on the last page."]]


class BareSentJson(TypedDict):
    """What a sender is told of a message at once."""

    success: Literal[True]
    messageId: Annotated[str | None, "WhatsApp's; null until it is known."]
    id: Annotated[str, "Ours, always there."]
    status: MessageStatus
    timestamp: Moment


def file(of: Message, gateway: str | None) -> BareFileJson:
    """Return what a message says of its file, if it has one; without the ``gateway``'s address by the path alone."""
    content, told = of.content, BareFileJson()
    kept = file_of(of)
    if kept:
        told["mediaUrl"] = f"{gateway or ''}/sessions/{of.session}/media/{kept.media_id}"
    if isinstance(content, (c.Image, c.Video, c.Document)) and content.caption:
        told["caption"] = content.caption
    if isinstance(content, c.Document) and content.file_name:
        told["filename"] = content.file_name
    return told


def message(of: Message, *, read: bool, gateway: str | None = None) -> BareMessageJson:
    """Return a message; ``gateway`` is the gateway's address as the caller has it."""
    sender = of.sender
    shape: BareMessageJson = {
        "id": of.id,
        "messageId": of.whatsapp_id,
        "sessionId": of.session,
        "direction": of.direction,
        "fromMe": of.direction is Direction.OUTBOUND,
        "status": of.status,
        "read": read,
        "chat": of.chat,
        "chatLid": of.chat_lid,
        "to": _number(phone_in(of.to)) or of.to,
        "from": _number(sender.phone) if sender else None,
        "fromLid": sender.lid if sender else None,
        "fromName": sender.name if sender else None,
        "type": of.content.type,
        "message": of.content.text,
        "timestamp": iso(of.created_at),
        "sentAt": iso(of.sent_at),
        "deliveredAt": iso(of.delivered_at),
        "readAt": iso(of.read_at),
    }
    more = beside(of)
    if "content" in more:
        shape["content"] = more["content"]
    if "context" in more:
        shape["context"] = more["context"]
    if of.error_code:
        shape["error"] = {"code": of.error_code, "message": of.error_message}
    return cast("BareMessageJson", {**shape, **file(of, gateway)})


def many(
    page: list[Message], before: str | None, *, seen: Collection[str], gateway: str | None = None
) -> BareMessagePageJson:
    """Return one page, newest first, of which those ``seen`` were read; ``nextBefore`` is there if another follows."""
    body: BareMessagePageJson = {"messages": [message(of, read=of.id in seen, gateway=gateway) for of in page]}
    if before:
        body["nextBefore"] = before
    return body


def sent(of: Message) -> BareSentJson:
    """Return the answer to a send."""
    return {
        "success": True,
        "messageId": of.whatsapp_id,
        "id": of.id,
        "status": of.status,
        "timestamp": iso(of.created_at),
    }


class BareForwardedJson(TypedDict):
    """What a sender is told of a message that was passed on."""

    success: Literal[True]
    forwardedMessageId: Annotated[str | None, "WhatsApp's; null until it is known."]
    originalMessageId: str
    to: str | None
    id: Annotated[str, "Ours, of the new message, always there."]
    status: MessageStatus
    timestamp: Moment


class BareForwardJson(TypedDict):
    """What became of one recipient of many."""

    to: Annotated[str, "As it was written."]
    messageId: Annotated[str | None, "WhatsApp's; null until it is known."]
    id: Annotated[str | None, "Ours; null where there is no message."]
    status: Annotated[str, "The message's, ``failed`` where there is none, ``untried`` if time was up, or worse."]
    code: NotRequired[Annotated[str, "Why it failed, or wasn't tried."]]
    error: NotRequired[str]


class BareForwardsJson(TypedDict):
    """What became of a message that was passed on to many."""

    success: Literal[True]
    originalMessageId: str
    forwards: list[BareForwardJson]
    timestamp: Moment


class BareStatusSentJson(TypedDict):
    """What a sender is told of a status message at once."""

    success: Literal[True]
    statusId: Annotated[str | None, "WhatsApp's id of it; null until it is known."]
    id: Annotated[str, "Ours, always there."]
    status: MessageStatus
    timestamp: Moment
    expiresAt: Annotated[Moment, "A day later: until then it is shown."]


class BareReadJson(TypedDict):
    """That a message was marked as read."""

    success: Literal[True]
    messageId: str
    unread: Annotated[int, "How many of its chat are unread now."]


_DAY: Final = 86_400_000
"""Milliseconds."""


def forwarded(of: Message, original: str) -> BareForwardedJson:
    """Return the answer to a forward; ``original`` is the id that the caller named."""
    return {
        "success": True,
        "forwardedMessageId": of.whatsapp_id,
        "originalMessageId": original,
        "to": _number(phone_in(of.to)) or of.to,
        "id": of.id,
        "status": of.status,
        "timestamp": iso(of.created_at),
    }


def forwards(report: Report, original: str, now: int) -> BareForwardsJson:
    """Return the answer to a forward to many."""
    told = [_attempt(one.to, one.message, one.error) for one in report.attempts]
    told += [_attempt(to, None, report.stopped, untried=True) for to in report.remaining]
    return {"success": True, "originalMessageId": original, "forwards": told, "timestamp": iso(now)}


def _attempt(to: str, of: Message | None, error: GatewayError | None, *, untried: bool = False) -> BareForwardJson:
    status = "untried" if untried else str(of.status) if of else "failed"
    told: BareForwardJson = {
        "to": to,
        "messageId": of.whatsapp_id if of else None,
        "id": of.id if of else None,
        "status": status,
    }
    return {**told, "code": code_of(error), "error": error.message} if error else told


def status_sent(of: Message) -> BareStatusSentJson:
    """Return the answer to a status message."""
    return {
        "success": True,
        "statusId": of.whatsapp_id,
        "id": of.id,
        "status": of.status,
        "timestamp": iso(of.created_at),
        "expiresAt": iso(of.created_at + _DAY),
    }


def read(message_id: str, unread: int) -> BareReadJson:
    """Return that a message was marked as read."""
    return {"success": True, "messageId": message_id, "unread": unread}


def _number(digits: str | None) -> str | None:
    return f"+{digits}" if digits else None
