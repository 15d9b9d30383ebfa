"""What phones send: a function for each type makes WhatsApp's message, and ``Frame.around`` puts it in its context."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.wire.addons import SECRET_SIZE, AddOn, Use, option_hash
from chalicelib.wire.node import Jid
from chalicelib.wire.proto.message_pb2 import (
    AlbumMessage,
    AudioMessage,
    ContactMessage,
    ContactsArrayMessage,
    ContextInfo,
    DocumentMessage,
    ExtendedTextMessage,
    FutureProofMessage,
    GroupInviteMessage,
    ImageMessage,
    LiveLocationMessage,
    LocationMessage,
    Message,
    MessageAssociation,
    MessageContextInfo,
    MessageKey,
    PinInChatMessage,
    PollCreationMessage,
    PollEncValue,
    PollUpdateMessage,
    PollVoteMessage,
    ProtocolMessage,
    ReactionMessage,
    SecretEncryptedMessage,
    StickerMessage,
    VideoMessage,
)
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.files import Reference
from infra.whatsapp_server.phones.letters import Letter

ADMIN_DELETION: Final = "8"


@dataclass(frozen=True, slots=True)
class Frame:
    """In what a message is said: what it quotes and mentions, how often it was forwarded, when it disappears."""

    quoted: ContextInfo | None = field(default=None, repr=False)
    mentions: tuple[str, ...] = ()
    forwarded: int = 0
    expires_in: int = 0
    view_once: bool = False
    album: MessageKey | None = None

    def around(self, message: Message) -> Outgoing:
        """The message with its context and a secret of its own, wrapped as WhatsApp wraps its kind."""
        context = self._context()
        if context.ByteSize() and message.HasField("conversation"):
            message = Message(extendedTextMessage=ExtendedTextMessage(text=message.conversation))
        [(descriptor, part)] = message.ListFields()
        if context.ByteSize() and "contextInfo" in (descriptor.message_type or Message.DESCRIPTOR).fields_by_name:
            part.contextInfo.MergeFrom(context)
        if self.view_once and isinstance(part, ImageMessage | VideoMessage | AudioMessage):
            part.viewOnce = True
        attributes = _attributes(message)
        said = message.conversation or message.extendedTextMessage.text or None
        message = self._wrapped(message)
        message.messageContextInfo.MergeFrom(self._beside())
        return Outgoing(message.SerializeToString(), attributes, said, view_once=self.view_once)

    def _context(self) -> ContextInfo:
        context = ContextInfo(mentionedJID=self.mentions)
        if self.quoted:
            context.MergeFrom(self.quoted)
        if self.forwarded:
            context.isForwarded, context.forwardingScore = True, self.forwarded
        if self.expires_in:
            context.expiration = self.expires_in
        return context

    def _wrapped(self, message: Message) -> Message:
        if message.HasField("documentMessage") and message.documentMessage.caption:
            message = Message(documentWithCaptionMessage=FutureProofMessage(message=message))
        if self.view_once:
            message = Message(viewOnceMessageV2=FutureProofMessage(message=message))
        return message

    def _beside(self) -> MessageContextInfo:
        info = MessageContextInfo(messageSecret=secrets.token_bytes(SECRET_SIZE))
        if self.album:
            info.messageAssociation.associationType = MessageAssociation.MEDIA_ALBUM
            info.messageAssociation.parentMessageKey.CopyFrom(self.album)
        return info


_MEDIA_TYPES: Final = {
    "imageMessage": "image",
    "videoMessage": "video",
    "ptvMessage": "ptv",
    "audioMessage": "audio",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "locationMessage": "location",
    "liveLocationMessage": "livelocation",
    "contactMessage": "vcard",
    "contactsArrayMessage": "contact_array",
}


def _attributes(message: Message) -> dict[str, str]:
    """What the stanza says of a message: its type, and its media type."""
    [(descriptor, part)] = message.ListFields()
    name = descriptor.name
    if name.startswith("poll"):
        return {"type": "poll"}
    media_type = _MEDIA_TYPES.get(name)
    if isinstance(part, AudioMessage) and part.PTT:
        media_type = "ptt"
    elif isinstance(part, VideoMessage) and part.gifPlayback:
        media_type = "gif"
    elif isinstance(part, ExtendedTextMessage) and part.HasField("title"):
        media_type = "url"
    return {"type": "media", "mediatype": media_type} if media_type else {"type": "text"}


def quote(letter: Letter, message: Message | None, *, author: Jid) -> ContextInfo:
    """What a reply says of the letter of ``author``'s that it quotes; of what is no text ``message`` is shown."""
    shown = message or (Message(conversation=letter.text) if letter.text is not None else None)
    if shown:
        shown.ClearField("messageContextInfo")
    return ContextInfo(stanzaID=letter.id, participant=str(author), quotedMessage=shown)


def key(letter: Letter, chat: Jid, author: Jid | None = None) -> MessageKey:
    """The letter's key. ``author`` wrote what came in in a group; elsewhere the chat says who it was."""
    participant = str(author) if author and not letter.outgoing else None
    return MessageKey(remoteJID=str(chat), fromMe=letter.outgoing, ID=letter.id, participant=participant)


def text(said: str, *, preview: dict[str, Any] | None = None, colour: int | None = None, font: Any = None) -> Message:
    """A text; with ``preview``, the url, title, description and JPEG thumbnail of what it links to."""
    if not preview and colour is None and font is None:
        return Message(conversation=said)
    shown = preview or {}
    extended = ExtendedTextMessage(
        text=said,
        matchedText=shown.get("url"),
        title=shown.get("title"),
        description=shown.get("description"),
        JPEGThumbnail=shown.get("thumbnail"),
        backgroundArgb=colour,
        font=font,
    )
    return Message(extendedTextMessage=extended)


def _file(reference: Reference | None) -> dict[str, Any]:
    """How every type of media refers to its file; nothing is said of a file that isn't there."""
    if reference is None:
        return {"fileLength": 0}
    return {
        "URL": reference.url,
        "directPath": reference.direct_path,
        "mediaKey": reference.key,
        "fileSHA256": reference.sha256,
        "fileEncSHA256": reference.encrypted_sha256,
        "fileLength": reference.size,
        "mediaKeyTimestamp": reference.keyed_at,
    }


def image(file: Reference, *, mimetype: str, **said: Any) -> Message:
    """A picture: caption, width, height, thumbnail."""
    return Message(imageMessage=ImageMessage(mimetype=mimetype, **_picture(said), **_file(file)))


def video(file: Reference, *, mimetype: str, gif: bool = False, **said: Any) -> Message:
    """A video: caption, width, height, seconds, thumbnail; ``gif`` if it plays like one."""
    part = VideoMessage(mimetype=mimetype, seconds=said.get("seconds"), **_picture(said), **_file(file))
    if gif:
        part.gifPlayback = True
    return Message(videoMessage=part)


def round_video(file: Reference, *, mimetype: str, **said: Any) -> Message:
    """A video message: width, height, seconds, thumbnail."""
    return Message(ptvMessage=video(file, mimetype=mimetype, **said).videoMessage)


def _picture(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "caption": said.get("caption"),
        "width": said.get("width"),
        "height": said.get("height"),
        "JPEGThumbnail": said.get("thumbnail"),
    }


def audio(file: Reference, *, mimetype: str, seconds: int | None = None) -> Message:
    """A sound."""
    return Message(audioMessage=AudioMessage(mimetype=mimetype, seconds=seconds, **_file(file)))


def voice(file: Reference, *, mimetype: str, seconds: int | None = None, waveform: bytes | None = None) -> Message:
    """A voice message, with a waveform of 64 loudnesses."""
    part = AudioMessage(mimetype=mimetype, seconds=seconds, PTT=True, waveform=waveform, **_file(file))
    return Message(audioMessage=part)


def document(file: Reference | None, *, mimetype: str, file_name: str, **said: Any) -> Message:
    """A document: caption, title, pages, thumbnail. It may be announced without a file behind it."""
    part = DocumentMessage(
        mimetype=mimetype,
        fileName=file_name,
        title=said.get("title") or file_name,
        caption=said.get("caption"),
        pageCount=said.get("pages"),
        JPEGThumbnail=said.get("thumbnail"),
        **_file(file),
    )
    return Message(documentMessage=part)


def sticker(file: Reference, *, mimetype: str, animated: bool = False, **said: Any) -> Message:
    """A sticker: width, height."""
    size = {"width": said.get("width"), "height": said.get("height")}
    return Message(stickerMessage=StickerMessage(mimetype=mimetype, isAnimated=animated, **size, **_file(file)))


def location(latitude: float, longitude: float, *, name: str | None, address: str | None) -> Message:
    """A place, in degrees."""
    place = LocationMessage(degreesLatitude=latitude, degreesLongitude=longitude, name=name, address=address)
    return Message(locationMessage=place)


def live_location(latitude: float, longitude: float, *, caption: str | None, accuracy: int | None) -> Message:
    """Where the phone is while it moves, in degrees and metres."""
    place = LiveLocationMessage(
        degreesLatitude=latitude,
        degreesLongitude=longitude,
        caption=caption,
        accuracyInMeters=accuracy,
        sequenceNumber=now_ms(),
    )
    return Message(liveLocationMessage=place)


def contacts(cards: list[tuple[str, str]]) -> Message:
    """One contact, or several: the name and the vCard of each."""
    parts = [ContactMessage(displayName=name, vcard=vcard) for name, vcard in cards]
    if len(parts) == 1:
        return Message(contactMessage=parts[0])
    named = f"{parts[0].displayName} and {len(parts) - 1} other contact{'s' if len(parts) > 2 else ''}"
    return Message(contactsArrayMessage=ContactsArrayMessage(displayName=named, contacts=parts))


def vcard(name: str, number: str) -> str:
    """The vCard of somebody on WhatsApp."""
    return f"BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\nTEL;type=CELL;waid={number}:+{number}\nEND:VCARD"


def poll(question: str, options: list[str], selectable: int) -> Message:
    """A poll of whose options ``selectable`` may be chosen; 0 is any number. One of a single choice is a V3."""
    part = PollCreationMessage(
        name=question,
        options=[PollCreationMessage.Option(optionName=one) for one in options],
        selectableOptionsCount=selectable,
    )
    return Message(pollCreationMessageV3=part) if selectable == 1 else Message(pollCreationMessage=part)


def album(images: int, videos: int) -> Message:
    """What comes before so many pictures and videos that belong together."""
    return Message(albumMessage=AlbumMessage(expectedImageCount=images, expectedVideoCount=videos))


def group_invite(group: Jid, *, name: str, code: str, expires_at: int, caption: str | None) -> Message:
    """An invitation to a group, until a time in seconds since the epoch."""
    invite = GroupInviteMessage(
        groupJID=str(group), groupName=name, inviteCode=code, inviteExpiration=expires_at, caption=caption
    )
    return Message(groupInviteMessage=invite)


def edit(said: Message, target: MessageKey) -> Outgoing:
    """What one of the phone's own letters says from now on."""
    change = ProtocolMessage(key=target, type=ProtocolMessage.MESSAGE_EDIT, editedMessage=said, timestampMS=now_ms())
    wrapped = FutureProofMessage(message=Message(protocolMessage=change))
    return Outgoing(Message(editedMessage=wrapped).SerializeToString(), {"type": "text", "edit": "1"})


def secret_edit(said: Message, target: MessageKey, *, author: Jid, secret: bytes) -> Outgoing:
    """The same, so that only those can read it who have the message that is edited."""
    change = ProtocolMessage(key=target, type=ProtocolMessage.MESSAGE_EDIT, editedMessage=said, timestampMS=now_ms())
    edited = Message(protocolMessage=change)
    addon = AddOn(Use.MESSAGE_EDIT, target.ID, str(author), str(author))
    payload, iv = addon.seal(secret, edited.SerializeToString())
    sealed = SecretEncryptedMessage(
        targetMessageKey=target, encPayload=payload, encIV=iv, secretEncType=SecretEncryptedMessage.MESSAGE_EDIT
    )
    return Outgoing(Message(secretEncryptedMessage=sealed).SerializeToString(), {"type": "text", "edit": "1"})


def deletion(target: MessageKey) -> Outgoing:
    """Delete a letter for everybody: one of the phone's own, or in a group, as its admin, somebody else's."""
    change = ProtocolMessage(key=target, type=ProtocolMessage.REVOKE)
    edit = "7" if target.fromMe else ADMIN_DELETION
    return Outgoing(Message(protocolMessage=change).SerializeToString(), {"type": "text", "edit": edit})


def reaction(emoji: str, target: MessageKey) -> Outgoing:
    """React to a letter; an empty ``emoji`` takes the reaction back."""
    reacted = ReactionMessage(key=target, text=emoji, senderTimestampMS=now_ms())
    message = Message(reactionMessage=reacted)
    return Outgoing(message.SerializeToString(), {"type": "reaction"} | ({} if emoji else {"edit": "7"}))


def vote(options: list[str], target: MessageKey, *, author: Jid, voter: Jid, secret: bytes) -> Outgoing:
    """Vote for options of a poll that ``author`` made; for none takes the vote back."""
    chosen = PollVoteMessage(selectedOptions=[option_hash(one) for one in options])
    addon = AddOn(Use.POLL_VOTE, target.ID, str(author), str(voter))
    payload, iv = addon.seal(secret, chosen.SerializeToString())
    update = PollUpdateMessage(
        pollCreationMessageKey=target,
        vote=PollEncValue(encPayload=payload, encIV=iv),
        senderTimestampMS=now_ms(),
    )
    return Outgoing(Message(pollUpdateMessage=update).SerializeToString(), {"type": "poll"})


def pin(target: MessageKey, *, pinned: bool, seconds: int) -> Outgoing:
    """Pin a letter for everybody, for so many seconds, or let it go."""
    kind = PinInChatMessage.PIN_FOR_ALL if pinned else PinInChatMessage.UNPIN_FOR_ALL
    message = Message(pinInChatMessage=PinInChatMessage(key=target, type=kind, senderTimestampMS=now_ms()))
    message.messageContextInfo.messageAddOnDurationInSecs = seconds if pinned else 0
    return Outgoing(message.SerializeToString(), {"type": "text", "edit": "2"})


def timer(seconds: int) -> Outgoing:
    """Let messages of the chat disappear after so many seconds; 0: they stay."""
    setting = ProtocolMessage(
        type=ProtocolMessage.EPHEMERAL_SETTING,
        ephemeralExpiration=seconds,
        ephemeralSettingTimestamp=now_ms() // 1000,
    )
    return Outgoing(Message(protocolMessage=setting).SerializeToString())


def forwarded(message: Message) -> Message:
    """What a letter said, to be said again: without its context, its secret and what wrapped it."""
    copy = Message()
    copy.CopyFrom(message)
    copy.ClearField("messageContextInfo")
    for descriptor, part in copy.ListFields():
        if descriptor.message_type and "contextInfo" in descriptor.message_type.fields_by_name:
            part.ClearField("contextInfo")
    return copy


def reworded(message: Message, said: str) -> Message:
    """What a letter said, with another text or caption."""
    [(descriptor, part)] = forwarded(message).ListFields()
    if descriptor.message_type is None or "caption" not in descriptor.message_type.fields_by_name:
        return Message(conversation=said)
    part.caption = said
    changed = Message()
    getattr(changed, descriptor.name).CopyFrom(part)
    return changed
