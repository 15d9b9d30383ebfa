"""What a message says, as phones read it: one row for each of WhatsApp's types, with its fields as JSON has them.

A type's fields are named as people name them; what WhatsApp leaves out isn't there. Bytes are in base64, hashes and
keys in hexadecimal, times in seconds since the epoch unless the name says otherwise.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from google.protobuf.unknown_fields import UnknownFieldSet

from chalicelib.wire.media import AUDIO, DOCUMENT, IMAGE, MEDIA_KEY_SIZE, VIDEO
from chalicelib.wire.node import Jid
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.message_pb2 import (
    ContextInfo,
    Message,
    MessageAssociation,
    MessageKey,
    OpaqueDeviceSentMessage,
    OpaqueMessage,
    PinInChatMessage,
    ProtocolMessage,
)
from infra.whatsapp_server.phones.files import Reference

UNKNOWN: Final = "unknown"
Part = Any
"""One of the messages inside a Message. Their classes have no base class that knows their fields."""


@dataclass(frozen=True, slots=True)
class Target:
    """The message that another one is about: ``from_me`` as the speaker sees it, ``participant`` its author's JID."""

    id: str
    from_me: bool
    participant: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says. ``text`` is None where the message is no text.

    ``type`` is ours, ``fields`` are the type's, ``context`` is in what it was said: ``quoted``, ``mentions``,
    ``forwarded`` (the score), ``expires_in``, ``view_once``, ``album`` (the id of the album that it belongs to).
    ``destination`` is set on a copy of what a device sent. ``silent`` messages are between programs: no person sees
    them. ``secret`` is what votes and edits of the message are encrypted with; ``replacement`` what the target of an
    edit says from now on; ``encrypted`` an encrypted vote or edit, with its IV. ``message`` is all of it, encoded.
    """

    type: str
    text: str | None = field(default=None, repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    context: dict[str, Any] = field(default_factory=dict, repr=False)
    destination: Jid | None = None
    silent: bool = False
    about: Target | None = None
    file: Reference | None = None
    secret: bytes | None = field(default=None, repr=False)
    replacement: "Content | None" = field(default=None, repr=False)
    encrypted: tuple[bytes, bytes] | None = field(default=None, repr=False)
    message: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send, encoded, and its stanza's attributes: ``type``, and ``edit`` for what changes another.

    ``text`` is None where it is no text. What is to be viewed once is for phones alone: linked devices hear only that
    there is something.
    """

    message: bytes = field(repr=False)
    attributes: dict[str, str] = field(default_factory=lambda: {"type": "text"})
    text: str | None = field(default=None, repr=False)
    view_once: bool = False


def copied(message: bytes, destination: Jid) -> bytes:
    """The copy of an encoded message that a device sends to its account's other devices, encoded."""
    copy = OpaqueDeviceSentMessage(destinationJID=str(destination), message=message)
    return OpaqueMessage(deviceSentMessage=copy).SerializeToString()


def read(data: bytes) -> Content:
    """The content of an opened message; ValueError if it is none."""
    message, destination = parse(Message, data), None
    if message.HasField("deviceSentMessage"):
        copy = message.deviceSentMessage
        destination = Jid.parse(copy.destinationJID)
        message = copy.message
    return replace(_content(message), destination=destination, message=message.SerializeToString())


def read_leniently(data: bytes) -> Content:
    """The same of a message that a phone may have sent though no phone can read it: it is unknown then."""
    try:
        return read(data)
    except ValueError:
        return Content(UNKNOWN, message=data)


def unwrapped(message: Message) -> Message:
    """What is in the wrappers around a message."""
    while wrapper := _wrapper(message):
        message = getattr(message, wrapper).message
    return message


def _wrapper(message: Message) -> str | None:
    return next((name for name in _WRAPPERS if message.HasField(name)), None)


_BESIDE: Final = {"messageContextInfo", "senderKeyDistributionMessage"}
"""What goes along with any content."""


def _content(message: Message) -> Content:
    """Look through the wrappers for the content, and keep what they say of it."""
    found: dict[str, Any] = {}
    secret, album = _beside(message)
    while wrapper := _wrapper(message):
        if said := _WRAPPERS[wrapper]:
            found[said] = True
        message = getattr(message, wrapper).message
        inner_secret, inner_album = _beside(message)
        secret, album = secret or inner_secret, album or inner_album
    names = [descriptor.name for descriptor, _ in message.ListFields() if descriptor.name not in _BESIDE]
    known = next((name for name in names if name in _ROWS), None)
    if known is None:
        content = _unknown(message, names)
    else:
        part = getattr(message, known)
        content = _ROWS[known](part)
        context = _context(part.contextInfo) if known in _WITH_CONTEXT else {}
        if known in _ONCE and part.viewOnce:
            context["view_once"] = True
        content = replace(content, context=context | content.context)
    return replace(content, context=content.context | found | album, secret=secret)


def _beside(message: Message) -> tuple[bytes | None, dict[str, str]]:
    """The message's secret, and the album that it belongs to."""
    info = message.messageContextInfo
    association, album = info.messageAssociation, {}
    if association.associationType == MessageAssociation.MEDIA_ALBUM:
        album = {"album": association.parentMessageKey.ID}
    return info.messageSecret or None, album


def _unknown(message: Message, names: list[str]) -> Content:
    unknown = UnknownFieldSet(message)
    numbers = [unknown[index].field_number for index in range(len(unknown))]
    numbers += [Message.DESCRIPTOR.fields_by_name[name].number for name in names]
    return Content(UNKNOWN, fields={"fields": sorted(numbers)} if numbers else {}, silent=not numbers)


def _context(info: ContextInfo) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if info.HasField("stanzaID"):
        quoted = _content(info.quotedMessage) if info.HasField("quotedMessage") else None
        said["quoted"] = {
            "id": info.stanzaID,
            "author": info.participant,
            **({"type": quoted.type, "text": quoted.text, "fields": quoted.fields} if quoted else {}),
        }
    if info.mentionedJID:
        said["mentions"] = list(info.mentionedJID)
    if info.isForwarded or info.forwardingScore:
        said["forwarded"] = info.forwardingScore
    if info.HasField("expiration"):
        said["expires_in"] = info.expiration
    return said


def _given(part: Part, **names: str) -> dict[str, Any]:
    """Those fields of ``part`` that are set, by our names for them."""
    return {ours: _plain(getattr(part, theirs)) for ours, theirs in names.items() if part.HasField(theirs)}


def _plain(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _target(key: MessageKey) -> Target:
    return Target(key.ID, key.fromMe, key.participant or None)


def _text(part: Part) -> Content:
    fields = {"text": part.text, **_given(part, background="backgroundArgb", font="font")}
    preview = _given(part, url="matchedText", title="title", description="description", thumbnail="JPEGThumbnail")
    return Content("text", part.text, fields | ({"preview": preview} if preview else {}))


def _media(type_: str, kind: str, part: Part, **names: str) -> Content:
    """What all media says of its file, and its own fields. Without a whole reference there is no file to fetch."""
    fields = _given(part, mimetype="mimetype", **names)
    reference = Reference(
        kind,
        part.directPath,
        part.mediaKey,
        part.fileSHA256,
        part.fileEncSHA256,
        part.fileLength,
        part.mediaKeyTimestamp,
    )
    whole = part.directPath and len(part.mediaKey) == MEDIA_KEY_SIZE
    fields["file"] = {
        "kind": kind,
        "direct_path": reference.direct_path,
        "url": part.URL,
        "key": reference.key.hex(),
        "sha256": reference.sha256.hex(),
        "enc_sha256": reference.encrypted_sha256.hex(),
        "size": reference.size,
        "keyed_at": reference.keyed_at,
    }
    return Content(type_, fields=fields, file=reference if whole else None)


_PICTURE: Final = {"caption": "caption", "width": "width", "height": "height", "thumbnail": "JPEGThumbnail"}


def _image(part: Part) -> Content:
    return _media("image", IMAGE, part, **_PICTURE)


def _video(part: Part) -> Content:
    return _media("gif" if part.gifPlayback else "video", VIDEO, part, seconds="seconds", **_PICTURE)


def _round(part: Part) -> Content:
    return replace(_video(part), type="round")


def _audio(part: Part) -> Content:
    content = _media("voice" if part.PTT else "audio", AUDIO, part, seconds="seconds")
    return replace(content, fields=content.fields | ({"waveform": list(part.waveform)} if part.waveform else {}))


def _document(part: Part) -> Content:
    names = {"file_name": "fileName", "title": "title", "caption": "caption", "pages": "pageCount"}
    return _media("document", DOCUMENT, part, thumbnail="JPEGThumbnail", **names)


def _sticker(part: Part) -> Content:
    return _media("sticker", IMAGE, part, animated="isAnimated", lottie="isLottie", width="width", height="height")


def _location(part: Part) -> Content:
    place = {"latitude": "degreesLatitude", "longitude": "degreesLongitude", "accuracy": "accuracyInMeters"}
    return Content("location", fields=_given(part, **place, name="name", address="address", url="URL"))


def _live_location(part: Part) -> Content:
    place = {"latitude": "degreesLatitude", "longitude": "degreesLongitude", "accuracy": "accuracyInMeters"}
    return Content("live_location", fields=_given(part, **place, caption="caption", sequence="sequenceNumber"))


def _card(part: Part) -> dict[str, Any]:
    return _given(part, name="displayName", vcard="vcard")


def _contact(part: Part) -> Content:
    return Content("contact", fields={"contacts": [_card(part)]})


def _contacts(part: Part) -> Content:
    named = _given(part, name="displayName")
    return Content("contacts", fields={**named, "contacts": [_card(one) for one in part.contacts]})


def _reaction(part: Part) -> Content:
    return Content("reaction", fields={"emoji": part.text}, about=_target(part.key))


def _poll(part: Part) -> Content:
    options = [option.optionName for option in part.options]
    return Content(
        "poll", fields={"question": part.name, "options": options, "selectable": part.selectableOptionsCount}
    )


def _vote(part: Part) -> Content:
    sealed = part.vote.encPayload, part.vote.encIV
    return Content("vote", about=_target(part.pollCreationMessageKey), encrypted=sealed)


def _protocol(part: Part) -> Content:
    match part.type:
        case ProtocolMessage.REVOKE if part.HasField("key"):
            return Content("deletion", about=_target(part.key))
        case ProtocolMessage.MESSAGE_EDIT:
            return edited(part.editedMessage, _target(part.key))
        case ProtocolMessage.EPHEMERAL_SETTING:
            return Content("timer", fields={"seconds": part.ephemeralExpiration})
        case _:
            return Content("protocol", silent=True)


def edited(message: Message, target: Target | None) -> Content:
    """An edit that lets its target say ``message`` from now on."""
    said = _content(message)
    fields = {"type": said.type, **said.fields}
    return Content("edit", fields=fields, about=target, replacement=said)


def _secret_edit(part: Part) -> Content:
    sealed = part.encPayload, part.encIV
    return Content("edit", about=_target(part.targetMessageKey), encrypted=sealed)


def _pin(part: Part) -> Content:
    return Content("pin", fields={"pinned": part.type == PinInChatMessage.PIN_FOR_ALL}, about=_target(part.key))


def _album(part: Part) -> Content:
    return Content("album", fields={"images": part.expectedImageCount, "videos": part.expectedVideoCount})


def _group_invite(part: Part) -> Content:
    names = {"group": "groupJID", "name": "groupName", "code": "inviteCode", "expires_at": "inviteExpiration"}
    return Content("group_invite", fields=_given(part, **names, caption="caption"))


_ROWS: Final[dict[str, Callable[[Part], Content]]] = {
    "conversation": lambda text: Content("text", text, {"text": text}),
    "extendedTextMessage": _text,
    "imageMessage": _image,
    "videoMessage": _video,
    "ptvMessage": _round,
    "audioMessage": _audio,
    "documentMessage": _document,
    "stickerMessage": _sticker,
    "locationMessage": _location,
    "liveLocationMessage": _live_location,
    "contactMessage": _contact,
    "contactsArrayMessage": _contacts,
    "reactionMessage": _reaction,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollUpdateMessage": _vote,
    "protocolMessage": _protocol,
    "secretEncryptedMessage": _secret_edit,
    "pinInChatMessage": _pin,
    "albumMessage": _album,
    "groupInviteMessage": _group_invite,
}
"""By the field of Message."""

_WITH_CONTEXT: Final = {
    name
    for name in _ROWS
    if (inner := Message.DESCRIPTOR.fields_by_name[name].message_type) and "contextInfo" in inner.fields_by_name
}
_ONCE: Final = {"imageMessage", "videoMessage", "audioMessage"}

_WRAPPERS: Final[dict[str, str | None]] = {
    descriptor.name: {
        "documentWithCaptionMessage": "wrapped",
        "ephemeralMessage": "ephemeral",
        "viewOnceMessage": "view_once",
        "viewOnceMessageV2": "view_once",
        "viewOnceMessageV2Extension": "view_once",
    }.get(descriptor.name)
    for descriptor in Message.DESCRIPTOR.fields
    if descriptor.message_type and descriptor.message_type.name == "FutureProofMessage"
}
"""The fields that only wrap a message, and what they say of it in ``context``."""
