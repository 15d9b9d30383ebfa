"""The enveloped API's routes that send more than texts, and that show others what an account does.

A file comes along in base64, or as the part of a form; or the worker fetches it from its address.
"""

from typing import Annotated, Final, Literal

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import MESSAGE_ID, MessageText, line, text
from chalicelib.api.outgoing import (
    LARGEST_WITH_FILE,
    LONGEST_FILE_NAME,
    UNFORWARDED,
    UNQUOTED,
    UNSENT,
    UNTOLD,
    SentShape,
    answer,
    called,
    how,
    kind_of,
    linked,
)
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import DIALECT
from chalicelib.dialects.enveloped import messages as shapes
from chalicelib.dialects.shared import ReceiptJson, Success
from chalicelib.domain import content as c
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import InvalidField, MediaTooLarge, MediaTypeMismatch
from chalicelib.domain.jid import person_or_group
from chalicelib.domain.media import MediaKind
from chalicelib.domain.questions import Composing
from chalicelib.domain.sending import LONGEST_CAPTION
from chalicelib.reading import DigitText
from chalicelib.services.messages.sending import Wish

router: Final = Router(__name__, DIALECT, names_session="phone")
_SEND: Final = Permission.MESSAGES_SEND
_SENT: Final = {200: shapes.SentMessageJson, 202: shapes.SentMessageJson}

_To = Annotated[
    DigitText, msgspec.Meta(description="A phone number with its country code, or a person's or a group's JID.")
]
_Caption = Annotated[str, msgspec.Meta(max_length=LONGEST_CAPTION)]
_FileName = Annotated[str, msgspec.Meta(max_length=LONGEST_FILE_NAME, description="As it is shown.")]
_MessageId = Annotated[
    str, msgspec.Meta(pattern=f"^{MESSAGE_ID.pattern}$", description="WhatsApp's id of a message, or ours.")
]
_File = Annotated[bytes, msgspec.Meta(description="The file: in JSON in base64, 3 MB at most; in a form 4 MB.")]


class SendLocation(msgspec.Struct):
    """A place to send."""

    to: _To
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90, description="In degrees.")]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180, description="In degrees.")]


class SendAttachment(msgspec.Struct):
    """A file to send."""

    to: _To
    file: _File
    filename: _FileName | None = None
    caption: _Caption | None = None


class SendImage(msgspec.Struct):
    """A picture to send: JPEG or PNG."""

    to: _To
    image: _File
    caption: _Caption | None = None


class SendFileUrl(msgspec.Struct):
    """A file to send that the worker fetches."""

    to: _To
    url: Annotated[str, msgspec.Meta(max_length=c.LONGEST_URL, description="A public https address.")]
    filename: _FileName | None = None
    caption: _Caption | None = None
    type: Annotated[
        Literal["image", "video", "audio", "document"] | None,
        msgspec.Meta(description="As what it is sent; if absent, its name or the end of its address tells."),
    ] = None


class ForwardBody(msgspec.Struct):
    """A message to pass on."""

    to: _To
    message_id: _MessageId
    text: Annotated[
        Annotated[str, msgspec.Meta(max_length=65_536)] | None,
        msgspec.Meta(description="Left out: what is passed on is the message as it is."),
    ] = None


class ReplyBody(msgspec.Struct):
    """A text that quotes a message of the same chat."""

    to: _To
    message: MessageText
    quoted_message_id: _MessageId


class ToBody(msgspec.Struct):
    """A chat."""

    to: _To


class PresenceBody(msgspec.Struct):
    """What others are to be shown."""

    status: Literal["available", "unavailable", "online", "offline"] = "available"


@router.route(
    "POST",
    "/api/sessions/{id}/send-location",
    needs=_SEND,
    gives={200: Success[ReceiptJson], 202: Success[ReceiptJson]},
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send_location(call: Call, session_id: str, body: SendLocation) -> Answer:
    """Send a place."""
    place = c.Location(body.latitude, body.longitude)
    return _sent(call, session_id, Wish(_jid(body.to), place), shapes.sent)


@router.route(
    "POST",
    "/api/sessions/{id}/send-attachment",
    needs=_SEND,
    gives=_SENT,
    refuses=(*UNSENT, MediaTooLarge, MediaTypeMismatch),
    takes=(IDEMPOTENCY_KEY,),
    largest=LARGEST_WITH_FILE,
)
def send_attachment(call: Call, session_id: str, body: SendAttachment) -> Answer:
    """Send a file that comes along, of any type."""
    name = line(body.filename, field="filename") if body.filename else None
    file = c.Document(caption=_words(body.caption), file_name=name)
    wish = Wish(_jid(body.to), file, file=_there(body.file, field="file"))
    return _sent(call, session_id, wish, shapes.sent_as("Attachment sent"), media_id="file")


@router.route(
    "POST",
    "/api/sessions/{id}/send-image",
    needs=_SEND,
    gives=_SENT,
    refuses=(*UNSENT, MediaTooLarge, MediaTypeMismatch),
    takes=(IDEMPOTENCY_KEY,),
    largest=LARGEST_WITH_FILE,
)
def send_image(call: Call, session_id: str, body: SendImage) -> Answer:
    """Send a picture that comes along: JPEG or PNG, by its bytes."""
    picture = c.Image(caption=_words(body.caption))
    wish = Wish(_jid(body.to), picture, file=_there(body.image, field="image"))
    return _sent(call, session_id, wish, shapes.sent_as("Image sent"), media_id="image")


@router.route(
    "POST",
    "/api/sessions/{id}/send-file-url",
    needs=_SEND,
    gives=_SENT,
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send_file_url(call: Call, session_id: str, body: SendFileUrl) -> Answer:
    """Send a file that the worker fetches from its address."""
    kind = MediaKind(body.type) if body.type else kind_of(body.url, body.filename)
    file = linked(kind, body.url, field="url", caption=body.caption, file_name=body.filename)
    return _sent(call, session_id, Wish(_jid(body.to), file), shapes.sent_as("File sent"), link="url")


@router.route(
    "POST",
    "/api/sessions/{id}/forward",
    needs=_SEND,
    gives=_SENT,
    refuses=(*UNSENT, *UNFORWARDED),
    takes=(IDEMPOTENCY_KEY,),
)
def forward(call: Call, session_id: str, body: ForwardBody) -> Answer:
    """Send a message of the session's to somebody else as well, marked as forwarded."""
    to = _jid(body.to)
    with called(message_id="message_id", media_id="message_id", link="message_id"):
        message = bootstrap.sending().forward(call.tenant, session_id, body.message_id, to, how(call))
    return answer(message, shapes.sent_as("Message forwarded"), f"/api/sessions/{session_id}")


@router.route(
    "POST",
    "/api/sessions/{id}/reply",
    needs=_SEND,
    gives=_SENT,
    refuses=(*UNSENT, *UNQUOTED),
    takes=(IDEMPOTENCY_KEY,),
)
def reply(call: Call, session_id: str, body: ReplyBody) -> Answer:
    """Send a text that quotes a message of the same chat."""
    wish = Wish(_jid(body.to), c.Text(text(body.message, field="message")), body.quoted_message_id)
    names = {"reply_to": "quoted_message_id", "message_id": "quoted_message_id"}
    return _sent(call, session_id, wish, shapes.sent_as("Reply sent"), **names)


@router.route("POST", "/api/sessions/{id}/typing", needs=_SEND, gives={200: shapes.ShownJson}, refuses=UNTOLD)
def typing(call: Call, session_id: str, body: ToBody) -> Answer:
    """Show the account typing in a chat, for some seconds."""
    bootstrap.signals().show_typing(call.tenant, session_id, _jid(body.to), Composing.TYPING)
    return Answer(shapes.done("Typing indicator sent"))


@router.route("POST", "/api/sessions/{id}/stop-typing", needs=_SEND, gives={200: shapes.ShownJson}, refuses=UNTOLD)
def stop_typing(call: Call, session_id: str, body: ToBody) -> Answer:
    """Show the account typing no longer."""
    bootstrap.signals().show_typing(call.tenant, session_id, _jid(body.to), Composing.PAUSED)
    return Answer(shapes.done("Typing indicator stopped"))


@router.route("POST", "/api/sessions/{id}/set-online", needs=_SEND, gives={200: shapes.ShownJson}, refuses=UNTOLD)
def set_online(call: Call, session_id: str) -> Answer:
    """Show the account as online."""
    bootstrap.signals().show_online(call.tenant, session_id, online=True)
    return Answer(shapes.done("Session set to online"))


@router.route(
    "POST",
    "/api/sessions/{id}/presence",
    needs=_SEND,
    gives={200: Success[shapes.PresenceJson]},
    refuses=UNTOLD,
)
def presence(call: Call, session_id: str, body: PresenceBody) -> Answer:
    """Show the account as online, or not."""
    online = body.status in {"available", "online"}
    bootstrap.signals().show_online(call.tenant, session_id, online=online)
    return Answer(shapes.presence(online=online))


def _sent(call: Call, session_id: str, wish: Wish, shape: SentShape, **names: str) -> Answer:
    with called(**names):
        message = bootstrap.sending().send(call.tenant, session_id, wish, how(call))
    return answer(message, shape, f"/api/sessions/{session_id}")


def _jid(to: str) -> str:
    return person_or_group(to, field="to")


def _words(said: str | None) -> str | None:
    return text(said, field="caption") if said else None


def _there(file: bytes, *, field: str) -> bytes:
    if not file:
        raise InvalidField(f"'{field}' is empty.", field=field)
    return file
