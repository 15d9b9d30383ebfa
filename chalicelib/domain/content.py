"""What a message says beside its text: one record of the message's kind, and the context that it was said in.

A message's ``kind`` names the record that goes with it: ``location`` has a Location, ``edited`` an Edited. A text has
none. Media is described, not held. All of it comes from outside, so whoever makes a record bounds it: texts by
``clipped``, lists by the constants here. Together they stay far below what an item of the table may hold.
"""

from dataclasses import dataclass, field
from typing import Final

LONGEST_NAME: Final = 1_000
"""Characters of a name, an address, a title, a question or a quoted text."""
LONGEST_URL: Final = 2_048
"""Characters of an address on the web."""
LONGEST_OPTION: Final = 200
"""Characters of a poll's option: WhatsApp's apps allow half of that."""
LONGEST_VCARD: Final = 6_000
"""Bytes of one vCard in UTF-8; pictures in them are what makes longer ones."""
MOST_CONTACTS: Final = 10
MOST_OPTIONS: Final = 20
MOST_MENTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Target:
    """The message that another one is about.

    ``id`` is WhatsApp's. ``from_me`` says whether the session's account wrote it, None where that can't be told;
    ``participant`` is the JID of who wrote it, where WhatsApp names that, as it does in groups.
    """

    id: str
    from_me: bool | None = None
    participant: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The target says something else now: the text of the message that tells of it, or a new caption.

    ``kind`` is what the target is (text, image, …). An ``encrypted`` edit can't be read: only that there was one.
    """

    target: Target
    kind: str | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Deleted:
    """The target was deleted for everybody; ``by_admin`` if not its writer, but an administrator of the group did."""

    target: Target
    by_admin: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction to the target; ``emoji`` is None where one was taken back (``removed``), or can't be read."""

    target: Target
    emoji: str | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """The target was pinned in the chat or, if not ``pinned``, let go; so, too, with a message that is kept."""

    target: Target
    pinned: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """The message is about the target, and there is no more to say: a vote, which is encrypted, or a comment."""

    target: Target


@dataclass(frozen=True, slots=True)
class Location:
    """A place, in degrees (WGS 84); ``live`` if it moves. None where the sender said none, or what is none on earth."""

    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None
    url: str | None = None
    accuracy: int | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file, as its sender calls it; ``size`` in bytes."""

    file_name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    size: int | None = None
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a video, a sound or a sticker: ``size`` in bytes, ``width`` and ``height`` in pixels.

    ``voice`` is a voice message, ``gif`` and ``round`` are videos, ``animated`` is a sticker.
    """

    mimetype: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    voice: bool = False
    gif: bool = False
    round: bool = False
    animated: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that was shared; ``vcard`` as its sender's app wrote it, None if it is longer than a card is."""

    name: str | None = None
    vcard: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with options, of which ``selectable`` may be chosen (0: any number)."""

    question: str | None = None
    options: tuple[str, ...] = ()
    selectable: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen of buttons or a list: the option's ``id``, as whoever offered it made it, and its words."""

    id: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class GroupInvite:
    """An invitation to a group (its JID); ``expires_at`` in seconds since the Unix epoch."""

    group: str | None = None
    name: str | None = None
    code: str | None = field(default=None, repr=False)
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is planned in a chat; times in seconds since the Unix epoch."""

    name: str | None = None
    description: str | None = None
    starts_at: int | None = None
    ends_at: int | None = None
    link: str | None = None
    canceled: bool = False
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """Messages of the chat disappear after so many ``seconds`` from now on; 0: they stay."""

    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a kind that the client library doesn't know: the numbers of its fields are all there is to say."""

    fields: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """The record of a message's kind; the others are None.

    Each has the name of its kind, but for ``contact``, of which there may be several.
    """

    edited: Edited | None = None
    deleted: Deleted | None = None
    reaction: Reaction | None = None
    pin: Pin | None = None
    keep: Pin | None = None
    poll_vote: Reference | None = None
    comment: Reference | None = None
    event_response: Reference | None = None
    location: Location | None = None
    document: Document | None = None
    image: Media | None = None
    video: Media | None = None
    audio: Media | None = None
    sticker: Media | None = None
    contacts: tuple[Contact, ...] | None = None
    poll: Poll | None = None
    choice: Choice | None = None
    group_invite: GroupInvite | None = None
    event: Event | None = None
    timer: Timer | None = None
    unknown: Unknown | None = None

    @property
    def target(self) -> Target | None:
        """The message that this one is about, if it is about one."""
        about = (
            self.edited,
            self.deleted,
            self.reaction,
            self.pin,
            self.keep,
            self.poll_vote,
            self.comment,
            self.event_response,
        )
        return next((one.target for one in about if one), None)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that was replied to, as the reply shows it: its kind and the beginning of its text."""

    target: Target
    kind: str | None = None
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Context:
    """In what a message was said, whatever its kind is.

    ``mentions`` are JIDs. ``forwarded`` counts how often it was passed on, roughly: WhatsApp calls 5 and more "many
    times". ``expires_in`` is the chat's timer for disappearing messages, in seconds.
    """

    quoted: Quoted | None = None
    mentions: tuple[str, ...] = ()
    forwarded: int = 0
    expires_in: int | None = None
    view_once: bool = False


def clipped(text: str, longest: int = LONGEST_NAME) -> str:
    """Return ``text``, its beginning if it is longer than anybody writes."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
