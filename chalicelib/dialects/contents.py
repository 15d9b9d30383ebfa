"""What a message says beside its text, as JSON in every family's messages: ``content`` and ``context``.

``content`` has one field, named as the message's ``type`` is. What is about another message names that as
``message_id``, WhatsApp's id. Fields that have nothing to say are absent. The message's words are told by the families
themselves. A new type is a TypedDict here, a field of ContentJson, and a row of ``SHAPES``.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, NotRequired, TypedDict

from chalicelib.domain import content as c
from chalicelib.domain.messages import Message


class TargetJson(TypedDict):
    """The message that another one is about."""

    message_id: Annotated[str, "WhatsApp's."]
    from_me: NotRequired[Annotated[bool, "Whether the session's account wrote it; absent where that can't be told."]]
    participant: NotRequired[Annotated[str, "The JID of who wrote it, in groups."]]


class EditedJson(TargetJson):
    """The message says something else now: that is the ``message`` of this one."""

    type: NotRequired[Annotated[str, "What the message is that was edited: text, image, …"]]
    encrypted: NotRequired[Annotated[bool, "What it says now can't be read."]]


class DeletedJson(TargetJson):
    """The message was deleted for everybody."""

    by_admin: NotRequired[Annotated[bool, "By an administrator of the group."]]


class ReactionJson(TargetJson):
    """A reaction; without ``emoji`` it was taken back, or can't be read."""

    emoji: NotRequired[str]
    removed: NotRequired[bool]


class PinJson(TargetJson):
    """The message was pinned, or let go; kept, or kept no longer."""

    pinned: NotRequired[bool]
    seconds: NotRequired[Annotated[int, "For how long it is pinned."]]


class PollVoteJson(TargetJson):
    """A vote in the poll that is the message; it takes the place of the voter's vote before."""

    options: NotRequired[Annotated[list[str], "Those chosen, none if it was taken back; absent if it can't be read."]]


class EventResponseJson(TargetJson):
    """An answer to the event that the message plans; it takes the place of the same person's answer before."""

    response: NotRequired[Annotated[str, "``going``, ``not_going`` or ``maybe``; absent if it can't be read."]]
    guests: NotRequired[Annotated[int, "How many come along."]]


class LinkPreviewJson(TypedDict):
    """How a text's link is shown."""

    url: str
    title: NotRequired[str]
    description: NotRequired[str]


class TextJson(TypedDict):
    """What a text has beside its words."""

    preview: NotRequired[LinkPreviewJson]
    background: NotRequired[Annotated[str, "The colour behind a status, as ``#rrggbb``."]]
    font: NotRequired[Annotated[int, "The number of a status's font."]]


class AlbumJson(TypedDict):
    """So many pictures and videos belong together, and follow as messages whose context names this one."""

    images: NotRequired[int]
    videos: NotRequired[int]


class GroupMemberJson(TypedDict):
    """A member of a group."""

    phone: NotRequired[str]
    lid: NotRequired[str]


class GroupEventJson(TypedDict):
    """A change of the group that the message is in. A new subject or description is the message's text."""

    change: Annotated[str, "added, joined, left, promoted, demoted, subject, description, locked, unlocked, …"]
    members: NotRequired[Annotated[list[GroupMemberJson], "Whom it is about."]]


class PhoneCallJson(TypedDict):
    """A call from the message's sender."""

    id: NotRequired[Annotated[str, "WhatsApp's: later states of the call come under the same one."]]
    state: Annotated[str, "offered, accepted or ended."]
    video: NotRequired[bool]
    group: NotRequired[bool]
    reason: NotRequired[Annotated[str, "WhatsApp's word for why it ended."]]


class LocationJson(TypedDict):
    """A place."""

    latitude: NotRequired[Annotated[float, "In degrees."]]
    longitude: NotRequired[Annotated[float, "In degrees."]]
    name: NotRequired[str]
    address: NotRequired[str]
    url: NotRequired[str]
    accuracy: NotRequired[Annotated[int, "In metres."]]
    live: NotRequired[Annotated[bool, "It moves."]]


class DocumentJson(TypedDict):
    """A file."""

    media_id: NotRequired[
        Annotated[str, "By which ``/v1/sessions/{id}/media`` gives the file; absent if it isn't kept."]
    ]
    state: NotRequired[Annotated[str, "How a file that came in stood when it was told of: stored, failed or expired."]]
    file_name: NotRequired[str]
    title: NotRequired[str]
    mimetype: NotRequired[str]
    size: NotRequired[Annotated[int, "In bytes."]]
    pages: NotRequired[int]


class MediaJson(TypedDict):
    """An image, a video, a sound or a sticker."""

    media_id: NotRequired[
        Annotated[str, "By which ``/v1/sessions/{id}/media`` gives the file; absent if it isn't kept."]
    ]
    state: NotRequired[Annotated[str, "How a file that came in stood when it was told of: stored, failed or expired."]]
    mimetype: NotRequired[str]
    size: NotRequired[Annotated[int, "In bytes."]]
    width: NotRequired[Annotated[int, "In pixels."]]
    height: NotRequired[Annotated[int, "In pixels."]]
    seconds: NotRequired[int]
    voice: NotRequired[Annotated[bool, "A voice message."]]
    gif: NotRequired[Annotated[bool, "A video that plays like one."]]
    round: NotRequired[Annotated[bool, "A video message."]]
    animated: NotRequired[bool]


class ContactJson(TypedDict):
    """A contact that was shared."""

    name: NotRequired[str]
    vcard: NotRequired[str]


class PollJson(TypedDict):
    """A question with options."""

    question: NotRequired[str]
    options: NotRequired[list[str]]
    selectable: NotRequired[Annotated[int, "How many may be chosen; absent for any number."]]


class ChoiceJson(TypedDict):
    """What was chosen of buttons or a list."""

    id: NotRequired[str]
    title: NotRequired[str]


class GroupInviteJson(TypedDict):
    """An invitation to a group."""

    group: NotRequired[Annotated[str, "The group's JID."]]
    name: NotRequired[str]
    code: NotRequired[str]
    expires_at: NotRequired[Annotated[int, "Seconds since the Unix epoch."]]


class PlannedEventJson(TypedDict):
    """Something that is planned in a chat."""

    name: NotRequired[str]
    description: NotRequired[str]
    starts_at: NotRequired[Annotated[int, "Seconds since the Unix epoch."]]
    ends_at: NotRequired[Annotated[int, "Seconds since the Unix epoch."]]
    link: NotRequired[str]
    canceled: NotRequired[bool]
    location: NotRequired[LocationJson]


class TimerJson(TypedDict):
    """The chat's messages disappear from now on, or stay."""

    seconds: NotRequired[Annotated[int, "After how long; absent if they stay."]]


class UnknownJson(TypedDict):
    """A message that the client library can't read."""

    fields: NotRequired[Annotated[list[int], "The numbers of its fields."]]


class ContentJson(TypedDict):
    """What the message says beside its text: the field that is named as its ``type``."""

    text: NotRequired[TextJson]
    edited: NotRequired[EditedJson]
    deleted: NotRequired[DeletedJson]
    reaction: NotRequired[ReactionJson]
    pin: NotRequired[PinJson]
    keep: NotRequired[PinJson]
    poll_vote: NotRequired[PollVoteJson]
    comment: NotRequired[TargetJson]
    event_response: NotRequired[EventResponseJson]
    location: NotRequired[LocationJson]
    document: NotRequired[DocumentJson]
    image: NotRequired[MediaJson]
    video: NotRequired[MediaJson]
    audio: NotRequired[MediaJson]
    sticker: NotRequired[MediaJson]
    album: NotRequired[AlbumJson]
    contacts: NotRequired[Annotated[list[ContactJson], "Of the type ``contact``."]]
    poll: NotRequired[PollJson]
    choice: NotRequired[ChoiceJson]
    group_invite: NotRequired[GroupInviteJson]
    event: NotRequired[PlannedEventJson]
    timer: NotRequired[TimerJson]
    group_event: NotRequired[GroupEventJson]
    call: NotRequired[PhoneCallJson]
    unknown: NotRequired[UnknownJson]


class QuotedJson(TargetJson):
    """The message that was replied to, as the reply shows it."""

    type: NotRequired[str]
    message: NotRequired[Annotated[str, "The beginning of its text."]]


class ContextJson(TypedDict):
    """In what the message was said."""

    quoted: NotRequired[QuotedJson]
    mentions: NotRequired[Annotated[list[str], "JIDs."]]
    forwarded: NotRequired[Annotated[int, "How often it was passed on, roughly: WhatsApp calls 5 and more many times."]]
    expires_in: NotRequired[Annotated[int, "The chat's timer for disappearing messages, in seconds."]]
    view_once: NotRequired[bool]
    album: NotRequired[Annotated[str, "WhatsApp's id of the album that the message is in."]]
    resolves: NotRequired[
        Annotated[str, "Our id of the message that stands for this one: it couldn't be read at first."]
    ]


class Beside(TypedDict):
    """What every family's messages have beside their text, where there is any."""

    content: NotRequired[ContentJson]
    context: NotRequired[ContextJson]


SHAPES: Final[Mapping[type[c.Content], type]] = {
    c.Text: TextJson,
    c.Edited: EditedJson,
    c.Deleted: DeletedJson,
    c.Reaction: ReactionJson,
    c.Pin: PinJson,
    c.Keep: PinJson,
    c.PollVote: PollVoteJson,
    c.Comment: TargetJson,
    c.EventResponse: EventResponseJson,
    c.Location: LocationJson,
    c.Document: DocumentJson,
    c.Image: MediaJson,
    c.Video: MediaJson,
    c.Audio: MediaJson,
    c.Sticker: MediaJson,
    c.Album: AlbumJson,
    c.Poll: PollJson,
    c.Choice: ChoiceJson,
    c.GroupInvite: GroupInviteJson,
    c.PlannedEvent: PlannedEventJson,
    c.Timer: TimerJson,
    c.GroupEvent: GroupEventJson,
    c.PhoneCall: PhoneCallJson,
    c.Unknown: UnknownJson,
}
"""The object of each type of content: its fields are read from the content's own of the same names."""


def file_of(of: Message) -> c.Media | None:
    """Return the content whose file can be fetched, or will be in a moment; None for a message without one."""
    content = of.content
    kept = isinstance(content, c.Media) and content.media_id and content.state not in {"failed", "expired"}
    return content if isinstance(content, c.Media) and kept else None


_ENDINGS: Final[Mapping[str, str]] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/3gpp": ".3gp",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "application/pdf": ".pdf",
}
_TEMPORARY: Final = re.compile(r"(.+)_(md_[0-9A-Za-z]+)(?:\.\w{1,8})?")


def temporary_path(of: Message, *, until: int) -> str | None:
    """Return the enveloped API's path of the message's file, which says that it is there ``until`` then; None without.

    The file is named after its session, so that the path alone tells where it is, and ends as files of its type do.
    """
    kept = file_of(of)
    if kept is None:
        return None
    ending = _ENDINGS.get((kept.mimetype or "").partition(";")[0], "")
    return f"/api/media/temp/{of.session}_{kept.media_id}{ending}?expires={until // 1000}"


def temporary_file(name: str) -> tuple[str, str] | None:
    """Return the session's id and the file's of a name in such a path, None for what is none."""
    found = _TEMPORARY.fullmatch(name)
    return (found[1], found[2]) if found else None


_NAMES: Final = {"type": "type_of_target"}
"""The fields of contents that have other names here."""


def beside(of: Message) -> Beside:
    """Return ``content`` and ``context`` of a message, as far as it has them."""
    shape: Beside = {}
    content, context = _content(of.content), _context(of.context or c.Context())
    if of.resolves:
        context["resolves"] = of.resolves
    if content:
        shape["content"] = content
    if context:
        shape["context"] = context
    return shape


def _content(of: c.Content) -> ContentJson:
    """Return the content's field; none for what can't be told without its target, which is missing."""
    told: Any
    if isinstance(of, c.ContactCards):
        told = {"contacts": [_object(one, ContactJson) for one in of.contacts]}
    elif type(of) not in SHAPES or (isinstance(of, c.About) and of.target is None):
        told = {}
    else:
        told = {of.type: _object(of, SHAPES[type(of)])}
    shape: ContentJson = {name: value for name, value in told.items() if value}  # type: ignore[assignment]
    return shape


def _context(of: c.Context) -> ContextJson:
    quoted = of.quoted
    told: Any = {
        "quoted": {**_target(quoted.target), "type": quoted.type, "message": quoted.text} if quoted else None,
        "mentions": list(of.mentions),
        "forwarded": of.forwarded,
        "expires_in": of.expires_in,
        "view_once": of.view_once,
        "album": of.album,
    }
    if quoted:
        told["quoted"] = _without_silence(told["quoted"])
    shape: ContextJson = _without_silence(told)  # type: ignore[assignment]
    return shape


def _object(of: Any, shape: type) -> dict[str, Any]:
    told = _target(of.target) if isinstance(of, c.About) and of.target else {}
    if isinstance(of, c.PollVote) and of.options == ():
        return {**_without_silence(told), "options": []}
    for name in shape.__annotations__:
        if name not in TargetJson.__annotations__:
            told[name] = _value(getattr(of, _NAMES.get(name, name), None))
    return _without_silence(told)


_WITHIN: Final[Mapping[type, type]] = {
    c.Location: LocationJson,
    c.LinkPreview: LinkPreviewJson,
    c.GroupMember: GroupMemberJson,
}
"""The object of what lies within a content."""


def _value(of: Any) -> Any:
    if isinstance(of, tuple):
        return [_value(one) for one in of]
    return _object(of, _WITHIN[type(of)]) if type(of) in _WITHIN else of


def _target(of: c.Target) -> dict[str, Any]:
    return {"message_id": of.id, "from_me": of.from_me, "participant": of.participant}


def _without_silence(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that say something; so does false where it is who wrote a message, or a pin let go."""
    return {
        name: value
        for name, value in told.items()
        if value or (value is not None and name in {"from_me", "pinned"}) or isinstance(value, float)
    }
