"""The native API's messages: one shape wherever a message is told, in answers, lists, webhooks and on WebSockets.

A message has its ``type`` and an object of that name, as a message to send has them: the fields of the object are those
of the content's class, so their descriptions are made from the classes. Fields that have nothing to say are absent.
"""

import re
from collections.abc import Iterator, Mapping
from inspect import get_annotations
from typing import Annotated, Any, ClassVar, Final, NotRequired, TypedDict, get_args, get_origin

import msgspec

from chalicelib.dialects.native.answers import phone
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain import content as c
from chalicelib.domain.jid import LIDS
from chalicelib.domain.messages import PLAYED, Direction, Message, MessageStatus, Party, Receipt

UNSUPPORTED: Final = "unsupported"
"""The type of messages that have none here."""
REVOKING: Final = "revoking"
REVOKED: Final = "revoked"
"""Statuses of messages that are being deleted for everybody, and that are."""
STATUSES: Final = (*(str(one) for one in MessageStatus), PLAYED, REVOKING, REVOKED)
_HIDDEN: Final = frozenset({"target", "link"})
"""Fields of contents that are told otherwise, or not: where a file is to be fetched from may be a secret."""
_HIDDEN_OF: Final[Mapping[type[Any], frozenset[str]]] = {
    # Apps make the words from the names that the contacts have, and nobody who sends contacts can say others.
    c.ContactCards: frozenset({"caption"}),
}
"""The same of one class."""


def _hidden(kind: type[Any]) -> frozenset[str]:
    return _HIDDEN | _HIDDEN_OF.get(kind, frozenset())


class NativePartyJson(TypedDict):
    """Who wrote a message; WhatsApp always tells the LID and mostly the number."""

    phone: Annotated[str | None, "The number, with ``+``; null where WhatsApp doesn't tell it."]
    lid: Annotated[str | None, "The LID's JID."]
    name: Annotated[str | None, "As the person calls themselves."]


class NativeTargetJson(TypedDict):
    """The message that another one is about."""

    message_id: NotRequired[Annotated[str, "Ours where this API named the message, else WhatsApp's."]]
    from_me: NotRequired[Annotated[bool, "Whether the session's account wrote it; absent where that can't be told."]]
    participant: NotRequired[Annotated[str, "The JID of who wrote it, where WhatsApp names that."]]


class NativeUnsupportedJson(TypedDict):
    """A message of a type that this API doesn't know."""

    name: NotRequired[Annotated[str, "WhatsApp's own name of the type."]]
    caption: NotRequired[str]
    fields: NotRequired[Annotated[list[int], "The numbers of its fields, where that is all that is known."]]


class NativeQuotedJson(NativeTargetJson):
    """The message that was replied to, as the reply shows it."""

    type: NotRequired[str]
    text: NotRequired[Annotated[str, "The beginning of its words."]]


class NativeContextJson(TypedDict):
    """In what a message was said."""

    quoted: NotRequired[NativeQuotedJson]
    forwarded: NotRequired[Annotated[int, "How often it was passed on, roughly: WhatsApp calls 5 and more many times."]]
    expires_in: NotRequired[Annotated[int, "The chat's timer for disappearing messages, in seconds."]]
    view_once: NotRequired[bool]
    album: NotRequired[Annotated[str, "WhatsApp's id of the album that it is in."]]


class NativeFailureJson(TypedDict):
    """Why a message wasn't sent, or why nobody can tell."""

    code: Annotated[str, "Stable, for programs, in UPPER_SNAKE."]
    message: Annotated[str | None, "The same as a sentence."]


class _MessageJson(TypedDict):
    id: Annotated[str, "Ours, always there."]
    whatsapp_id: Annotated[str | None, "WhatsApp's; null until it is known."]
    session: str
    direction: Direction
    from_me: bool
    status: Annotated[str, "One of: " + ", ".join(STATUSES) + "."]
    chat_id: Annotated[str, "The chat's JID: a person's by number where that is known, else by LID; or a group's."]
    chat_lid: Annotated[str | None, "The JID by LID of the person that the chat is with."]
    sender: Annotated[NativePartyJson | None, "Null where WhatsApp tells nothing of who wrote it."]
    client_ref: Annotated[str | None, "The caller's own word for it, as it came."]
    reply_to: NotRequired[Annotated[str, "The id of the message that was quoted, as in ``context.quoted``."]]
    resolves: NotRequired[Annotated[str, "The id of the ``undecryptable`` message that this one is."]]
    mentions: NotRequired[Annotated[list[str], "JIDs."]]
    context: NotRequired[NativeContextJson]
    created_at: Annotated[Moment, "When it was accepted or, if it came in, written."]
    sent_at: NotRequired[Annotated[Moment, "When WhatsApp's server took it."]]
    delivered_at: NotRequired[Annotated[Moment, "When the first recipient's device had it."]]
    read_at: NotRequired[
        Annotated[Moment, "When the first recipient had read it; or, if it came in, the account's owner."]
    ]
    played_at: NotRequired[Annotated[Moment, "When the first recipient had played it."]]
    edited_by: NotRequired[Annotated[str, "The id of the message that edited it last: follow that for its status."]]
    edited_at: NotRequired[Moment]
    deleted_by: NotRequired[Annotated[str, "The id of the message that deletes it: follow that for its status."]]
    deleted_at: NotRequired[Moment]
    failure: NotRequired[NativeFailureJson]


def _shape(kind: type[Any]) -> Any:
    """Return the TypedDict of a content's class, or of a Struct in one."""
    fields = {} if not issubclass(kind, c.About) else dict(NativeTargetJson.__annotations__)
    # Not by get_type_hints, which takes ten times as long: this runs when a function starts.
    hints = {name: hint for base in reversed(kind.__mro__) for name, hint in get_annotations(base).items()}
    for name, hint in hints.items():
        if get_origin(hint) is not ClassVar and hint is not ClassVar and name not in _hidden(kind):
            fields[name] = NotRequired[_json_of(hint)]
    shape = TypedDict(f"Native{kind.__name__}Json", fields)  # type: ignore[misc]
    # The first sentence alone: the rest of the docstring is about storage, not about the API.
    shape.__doc__ = re.split(r"\.\s|;|, None|\.$", kind.__doc__ or "")[0] + "."
    return shape


def _json_of(hint: Any) -> Any:
    """Return the type of a field in JSON; None is never told."""
    if get_origin(hint) is tuple:
        return list[_json_of(get_args(hint)[0])]  # type: ignore[misc]
    inner = [one for one in get_args(hint) if one is not type(None)] or [hint]
    if isinstance(inner[0], type) and issubclass(inner[0], msgspec.Struct):
        return _shape(inner[0]) if inner[0] not in _SHAPES else _SHAPES[inner[0]]
    return _json_of(inner[0]) if get_origin(inner[0]) is tuple else inner[0]


_SHAPES: Final[dict[type[Any], Any]] = {}


def _shapes() -> Iterator[tuple[str, Any]]:
    """Yield each type with its object; what is in several of them has one shape."""
    for part in (c.LinkPreview, c.Location, c.ContactCard, c.GroupMember):
        _SHAPES[part] = _shape(part)
    for name, kind in c.TYPES.items():
        if kind is not c.Unknown:
            shape = _SHAPES.get(kind) or _shape(kind)
            yield name, NotRequired[shape]
    yield UNSUPPORTED, NotRequired[NativeUnsupportedJson]


OBJECTS: Final = dict(_shapes())
"""The object of each type, with what the message says."""
TYPES: Final = tuple(OBJECTS)
"""The types that a message may have here."""
_FIELDS: Final = {
    **_MessageJson.__annotations__,
    "type": Annotated[str, "Names the object that says more."],
    **OBJECTS,
}
NativeMessageJson: Final = TypedDict("NativeMessageJson", _FIELDS)  # type: ignore[misc]
NativeMessageJson.__doc__ = "A message: what is known of it, and an object named as its ``type`` with what it says."


def type_of(kind: str) -> str:
    """Return the type here of a message whose content is called ``kind``."""
    return kind if kind in OBJECTS else UNSUPPORTED


def message(of: Message, *, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a message as it stands or, where the ``data`` of an event is given, as it stood at the event."""
    code = event.get("error_code") if event is not None else of.error_code
    sentence = event.get("error_message") if event is not None else of.error_message
    kind, said = _said(of)
    told = {
        "id": of.id,
        "whatsapp_id": event.get("whatsapp_id") if event is not None else of.whatsapp_id,
        "session": of.session,
        "direction": str(of.direction),
        "from_me": of.direction is Direction.OUTBOUND,
        "status": str(event.get("status")) if event is not None else status(of),
        "type": kind,
        kind: said,
        "chat_id": of.chat,
        "chat_lid": of.chat_lid,
        "sender": party(of.sender) if of.sender else None,
        "client_ref": of.client_ref,
        "reply_to": of.reply_to,
        "resolves": of.resolves,
        "mentions": list(of.context.mentions) if of.context and of.context.mentions else None,
        "context": _context(of) or None,
        "created_at": iso(of.created_at),
        **({} if event is not None else _later(of)),
        "failure": {"code": str(code).upper(), "message": sentence} if code else None,
    }
    return {name: value for name, value in told.items() if value is not None or name in _ALWAYS}


_ALWAYS: Final = frozenset({"whatsapp_id", "chat_lid", "sender", "client_ref"})
"""What is told to be null where it is unknown."""


def _later(of: Message) -> dict[str, Any]:
    """Return what became of a message. An event doesn't tell it: what came later is told by later events."""
    return {
        "sent_at": iso(of.sent_at),
        "delivered_at": iso(of.delivered_at),
        "read_at": iso(of.read_at),
        "played_at": iso(of.played_at),
        "edited_by": of.edited_by,
        "edited_at": iso(of.edited_at),
        "deleted_by": of.deleted_by,
        "deleted_at": iso(of.deleted_at),
    }


def status(of: Message) -> str:
    """Return how a message stands, one of ``STATUSES``."""
    if of.deleted_at is not None:
        return REVOKED
    if of.deleted_by is not None:
        return REVOKING
    return str(of.status) if of.played_at is None else PLAYED


def party(of: Party) -> NativePartyJson:
    """Return one side of a message."""
    return {"phone": phone(of.phone), "lid": _lid(of.lid), "name": of.name}


def _lid(digits: str | None) -> str | None:
    return f"{digits}@{LIDS}" if digits else None


def _said(of: Message) -> tuple[str, dict[str, Any]]:
    """Return the type and what the message says."""
    content = of.content
    if isinstance(content, c.Unsupported):
        caption = {"caption": content.caption} if content.caption else {}
        return UNSUPPORTED, {"name": content.name, **caption}
    if isinstance(content, c.Unknown):
        return UNSUPPORTED, {"fields": list(content.fields)}
    said = _fields(content)
    if isinstance(content, c.About) and content.target:
        said = {**_target(content.target, of.about), **said}
    return content.type, said


def _fields(of: Any) -> dict[str, Any]:
    """Return the fields of a Struct that say something."""
    told = {name: _value(getattr(of, name)) for name in of.__struct_fields__ if name not in _hidden(type(of))}
    if isinstance(of, c.GroupMember):
        told = {"phone": phone(of.phone), "lid": _lid(of.lid)}
    return {name: value for name, value in told.items() if value is not None}


def _value(of: Any) -> Any:
    if isinstance(of, msgspec.Struct):
        return _fields(of)
    return [_value(one) for one in of] if isinstance(of, tuple) else of


def _target(of: c.Target, ours: str | None) -> dict[str, Any]:
    told = {"message_id": ours or of.id, "from_me": of.from_me, "participant": of.participant}
    return {name: value for name, value in told.items() if value is not None}


def _context(of: Message) -> dict[str, Any]:
    context = of.context or c.Context()
    quoted = context.quoted
    told = {
        "quoted": {**_target(quoted.target, of.reply_to), "type": quoted.type, "text": quoted.text} if quoted else None,
        "forwarded": context.forwarded,
        "expires_in": context.expires_in,
        "view_once": context.view_once,
        "album": context.album,
    }
    if quoted:
        told["quoted"] = {name: value for name, value in told["quoted"].items() if value is not None}  # type: ignore[union-attr]
    return {name: value for name, value in told.items() if value}


class NativeChatJson(TypedDict):
    """A chat: with a person, or a group."""

    chat_id: Annotated[str, "The chat's JID, good as ``to.chat_id``: a person's by number where known; or a group's."]
    chat_lid: Annotated[str | None, "The JID by LID of the person that the chat is with."]
    name: Annotated[str | None, "As the person calls themselves, or the group's subject; null until a message says it."]
    unread: Annotated[int, "How many of its messages nobody has read, here or on the phone; 100 also stands for more."]
    last_message: Annotated[
        NativeMessageJson | None,
        "The newest message of any type; null where it has expired, after 7 days.",
    ]


def chat(jid: str, *, lid: str | None, name: str | None, unread: int, last: Message | None) -> NativeChatJson:
    """Return a chat."""
    told: Any = message(last) if last else None
    return {"chat_id": jid, "chat_lid": lid, "name": name, "unread": unread, "last_message": told}


class NativeReadJson(TypedDict):
    """A message that was marked as read, with those of its chat before it."""

    id: str
    chat_id: str
    unread: Annotated[int, "How many of its chat's messages are unread now, up to 1000."]


class NativeReceiptJson(TypedDict):
    """How far a message has come with one recipient."""

    recipient: NativePartyJson
    status: Annotated[str, "``sent``, ``delivered``, ``read`` or ``played``."]
    delivered_at: Annotated[Moment | None, "When a device of the recipient's had it."]
    read_at: Annotated[Moment | None, "When the recipient had read it."]
    played_at: Annotated[Moment | None, "When the recipient had played it: a voice message, or a video."]


def read(of: Message, unread: int) -> NativeReadJson:
    """Return a message that was marked as read."""
    return {"id": of.id, "chat_id": of.chat, "unread": unread}


def receipt(of: Receipt) -> NativeReceiptJson:
    """Return how far a message has come with one recipient."""
    return {
        "recipient": party(of.recipient),
        "status": str(of.status),
        "delivered_at": iso(of.delivered_at),
        "read_at": iso(of.read_at),
        "played_at": iso(of.played_at),
    }
