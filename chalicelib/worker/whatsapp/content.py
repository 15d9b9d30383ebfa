"""Content of WhatsApp's protobuf (waE2E.Message): the one table of how each field of a message is read.

``outgoing.py`` is its counterpart. Messages are read by the names of their fields, so that nothing of the client
library is imported here, and our own classes of the same names do as well.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from google.protobuf.unknown_fields import UnknownFieldSet
from msgspec.structs import replace

from chalicelib.domain import content as c
from chalicelib.domain.content import Context, Target, clipped
from chalicelib.domain.media import file_name_of
from chalicelib.wire import media
from chalicelib.wire.addons import SECRET_SIZE, Use
from chalicelib.worker.whatsapp.files import WhatsAppFile, is_path
from chalicelib.worker.whatsapp.sealed import LARGEST, Sealed

WRAPPERS: Final = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "deviceSentMessage",
    "groupMentionedMessage",
    "botInvokeMessage",
    "editedMessage",
    "lottieStickerMessage",
    "eventCoverImage",
    "statusMentionMessage",
    "pollCreationOptionImageMessage",
    "associatedChildMessage",
    "groupStatusMentionMessage",
    "pollCreationMessageV4",
    "statusAddYours",
    "groupStatusMessage",
    "limitSharingMessage",
    "botTaskMessage",
    "questionMessage",
    "groupStatusMessageV2",
    "botForwardedMessage",
    "questionReplyMessage",
    "newsletterAdminProfileMessage",
    "spoilerMessage",
    "newsletterAdminProfileStatusMessage",
    "botPlatformRegistrationSuccessMessage",
    "newsletterScheduledMessage",
    "acp2SettingMessage",
    "audioStickerMessage",
)
"""Fields that hold another message in their ``message``: all that the client library knows."""
DEPTH: Final = 8
"""Wrappers within wrappers that are opened: a hostile sender may nest more."""
_VIEW_ONCE: Final = frozenset({"viewOnceMessage", "viewOnceMessageV2", "viewOnceMessageV2Extension"})

_BETWEEN_PROGRAMS: Final = frozenset(
    {
        "senderKeyDistributionMessage",
        "fastRatchetKeySenderKeyDistributionMessage",
        "messageContextInfo",
        "stickerSyncRmrMessage",
        "groupRootKeyShare",
        "rootSecretDistributeMessage",
        "statusLinkPreviewMetadata",
    }
)
"""Fields that serve the protocol: nobody wrote them."""
_PROTOCOL_BETWEEN_PROGRAMS: Final = frozenset(
    {
        "EPHEMERAL_SYNC_RESPONSE",
        "HISTORY_SYNC_NOTIFICATION",
        "APP_STATE_SYNC_KEY_SHARE",
        "APP_STATE_SYNC_KEY_REQUEST",
        "MSG_FANOUT_BACKFILL_REQUEST",
        "INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC",
        "APP_STATE_FATAL_EXCEPTION_NOTIFICATION",
        "PEER_DATA_OPERATION_REQUEST_MESSAGE",
        "PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE",
        "REQUEST_WELCOME_MESSAGE",
        "BOT_FEEDBACK_MESSAGE",
        "MEDIA_NOTIFY_MESSAGE",
        "CLOUD_API_THREAD_CONTROL_NOTIFICATION",
        "LID_MIGRATION_MAPPING_SYNC",
        "BOT_MEMU_ONBOARDING_MESSAGE",
        "STOP_GENERATION_MESSAGE",
        "AI_PSI_METADATA",
        "AI_QUERY_FANOUT",
        "AI_MEDIA_COLLECTION_MESSAGE",
        "AI_METADATA_OPERATION",
        "MARK_AS_VERIFIED_ACTION",
        "COEX_STATE_SYNC",
        "SHARED_DEVICE_CONTACT_HASH_KEY_SHARE",
        "SHARED_DEVICE_CONTACT_HASH_KEY_REQUEST",
    }
)
"""Types of a protocolMessage that nobody did: programs talk to each other. Any other type is told by its own name."""

_JID: Final = re.compile(r"([A-Za-z0-9_-]{1,64})(?:\.\d{1,5})?(?::\d{1,5})?@([a-z.]{1,32})", re.ASCII)
_LONGEST_ID: Final = 128
_HASH: Final = 32
"""Bytes of a SHA-256, and of a media key."""
_KINDS: Final = {
    c.Image: media.IMAGE,
    c.Sticker: media.IMAGE,
    c.Video: media.VIDEO,
    c.Audio: media.AUDIO,
    c.Document: media.DOCUMENT,
}
"""Under which name the keys of each type's files are made."""
_EARTH: Final = 7
"""Decimals of a degree: a centimetre."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a person sees in a message. A type that the gateway has no word for has the name of WhatsApp's field.

    ``file`` is where media lies, if the message tells that well enough to fetch it; ``secret`` is the message's own, by
    which others say things about it; ``sealed`` is what this one says by the secret of its target.
    """

    content: c.Content = field(repr=False)
    context: Context | None = field(default=None, repr=False)
    file: WhatsAppFile | None = None
    secret: bytes | None = field(default=None, repr=False)
    sealed: Sealed | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Who said it, as far as the meaning of "the message of whom" depends on that.

    ``from_me`` says that the session's own account wrote it, ``group`` that it was in a group, ``by_admin`` that its
    writer acted as an administrator of that, ``proven`` that its target is known to be its writer's own.
    """

    from_me: bool = False
    group: bool = False
    by_admin: bool = False
    proven: bool = False


def content(message: Any, said: Said | None = None) -> Found | None:
    """Return what is in a waE2E.Message; None if there is nothing in it for a person."""
    inner, wrappers, info = _unwrapped(message)
    fields = [descriptor.name for descriptor, _ in inner.ListFields() if descriptor.name not in _BETWEEN_PROGRAMS]
    if not fields:
        return _unknown(inner)
    # A message has one content; the first field that we know is it.
    name = next((one for one in fields if one in _READ), fields[0])
    value = getattr(inner, name)
    read = _READ.get(name)
    told = read(value, said or Said()) if read else c.Unsupported(name)
    if told is None:
        return None
    if isinstance(told, c.Pin) and told.pinned and info:
        told = replace(told, seconds=_count(info.messageAddOnDurationInSecs))
    return Found(
        told,
        _context(value, view_once=bool(_VIEW_ONCE & wrappers), album=_album_of(info)),
        _file_of(told, value),
        info.messageSecret if info and len(info.messageSecret) == SECRET_SIZE else None,
        _sealed(name, value),
    )


def _unwrapped(message: Any) -> tuple[Any, set[str], Any]:
    """Return the message within all wrappers, their names, and the innermost messageContextInfo, None without one."""
    opened: set[str] = set()
    info = None
    for _ in range(DEPTH):
        info = message.messageContextInfo if message.HasField("messageContextInfo") else info
        present = {descriptor.name for descriptor, _ in message.ListFields()}
        wrapper = next((name for name in WRAPPERS if name in present), None)
        if wrapper is None:
            break
        opened.add(wrapper)
        message = getattr(message, wrapper).message
    return message, opened, info


def _album_of(info: Any) -> str | None:
    if info is None or not info.HasField("messageAssociation"):
        return None
    association = info.messageAssociation
    in_album = _enum(association, "associationType") == "MEDIA_ALBUM"
    return _line(association.parentMessageKey.ID, _LONGEST_ID) if in_album else None


def _file_of(told: c.Content, value: Any) -> WhatsAppFile | None:
    """Return where a media's file lies; None if what the message says of that isn't enough, or can't be true."""
    if not isinstance(told, c.Media):
        return None
    path = _string(value.directPath) or ""
    hashes = (value.mediaKey, value.fileEncSHA256, value.fileSHA256)
    if not is_path(path) or any(len(one) != _HASH for one in hashes):
        return None
    return WhatsAppFile(
        kind=_KINDS[type(told)],
        direct_path=path,
        url=_line(value.URL, c.LONGEST_URL),
        media_key=value.mediaKey,
        enc_sha256=value.fileEncSHA256,
        file_sha256=value.fileSHA256,
        size=value.fileLength,
        mimetype=told.mimetype or "",
        media_key_timestamp=value.mediaKeyTimestamp,
        width=getattr(told, "width", None),
        height=getattr(told, "height", None),
        seconds=getattr(told, "seconds", None),
    )


_SEALED: Final = {
    "encReactionMessage": Use.REACTION,
    "encCommentMessage": Use.COMMENT,
    "encEventResponseMessage": Use.EVENT_RESPONSE,
}
"""The fields of a message all of which is sealed, but what it is about."""


def _sealed(name: str, value: Any) -> Sealed | None:
    """Return what is said encrypted by the secret of the message that it is about."""
    if name == "pollUpdateMessage" and value.HasField("vote"):
        sealed = Sealed(Use.POLL_VOTE, value.vote.encPayload, value.vote.encIV)
    elif name in _SEALED:
        sealed = Sealed(_SEALED[name], value.encPayload, value.encIV)
    elif name == "secretEncryptedMessage" and _enum(value, "secretEncType") == "MESSAGE_EDIT":
        sealed = Sealed(Use.MESSAGE_EDIT, value.encPayload, value.encIV)
    else:
        return None
    return sealed if 0 < len(sealed.payload) <= LARGEST and len(sealed.iv) <= SECRET_SIZE else None


def _unknown(message: Any) -> Found | None:
    unknown = UnknownFieldSet(message)
    numbers = sorted({unknown[place].field_number for place in range(len(unknown))})[: c.MOST_OPTIONS]
    return Found(c.Unknown(tuple(numbers))) if numbers else None


def _context(value: Any, *, view_once: bool, album: str | None) -> Context | None:
    context = Context(view_once=view_once, album=album)
    has = hasattr(value, "DESCRIPTOR") and "contextInfo" in value.DESCRIPTOR.fields_by_name
    if not has or not value.HasField("contextInfo"):
        return None if context == Context() else context
    info = value.contextInfo
    context = replace(
        context,
        quoted=_quoted(info) if info.stanzaID else None,
        mentions=tuple(jid for one in info.mentionedJID[: c.MOST_MENTIONS] if (jid := _jid(one))),
        forwarded=max(info.forwardingScore, int(info.isForwarded)),
        expires_in=info.expiration or None,
        timer_set_at=(info.ephemeralSettingTimestamp or None) if info.expiration else None,
    )
    return None if context == Context() else context


def _quoted(info: Any) -> c.Quoted:
    shown = content(info.quotedMessage) if info.HasField("quotedMessage") else None
    target = Target(_line(info.stanzaID, _LONGEST_ID) or "", participant=_jid(info.participant))
    if shown is None:
        return c.Quoted(target)
    return c.Quoted(target, shown.content.type, clipped(shown.content.text) if shown.content.text else None)


# What each type says.


def _plain_text(value: Any, _: Said) -> c.Content:
    return c.Text(_string(value) or "")


def _text(value: Any, _: Said) -> c.Content:
    title, description = _line(value.title), _line(value.description)
    link = _line(value.matchedText, c.LONGEST_URL)
    return c.Text(
        _string(value.text) or "",
        c.LinkPreview(link, title, description) if link and (title or description) else None,
        f"#{value.backgroundArgb & 0xFFFFFF:06x}" if value.HasField("backgroundArgb") else None,
        _count(value.font),
    )


def _image(value: Any, _: Said) -> c.Content:
    return c.Image(**_file(value), **_size(value), caption=_string(value.caption))


def _video(value: Any, _: Said) -> c.Content:
    caption, seconds = _string(value.caption), _count(value.seconds)
    return c.Video(**_file(value), **_size(value), seconds=seconds, caption=caption, gif=value.gifPlayback)


def _round_video(value: Any, said: Said) -> c.Content:
    return replace(cast("c.Video", _video(value, said)), gif=False, round=True)


def _audio(value: Any, _: Said) -> c.Content:
    return c.Audio(**_file(value), seconds=_count(value.seconds), voice=value.PTT)


def _sticker(value: Any, _: Said) -> c.Content:
    return c.Sticker(**_file(value), **_size(value), animated=value.isAnimated)


def _document(value: Any, _: Said) -> c.Content:
    return c.Document(
        **_file(value),
        file_name=file_name_of(_line(value.fileName)),
        title=_line(value.title),
        pages=_count(value.pageCount),
        caption=_string(value.caption),
    )


def _file(value: Any) -> dict[str, Any]:
    digest = value.fileSHA256.hex() if len(value.fileSHA256) == _HASH else None
    return {"mimetype": _line(value.mimetype), "size": _count(value.fileLength), "sha256": digest}


def _size(value: Any) -> dict[str, Any]:
    return {"width": _count(value.width), "height": _count(value.height)}


def _album(value: Any, _: Said) -> c.Content:
    return c.Album(value.expectedImageCount, value.expectedVideoCount)


def _location(value: Any, _: Said) -> c.Content:
    place = _place(value)
    return place if place.name else replace(place, caption=_line(value.comment))


def _live_location(value: Any, _: Said) -> c.Content:
    caption = _string(value.caption)
    return c.Location(*_degrees(value), accuracy=_count(value.accuracyInMeters), live=True, caption=caption)


def _place(value: Any) -> c.Location:
    return c.Location(
        *_degrees(value),
        name=_line(value.name),
        address=_line(value.address),
        url=_line(value.URL, c.LONGEST_URL),
        accuracy=_count(value.accuracyInMeters),
        live=bool(value.isLive),
    )


def _degrees(value: Any) -> tuple[float | None, float | None]:
    if not (value.HasField("degreesLatitude") and value.HasField("degreesLongitude")):
        return None, None
    latitude, longitude = value.degreesLatitude, value.degreesLongitude
    on_earth = math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return (round(latitude, _EARTH), round(longitude, _EARTH)) if on_earth else (None, None)


def _contact(value: Any, _: Said) -> c.Content:
    return c.ContactCards((_card(value),), _line(value.displayName))


def _contacts(value: Any, _: Said) -> c.Content:
    return c.ContactCards(tuple(_card(one) for one in value.contacts[: c.MOST_CONTACTS]), _line(value.displayName))


def _card(value: Any) -> c.ContactCard:
    vcard = _string(value.vcard) or ""
    return c.ContactCard(_line(value.displayName), vcard if 0 < len(vcard.encode()) <= c.LONGEST_VCARD else None)


def _reaction(value: Any, said: Said) -> c.Content:
    emoji = _line(value.text)
    return c.Reaction(_target(value.key, said), emoji, removed=emoji is None)


def _secret_reaction(value: Any, said: Said) -> c.Content:
    return c.Reaction(_target(value.targetMessageKey, said))


def _about(kind: type[c.About], key: str) -> Callable[[Any, Said], c.Content]:
    """Read what says no more than which message it is about, in the field ``key``."""
    return lambda value, said: kind(_target(getattr(value, key), said))


def _comment(value: Any, said: Said) -> c.Content:
    told = content(value.message, said)
    return c.Comment(_target(value.targetMessageKey, said), told.content.text if told else None)


def _pin(value: Any, said: Said) -> c.Content:
    pinned = {"PIN_FOR_ALL": True, "UNPIN_FOR_ALL": False}.get(_enum(value, "type"))
    return c.Pin() if pinned is None else c.Pin(_target(value.key, said), pinned)


def _keep(value: Any, said: Said) -> c.Content:
    kept = {"KEEP_FOR_ALL": True, "UNDO_KEEP_FOR_ALL": False}.get(_enum(value, "keepType"))
    return c.Keep() if kept is None else c.Keep(_target(value.key, said), kept)


def _poll(value: Any, _: Said) -> c.Content:
    options = tuple(_line(one.optionName, c.LONGEST_OPTION) or "" for one in value.options[: c.MOST_OPTIONS])
    return c.Poll(_line(value.name), options, value.selectableOptionsCount)


def _button(value: Any, _: Said) -> c.Content:
    return _chosen(value.selectedButtonID, value.selectedDisplayText)


def _template_button(value: Any, _: Said) -> c.Content:
    return _chosen(value.selectedID, value.selectedDisplayText)


def _listed(value: Any, _: Said) -> c.Content:
    return _chosen(value.singleSelectReply.selectedRowID, value.title)


def _interactive(value: Any, _: Said) -> c.Content:
    return _chosen(value.nativeFlowResponseMessage.name, value.body.text)


def _chosen(name: Any, title: Any) -> c.Content:
    return c.Choice(_line(name), _line(title))


def _group_invite(value: Any, _: Said) -> c.Content:
    return c.GroupInvite(
        _jid(value.groupJID),
        _line(value.groupName),
        _line(value.inviteCode),
        _count(value.inviteExpiration),
        _string(value.caption),
    )


def _event(value: Any, _: Said) -> c.Content:
    return c.PlannedEvent(
        name=_line(value.name),
        description=_line(value.description),
        starts_at=_count(value.startTime),
        ends_at=_count(value.endTime),
        link=_line(value.joinLink, c.LONGEST_URL),
        canceled=bool(value.isCanceled),
        location=_place(value.location) if value.HasField("location") else None,
    )


def _secret(value: Any, said: Said) -> c.Content:
    """Read that a message was edited; what it says now is encrypted by a secret that isn't at hand."""
    target = _target(value.targetMessageKey, said)
    edits = _enum(value, "secretEncType") in {"MESSAGE_EDIT", "EVENT_EDIT", "POLL_EDIT"}
    if target is None or not edits or not value.targetMessageKey.fromMe:
        return c.Unsupported("secretEncryptedMessage")
    return c.Edited(target, encrypted=True)


def _protocol(value: Any, said: Said) -> c.Content | None:
    kind, target = _enum(value, "type"), _target(value.key, said)
    if kind in _PROTOCOL_BETWEEN_PROGRAMS:
        return None
    # WhatsApp's apps let nobody change what somebody else wrote, but for an administrator, who deletes it; a hostile
    # sender's program may say so all the same.
    own, by_admin = value.key.fromMe or said.proven, said.by_admin and said.group
    if kind == "REVOKE" and target and (own or by_admin):
        return c.Deleted(target, by_admin)
    if kind == "MESSAGE_EDIT" and target and own:
        new = content(value.editedMessage, said)
        return c.Edited(target, new.content.type, body=new.content.text) if new else c.Edited(target)
    if kind == "EPHEMERAL_SETTING":
        return c.Timer(value.ephemeralExpiration)
    return c.Unsupported(kind.lower() or "protocolMessage")


_READ: Final[Mapping[str, Callable[[Any, Said], c.Content | None]]] = {
    "conversation": _plain_text,
    "extendedTextMessage": _text,
    "imageMessage": _image,
    "videoMessage": _video,
    "ptvMessage": _round_video,
    "audioMessage": _audio,
    "stickerMessage": _sticker,
    "documentMessage": _document,
    "albumMessage": _album,
    "locationMessage": _location,
    "liveLocationMessage": _live_location,
    "contactMessage": _contact,
    "contactsArrayMessage": _contacts,
    "reactionMessage": _reaction,
    "encReactionMessage": _secret_reaction,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollCreationMessageV5": _poll,
    "pollCreationMessageV6": _poll,
    "pollUpdateMessage": _about(c.PollVote, "pollCreationMessageKey"),
    "buttonsResponseMessage": _button,
    "listResponseMessage": _listed,
    "templateButtonReplyMessage": _template_button,
    "interactiveResponseMessage": _interactive,
    "groupInviteMessage": _group_invite,
    "eventMessage": _event,
    "encEventResponseMessage": _about(c.EventResponse, "eventCreationMessageKey"),
    "commentMessage": _comment,
    "encCommentMessage": _about(c.Comment, "targetMessageKey"),
    "pinInChatMessage": _pin,
    "keepInChatMessage": _keep,
    "secretEncryptedMessage": _secret,
    "protocolMessage": _protocol,
    "call": lambda _value, _said: c.Unsupported("call"),
}
"""How each field of a message is read that the gateway has a word for."""


def _target(key: Any, said: Said) -> Target | None:
    """Return the message of a MessageKey; its ``fromMe`` is meant from where the message was written.

    In a direct chat what isn't its writer's is the other side's, which is us, or whom our other device wrote to.
    """
    if not key.ID:
        return None
    participant = _jid(key.participant)
    mine = key.fromMe == said.from_me if not said.group or key.fromMe else None
    return Target(_line(key.ID, _LONGEST_ID) or "", mine, participant)


def _enum(value: Any, name: str) -> str:
    """Return the name of an enumeration's value; empty where there is none, or a newer one than the library knows."""
    if not value.HasField(name):
        return ""
    kinds = value.DESCRIPTOR.fields_by_name[name].enum_type.values_by_number
    known = kinds.get(getattr(value, name))
    return str(known.name) if known else ""


def _string(value: Any) -> str | None:
    """Return a text; the library hands one over as bytes that isn't UTF-8. Empty is None."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text or None


def _line(value: Any, longest: int = c.LONGEST_NAME) -> str | None:
    text = _string(value)
    return clipped(text, longest) if text else None


def _jid(value: Any) -> str | None:
    """Return a JID without the device that its owner wrote from; None for what is none."""
    found = _JID.fullmatch(_string(value) or "")
    return f"{found[1]}@{found[2]}" if found else None


def _count(value: int) -> int | None:
    return value or None
