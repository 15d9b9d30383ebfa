"""The enveloped API's messages, contacts and groups, and the frames that tell of messages.

The family's own system answers ``check-number`` without an envelope: one body has both shapes.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from chalicelib.dialects.contents import ContentJson, ContextJson, beside, temporary_path
from chalicelib.dialects.shared import Moment, ReceiptJson, Success, fits, frame, iso, receipt, success
from chalicelib.domain.events import Envelope
from chalicelib.domain.jid import phone_in
from chalicelib.domain.messages import Direction, Message, MessageStatus
from chalicelib.domain.questions import Contact, Group, GroupList

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


class MessageErrorJson(TypedDict):
    """Why a message failed."""

    code: str
    message: str | None


# With ``from`` among its names it can't be a class.
MessageJson = TypedDict(
    "MessageJson",
    {
        "id": Annotated[str, "Ours, always there."],
        "message_id": Annotated[str | None, "WhatsApp's; null until it is known."],
        "session": str,
        "direction": Direction,
        "from_me": bool,
        "status": MessageStatus,
        "chat": Annotated[str, "The JID of the conversation: a person's number, where it is known, else the LID."],
        "chat_lid": Annotated[str | None, "The JID of the person's LID; null in a group, or where it isn't known."],
        "to": str | None,
        "from": Annotated[str | None, "The sender's number, digits only; null where WhatsApp tells none."],
        "from_lid": Annotated[str | None, "The sender's LID, WhatsApp's name for who hides the number."],
        "from_name": str | None,
        "type": Annotated[str, "A kind that we have no word for has WhatsApp's own name, such as ``orderMessage``."],
        "message": str | None,
        "media_url": NotRequired[
            Annotated[str, "The path at which the message's file can be fetched, with the credential of other calls."]
        ],
        "content": NotRequired[ContentJson],
        "context": NotRequired[ContextJson],
        "timestamp": Moment,
        "sent_at": Moment | None,
        "delivered_at": Moment | None,
        "read_at": Moment | None,
        "error": NotRequired[MessageErrorJson],
    },
)


class MessagePageJson(TypedDict):
    """A page of messages, newest first."""

    messages: list[MessageJson]
    count: int
    next_before: NotRequired[Annotated[str, "The next page's ``before``; absent on the last page."]]


def message(of: Message) -> MessageJson:
    """Return a message."""
    sender = of.sender
    shape: MessageJson = {
        "id": of.id,
        "message_id": of.whatsapp_id,
        "session": of.session,
        "direction": of.direction,
        "from_me": of.direction is Direction.OUTBOUND,
        "status": of.status,
        "chat": of.chat,
        "chat_lid": of.chat_lid,
        "to": phone_in(of.to) or of.to,
        "from": sender.phone if sender else None,
        "from_lid": sender.lid if sender else None,
        "from_name": sender.name if sender else None,
        "type": of.content.type,
        "message": of.content.text,
        "timestamp": iso(of.created_at),
        "sent_at": iso(of.sent_at),
        "delivered_at": iso(of.delivered_at),
        "read_at": iso(of.read_at),
    }
    path = temporary_path(of, until=of.kept_until)
    if path:
        shape["media_url"] = path
    more = beside(of)
    if "content" in more:
        shape["content"] = more["content"]
    if "context" in more:
        shape["context"] = more["context"]
    if of.error_code:
        shape["error"] = {"code": of.error_code, "message": of.error_message}
    return shape


def one(of: Message) -> Success[MessageJson]:
    """Return one message as ``data``."""
    return success(message(of))


def many(page: list[Message], before: str | None) -> Success[MessagePageJson]:
    """Return one page, newest first; ``next_before`` is there if another follows."""
    data: MessagePageJson = {"messages": [message(of) for of in page], "count": len(page)}
    if before:
        data["next_before"] = before
    return success(data)


def sent(of: Message) -> Success[ReceiptJson]:
    """Return the answer to a send."""
    return success(receipt(of), _SAID.get(of.status, "Message sent"))


class SentMessageJson(Success[ReceiptJson]):
    """What a sender is told, in the envelope and beside it: clients read the one or the other."""

    id: Annotated[str, "WhatsApp's id, ours until that is known: either will do where a message is named."]


class ShownJson(TypedDict):
    """That WhatsApp was told something."""

    success: Literal[True]
    message: str


class PresenceJson(TypedDict):
    """What others are shown of the account."""

    status: Literal["available", "unavailable"]


def sent_as(what: str) -> Callable[[Message], SentMessageJson]:
    """Return what says that it was done: ``Image sent``."""

    def say(of: Message) -> SentMessageJson:
        said = success(receipt(of), _SAID.get(of.status, f"{what} successfully"))
        return {**said, "id": of.whatsapp_id or of.id}

    return say


def done(message: str) -> ShownJson:
    """Return that WhatsApp was told."""
    return {"success": True, "message": message}


def presence(*, online: bool) -> Success[PresenceJson]:
    """Return what others are shown."""
    return success({"status": "available" if online else "unavailable"}, "Presence updated successfully")


def frames(envelope: Envelope) -> list[str]:
    """Return a message event's frames; none if there is no word for it. ``id`` is the event's, as in every frame.

    A message that a frame has no room for is told without its content: ``data`` has ``truncated``, and as ``url`` the
    path of the call that gives the message.
    """
    word, of = WORDS.get(envelope.type), envelope.message
    if word is None or of is None:
        return []
    if word == "message_status" and of.direction is Direction.INBOUND:
        return []  # that the account's owner has read what came in is no status of a message of theirs
    said: dict[str, Any] = {"id": envelope.id, "cursor": envelope.cursor, "session_id": envelope.session}
    said |= {"at": iso(envelope.at), "type": word, "message_id": of.whatsapp_id, "status": str(of.status)}
    data: dict[str, Any] = {**message(of)}
    if word == "message_status":
        return [frame(**said, data=_without(data, {*_CONTENT, "message", "media_url"}))]
    whole = frame(**said, data=data)
    if fits(whole):
        return [whole]
    url = f"/api/sessions/{of.session}/messages/{of.id}"
    return [frame(**said, data={**_without(data, _CONTENT), "message": None, "truncated": True, "url": url})]


_CONTENT: Final = frozenset({"content", "context"})


def _without(data: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


class CheckedJson(TypedDict):
    """Whether a number is on WhatsApp."""

    exists: bool
    number: Annotated[str, "As it was asked for."]
    jid: NotRequired[Annotated[str, "Its JID there, in the form that WhatsApp knows; absent where it isn't there."]]
    lid: NotRequired[Annotated[str, "The JID of the person's LID, where it is known."]]


class CheckedAnswerJson(CheckedJson):
    """The same in the envelope and beside it: clients read the one or the other."""

    success: Literal[True]
    data: CheckedJson


class GroupJson(TypedDict):
    """A group that the account is in."""

    jid: str
    name: str
    topic: Annotated[str | None, "Its description; null where an answer with all of them would be too large."]
    owner: Annotated[str | None, "The JID of who made it; null where WhatsApp tells none."]
    created: Annotated[int | None, "Seconds since the Unix epoch."]


class GroupsJson(Success[list[GroupJson]]):
    """All groups of an account."""

    complete: Annotated[bool, "False if they were too many for an answer: then some are missing."]


def checked(number: str, found: Contact) -> CheckedAnswerJson:
    """Return whether ``number``, written as the caller did, is on WhatsApp."""
    answer: CheckedJson = {"exists": found.exists, "number": number}
    if found.jid:
        answer["jid"] = found.jid
    if found.lid:
        answer["lid"] = found.lid
    return {"success": True, "data": answer, **answer}


def groups(found: GroupList) -> GroupsJson:
    """Return the groups."""
    return {**success([_group(one) for one in found.groups]), "complete": found.complete}


def _group(of: Group) -> GroupJson:
    return {"jid": of.jid, "name": of.name, "topic": of.topic, "owner": of.owner, "created": of.created}
