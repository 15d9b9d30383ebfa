"""What a message says: its content, one class for each type, and the context that it was said in.

A content is written, wherever it is written, as its ``type`` beside an object of that name, which holds the class's
fields. Media is a reference, never bytes. ``stored`` and ``restored`` are the one codec for what lies in the table and
in the worker's files; the worker has the one table to and from WhatsApp's protobuf, and ``dialects/contents.py`` the
one of the JSON objects that clients see. So a new type is a class here, named in ``TYPES``, and a row in each of those.

The classes are msgspec's Structs: every function imports all of them when it starts, and a Struct is defined in a
fraction of a dataclass's time. ``msgspec.structs.replace`` changes a field of one.

Most of it comes from outside, so whoever makes a content bounds it: texts by ``clipped``, lists by the constants here.
Together they stay far below what an item of the table may hold.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final, Self, cast

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.reading import Reader

LONGEST_NAME: Final = 1_000
"""Characters of a name, an address, a title, a question or a quoted text."""
LONGEST_URL: Final = 2_048
"""Characters of an address on the web."""
LONGEST_OPTION: Final = 200
"""Characters of a poll's option: WhatsApp's apps allow half of that."""
LONGEST_DESCRIPTION: Final = 4_000
"""Characters of a group's description: WhatsApp allows half of that."""
LONGEST_VCARD: Final = 6_000
"""Bytes of one vCard in UTF-8; pictures in them are what makes longer ones."""
MOST_CONTACTS: Final = 10
MOST_OPTIONS: Final = 20
MOST_MENTIONS: Final = 200
MOST_MEMBERS: Final = 1_024
"""Members whom one change of a group may concern: WhatsApp has that many in a group."""


class Private(Struct, frozen=True):
    """What people said, in fields. Its repr shows numbers and truth values, and of texts only that there are some."""

    def __repr__(self) -> str:
        told = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(f'{name}={_shown(one)}' for name, one in told if one is not None)})"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return "…" if isinstance(value, str) else repr(value)


class Target(Private, frozen=True):
    """The message that another one is about.

    ``id`` is WhatsApp's. ``from_me`` says whether the session's account wrote it, None where that can't be told;
    ``participant`` is the JID of who wrote it, where WhatsApp names that, as it does in groups.
    """

    id: str
    from_me: bool | None = None
    participant: str | None = None


class Content:
    """What a message says: an instance of one of ``TYPES``, or of ``Unsupported``.

    ``NAME`` is the type's name, ``WORDS`` the field whose text people read as the message's own, if there is one.
    """

    __slots__ = ()
    NAME: ClassVar[str]
    WORDS: ClassVar[str | None] = None

    @property
    def type(self) -> str:
        """The type's name."""
        return self.NAME

    @property
    def text(self) -> str | None:
        """What people read as the message's text: a text's body, an image's caption, a poll's question; never empty."""
        return (getattr(self, self.WORDS) or None) if self.WORDS else None

    @property
    def about(self) -> Target | None:
        """The message that this one is about, if it is about one."""
        return None

    def with_text(self, text: str) -> Self:
        """Return the content with other words; unchanged if its type has none."""
        return cast("Self", replace(cast("Any", self), **{self.WORDS: text})) if self.WORDS else self


class LinkPreview(Private, frozen=True):
    """How a text's link is shown: the ``url`` as it stands in the text, and what is to be read there."""

    url: str
    title: str | None = None
    description: str | None = None


class Text(Content, Private, frozen=True):
    """A text, with the preview of one link in it.

    ``background`` is the colour behind a status, as ``#rrggbb``, and ``font`` the number of WhatsApp's font for it.
    """

    NAME: ClassVar = "text"
    WORDS: ClassVar = "body"

    body: str = ""
    preview: LinkPreview | None = None
    background: str | None = None
    font: int | None = None


class Media(Content, Private, frozen=True, kw_only=True):
    """What all media has: a reference to a file. ``media_id`` is ours, None where the file isn't kept.

    ``link`` is the address that the worker fetches the file from, in what is to be sent; it may hold a secret.
    ``size`` is in bytes, ``sha256`` in hexadecimal digits, ``width`` and ``height`` in pixels, ``seconds`` how long it
    plays. All of it is the sender's word.

    ``state`` says how a file that came in stood when its message was told of (``MediaState``): the file's record says
    how it stands, and whoever reads the message is told that.
    """

    media_id: str | None = None
    state: str | None = None
    link: str | None = None
    mimetype: str | None = None
    size: int | None = None
    sha256: str | None = None


class Image(Media, frozen=True, kw_only=True):
    """A picture."""

    NAME: ClassVar = "image"
    WORDS: ClassVar = "caption"

    caption: str | None = None
    width: int | None = None
    height: int | None = None


class Video(Media, frozen=True, kw_only=True):
    """A video; ``gif`` says that it plays like one, ``round`` that it is a video message."""

    NAME: ClassVar = "video"
    WORDS: ClassVar = "caption"

    caption: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    gif: bool = False
    round: bool = False


class Audio(Media, frozen=True, kw_only=True):
    """A sound; ``voice`` says that it is a voice message."""

    NAME: ClassVar = "audio"

    seconds: int | None = None
    voice: bool = False


class Sticker(Media, frozen=True, kw_only=True):
    """A sticker; whether it moves isn't known of one that the worker is to fetch."""

    NAME: ClassVar = "sticker"

    width: int | None = None
    height: int | None = None
    animated: bool | None = None


class Document(Media, frozen=True, kw_only=True):
    """A file, as its sender calls it."""

    NAME: ClassVar = "document"
    WORDS: ClassVar = "caption"

    caption: str | None = None
    file_name: str | None = None
    title: str | None = None
    pages: int | None = None


class Album(Content, Private, frozen=True):
    """So many pictures and videos that belong together: each follows as a message whose context names this one."""

    NAME: ClassVar = "album"

    images: int = 0
    videos: int = 0


class Location(Content, Private, frozen=True):
    """A place, in degrees (WGS 84); ``live`` if it moves. None where the sender said none, or what is none on earth.

    ``accuracy`` is in metres. ``caption`` is what the sender wrote with a place that has no name.
    """

    NAME: ClassVar = "location"
    WORDS: ClassVar = "caption"

    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None
    url: str | None = None
    accuracy: int | None = None
    live: bool = False
    caption: str | None = None

    @property
    def text(self) -> str | None:
        """The place's name, else the caption."""
        return self.name or self.caption or None


class ContactCard(Private, frozen=True):
    """One contact that was shared; ``vcard`` as its sender's app wrote it, None if it is longer than a card is."""

    name: str | None = None
    vcard: str | None = None


class ContactCards(Content, Private, frozen=True):
    """Contacts that were shared; ``caption`` is what WhatsApp's apps show for all of them."""

    NAME: ClassVar = "contact"
    WORDS: ClassVar = "caption"

    contacts: tuple[ContactCard, ...] = ()
    caption: str | None = None


class Poll(Content, Private, frozen=True):
    """A question with options, of which ``selectable`` may be chosen (0: any number)."""

    NAME: ClassVar = "poll"
    WORDS: ClassVar = "question"

    question: str | None = None
    options: tuple[str, ...] = ()
    selectable: int = 0


class Choice(Content, Private, frozen=True):
    """What was chosen of buttons or a list: the option's ``id``, as whoever offered it made it, and its words."""

    NAME: ClassVar = "choice"
    WORDS: ClassVar = "title"

    id: str | None = None
    title: str | None = None


class GroupInvite(Content, Private, frozen=True):
    """An invitation to a group (its JID); ``expires_at`` in seconds since the Unix epoch."""

    NAME: ClassVar = "group_invite"
    WORDS: ClassVar = "caption"

    group: str | None = None
    name: str | None = None
    code: str | None = None
    expires_at: int | None = None
    caption: str | None = None


class PlannedEvent(Content, Private, frozen=True):
    """Something that is planned in a chat; times in seconds since the Unix epoch."""

    NAME: ClassVar = "event"
    WORDS: ClassVar = "name"

    name: str | None = None
    description: str | None = None
    starts_at: int | None = None
    ends_at: int | None = None
    link: str | None = None
    canceled: bool = False
    location: Location | None = None


class Timer(Content, Private, frozen=True):
    """Messages of the chat disappear after so many ``seconds`` from now on; 0: they stay."""

    NAME: ClassVar = "timer"

    seconds: int = 0


class About(Content, Private, frozen=True):
    """What is about another message has; ``target`` is None where WhatsApp's message doesn't say which."""

    target: Target | None = None

    @property
    def about(self) -> Target | None:
        """The target."""
        return self.target


class Edited(About, frozen=True):
    """The target says something else now: ``body``, a text or a new caption.

    ``type_of_target`` is the type of what it is (text, image, …). An ``encrypted`` edit can't be read: only that there
    was one.
    """

    NAME: ClassVar = "edited"
    WORDS: ClassVar = "body"

    type_of_target: str | None = None
    encrypted: bool = False
    body: str | None = None


class Deleted(About, frozen=True):
    """The target was deleted for everybody; ``by_admin`` if not its writer, but an administrator of the group did."""

    NAME: ClassVar = "deleted"

    by_admin: bool = False


class Reaction(About, frozen=True):
    """A reaction to the target; ``emoji`` is None where one was taken back (``removed``), or can't be read."""

    NAME: ClassVar = "reaction"
    WORDS: ClassVar = "emoji"

    emoji: str | None = None
    removed: bool = False


class Pin(About, frozen=True):
    """The target was pinned in the chat, for ``seconds`` if that is told, or, if not ``pinned``, let go."""

    NAME: ClassVar = "pin"

    pinned: bool = True
    seconds: int | None = None


class Keep(About, frozen=True):
    """The target is kept from disappearing or, if not ``pinned``, no longer."""

    NAME: ClassVar = "keep"

    pinned: bool = True


class PollVote(About, frozen=True):
    """A vote in the poll that the target is, which takes the place of the voter's vote before.

    ``options`` are those that were chosen, none where the vote was taken back; None where they can't be read.
    """

    NAME: ClassVar = "poll_vote"

    options: tuple[str, ...] | None = None


class EventResponse(About, frozen=True):
    """An answer to the event that the target plans: ``going``, ``not_going`` or ``maybe``, None where it can't be read.

    ``guests`` are those that come along, None without.
    """

    NAME: ClassVar = "event_response"

    response: str | None = None
    guests: int | None = None


class Comment(About, frozen=True):
    """A comment on the target, None where it can't be read."""

    NAME: ClassVar = "comment"
    WORDS: ClassVar = "body"

    body: str | None = None


class GroupMember(Private, frozen=True):
    """A member of a group, by phone number (digits) and LID (digits); either may be unknown."""

    phone: str | None = None
    lid: str | None = None


class GroupChange(StrEnum):
    """What became of a group."""

    ADDED = "added"
    """The session's account is a member now; ``value`` is the group's subject."""
    JOINED = "joined"
    LEFT = "left"
    PROMOTED = "promoted"
    """Members are administrators now."""
    DEMOTED = "demoted"
    SUBJECT = "subject"
    DESCRIPTION = "description"
    LOCKED = "locked"
    """Administrators alone may change subject, picture and description."""
    UNLOCKED = "unlocked"
    CLOSED = "closed"
    """Administrators alone may write."""
    OPENED = "opened"
    INVITE_LINK = "invite_link"
    """The link by which people join is another one."""
    DELETED = "deleted"


class GroupEvent(Content, Private, frozen=True):
    """A change of the group that the message is in, made by its sender.

    ``change`` is a GroupChange, or a later version's. ``members`` are whom it is about, ``value`` is the new subject or
    description, None where there is none any more.
    """

    NAME: ClassVar = "group_event"
    WORDS: ClassVar = "value"

    change: str = GroupChange.JOINED
    members: tuple[GroupMember, ...] = ()
    value: str | None = None


class CallState(StrEnum):
    """How far a call has come."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    ENDED = "ended"


class PhoneCall(Content, Private, frozen=True):
    """A call from the message's sender. ``id`` is WhatsApp's; later states of the call come under the same one.

    ``state`` is a CallState, or a later version's. ``video`` and ``group`` say what kind of call it is: an offer tells.
    ``reason`` is WhatsApp's word for why it ended.
    """

    NAME: ClassVar = "call"

    id: str | None = None
    state: str = CallState.OFFERED
    video: bool = False
    group: bool = False
    reason: str | None = None


class Withheld(Content, Private, frozen=True):
    """A message that WhatsApp shows on the phone alone, as it does with what may be seen once."""

    NAME: ClassVar = "unavailable"


class Undecryptable(Content, Private, frozen=True):
    """A message that the client couldn't decrypt; its sender's device is asked for it again."""

    NAME: ClassVar = "undecryptable"


class Unknown(Content, Private, frozen=True):
    """A message of a type that the client library doesn't know: the numbers of its fields are all there is to say."""

    NAME: ClassVar = "unknown"

    fields: tuple[int, ...] = ()


class Unsupported(Content, Private, frozen=True):
    """A message of a type that has no class here; ``name`` is that of WhatsApp's field.

    A type that a later version of this code wrote is read as one, too: with its name, and its text.
    """

    WORDS: ClassVar = "caption"

    name: str
    caption: str | None = None

    @property
    def type(self) -> str:
        """WhatsApp's name of it."""
        return self.name


TYPES: Final[Mapping[str, type[Content]]] = {
    one.NAME: one
    for one in (
        Text,
        Image,
        Video,
        Audio,
        Sticker,
        Document,
        Album,
        Location,
        ContactCards,
        Poll,
        Choice,
        GroupInvite,
        PlannedEvent,
        Timer,
        Edited,
        Deleted,
        Reaction,
        Pin,
        Keep,
        PollVote,
        EventResponse,
        Comment,
        GroupEvent,
        PhoneCall,
        Withheld,
        Undecryptable,
        Unknown,
    )
}
"""The union, by the name of the type."""

_READERS: Final = {name: Reader(kind) for name, kind in TYPES.items()}


def stored(content: Content) -> dict[str, Any]:
    """Return the content as ``kind``, ``text`` and, if there is more to it, ``content``, an object named by the type.

    ``kind`` and ``text`` are all that versions before the object know, and they read them as they always did. What
    ``text`` says isn't said in the object again: an item has its limit.
    """
    plain: dict[str, Any] = {"kind": content.type}
    if content.text is not None:
        plain["text"] = content.text
    said = {} if isinstance(content, Unsupported) else _plain(content)
    if content.WORDS and content.with_text("").text != content.text:
        said.pop(content.WORDS, None)
    return plain | ({"content": {content.type: said}} if said else {})


def restored(plain: Mapping[str, Any]) -> Content:
    """Return the content of what ``stored`` made, or a version that knew no more than ``kind`` and ``text``.

    Raises msgspec.ValidationError for what is neither.
    """
    name, text = plain.get("kind") or Text.NAME, plain.get("text") or None
    said = (plain.get("content") or {}).get(name) or {}
    content = _READERS[name].plain(said) if name in _READERS else Unsupported(name)
    return content if text is None or content.text == text else content.with_text(text)


def _plain(value: Any) -> Any:
    """Return what was said as dicts of the fields that aren't as they are by default."""
    if isinstance(value, Private):
        names, defaults = value.__struct_fields__, value.__struct_defaults__
        default = dict(zip(reversed(names), reversed(defaults), strict=False))
        told = {name: getattr(value, name) for name in names}
        return {name: _plain(inner) for name, inner in told.items() if name not in default or inner != default[name]}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


class Quoted(Private, frozen=True):
    """The message that was replied to, as the reply shows it: its type and the beginning of its text."""

    target: Target
    type: str | None = None
    text: str | None = None


class Context(Private, frozen=True):
    """In what a message was said, whatever its type is.

    ``mentions`` are JIDs. ``forwarded`` counts how often it was passed on, roughly: WhatsApp calls 5 and more "many
    times". ``expires_in`` is the chat's timer for disappearing messages, in seconds. ``album`` is WhatsApp's id of the
    album that the message is in, ``timer_set_at`` when the timer was set, in seconds since the Unix epoch.
    """

    quoted: Quoted | None = None
    mentions: tuple[str, ...] = ()
    forwarded: int = 0
    expires_in: int | None = None
    view_once: bool = False
    album: str | None = None
    timer_set_at: int | None = None


def clipped(text: str, longest: int = LONGEST_NAME) -> str:
    """Return ``text``, its beginning if it is longer than anybody writes."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
