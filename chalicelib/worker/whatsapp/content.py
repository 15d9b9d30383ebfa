"""What is in a message: a waE2E.Message as the gateway's kind, text, content and context.

Messages are read by the names of their fields, so that nothing of the client library is imported here.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.unknown_fields import UnknownFieldSet

from chalicelib.domain import content as k
from chalicelib.domain.content import Content, Context, Target, clipped

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

UNKNOWN: Final = "unknown"
"""The kind of a message of which the client library knows no field."""
_JID: Final = re.compile(r"([A-Za-z0-9_-]{1,64})(?:\.\d{1,5})?(?::\d{1,5})?@([a-z.]{1,32})", re.ASCII)
_LONGEST_ID: Final = 128
_EARTH: Final = 7
"""Decimals of a degree: a centimetre."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a person sees in a message. A kind that the gateway has no word for has the name of WhatsApp's field."""

    kind: str
    text: str | None = field(default=None, repr=False)
    content: Content | None = field(default=None, repr=False)
    context: Context | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """Who said it, as far as the meaning of "the message of whom" depends on that.

    ``from_me`` says that the session's own account wrote it, ``group`` that it was in a group, ``by_admin`` that its
    writer acted as an administrator of that.
    """

    from_me: bool = False
    group: bool = False
    by_admin: bool = False


def content(message: Any, said: Said | None = None) -> Found | None:
    """Return what is in a waE2E.Message; None if there is nothing in it for a person."""
    inner, wrappers = _unwrapped(message)
    fields = [descriptor.name for descriptor, _ in inner.ListFields() if descriptor.name not in _BETWEEN_PROGRAMS]
    if not fields:
        return _unknown(inner)
    # A message has one content; the first field that we know is it.
    name = next((one for one in fields if one in _READ), fields[0])
    value = getattr(inner, name)
    read = _READ.get(name)
    found = read(value, said or Said()) if read else Found(name)
    if found is None:
        return None
    context = _context(value, view_once=bool(_VIEW_ONCE & wrappers))
    return Found(found.kind, found.text, found.content, context)


def _unwrapped(message: Any) -> tuple[Any, set[str]]:
    opened: set[str] = set()
    for _ in range(DEPTH):
        wrapper = next((name for name in WRAPPERS if message.HasField(name)), None)
        if wrapper is None:
            break
        opened.add(wrapper)
        message = getattr(message, wrapper).message
    return message, opened


def _unknown(message: Any) -> Found | None:
    unknown = UnknownFieldSet(message)
    numbers = sorted({unknown[place].field_number for place in range(len(unknown))})[: k.MOST_OPTIONS]
    return Found(UNKNOWN, None, Content(unknown=k.Unknown(tuple(numbers)))) if numbers else None


def _context(value: Any, *, view_once: bool) -> Context | None:
    has = hasattr(value, "DESCRIPTOR") and "contextInfo" in value.DESCRIPTOR.fields_by_name
    if not has or not value.HasField("contextInfo"):
        return Context(view_once=True) if view_once else None
    info = value.contextInfo
    context = Context(
        quoted=_quoted(info) if info.stanzaID else None,
        mentions=tuple(jid for one in info.mentionedJID[: k.MOST_MENTIONS] if (jid := _jid(one))),
        forwarded=max(info.forwardingScore, int(info.isForwarded)),
        expires_in=info.expiration or None,
        view_once=view_once,
    )
    return None if context == Context() else context


def _quoted(info: Any) -> k.Quoted:
    shown = content(info.quotedMessage) if info.HasField("quotedMessage") else None
    target = Target(_line(info.stanzaID, _LONGEST_ID) or "", participant=_jid(info.participant))
    text = clipped(shown.text) if shown and shown.text else None
    return k.Quoted(target, shown.kind if shown else None, text)


# What each kind holds.


def _text(value: Any, _: Said) -> Found:
    return Found("text", _string(value if isinstance(value, (str, bytes)) else value.text))


def _media(kind: str, **flags: str) -> Callable[[Any, Said], Found]:
    """Read media; ``flags`` says which of the message's fields a flag is read from."""

    def read(value: Any, _: Said) -> Found:
        media = k.Media(
            mimetype=_line(value.mimetype),
            size=_count(value.fileLength),
            width=_count(getattr(value, "width", 0)),
            height=_count(getattr(value, "height", 0)),
            seconds=_count(getattr(value, "seconds", 0)),
            round=flags.get("round") == "always",
            **{name: bool(getattr(value, one)) for name, one in flags.items() if name != "round"},
        )
        return Found(kind, _string(getattr(value, "caption", "")), _of(kind, media))

    return read


def _document(value: Any, _: Said) -> Found:
    document = k.Document(
        file_name=_line(value.fileName),
        title=_line(value.title),
        mimetype=_line(value.mimetype),
        size=_count(value.fileLength),
        pages=_count(value.pageCount),
    )
    return Found("document", _string(value.caption), Content(document=document))


def _location(value: Any, _: Said) -> Found:
    place = _place(value)
    return Found("location", place.name or _line(value.comment), Content(location=place))


def _live_location(value: Any, _: Said) -> Found:
    place = k.Location(*_degrees(value), accuracy=_count(value.accuracyInMeters), live=True)
    return Found("location", _string(value.caption), Content(location=place))


def _place(value: Any) -> k.Location:
    return k.Location(
        *_degrees(value),
        name=_line(value.name),
        address=_line(value.address),
        url=_line(value.URL, k.LONGEST_URL),
        accuracy=_count(value.accuracyInMeters),
        live=bool(value.isLive),
    )


def _degrees(value: Any) -> tuple[float | None, float | None]:
    if not (value.HasField("degreesLatitude") and value.HasField("degreesLongitude")):
        return None, None
    latitude, longitude = value.degreesLatitude, value.degreesLongitude
    on_earth = math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return (round(latitude, _EARTH), round(longitude, _EARTH)) if on_earth else (None, None)


def _contact(value: Any, _: Said) -> Found:
    return Found("contact", _line(value.displayName), Content(contacts=(_card(value),)))


def _contacts(value: Any, _: Said) -> Found:
    cards = tuple(_card(one) for one in value.contacts[: k.MOST_CONTACTS])
    return Found("contact", _line(value.displayName), Content(contacts=cards))


def _card(value: Any) -> k.Contact:
    vcard = _string(value.vcard) or ""
    return k.Contact(_line(value.displayName), vcard if 0 < len(vcard.encode()) <= k.LONGEST_VCARD else None)


def _reaction(value: Any, said: Said) -> Found | None:
    emoji, target = _line(value.text), _target(value.key, said)
    if target is None:
        return Found("reaction", emoji)
    return Found("reaction", emoji, Content(reaction=k.Reaction(target, emoji, removed=emoji is None)))


def _secret_reaction(value: Any, said: Said) -> Found:
    target = _target(value.targetMessageKey, said)
    return Found("reaction", None, Content(reaction=k.Reaction(target)) if target else None)


def _about(kind: str, key: str) -> Callable[[Any, Said], Found]:
    """Read what says no more than which message it is about, in the field ``key``."""

    def read(value: Any, said: Said) -> Found:
        target = _target(getattr(value, key), said)
        return Found(kind, None, _of(kind, k.Reference(target)) if target else None)

    return read


def _comment(value: Any, said: Said) -> Found:
    told, target = content(value.message, said), _target(value.targetMessageKey, said)
    return Found("comment", told.text if told else None, Content(comment=k.Reference(target)) if target else None)


def _pin(value: Any, said: Said) -> Found | None:
    target, kinds = _target(value.key, said), {"PIN_FOR_ALL": True, "UNPIN_FOR_ALL": False}
    pinned = kinds.get(_enum(value, "type"))
    return Found("pin", None, Content(pin=k.Pin(target, pinned)) if target and pinned is not None else None)


def _keep(value: Any, said: Said) -> Found | None:
    target, kinds = _target(value.key, said), {"KEEP_FOR_ALL": True, "UNDO_KEEP_FOR_ALL": False}
    kept = kinds.get(_enum(value, "keepType"))
    return Found("keep", None, Content(keep=k.Pin(target, kept)) if target and kept is not None else None)


def _poll(value: Any, _: Said) -> Found:
    options = tuple(_line(one.optionName, k.LONGEST_OPTION) or "" for one in value.options[: k.MOST_OPTIONS])
    poll = k.Poll(_line(value.name), options, value.selectableOptionsCount)
    return Found("poll", poll.question, Content(poll=poll))


def _button(value: Any, _: Said) -> Found:
    return _chosen(value.selectedButtonID, value.selectedDisplayText)


def _template_button(value: Any, _: Said) -> Found:
    return _chosen(value.selectedID, value.selectedDisplayText)


def _listed(value: Any, _: Said) -> Found:
    return _chosen(value.singleSelectReply.selectedRowID, value.title)


def _interactive(value: Any, _: Said) -> Found:
    return _chosen(value.nativeFlowResponseMessage.name, value.body.text)


def _chosen(name: Any, title: Any) -> Found:
    return Found("choice", _line(title), Content(choice=k.Choice(_line(name), _line(title))))


def _group_invite(value: Any, _: Said) -> Found:
    invite = k.GroupInvite(
        _jid(value.groupJID), _line(value.groupName), _line(value.inviteCode), _count(value.inviteExpiration)
    )
    return Found("group_invite", _string(value.caption), Content(group_invite=invite))


def _event(value: Any, _: Said) -> Found:
    planned = k.Event(
        name=_line(value.name),
        description=_line(value.description),
        starts_at=_count(value.startTime),
        ends_at=_count(value.endTime),
        link=_line(value.joinLink, k.LONGEST_URL),
        canceled=bool(value.isCanceled),
        location=_place(value.location) if value.HasField("location") else None,
    )
    return Found("event", planned.name, Content(event=planned))


def _secret(value: Any, said: Said) -> Found:
    """Read that a message was edited; what it says now is encrypted by a secret that isn't at hand."""
    target = _target(value.targetMessageKey, said)
    if target is None or _enum(value, "secretEncType") not in {"MESSAGE_EDIT", "EVENT_EDIT", "POLL_EDIT"}:
        return Found("secretEncryptedMessage")
    return Found("edited", None, Content(edited=k.Edited(target, encrypted=True)))


def _protocol(value: Any, said: Said) -> Found | None:
    kind, target = _enum(value, "type"), _target(value.key, said)
    if kind in _PROTOCOL_BETWEEN_PROGRAMS:
        return None
    if kind == "REVOKE" and target:
        return Found("deleted", None, Content(deleted=k.Deleted(target, said.by_admin)))
    if kind == "MESSAGE_EDIT" and target:
        new = content(value.editedMessage, said)
        edited = k.Edited(target, new.kind if new else None)
        return Found("edited", new.text if new else None, Content(edited=edited))
    if kind == "EPHEMERAL_SETTING":
        return Found("timer", None, Content(timer=k.Timer(value.ephemeralExpiration)))
    return Found(kind.lower() or "protocolMessage")


_READ: Final[Mapping[str, Callable[[Any, Said], Found | None]]] = {
    "conversation": _text,
    "extendedTextMessage": _text,
    "imageMessage": _media("image"),
    "videoMessage": _media("video", gif="gifPlayback"),
    "ptvMessage": _media("video", round="always"),
    "audioMessage": _media("audio", voice="PTT"),
    "stickerMessage": _media("sticker", animated="isAnimated"),
    "documentMessage": _document,
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
    "pollUpdateMessage": _about("poll_vote", "pollCreationMessageKey"),
    "buttonsResponseMessage": _button,
    "listResponseMessage": _listed,
    "templateButtonReplyMessage": _template_button,
    "interactiveResponseMessage": _interactive,
    "groupInviteMessage": _group_invite,
    "eventMessage": _event,
    "encEventResponseMessage": _about("event_response", "eventCreationMessageKey"),
    "commentMessage": _comment,
    "encCommentMessage": _about("comment", "targetMessageKey"),
    "pinInChatMessage": _pin,
    "keepInChatMessage": _keep,
    "secretEncryptedMessage": _secret,
    "protocolMessage": _protocol,
    "call": lambda _value, _said: Found("call"),
}
"""How each field of a message is read that the gateway has a word for."""


def _of(kind: str, record: Any) -> Content:
    """Return the content whose kind's record that is."""
    records = {kind: record}
    return Content(**records)


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


def _line(value: Any, longest: int = k.LONGEST_NAME) -> str | None:
    text = _string(value)
    return clipped(text, longest) if text else None


def _jid(value: Any) -> str | None:
    """Return a JID without the device that its owner wrote from; None for what is none."""
    found = _JID.fullmatch(_string(value) or "")
    return f"{found[1]}@{found[2]}" if found else None


def _count(value: int) -> int | None:
    return value or None
