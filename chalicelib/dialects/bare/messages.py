"""The bare API's messages: the answer to a send, and messages as they stand."""

from typing import Annotated, Literal, NotRequired, TypedDict

from chalicelib.dialects.contents import ContentJson, ContextJson, beside
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus


class BareMessageErrorJson(TypedDict):
    """Why a message failed."""

    code: str
    message: str | None


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
        "chat": Annotated[str, "The JID of the conversation: a person's number, where it is known, else the LID."],
        "chatLid": Annotated[str | None, "The JID of the person's LID; null in a group, or where it isn't known."],
        "to": str | None,
        "from": Annotated[str | None, "The sender's number; null where WhatsApp tells none."],
        "fromLid": Annotated[str | None, "The sender's LID, WhatsApp's name for who hides the number."],
        "fromName": str | None,
        "type": Annotated[str, "A kind that we have no word for has WhatsApp's own name, such as ``orderMessage``."],
        "message": str | None,
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


def message(of: Message) -> BareMessageJson:
    """Return a message."""
    sender = of.sender
    shape: BareMessageJson = {
        "id": of.id,
        "messageId": of.whatsapp_id,
        "sessionId": of.session,
        "direction": of.direction,
        "fromMe": of.direction is Direction.OUTBOUND,
        "status": of.status,
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
    return shape


def many(page: list[Message], before: str | None) -> BareMessagePageJson:
    """Return one page, newest first; ``nextBefore`` is there if another follows."""
    body: BareMessagePageJson = {"messages": [message(of) for of in page]}
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


def _number(digits: str | None) -> str | None:
    return f"+{digits}" if digits else None
