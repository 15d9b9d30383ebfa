"""What is in a message: its kind, and its text or caption."""

from typing import Any, Final

WRAPPERS: Final = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "deviceSentMessage",
    "groupMentionedMessage",
    "botInvokeMessage",
)
"""Fields that hold another message in their ``message``."""
DEPTH: Final = 8
"""Wrappers within wrappers that are opened: a hostile sender may nest more."""

_NOT_MESSAGES: Final = frozenset(
    {
        "protocolMessage",
        "senderKeyDistributionMessage",
        "fastRatchetKeySenderKeyDistributionMessage",
        "messageContextInfo",
        "keepInChatMessage",
        "pinInChatMessage",
        "stickerSyncRmrMessage",
        "placeholderMessage",
        "editedMessage",
    }
)
"""Fields that serve the protocol, or change a message that came before."""

_KINDS: Final = {
    "conversation": "text",
    "extendedTextMessage": "text",
    "imageMessage": "image",
    "videoMessage": "video",
    "ptvMessage": "video",
    "audioMessage": "audio",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "lottieStickerMessage": "sticker",
    "locationMessage": "location",
    "liveLocationMessage": "location",
    "contactMessage": "contact",
    "contactsArrayMessage": "contact",
    "reactionMessage": "reaction",
    "encReactionMessage": "reaction",
    "pollCreationMessage": "poll",
    "pollCreationMessageV2": "poll",
    "pollCreationMessageV3": "poll",
    "pollUpdateMessage": "poll_vote",
    "buttonsResponseMessage": "choice",
    "listResponseMessage": "choice",
    "templateButtonReplyMessage": "choice",
    "interactiveResponseMessage": "choice",
    "groupInviteMessage": "group_invite",
    "eventMessage": "event",
    "call": "call",
}
OTHER: Final = "other"

_TEXTS: Final = {
    "extendedTextMessage": "text",
    "imageMessage": "caption",
    "videoMessage": "caption",
    "documentMessage": "caption",
    "liveLocationMessage": "caption",
    "locationMessage": "name",
    "contactMessage": "displayName",
    "contactsArrayMessage": "displayName",
    "reactionMessage": "text",
    "buttonsResponseMessage": "selectedDisplayText",
    "listResponseMessage": "title",
    "templateButtonReplyMessage": "selectedDisplayText",
    "pollCreationMessage": "name",
    "pollCreationMessageV2": "name",
    "pollCreationMessageV3": "name",
}
"""Which field of a message's content is read as its text."""


def content(message: Any) -> tuple[str, str | None] | None:
    """Return kind and text of a waE2E.Message; None if there is nothing in it for a person."""
    inner = _unwrapped(message)
    fields = [descriptor.name for descriptor, _ in inner.ListFields() if descriptor.name not in _NOT_MESSAGES]
    if not fields:
        return None
    # A message has one content; the first field that we know is it.
    name = next((field for field in fields if field in _KINDS), fields[0])
    found = getattr(inner, name)
    text = found if isinstance(found, str) else getattr(found, _TEXTS[name]) if name in _TEXTS else None
    return _KINDS.get(name, OTHER), text or None


def _unwrapped(message: Any) -> Any:
    for _ in range(DEPTH):
        wrapper = next((name for name in WRAPPERS if message.HasField(name)), None)
        if wrapper is None:
            break
        message = getattr(message, wrapper).message
    return message
