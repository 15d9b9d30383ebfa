"""Bodies of messages to send: one class for each type, told apart by ``type``; unknown fields are refused by name.

A message to send is written as one that came in is told: its ``type`` beside an object of that name. So two contents in
one body are a field too many. What a type may say is WhatsApp's rule (see ``domain/sending.py``); here is what its
fields look like.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from chalicelib.api.fields import MESSAGE_ID, MessageText, Phone, line, link, text, url
from chalicelib.domain import content as c
from chalicelib.domain.content import Content
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.jid import USERS, destination, phone_number
from chalicelib.domain.sending import FEWEST_OPTIONS, LONGEST_CAPTION, MOST_OPTIONS, TIMERS, is_vcard, vcard

_Id = Annotated[
    str,
    msgspec.Meta(
        pattern=f"^{MESSAGE_ID.pattern}$",
        description="A message of the session's: our id, or WhatsApp's.",
    ),
]
_Short = Annotated[str, msgspec.Meta(max_length=c.LONGEST_NAME)]
_Caption = Annotated[str, msgspec.Meta(max_length=LONGEST_CAPTION)]
_Address = Annotated[str, msgspec.Meta(max_length=c.LONGEST_URL)]
_Ref = Annotated[
    str, msgspec.Meta(min_length=1, max_length=128, description="Your own word for it, told wherever it is.")
]
Emoji = Annotated[str, msgspec.Meta(max_length=64, description="One emoji; empty takes the reaction back.")]


class _Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An object in a body."""


class NativeTo(_Part):
    """Whom a message goes to: one of the two."""

    phone: Annotated[Phone | None, msgspec.Meta(description="A person's number, with its country code.")] = None
    chat_id: Annotated[
        Annotated[str, msgspec.Meta(max_length=100)] | None,
        msgspec.Meta(description="A chat's JID, as messages tell it; ``status@broadcast`` for a status."),
    ] = None


class NativeLinkPreview(_Part):
    """How a link in a text is shown; without a ``title``, as its page says, if that can be fetched."""

    url: Annotated[_Address, msgspec.Meta(description="As it stands in the text.")]
    title: _Short | None = None
    description: _Short | None = None


class NativeText(_Part):
    """A text."""

    body: MessageText
    preview: Annotated[
        NativeLinkPreview | None, msgspec.Meta(description="Without one a link is shown as text alone.")
    ] = None
    background: Annotated[
        Annotated[str, msgspec.Meta(pattern="^#[0-9A-Fa-f]{6}$")] | None,
        msgspec.Meta(description="The colour behind a status."),
    ] = None
    font: Annotated[
        Literal[0, 1, 2, 6, 7, 8, 9, 10] | None,
        msgspec.Meta(description="Of a status: WhatsApp's number for one of its fonts."),
    ] = None


class _File(_Part):
    media_id: Annotated[
        Annotated[str, msgspec.Meta(pattern="^md_[0-9A-Za-z]{1,64}$")] | None,
        msgspec.Meta(description="A file of the session's; or give a ``link``."),
    ] = None
    link: Annotated[
        _Address | None, msgspec.Meta(description="A public https address that the file is fetched from.")
    ] = None


class NativeImage(_File):
    """A picture: JPEG or PNG."""

    caption: _Caption | None = None


class NativeVideo(_File):
    """A video: MP4 or 3GP."""

    caption: _Caption | None = None
    gif: Annotated[bool, msgspec.Meta(description="It plays by itself, again and again, and silently.")] = False
    round: Annotated[bool, msgspec.Meta(description="It is a video message.")] = False


class NativeAudio(_File):
    """A sound."""

    voice: Annotated[bool, msgspec.Meta(description="It is a voice message.")] = False


class NativeSticker(_File):
    """A sticker: WebP."""


class NativeDocument(_File):
    """A file of any type."""

    caption: _Caption | None = None
    file_name: Annotated[
        Annotated[str, msgspec.Meta(max_length=255)] | None, msgspec.Meta(description="As it is shown.")
    ] = None


class NativeLocation(_Part):
    """A place."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90, description="In degrees.")]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180, description="In degrees.")]
    name: _Short | None = None
    address: _Short | None = None
    url: _Address | None = None


class NativeContactCard(_Part):
    """A contact: by its number, or as a vCard."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    phone: Annotated[Phone | None, msgspec.Meta(description="With its country code; or give a ``vcard``.")] = None
    vcard: Annotated[str, msgspec.Meta(max_length=c.LONGEST_VCARD)] | None = None


class NativeContacts(_Part):
    """Contacts."""

    contacts: Annotated[list[NativeContactCard], msgspec.Meta(min_length=1, max_length=c.MOST_CONTACTS)]


class NativePoll(_Part):
    """A question with options."""

    question: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    options: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]],
        msgspec.Meta(min_length=FEWEST_OPTIONS, max_length=MOST_OPTIONS, description="Different from each other."),
    ]
    selectable: Annotated[
        int, msgspec.Meta(ge=0, le=MOST_OPTIONS, description="How many may be chosen; 0 for any number.")
    ] = 0


class NativeReaction(_Part):
    """A reaction to a message."""

    message_id: _Id
    emoji: Emoji


class NativePollVote(_Part):
    """A vote in a poll, in the place of the vote before."""

    message_id: _Id
    options: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=c.LONGEST_OPTION)]],
        msgspec.Meta(max_length=c.MOST_OPTIONS, description="Those that are chosen; none takes the vote back."),
    ]


class NativeForward(_Part):
    """A message that is passed on."""

    message_id: _Id


class NativeTimer(_Part):
    """After how long the chat's messages disappear."""

    seconds: Annotated[
        int, msgspec.Meta(ge=0, le=7_776_000, description=f"One of {', '.join(map(str, TIMERS))}; 0: they stay.")
    ]


class _Draft(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """A message to send."""

    client_ref: _Ref | None = None


class _Addressed(_Draft, kw_only=True):
    to: NativeTo


class Replying(_Addressed, kw_only=True):
    """A message that can quote another one and mention people."""

    reply_to: Annotated[_Id | None, msgspec.Meta(description="The message of the same chat that is quoted.")] = None
    mentions: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=100)]],
        msgspec.Meta(
            max_length=c.MOST_MENTIONS,
            description="Numbers or JIDs of people; each stands in the words as ``@`` and its digits.",
        ),
    ] = []


class NativeTextDraft(Replying, kw_only=True, tag="text"):
    """A text to send."""

    text: NativeText


class NativeImageDraft(Replying, kw_only=True, tag="image"):
    """A picture to send."""

    image: NativeImage


class NativeVideoDraft(Replying, kw_only=True, tag="video"):
    """A video to send."""

    video: NativeVideo


class NativeAudioDraft(Replying, kw_only=True, tag="audio"):
    """A sound to send."""

    audio: NativeAudio


class NativeStickerDraft(Replying, kw_only=True, tag="sticker"):
    """A sticker to send."""

    sticker: NativeSticker


class NativeDocumentDraft(Replying, kw_only=True, tag="document"):
    """A file to send."""

    document: NativeDocument


class NativeLocationDraft(Replying, kw_only=True, tag="location"):
    """A place to send."""

    location: NativeLocation


class NativeContactDraft(Replying, kw_only=True, tag="contact"):
    """Contacts to send."""

    contact: NativeContacts


class NativePollDraft(Replying, kw_only=True, tag="poll"):
    """A poll to send."""

    poll: NativePoll


class NativeTimerDraft(_Addressed, kw_only=True, tag="timer"):
    """A timer for disappearing messages to set."""

    timer: NativeTimer


class NativeForwardDraft(_Addressed, kw_only=True, tag="forward"):
    """A message to pass on."""

    forward: NativeForward


class NativeReactionDraft(_Draft, kw_only=True, tag="reaction"):
    """A reaction to give, in the chat of its message."""

    reaction: NativeReaction


class NativePollVoteDraft(_Draft, kw_only=True, tag="poll_vote"):
    """A vote to give, in the chat of its poll."""

    poll_vote: NativePollVote


class _Impossible(msgspec.Struct, tag_field="type"):
    pass


class NativeButtonsDraft(_Impossible, tag="buttons"):
    """Buttons, which can't be sent: answered 501 ``NOT_POSSIBLE``."""


class NativeListDraft(_Impossible, tag="list"):
    """A list to choose from, which can't be sent: answered 501 ``NOT_POSSIBLE``."""


class NativeTemplateDraft(_Impossible, tag="template"):
    """A template, which can't be sent: answered 501 ``NOT_POSSIBLE``."""


class NativeInteractiveDraft(_Impossible, tag="interactive"):
    """An interactive message, which can't be sent: answered 501 ``NOT_POSSIBLE``."""


NativeDraft = (
    NativeTextDraft
    | NativeImageDraft
    | NativeVideoDraft
    | NativeAudioDraft
    | NativeStickerDraft
    | NativeDocumentDraft
    | NativeLocationDraft
    | NativeContactDraft
    | NativePollDraft
    | NativeTimerDraft
    | NativeForwardDraft
    | NativeReactionDraft
    | NativePollVoteDraft
    | NativeButtonsDraft
    | NativeListDraft
    | NativeTemplateDraft
    | NativeInteractiveDraft
)
"""A message to send, by its ``type``."""


def jid(to: NativeTo) -> str:
    """Return the JID of the chat that a message goes to; raises InvalidField."""
    if to.phone is not None and to.chat_id is not None:
        raise InvalidField("'to' must name one chat: by 'phone' or by 'chat_id'.", field="to.chat_id")
    if to.phone is not None:
        return f"{phone_number(to.phone, field='to.phone')}@{USERS}"
    if to.chat_id is not None:
        return destination(to.chat_id, field="to.chat_id")
    raise InvalidField("'to' must have 'phone' or 'chat_id'.", field="to.phone")


def content(draft: Replying | NativeTimerDraft) -> Content:
    """Return what the draft says; raises InvalidField."""
    kind: Any = type(draft).__struct_config__.tag
    return _READ[kind](getattr(draft, kind))


def _text(said: NativeText) -> Content:
    shown = said.preview
    preview = None
    if shown:
        title, about = _line(shown.title, "text.preview.title"), _words(shown.description, "text.preview.description")
        preview = c.LinkPreview(_shown_link(shown.url), title, about)
    return c.Text(text(said.body, field="text.body"), preview, said.background, said.font)


def _shown_link(said: str) -> str:
    """Return a link as it stands in a text, where it may lack its scheme; no other than the web's."""
    field, written = "text.preview.url", said if "://" in said else f"https://{said}"
    if urlsplit(url(written, field=field)).username is not None:
        raise InvalidField(f"'{field}' must be a link of the web, without a user name.", field=field)
    return said


def _image(said: NativeImage) -> Content:
    return c.Image(**_file(said, "image"), caption=_words(said.caption, "image.caption"))


def _video(said: NativeVideo) -> Content:
    caption = _words(said.caption, "video.caption")
    return c.Video(**_file(said, "video"), caption=caption, gif=said.gif, round=said.round)


def _document(said: NativeDocument) -> Content:
    caption, name = _words(said.caption, "document.caption"), _line(said.file_name, "document.file_name")
    return c.Document(**_file(said, "document"), caption=caption, file_name=name)


def _location(said: NativeLocation) -> Content:
    name, address = _line(said.name, "location.name"), _line(said.address, "location.address")
    leads = url(said.url, field="location.url") if said.url is not None else None
    return c.Location(said.latitude, said.longitude, name=name, address=address, url=leads)


def _poll(said: NativePoll) -> Content:
    options = tuple(text(option, field="poll.options") for option in said.options)
    return c.Poll(text(said.question, field="poll.question"), options, said.selectable)


def _file(said: _File, kind: str) -> dict[str, Any]:
    address = link(said.link, field=f"{kind}.link") if said.link is not None else None
    return {"media_id": said.media_id, "link": address}


def _words(said: str | None, field: str) -> str | None:
    """Return words that may be left out; none at all are as good as absent."""
    return text(said, field=field) if said else None


def _line(said: str | None, field: str) -> str | None:
    return line(said, field=field) if said else None


def _card(said: NativeContactCard) -> c.ContactCard:
    name, field = line(said.name, field="contact.contacts"), "contact.contacts"
    if (said.phone is None) == (said.vcard is None):
        raise InvalidField(f"Each of '{field}' needs either a 'phone' or a 'vcard'.", field=field)
    if said.phone is not None:
        return c.ContactCard(name, vcard(name, phone_number(said.phone, field=field)))
    card = text(said.vcard or "", field=field)
    if not is_vcard(card):
        raise InvalidField(f"A 'vcard' begins with BEGIN:VCARD and has {c.LONGEST_VCARD} bytes at most.", field=field)
    return c.ContactCard(name, card)


_READ: Final[Mapping[str, Callable[[Any], Content]]] = {
    "text": _text,
    "image": _image,
    "video": _video,
    "audio": lambda said: c.Audio(**_file(said, "audio"), voice=said.voice),
    "sticker": lambda said: c.Sticker(**_file(said, "sticker")),
    "document": _document,
    "location": _location,
    "contact": lambda said: c.ContactCards(tuple(map(_card, said.contacts))),
    "poll": _poll,
    "timer": lambda said: c.Timer(said.seconds),
}
"""What reads the object of each type."""
