"""Content as WhatsApp's protobuf (waE2E.Message): the one table of what can be sent, and in which fields.

The counterpart of ``content.py``, which reads messages. A type without a row in ``_WRITTEN`` can be received and not
sent. Fields are named as in the client library's protobuf, of which nothing is imported here: its constructors take
dicts. Nothing is left for the library to guess: it would read a text's numbers as mentions, fetch links, probe files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.domain import content as c
from chalicelib.domain.content import Content, Context, Target
from chalicelib.domain.jid import GROUPS, NEWSLETTERS, STATUS
from chalicelib.worker.whatsapp.errors import NotSendable
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.sealed import sealed_vote

Fields = dict[str, Any]
"""Fields of a protobuf message, as its constructor takes them."""

PINNED_FOR: Final = 7 * 86_400
"""Seconds that a message is pinned for where nobody says how long: the middle one of the apps' three choices."""
_OPAQUE: Final = 0xFF000000
_VOICE: Final = "audio/ogg; codecs=opus"
"""The one type under which WhatsApp's apps play a sound as a voice message."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes out: a content in its context, with what was prepared for it.

    ``secret`` is the message's own, 32 bytes: by it the library's store tells after a crash whether the message left,
    and others encrypt what they say about it, such as votes. ``file`` is the media's file, uploaded already.
    ``target_secret`` is the secret of the message that this one is about, where that is known: a vote needs it.
    ``thumbnail`` is the small JPEG of a link's preview.
    """

    content: Content = field(repr=False)
    context: Context | None = field(default=None, repr=False)
    secret: bytes | None = field(default=None, repr=False)
    file: WhatsAppFile | None = None
    target_secret: bytes | None = field(default=None, repr=False)
    thumbnail: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Where:
    """The chat that a message goes to, and the account's own name in it: JIDs, ``me`` without a device.

    ``alias`` is the account's other name, by number or by LID, None where it isn't known. ``now`` is in milliseconds
    since the Unix epoch.
    """

    chat: str
    me: str
    now: int
    alias: str | None = None

    @property
    def group(self) -> bool:
        """Whether it is a group, where messages are named with their writer."""
        return self.chat.endswith(f"@{GROUPS}")


@dataclass(frozen=True, slots=True)
class _Writing:
    """One message as it is written: ``info`` is its contextInfo, empty where there is nothing to say."""

    outgoing: Outgoing
    where: Where
    info: Fields

    def told(self, fields: Fields) -> Fields:
        """Return the fields of a content with the context in which it is said, without those that say nothing."""
        return _without_none(fields | ({"contextInfo": self.info} if self.info else {}))

    def media(self, fields: Fields) -> Fields:
        """Return the fields of a media's content, with those that lead to its file."""
        file = self.outgoing.file
        if file is None:
            # Nobody prepares a file for a type that has none, and each that has one is prepared before.
            raise NotSendable(self.outgoing.content.type)
        return self.told(
            {
                "URL": file.url,
                "directPath": file.direct_path,
                "mediaKey": file.media_key,
                "fileEncSHA256": file.enc_sha256,
                "fileSHA256": file.file_sha256,
                "fileLength": file.size,
                "mediaKeyTimestamp": file.media_key_timestamp,
                "mimetype": file.mimetype,
            }
            | fields
        )

    @property
    def size(self) -> Fields:
        """The file's width and height."""
        file = self.outgoing.file
        return {"width": file.width, "height": file.height} if file else {}

    @property
    def thumbnail(self) -> bytes | None:
        """The file's small picture."""
        return self.outgoing.file.thumbnail if self.outgoing.file else None

    def seconds(self, told: int | None) -> int | None:
        """Return how long it plays: as the file itself says, else as it was told."""
        return (self.outgoing.file.seconds if self.outgoing.file else None) or told

    def key(self, target: Target | None) -> Fields:
        """Return the MessageKey of a message in the chat, as the library makes it; ``fromMe`` is meant from here."""
        if target is None:
            raise NotSendable(self.outgoing.content.type)
        mine = bool(target.from_me)
        writer = target.participant if self.where.group and not mine else None
        return _without_none(
            {"remoteJID": self.where.chat, "fromMe": mine, "ID": target.id, "participant": writer},
        )


def fields_of(outgoing: Outgoing, where: Where) -> Fields:
    """Return the fields of the waE2E.Message for ``outgoing`` in that chat; raises NotSendable."""
    write = _WRITTEN.get(type(outgoing.content))
    context = outgoing.context or Context()
    if write is None or context.view_once:
        raise NotSendable(outgoing.content.type)
    if where.chat.endswith(f"@{NEWSLETTERS}") and not isinstance(outgoing.content, c.Text):
        # The server wants an id of the media that the library has no field for.
        raise NotSendable(outgoing.content.type)
    info = _info(context, where)
    written = write(outgoing.content, _Writing(outgoing, where, info))
    beside = written.pop("messageContextInfo", {}) | _beside(outgoing.secret, context, where)
    return written | ({"messageContextInfo": beside} if beside else {})


def message_of(outgoing: Outgoing, where: Where, kind: Callable[..., Any]) -> Any:
    """Return the waE2E.Message, of the class ``kind``, for ``outgoing`` in that chat.

    Raises NotSendable, also where protobuf has no room for a value: nothing has been sent by then.
    """
    fields = fields_of(outgoing, where)
    try:
        return kind(**fields)
    except (TypeError, ValueError):
        # Not chained: the texts of protobuf's errors contain the value.
        raise NotSendable(outgoing.content.type) from None


def _beside(secret: bytes | None, context: Context, where: Where) -> Fields:
    """Return the messageContextInfo: the message's secret, and the album that it belongs to."""
    album = None
    if context.album:
        key = {"remoteJID": where.chat, "fromMe": True, "ID": context.album}
        album = {"associationType": "MEDIA_ALBUM", "parentMessageKey": key}
    return _without_none({"messageSecret": secret, "messageAssociation": album})


def _info(context: Context, where: Where) -> Fields:
    """Return the contextInfo."""
    told: Fields = {
        "mentionedJID": list(context.mentions) or None,
        "isForwarded": True if context.forwarded else None,
        "forwardingScore": context.forwarded or None,
        "expiration": context.expires_in,
        "ephemeralSettingTimestamp": context.timer_set_at if context.expires_in else None,
    }
    return _without_none(told | (_quoted(context.quoted, where) if context.quoted else {}))


def _quoted(quoted: c.Quoted, where: Where) -> Fields:
    target = quoted.target
    writer = target.participant or (where.me if target.from_me else None if where.group else where.chat)
    return {"stanzaID": target.id, "participant": writer, "quotedMessage": _shown(quoted)}


_CAPTIONED: Final = {"image": "imageMessage", "video": "videoMessage", "document": "documentMessage"}
"""The fields of what has a caption."""
_SHOWN: Final = {
    **{kind: (name, "caption") for kind, name in _CAPTIONED.items()},
    "location": ("locationMessage", "name"),
    "contact": ("contactMessage", "displayName"),
    "poll": ("pollCreationMessage", "name"),
    "audio": ("audioMessage", None),
    "sticker": ("stickerMessage", None),
}
"""In which field a quoted message is shown, and in which of that its words; of other types in words alone."""


def _shown(quoted: c.Quoted) -> Fields:
    """Return the quoted message, as much of it as a reply shows: whoever has it looks it up by its id."""
    name, words = _SHOWN.get(quoted.type or "", ("conversation", None))
    if name == "conversation":
        return {name: quoted.text or ""}
    return {name: {words: quoted.text or ""} if words else {}}


# What each type is written in.


def _text(text: c.Text, writing: _Writing) -> Fields:
    preview, status = text.preview, writing.where.chat == STATUS
    if not (writing.info or preview or text.background or text.font or status):
        return {"conversation": text.body}
    fields: Fields = {"text": text.body, "font": text.font}
    if text.background:
        fields["backgroundArgb"] = _OPAQUE | int(text.background.removeprefix("#"), 16)
    if preview:
        fields |= {
            "matchedText": preview.url,
            "title": preview.title,
            "description": preview.description,
            "JPEGThumbnail": writing.outgoing.thumbnail,
        }
    return {"extendedTextMessage": writing.told(fields)}


def _image(image: c.Image, writing: _Writing) -> Fields:
    fields = {"caption": image.caption, "JPEGThumbnail": writing.thumbnail, **writing.size}
    return {"imageMessage": writing.media(fields)}


def _video(video: c.Video, writing: _Writing) -> Fields:
    fields = {
        "seconds": writing.seconds(video.seconds),
        "JPEGThumbnail": writing.thumbnail,
        "gifPlayback": video.gif or None,
        "caption": None if video.round else video.caption,
        **writing.size,
    }
    return {"ptvMessage" if video.round else "videoMessage": writing.media(fields)}


def _audio(audio: c.Audio, writing: _Writing) -> Fields:
    fields: Fields = {"seconds": writing.seconds(audio.seconds)}
    if audio.voice:
        waveform = writing.outgoing.file.waveform if writing.outgoing.file else None
        fields |= {"PTT": True, "mimetype": _VOICE, "waveform": waveform}
    return {"audioMessage": writing.media(fields)}


def _sticker(sticker: c.Sticker, writing: _Writing) -> Fields:
    file = writing.outgoing.file
    animated = bool(sticker.animated or (file and file.animated))
    fields = {"mimetype": "image/webp", "isAnimated": animated, **writing.size}
    return {"stickerMessage": writing.media(fields)}


def _document(document: c.Document, writing: _Writing) -> Fields:
    fields = {
        "fileName": document.file_name or "file",
        "title": document.title or document.file_name,
        "pageCount": document.pages,
        "JPEGThumbnail": writing.thumbnail,
        "caption": document.caption,
    }
    told = {"documentMessage": writing.media(fields)}
    return {"documentWithCaptionMessage": {"message": told}} if document.caption else told


def _album(album: c.Album, writing: _Writing) -> Fields:
    return {
        "albumMessage": writing.told({"expectedImageCount": album.images, "expectedVideoCount": album.videos}),
    }


def _location(place: c.Location, writing: _Writing) -> Fields:
    degrees = {
        "degreesLatitude": place.latitude,
        "degreesLongitude": place.longitude,
        "accuracyInMeters": place.accuracy,
    }
    if place.live:
        return {"liveLocationMessage": writing.told({**degrees, "caption": place.caption})}
    named = {"name": place.name, "address": place.address, "URL": place.url, "comment": place.caption}
    return {"locationMessage": writing.told(degrees | named)}


def _contacts(cards: c.ContactCards, writing: _Writing) -> Fields:
    told = [_without_none({"displayName": one.name, "vcard": one.vcard}) for one in cards.contacts]
    if len(told) == 1:
        return {"contactMessage": writing.told(told[0])}
    name = cards.caption or f"{len(told)} contacts"
    return {"contactsArrayMessage": writing.told({"displayName": name, "contacts": told})}


def _poll(poll: c.Poll, writing: _Writing) -> Fields:
    fields = {
        "name": poll.question,
        "options": [{"optionName": option} for option in poll.options],
        "selectableOptionsCount": poll.selectable,
    }
    return {"pollCreationMessage": writing.told(fields)}


def _poll_vote(vote: c.PollVote, writing: _Writing) -> Fields:
    secret, where, target = writing.outgoing.target_secret, writing.where, vote.target
    if secret is None or target is None:
        raise NotSendable(vote.type)
    author = where.me if target.from_me else target.participant or where.chat
    # Names in a seal are of one kind.
    voter = where.alias if where.alias and _server(where.alias) == _server(author) else where.me
    sealed = sealed_vote(vote.options or (), secret, poll=target.id, author=author, voter=voter)
    return {
        "pollUpdateMessage": {
            "pollCreationMessageKey": writing.key(vote.target),
            "vote": {"encPayload": sealed.payload, "encIV": sealed.iv},
            "senderTimestampMS": writing.where.now,
        }
    }


def _group_invite(invite: c.GroupInvite, writing: _Writing) -> Fields:
    fields = {
        "groupJID": invite.group,
        "groupName": invite.name,
        "inviteCode": invite.code,
        "inviteExpiration": invite.expires_at,
        "caption": invite.caption,
    }
    return {"groupInviteMessage": writing.told(fields)}


def _timer(timer: c.Timer, writing: _Writing) -> Fields:
    return {
        "protocolMessage": {
            "type": "EPHEMERAL_SETTING",
            "ephemeralExpiration": timer.seconds,
            "ephemeralSettingTimestamp": writing.where.now // 1000,
        }
    }


def _edited(edited: c.Edited, writing: _Writing) -> Fields:
    """Write an edit; of media the caption alone is said again, which is all that can be edited of it."""
    name = _CAPTIONED.get(edited.type_of_target or "")
    if name:
        new: Fields = {name: writing.told({"caption": edited.body or ""})}
    elif writing.info:
        new = {"extendedTextMessage": writing.told({"text": edited.body or ""})}
    else:
        new = {"conversation": edited.body or ""}
    protocol = {
        "type": "MESSAGE_EDIT",
        "key": writing.key(edited.target),
        "editedMessage": new,
        "timestampMS": writing.where.now,
    }
    return {"editedMessage": {"message": {"protocolMessage": protocol}}}


def _deleted(deleted: c.Deleted, writing: _Writing) -> Fields:
    """Write a deletion; of what isn't the account's own it is an administrator's."""
    return {"protocolMessage": {"type": "REVOKE", "key": writing.key(deleted.target)}}


def _reaction(reaction: c.Reaction, writing: _Writing) -> Fields:
    return {
        "reactionMessage": {
            "key": writing.key(reaction.target),
            "text": "" if reaction.removed else reaction.emoji or "",
            "senderTimestampMS": writing.where.now,
        }
    }


def _pin(pin: c.Pin, writing: _Writing) -> Fields:
    told = {
        "key": writing.key(pin.target),
        "type": "PIN_FOR_ALL" if pin.pinned else "UNPIN_FOR_ALL",
        "senderTimestampMS": writing.where.now,
    }
    lasts = {"messageAddOnDurationInSecs": pin.seconds or PINNED_FOR} if pin.pinned else {}
    return {"pinInChatMessage": told, "messageContextInfo": lasts}


_WRITTEN: Final[Mapping[type[Content], Callable[[Any, _Writing], Fields]]] = {
    c.Text: _text,
    c.Image: _image,
    c.Video: _video,
    c.Audio: _audio,
    c.Sticker: _sticker,
    c.Document: _document,
    c.Album: _album,
    c.Location: _location,
    c.ContactCards: _contacts,
    c.Poll: _poll,
    c.PollVote: _poll_vote,
    c.GroupInvite: _group_invite,
    c.Timer: _timer,
    c.Edited: _edited,
    c.Deleted: _deleted,
    c.Reaction: _reaction,
    c.Pin: _pin,
}
"""How each type is written that can be sent."""


def _server(jid: str) -> str:
    return jid.partition("@")[2]


def _without_none(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
