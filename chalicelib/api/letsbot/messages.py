"""LetsBot's routes about messages and chats, under ``/api/v1``.

A file is named by its address, and fetched by the worker. What can't be done by a linked device, or by the client
library, is answered 501 with the reason (see ``IMPOSSIBLE`` in ``domain/sending.py``).
"""

from typing import Annotated, Final, Literal

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import MESSAGE_ID, Digits, MessageText, line, text
from chalicelib.api.letsbot.routes import UNCLEAR, session_of
from chalicelib.api.outgoing import OUT_OF_REACH, UNQUOTED, UNSENT, UNTOLD, answer, called, how, linked
from chalicelib.api.pages import BEFORE, MESSAGES
from chalicelib.api.parameters import IDEMPOTENCY_KEY, Parameter
from chalicelib.api.router import Router
from chalicelib.dialects.letsbot import DIALECT, shapes
from chalicelib.dialects.shared import Success
from chalicelib.domain import content as c
from chalicelib.domain import sending as rules
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    DeleteTooLate,
    InvalidField,
    MessageNotFound,
    NotPossible,
    NotReceived,
    NotYourMessage,
)
from chalicelib.domain.jid import person_or_group, phone_number, recipient
from chalicelib.domain.media import MediaKind
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.questions import Composing
from chalicelib.services.messages.sending import Wish
from chalicelib.services.messages.store import Wanted

router: Final = Router(__name__, DIALECT)
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
_SENT: Final = {200: Success[shapes.LetsBotReceiptJson], 202: Success[shapes.LetsBotReceiptJson]}
_REFUSED: Final = (*UNCLEAR, *UNSENT)
_DOING: Final = {
    "composing": Composing.TYPING,
    "recording": Composing.RECORDING,
    "paused": Composing.PAUSED,
}
"""What may be shown in a chat."""
WEEK: Final = 604_800
"""Seconds."""

_Chat = Annotated[Digits, msgspec.Meta(description="A phone number with its country code, or a group's JID.")]
_Address = Annotated[str, msgspec.Meta(max_length=c.LONGEST_URL, description="A public https address of the file.")]
_Caption = Annotated[str, msgspec.Meta(max_length=rules.LONGEST_CAPTION)]
_MessageId = Annotated[
    str,
    msgspec.Meta(pattern=f"^{MESSAGE_ID.pattern}$", description="A message of that chat: WhatsApp's id, or ours."),
]
_Degrees = Annotated[float | str, msgspec.Meta(description="In degrees; as text will do.")]


class LetsBotMessage(msgspec.Struct):
    """A message to send."""

    phone: Digits
    body: MessageText


class LetsBotFile(msgspec.Struct):
    """A file to send."""

    phone: Digits
    url: _Address
    caption: _Caption | None = None


class LetsBotVoice(msgspec.Struct):
    """A voice message or a sticker to send."""

    phone: Digits
    url: _Address


class LetsBotAudio(msgspec.Struct):
    """A sound to send."""

    phone: Digits
    audio: _Address
    caption: Annotated[_Caption | None, msgspec.Meta(description="Left out: WhatsApp has none with sounds.")] = None


class LetsBotLocation(msgspec.Struct):
    """A place to send."""

    phone: Digits
    lat: _Degrees
    lng: _Degrees


class LetsBotContact(msgspec.Struct):
    """A contact to send."""

    phone: Digits
    contact: Annotated[Digits, msgspec.Meta(description="The contact's phone number, with its country code.")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    description: Annotated[
        Annotated[str, msgspec.Meta(max_length=c.LONGEST_NAME)] | None, msgspec.Meta(description="The vCard's note.")
    ] = None


class LetsBotReaction(msgspec.Struct):
    """A reaction to give."""

    phone: Digits
    reaction: Annotated[str, msgspec.Meta(max_length=64, description="One emoji; empty takes the reaction back.")]
    message_id: _MessageId = msgspec.field(name="messageId")


class LetsBotReply(msgspec.Struct):
    """A reply to send."""

    phone: Digits
    body: MessageText
    message_id: _MessageId = msgspec.field(name="messageId")


class LetsBotMention(msgspec.Struct):
    """Somebody to mention."""

    phone: Digits
    mention: Annotated[Digits, msgspec.Meta(description="The number of who is mentioned.")]
    body: Annotated[
        MessageText | None, msgspec.Meta(description="The text, with ``@`` and the number in it; that alone if absent.")
    ] = None


class LetsBotDisappearing(msgspec.Struct):
    """A text that disappears."""

    phone: Digits
    body: MessageText
    duration: Annotated[
        int | str,
        msgspec.Meta(description="Seconds, a week if absent. WhatsApp knows a day, a week and 90 days: rounded up."),
    ] = WEEK


class LetsBotDeletion(msgspec.Struct):
    """A message to delete for everybody."""

    phone: Digits
    message_id: _MessageId = msgspec.field(name="messageID")


class LetsBotTyping(msgspec.Struct):
    """A chat in which somebody types."""

    chat: _Chat


class LetsBotPresence(msgspec.Struct):
    """What others are to be shown of the account: all of them, or those in a chat."""

    presence: Literal["available", "unavailable", "composing", "recording", "paused"]
    mixed: Annotated[
        Digits | None,
        msgspec.Meta(description="The chat, a phone number or a group's JID; of being available everybody is told."),
    ] = None


class LetsBotChat(msgspec.Struct):
    """A chat."""

    phone: _Chat


@router.route("POST", "/api/v1/message/send", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send(call: Call, body: LetsBotMessage) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    return _sent(call, body.phone, c.Text(text(body.body, field="body")))


@router.route("POST", "/api/v1/send/file", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_file(call: Call, body: LetsBotFile) -> Answer:
    """Send a file, which is called as its address ends."""
    return _sent(call, body.phone, linked(MediaKind.DOCUMENT, body.url, field="url", caption=body.caption))


@router.route("POST", "/api/v1/send/image", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_image(call: Call, body: LetsBotFile) -> Answer:
    """Send a picture: JPEG or PNG."""
    return _sent(call, body.phone, linked(MediaKind.IMAGE, body.url, field="url", caption=body.caption))


@router.route("POST", "/api/v1/send/video", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_video(call: Call, body: LetsBotFile) -> Answer:
    """Send a video: MP4 or 3GP."""
    return _sent(call, body.phone, linked(MediaKind.VIDEO, body.url, field="url", caption=body.caption))


@router.route("POST", "/api/v1/send/gif", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_gif(call: Call, body: LetsBotFile) -> Answer:
    """Send a video, MP4 as WhatsApp has it, that plays by itself, again and again, and silently."""
    return _sent(call, body.phone, linked(MediaKind.VIDEO, body.url, field="url", caption=body.caption, gif=True))


@router.route("POST", "/api/v1/send/audio", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_audio(call: Call, body: LetsBotAudio) -> Answer:
    """Send a sound."""
    return _sent(call, body.phone, linked(MediaKind.AUDIO, body.audio, field="audio"))


@router.route("POST", "/api/v1/send/ptt", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_voice(call: Call, body: LetsBotVoice) -> Answer:
    """Send a voice message, made of any sound."""
    return _sent(call, body.phone, linked(MediaKind.AUDIO, body.url, field="url", voice=True))


@router.route(
    "POST", "/api/v1/message/send/sticker", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,)
)
def send_sticker(call: Call, body: LetsBotVoice) -> Answer:
    """Send a sticker: WebP."""
    return _sent(call, body.phone, linked(MediaKind.STICKER, body.url, field="url"))


@router.route("POST", "/api/v1/send/location", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_location(call: Call, body: LetsBotLocation) -> Answer:
    """Send a place."""
    place = c.Location(_degrees(body.lat, 90, field="lat"), _degrees(body.lng, 180, field="lng"))
    return _sent(call, body.phone, place)


@router.route("POST", "/api/v1/send/contact", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,))
def send_contact(call: Call, body: LetsBotContact) -> Answer:
    """Send somebody's contact."""
    name, number = line(body.name, field="name"), phone_number(body.contact, field="contact")
    note = line(body.description, field="description") if body.description else None
    return _sent(call, body.phone, c.ContactCards((c.ContactCard(name, rules.vcard(name, number, note=note)),)))


@router.route(
    "POST",
    "/api/v1/message/send/reaction",
    needs=_SEND,
    gives=_SENT,
    refuses=(*_REFUSED, *OUT_OF_REACH),
    takes=(IDEMPOTENCY_KEY,),
)
def send_reaction(call: Call, body: LetsBotReaction) -> Answer:
    """React to a message."""
    session, about = _found(call, body.phone, body.message_id, field="messageId")
    with called(message_id="messageId"):
        sent = bootstrap.sending().react(call.tenant, session, about.id, body.reaction, how(call), field="reaction")
    return _accepted(sent, session)


@router.route(
    "POST",
    "/api/v1/message/send/reply",
    needs=_SEND,
    gives=_SENT,
    refuses=(*_REFUSED, *UNQUOTED),
    takes=(IDEMPOTENCY_KEY,),
)
def send_reply(call: Call, body: LetsBotReply) -> Answer:
    """Send a text that quotes a message of the same chat."""
    return _sent(call, body.phone, c.Text(text(body.body, field="body")), reply_to=body.message_id)


@router.route(
    "POST", "/api/v1/message/send/mention", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,)
)
def send_mention(call: Call, body: LetsBotMention) -> Answer:
    """Send a text that mentions somebody."""
    who = recipient(body.mention, field="mention")
    said = text(body.body, field="body") if body.body is not None else f"@{who.partition('@')[0]}"
    return _sent(call, body.phone, c.Text(said), mentions=(who,))


@router.route(
    "POST", "/api/v1/message/send/disappearing", needs=_SEND, gives=_SENT, refuses=_REFUSED, takes=(IDEMPOTENCY_KEY,)
)
def send_disappearing(call: Call, body: LetsBotDisappearing) -> Answer:
    """Send a text that disappears after a while."""
    said = c.Text(text(body.body, field="body"))
    return _sent(call, body.phone, said, expires_in=_lasting(body.duration))


def _query(name: str, about: str, example: str) -> Parameter[str]:
    def check(value: str | None) -> str:
        if not value:
            raise InvalidField(f"'{name}' is missing.", field=name)
        return value

    return Parameter(name, about, check, {"type": "string", "examples": [example]}, required=True)


PHONE: Final = _query("phone", "Whom the conversation is with: a phone number, or a group's JID.", "628987654321")
MESSAGE: Final = _query("messageID", "The message: WhatsApp's id, or ours.", "3EB0C767D0971A2B3C4D")


@router.route(
    "GET",
    "/api/v1/message/id",
    needs=_LOOK,
    gives={200: Success[shapes.LetsBotMessageJson]},
    refuses=(*UNCLEAR, MessageNotFound),
    takes=(PHONE, MESSAGE),
)
def show(call: Call) -> Answer:
    """Give one message of a chat."""
    _, found = _found(call, call.read(PHONE), call.read(MESSAGE), field="messageID")
    return Answer(shapes.one(found))


@router.route(
    "GET",
    "/api/v1/message/fetch",
    needs=_LOOK,
    gives={200: Success[shapes.LetsBotMessagesJson]},
    refuses=UNCLEAR,
    takes=(MESSAGES, BEFORE),
)
def fetch(call: Call) -> Answer:
    """List the session's messages, newest first."""
    wanted = Wanted(call.read(MESSAGES), cursor=call.read(BEFORE))
    return Answer(shapes.many(*bootstrap.messages().listed(call.tenant, session_of(call).id, wanted)))


@router.route(
    "DELETE",
    "/api/v1/message/delete",
    needs=_SEND,
    gives=_SENT,
    refuses=(*_REFUSED, *OUT_OF_REACH, DeleteTooLate, NotYourMessage),
    takes=(IDEMPOTENCY_KEY,),
)
def delete(call: Call, body: LetsBotDeletion) -> Answer:
    """Delete a message for everybody, for 60 hours after it was sent; in groups, administrators others' too."""
    session, about = _found(call, body.phone, body.message_id, field="messageID")
    with called(message_id="messageID"):
        change = bootstrap.sending().delete(call.tenant, session, about.id, how(call))
    return answer(change, shapes.deleted, f"/api/sessions/{session}")


@router.route(
    "POST",
    "/api/v1/chat/typing",
    needs=_SEND,
    gives={200: Success[shapes.LetsBotChatJson]},
    refuses=(*UNCLEAR, *UNTOLD),
)
def typing(call: Call, body: LetsBotTyping) -> Answer:
    """Show the account typing in a chat, for some seconds."""
    chat = person_or_group(body.chat, field="chat")
    bootstrap.signals().show_typing(call.tenant, session_of(call).id, chat, Composing.TYPING)
    return Answer(shapes.told(chat, "composing"))


@router.route(
    "POST",
    "/api/v1/chat/recording",
    needs=_SEND,
    gives={200: Success[shapes.LetsBotChatJson]},
    refuses=(*UNCLEAR, *UNTOLD),
)
def recording(call: Call, body: LetsBotTyping) -> Answer:
    """Show the account recording in a chat, for some seconds."""
    chat = person_or_group(body.chat, field="chat")
    bootstrap.signals().show_typing(call.tenant, session_of(call).id, chat, Composing.RECORDING)
    return Answer(shapes.told(chat, "recording"))


@router.route(
    "POST",
    "/api/v1/instance/set/presence",
    needs=_SEND,
    gives={200: Success[shapes.LetsBotPresenceJson]},
    refuses=(*UNCLEAR, *UNTOLD),
)
def set_presence(call: Call, body: LetsBotPresence) -> Answer:
    """Show the account as online or not; or as typing, recording or neither in a chat, for some seconds."""
    doing = _DOING.get(body.presence)
    if doing is None:
        online = body.presence == "available"
        bootstrap.signals().show_online(call.tenant, session_of(call).id, online=online)
        return Answer(shapes.shown(body.presence))
    if body.mixed is None:
        raise InvalidField("'mixed' is missing: the chat.", field="mixed")
    chat = person_or_group(body.mixed, field="mixed")
    bootstrap.signals().show_typing(call.tenant, session_of(call).id, chat, doing)
    return Answer(shapes.shown(body.presence, chat))


@router.route(
    "POST",
    "/api/v1/chat/read",
    needs=_SEND,
    gives={200: Success[shapes.LetsBotChatJson]},
    refuses=(*UNCLEAR, *UNTOLD, MessageNotFound, NotReceived),
)
def read(call: Call, body: LetsBotChat) -> Answer:
    """Mark the newest message of a chat as read, and up to 99 unread ones before it."""
    session, chat = session_of(call).id, person_or_group(body.phone, field="phone")
    wanted = Wanted(1, chat=chat, direction=Direction.INBOUND)
    newest, _ = bootstrap.messages().listed(call.tenant, session, wanted)
    if not newest:
        raise MessageNotFound("Nobody has written anything in this chat.", field="phone")
    bootstrap.signals().mark_read(call.tenant, session, newest[0].id)
    return Answer(shapes.told(chat, "read"))


def _sent(
    call: Call,
    phone: str,
    content: c.Content,
    *,
    reply_to: str | None = None,
    mentions: tuple[str, ...] = (),
    expires_in: int | None = None,
) -> Answer:
    wish = Wish(person_or_group(phone, field="phone"), content, reply_to, mentions, expires_in)
    session = session_of(call).id
    address = "audio" if isinstance(content, c.Audio) and not content.voice else "url"
    with called(reply_to="messageId", message_id="messageId", mentions="mention", link=address):
        return _accepted(bootstrap.sending().send(call.tenant, session, wish, how(call)), session)


def _accepted(message: Message, session: str) -> Answer:
    return answer(message, shapes.sent, f"/api/sessions/{session}")


def _found(call: Call, phone: str, message_id: str, *, field: str) -> tuple[str, Message]:
    """Return the session's id, and a message of the chat with ``phone``; ``field`` is what its id came in."""
    chat, session = person_or_group(phone, field="phone"), session_of(call).id
    with called(message_id=field):
        if not MESSAGE_ID.fullmatch(message_id):
            raise MessageNotFound("There is no message of that id.", field="message_id")
        return session, bootstrap.messages().get(call.tenant, session, message_id, chat=chat)


def _degrees(value: float | str, most: int, *, field: str) -> float:
    try:
        degrees = float(value)
    except ValueError:
        degrees = float("nan")
    if not -most <= degrees <= most:
        raise InvalidField(f"'{field}' must be degrees from -{most} to {most}.", field=field)
    return degrees


def _lasting(value: int | str) -> int:
    """Return the shortest of WhatsApp's timers, in seconds, that isn't below ``value``; raises InvalidField."""
    seconds = value if isinstance(value, int) else int(value) if value.isascii() and value.isdigit() else 0
    fitting = [one for one in rules.TIMERS if one >= seconds]
    if seconds < 1 or not fitting:
        raise InvalidField(f"'duration' must be seconds from 1 to {rules.TIMERS[-1]}.", field="duration")
    return fitting[0]


def _impossible(method: str, path: str, what: str, about: str) -> None:
    """Declare a route that nobody can be served at."""

    def refuse(call: Call) -> Answer:
        raise rules.not_possible(what)

    refuse.__name__ = path.replace("/", "_")
    refuse.__doc__ = f"{about}: not possible, which is answered 501."
    router.route(method, f"/api/v1/{path}", needs=_SEND, refuses=(NotPossible,))(refuse)


_IMPOSSIBLE: Final = (
    ("POST", "button", "buttons", "Send buttons"),
    ("POST", "button/image", "buttons", "Send a picture with buttons"),
    ("POST", "button/video", "buttons", "Send a video with buttons"),
    ("POST", "button/location", "buttons", "Send a place with buttons"),
    ("POST", "button/document", "buttons", "Send a file with buttons"),
    ("POST", "button/template", "template", "Send a template with buttons"),
    ("POST", "button/image/template", "template", "Send a template with a picture"),
    ("POST", "button/video/template", "template", "Send a template with a video"),
    ("POST", "button/location/template", "template", "Send a template with a place"),
    ("POST", "button/document/template", "template", "Send a template with a file"),
    ("POST", "list/message", "list", "Send a list to choose from"),
    ("POST", "share/catalog", "catalog", "Share a catalog"),
    ("POST", "product", "product", "List somebody's products"),
    ("GET", "product/id", "product", "Give a product"),
    ("POST", "product/create", "product", "Create a product"),
    ("POST", "product/get/order", "product", "Give an order"),
    ("POST", "chat/unread", "unread_chat", "Mark a chat as unread"),
    ("POST", "chat/archive", "archive_chat", "Archive a chat"),
    ("POST", "chat/unarchive", "archive_chat", "Bring a chat back from the archive"),
    ("POST", "chat/pin", "pin_chat", "Pin a chat"),
    ("POST", "chat/unpin", "pin_chat", "Unpin a chat"),
    ("POST", "chat/mute", "mute_chat", "Mute a chat"),
    ("POST", "chat/unmute", "mute_chat", "Unmute a chat"),
)
"""Method, path under ``/api/v1``, the word in ``IMPOSSIBLE``, and what it would do."""

for _route in _IMPOSSIBLE:
    _impossible(*_route)
