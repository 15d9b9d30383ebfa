"""A message to send, as every family asks for it, and Idempotency-Keys: what is asked twice comes once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from mimetypes import guess_type
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import SendBody, line, link, text
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.domain.content import Audio, Document, Image, Media, Sticker, Text, Video
from chalicelib.domain.errors import (
    AnswerNotReady,
    AnswerRefused,
    ChannelNotFound,
    FileRefused,
    GatewayError,
    GroupForbids,
    GroupNotFound,
    IdempotencyKeyReused,
    MediaExpired,
    MediaNotFound,
    MediaNotReady,
    MediaTooLarge,
    MediaTypeMismatch,
    MessageDeleted,
    MessageNotFound,
    MessageNotSent,
    NotForwardable,
    NotInGroup,
    NotOnWhatsApp,
    QuotedMessageNotFound,
    ResultGone,
    SendFailed,
    SessionDisabled,
    SessionNotConnected,
    TooFast,
    TooManyQuestions,
)
from chalicelib.domain.jid import person_or_group
from chalicelib.domain.media import MB, SENDABLE, MediaKind, file_name_of
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.services.messages.outbox import PATIENCE
from chalicelib.services.messages.sending import How
from chalicelib.services.reservations import Reservation

REPEATED: Final = (IdempotencyKeyReused, ResultGone)
"""Why a request that came with an Idempotency-Key may not have been answered as before."""


def own_key(call: Call) -> str | None:
    """Return the Idempotency-Key with the caller's name before it, None if there is no key.

    Neither has a space in it, so no two callers' keys are the same.
    """
    key = call.read(IDEMPOTENCY_KEY)
    return f"{call.name} {key}" if key else None


@contextmanager
def once(call: Call, body: msgspec.Struct | None = None) -> Iterator[Reservation | None]:
    """Yield what to create with, None if the request has no Idempotency-Key.

    What is created in this context stands when the context ends, unless by an error. The request is what its method,
    its path and the fields of its body that are known say: spaces, the order of fields and extras make no other one.
    """
    key = own_key(call)
    if key is None:
        yield None
        return
    said = [call.request.method, call.request.path, call.request.uri_params, body]
    reservations = bootstrap.reservations()
    reservation = reservations.reserve(call.tenant, key, request=msgspec.json.encode(said, order="sorted"))
    yield reservation
    reservations.fulfil(call.tenant, key, reservation)


def how(call: Call) -> How:
    """Return how the older families send: as long as a call can wait, and with the Idempotency-Key if there is one."""
    return How(own_key(call), PATIENCE)


@contextmanager
def called(**names: str) -> Iterator[None]:
    """Have errors call the parts of a message as a family does.

    ``names`` are its fields by the last words of ours: ``link`` stands for ``image.link`` and for ``video.link``.
    """
    try:
        yield
    except GatewayError as error:
        ours = error.field or ""
        theirs = names.get(ours.rpartition(".")[2])
        if theirs:
            error.field, error.message = theirs, error.message.replace(f"'{ours}'", f"'{theirs}'")
        raise


LINKED: Final[Mapping[MediaKind, type[Media]]] = {
    MediaKind.IMAGE: Image,
    MediaKind.VIDEO: Video,
    MediaKind.AUDIO: Audio,
    MediaKind.STICKER: Sticker,
    MediaKind.DOCUMENT: Document,
}
"""What a file of each kind is sent as."""


def kind_of(address: str, file_name: str | None = None) -> MediaKind:
    """Return as what a file is sent whose kind nobody said: its name tells, or the end of its address."""
    named, _ = guess_type(file_name or urlsplit(address).path)
    shown = (kind for kind in (MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO) if named in (SENDABLE[kind] or ()))
    return next(shown, MediaKind.DOCUMENT)


def linked(
    kind: MediaKind, address: str, *, field: str, caption: str | None = None, file_name: str | None = None, **more: bool
) -> Media:
    """Return the content whose file the worker fetches from ``address``, which is the request's ``field``.

    A document without a name is called as its address ends. Sounds and stickers have no caption.
    """
    said: dict[str, Any] = {"link": link(address, field=field), **more}
    if caption and kind not in {MediaKind.AUDIO, MediaKind.STICKER}:
        said["caption"] = text(caption, field="caption")
    if kind is MediaKind.DOCUMENT:
        named = line(file_name, field="filename") if file_name else None
        said["file_name"] = named or file_name_of(unquote(urlsplit(address).path)[-LONGEST_FILE_NAME:])
    return LINKED[kind](**said)


LONGEST_FILE_NAME: Final = 255
LARGEST_WITH_FILE: Final = 4 * MB + 16 * 1024
"""Bytes of a body that a file comes along with: as Lambda gets it a body grows by a third, and 6 MB are the most."""

UNSENT: Final = (
    SessionDisabled,
    SessionNotConnected,
    IdempotencyKeyReused,
    NotOnWhatsApp,
    NotInGroup,
    GroupForbids,
    GroupNotFound,
    ChannelNotFound,
    FileRefused,
    TooFast,
    SendFailed,
)
"""Why a message may not have been sent."""
OF_FILES: Final = (MediaNotFound, MediaNotReady, MediaExpired, MediaTypeMismatch, MediaTooLarge)
"""Why a file may not be sent."""
OUT_OF_REACH: Final = (MessageNotFound, MessageNotSent, MessageDeleted)
"""Why nothing may be said about a message."""
UNQUOTED: Final = (QuotedMessageNotFound, MessageNotSent, MessageDeleted)
"""Why a message may not be quoted."""
UNFORWARDED: Final = (MessageNotFound, MessageDeleted, NotForwardable, *OF_FILES)
"""Why a message may not be passed on."""
UNTOLD: Final = (SessionDisabled, SessionNotConnected, TooFast, TooManyQuestions, AnswerNotReady, AnswerRefused)
"""Why WhatsApp may not have been asked, or told what is no message."""
ACKNOWLEDGED: Final = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}
"""Statuses of messages that WhatsApp's server has."""

SentShape = Callable[[Message], Mapping[str, Any]]


def send_answer(call: Call, session_id: str, body: SendBody, shape: SentShape, *, at: str | None = None) -> Answer:
    """Send the message in ``body`` from the session, whose path is ``at``, else the one before this request's last."""
    message = bootstrap.outbox().send(
        call.tenant,
        session_id,
        to=person_or_group(body.to, field="to"),
        content=Text(text(body.message, field="message")),
        key=own_key(call),
    )
    # Chalice's path is the route's, with its variables' names.
    return answer(message, shape, at or call.request.path.rpartition("/")[0].replace("{id}", session_id))


def answer(message: Message, shape: SentShape, session_path: str) -> Answer:
    """Return the answer for a message that was taken in; it is found under its session's path."""
    return Answer(
        shape(message),
        status=200 if message.status in ACKNOWLEDGED else 202,
        headers={"Location": f"{session_path}/messages/{message.id}"},
    )
