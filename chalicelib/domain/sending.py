"""What may be sent, and what may still be done to a message: WhatsApp's rules, each with the error that names it.

Fields are named as in a message: ``poll.options`` are the options of a poll, whatever a family calls them.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final
from unicodedata import category

from chalicelib.domain.content import (
    LONGEST_VCARD,
    MOST_MENTIONS,
    Audio,
    ContactCards,
    Content,
    Context,
    Deleted,
    Document,
    Edited,
    Image,
    Location,
    Media,
    PhoneCall,
    Poll,
    PollVote,
    Quoted,
    Reaction,
    Target,
    Text,
    Timer,
    Video,
    clipped,
)
from chalicelib.domain.errors import (
    DeleteTooLate,
    EditTooLate,
    InvalidField,
    MediaNotFound,
    MentionNotInText,
    MessageDeleted,
    MessageNotSent,
    NotACall,
    NotEditable,
    NotForwardable,
    NotPossible,
    NotReceived,
    NotYourMessage,
    PollNotFound,
    PollSecretMissing,
)
from chalicelib.domain.jid import GROUPS, LIDS, NEWSLETTERS, STATUS, USERS
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.questions import IncomingCall, MarkRead

EDITABLE_FOR: Final = 15 * 60_000
"""Milliseconds after which WhatsApp's apps let nobody edit a message."""
DELETABLE_FOR: Final = 60 * 3_600_000
"""Milliseconds after which nobody can delete a message for everybody."""
FEWEST_OPTIONS: Final = 2
MOST_OPTIONS: Final = 12
"""Options of a poll that WhatsApp's apps show."""
LONGEST_CAPTION: Final = 4_096
"""Characters of a caption."""
LONGEST_EMOJI: Final = 16
"""Code points of one emoji: the longest families and flags have ten or so."""
OFTEN_FORWARDED: Final = 127
"""How often a message counts as forwarded at the most: WhatsApp's own number for what went round."""
TIMERS: Final = (0, 86_400, 604_800, 7_776_000)
"""Seconds after which messages of a chat may disappear; 0: they stay."""

IMPOSSIBLE: Final[Mapping[str, str]] = {
    "buttons": "Buttons can be sent over WhatsApp's business platform alone.",
    "list": "Lists to choose from can be sent over WhatsApp's business platform alone.",
    "template": "Templates can be sent over WhatsApp's business platform alone.",
    "interactive": "Interactive messages can be sent over WhatsApp's business platform alone.",
    "catalog": "The client library can't share catalogs.",
    "product": "The client library can't read or change a catalog's products and orders.",
    "star": "The client library can't star messages.",
    "pin_chat": "The client library can't pin chats.",
    "mute_chat": "The client library can't mute chats.",
    "archive_chat": "The client library can't archive chats.",
    "unread_chat": "The client library can't mark chats as unread.",
    "channel_media": "The client library can't send anything but texts to channels.",
}
"""What nobody can ask for here, by a word for it, each with the reason."""


def not_possible(what: str, *, field: str | None = None) -> NotPossible:
    """Return the error for something in ``IMPOSSIBLE``."""
    return NotPossible(IMPOSSIBLE[what], field=field)


_FORWARDABLE: Final = (Text, Media, Location, ContactCards)


def chat_of(message: Message) -> str:
    """Return the JID to send an edit, a reaction or the like to: that of the message's chat, its LID where known."""
    return message.chat_lid or message.chat


def target_of(message: Message) -> Target:
    """Return the message as another one names it; raises MessageNotSent for one that WhatsApp doesn't have."""
    whatsapp_id = message.whatsapp_id
    if whatsapp_id is None:
        raise MessageNotSent("WhatsApp doesn't have this message.", field="message_id")
    if message.deleted_by is not None:
        raise MessageDeleted("The message was deleted.", field="message_id")
    return Target(whatsapp_id, message.direction is Direction.OUTBOUND, _writer(message))


def _writer(message: Message) -> str | None:
    """Return the JID of who wrote it, if that was somebody else."""
    if message.direction is Direction.OUTBOUND:
        return None
    sender = message.sender
    if sender and sender.lid:
        return f"{sender.lid}@{LIDS}"
    return f"{sender.phone}@{USERS}" if sender and sender.phone else None


def quoted(message: Message) -> Quoted:
    """Return the message as a reply shows it. Raises what ``target_of`` raises."""
    text = message.content.text
    return Quoted(target_of(message), message.content.type, clipped(text) if text else None)


def forwarded(message: Message, caption: str | None = None) -> tuple[Content, Context]:
    """Return the message as it is passed on, once more than it was, and under another ``caption`` if one is given.

    Raises NotForwardable, InvalidField for a caption of what has none, and what is in the way.
    """
    if not isinstance(message.content, _FORWARDABLE):
        raise NotForwardable(f"A message of the type {message.content.type} can't be forwarded.", field="message_id")
    if message.deleted_by is not None:
        raise MessageDeleted("The message was deleted.", field="message_id")
    content = message.content
    if isinstance(content, Media) and content.media_id is None and content.link is None:
        raise MediaNotFound("The message's file isn't kept.", field="message_id")
    if caption:
        if not isinstance(content, Media) or not content.WORDS:
            raise InvalidField(f"A message of the type {content.type} has no caption.", field="caption")
        content = content.with_text(caption)
    before = message.context.forwarded if message.context else 0
    return content, Context(forwarded=min(before + 1, OFTEN_FORWARDED))


def edited(message: Message, body: str, *, now: int) -> Edited:
    """Return the edit that has a message of the account's own say ``body``, a text or a caption."""
    target = target_of(message)
    if not target.from_me:
        raise NotYourMessage("Somebody else wrote this message.", field="message_id")
    if not isinstance(message.content, Text | Image | Video | Document):
        raise NotEditable(f"A message of the type {message.content.type} has no words to edit.", field="message_id")
    if now > _at(message) + EDITABLE_FOR:
        raise EditTooLate("WhatsApp lets nobody edit a message after 15 minutes.", field="message_id")
    return Edited(target, type_of_target=message.content.type, body=body)


def deleted(message: Message, *, now: int) -> Deleted:
    """Return the deletion of a message for everybody: of the account's own, or as an administrator in a group."""
    target = target_of(message)
    if not target.from_me and not message.chat.endswith(f"@{GROUPS}"):
        raise NotYourMessage("Somebody else wrote this message.", field="message_id")
    if now > _at(message) + DELETABLE_FOR:
        raise DeleteTooLate("WhatsApp lets nobody delete a message for everybody after 60 hours.", field="message_id")
    return Deleted(target, by_admin=not target.from_me)


def _at(message: Message) -> int:
    return message.sent_at or message.created_at


def marked(message: Message, change: Message) -> Message:
    """Return the message as the edit or the deletion that it was asked leaves it, before anybody has marked it so."""
    if isinstance(change.content, Deleted):
        return replace(message, deleted_by=change.id, deleted_at=change.sent_at)
    asked = replace(message, edited_by=change.id, edited_at=change.sent_at)
    words = change.content.text
    return asked if change.sent_at is None or not words else replace(asked, content=message.content.with_text(words))


def reaction(message: Message, emoji: str, *, field: str) -> Reaction:
    """Return a reaction to a message; an empty one takes it back. ``field`` is what a wrong one is called by."""
    shows = not emoji or not all(category(one) in _ADDED for one in emoji)
    if len(emoji) > LONGEST_EMOJI or any(map(_is_word, emoji)) or not shows:
        raise InvalidField(f"'{field}' must be one emoji, or empty.", field=field)
    return Reaction(target_of(message), emoji or None, removed=not emoji)


_ADDED: Final = {"Cf", "Me", "Mn"}
"""Characters that show nothing alone: joiners, marks of direction, selectors of variations."""


def _is_word(character: str) -> bool:
    """Whether words have such characters, and emoji haven't: of the letters but one is one."""
    return (character.isalpha() and character != "\N{INFORMATION SOURCE}") or character.isspace()


def vote(message: Message, options: Sequence[str]) -> PollVote:
    """Return a vote in the poll that a message is; without options it is taken back.

    Raises PollNotFound and PollSecretMissing.
    """
    poll = message.content
    if not isinstance(poll, Poll):
        raise PollNotFound("This message is no poll.", field="poll_vote.message_id")
    unknown = next((option for option in options if option not in poll.options), None)
    if unknown is not None or len(set(options)) < len(options):
        raise InvalidField("'poll_vote.options' must be options of the poll, each once.", field="poll_vote.options")
    if poll.selectable and len(options) > poll.selectable:
        raise InvalidField(
            f"'poll_vote.options' has too many: {poll.selectable} may be chosen.", field="poll_vote.options"
        )
    target = target_of(message)
    if message.secret is None:
        raise PollSecretMissing(
            "Nobody can vote in this poll from here: its secret isn't known.", field="poll_vote.message_id"
        )
    return PollVote(target, tuple(options))


def reads(messages: Sequence[Message], *, played: bool) -> list[MarkRead]:
    """Return what marks messages of one chat as read: one mark for each writer. Raises NotReceived."""
    by: dict[str, list[str]] = {}
    for message in messages:
        if message.direction is not Direction.INBOUND or message.whatsapp_id is None:
            raise NotReceived("Only what somebody wrote to the account can be marked as read.", field="message_id")
        by.setdefault(_writer(message) or chat_of(message), []).append(message.whatsapp_id)
    return [MarkRead(chat_of(messages[0]), sender, tuple(ids), played=played) for sender, ids in by.items()]


def call_of(message: Message) -> IncomingCall:
    """Return the call that a message tells of; raises NotACall."""
    call = message.content
    if not isinstance(call, PhoneCall) or call.id is None or message.direction is not Direction.INBOUND:
        raise NotACall("This message is no call.", field="message_id")
    return IncomingCall(call.id, _writer(message) or chat_of(message))


def check(content: Content, to: str) -> None:
    """Raise InvalidField for a content that WhatsApp's apps couldn't show, NotPossible for one that can't be sent."""
    if to.endswith(f"@{NEWSLETTERS}") and not isinstance(content, Text):
        raise not_possible("channel_media", field="to.chat_id")
    if to == STATUS and not isinstance(content, Text | Image | Video | Audio):
        raise InvalidField("A status is a text, an image, a video or a sound.", field="type")
    match content:
        case Poll():
            _check_poll(content)
        case Timer() if content.seconds not in TIMERS:
            choices = ", ".join(map(str, TIMERS))
            raise InvalidField(f"'timer.seconds' must be one of {choices}.", field="timer.seconds")
        case Media() if (content.media_id is None) == (content.link is None):
            name = content.type
            raise InvalidField(f"'{name}' needs either 'media_id' or 'link'.", field=f"{name}.media_id")
        case Text(preview=preview) if preview and preview.url not in content.body:
            raise InvalidField("'text.preview.url' must be in the text as it is.", field="text.preview.url")
        case _:
            return


_VCARD: Final = "BEGIN:VCARD"


def is_vcard(card: str) -> bool:
    """Whether a text begins as a vCard does, and is no longer than one may be."""
    return card.startswith(_VCARD) and len(card.encode()) <= LONGEST_VCARD


def vcard(name: str, phone: str, *, note: str | None = None) -> str:
    """Return a person's vCard (RFC 6350's 3.0) as WhatsApp's apps write it: ``waid`` leads to the account."""
    said = f"\nNOTE:{_escaped(note)}" if note else ""
    named = _escaped(name)
    return f"{_VCARD}\nVERSION:3.0\nN:;{named};;;\nFN:{named}\nTEL;type=CELL;waid={phone}:+{phone}{said}\nEND:VCARD"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")


def _check_poll(poll: Poll) -> None:
    field = "poll.options"
    if not FEWEST_OPTIONS <= len(poll.options) <= MOST_OPTIONS:
        raise InvalidField(f"'{field}' must have {FEWEST_OPTIONS} to {MOST_OPTIONS} options.", field=field)
    if len({option.strip() for option in poll.options}) < len(poll.options) or not all(map(str.strip, poll.options)):
        raise InvalidField(f"'{field}' must be different from each other, and not empty.", field=field)
    if not 0 <= poll.selectable <= len(poll.options):
        raise InvalidField(
            "'poll.selectable' must be 0, for any number, or a number of options.", field="poll.selectable"
        )


def check_mentions(content: Content, mentions: Collection[str], *, field: str) -> None:
    """Raise MentionNotInText for a JID that is mentioned and whose ``@digits`` aren't in the content's words."""
    if len(mentions) > MOST_MENTIONS:
        raise InvalidField(f"'{field}' has too many: {MOST_MENTIONS} at most.", field=field)
    words = content.text or ""
    for jid in mentions:
        name = f"@{jid.partition('@')[0]}"
        if not re.search(rf"{name}(?!\d)", words, re.ASCII):
            raise MentionNotInText(f"'{field}' mentions somebody, and {name} isn't in the text.", field=field)
