"""The bare API's routes that send more than texts, pass messages on, and mark them as read."""

from typing import Annotated, Final, Literal

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import MESSAGE_ID, Digits, MessageText, existing_message, text
from chalicelib.api.outgoing import UNFORWARDED, UNSENT, UNTOLD, answer, called, how, kind_of, linked, own_key
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.bare import DIALECT
from chalicelib.dialects.bare import messages as shapes
from chalicelib.domain import content as c
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    InvalidField,
    NotReceived,
    SessionDisabled,
    SessionNotConnected,
    TooFast,
)
from chalicelib.domain.jid import STATUS, person_or_group
from chalicelib.domain.media import MediaKind
from chalicelib.domain.messages import Message
from chalicelib.domain.sending import LONGEST_CAPTION
from chalicelib.services.messages.outbox import PATIENCE
from chalicelib.services.messages.sending import How, Wish

router: Final = Router(__name__, DIALECT, anonymous=True, names_session="sessionId")
_SEND: Final = Permission.MESSAGES_SEND
MOST_FORWARDS: Final = 50
"""Recipients of one forward to many."""

_Address = Annotated[str, msgspec.Meta(max_length=c.LONGEST_URL, description="A public https address of the file.")]
_Caption = Annotated[str, msgspec.Meta(max_length=LONGEST_CAPTION)]
_MessageId = Annotated[
    str, msgspec.Meta(pattern=f"^{MESSAGE_ID.pattern}$", description="WhatsApp's id of a message, or ours.")
]
_NewCaption = Annotated[_Caption | None, msgspec.Meta(description="Another one, for a picture, a video or a file.")]


class BareMedia(msgspec.Struct, rename="camel"):
    """A file to send."""

    to: Digits
    media_url: _Address
    caption: _Caption | None = None
    media_type: Annotated[
        Literal["image", "video", "audio", "document"] | None,
        msgspec.Meta(description="As what it is sent; if absent, the end of its address tells."),
    ] = None


_Recipients = Annotated[list[Digits], msgspec.Meta(min_length=1, max_length=MOST_FORWARDS)]


class BareForward(msgspec.Struct, rename="camel"):
    """A message to pass on: ``to`` somebody, or to all ``recipients``."""

    message_id: _MessageId
    to: Digits | None = None
    recipients: Annotated[_Recipients | None, msgspec.Meta(description="In the place of ``to``: to many.")] = None
    caption: _NewCaption = None


class BareForwardBulk(msgspec.Struct, rename="camel"):
    """A message to pass on to many."""

    message_id: _MessageId
    recipients: _Recipients
    caption: _NewCaption = None


class BareStatus(msgspec.Struct, rename="camel"):
    """A status message: a text, or a picture or video with a text under it."""

    message: MessageText | None = None
    media_url: _Address | None = None
    media_type: Annotated[
        Literal["image", "video"] | None, msgspec.Meta(description="If absent, the end of its address tells.")
    ] = None
    background_color: Annotated[
        Annotated[str, msgspec.Meta(pattern="^#[0-9A-Fa-f]{6}$")] | None, msgspec.Meta(description="Behind a text.")
    ] = None


@router.route(
    "POST",
    "/sessions/{id}/send-media",
    needs=_SEND,
    gives={200: shapes.BareSentJson, 202: shapes.BareSentJson},
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send_media(call: Call, name: str, body: BareMedia) -> Answer:
    """Send a file that the worker fetches from its address."""
    to = person_or_group(body.to, field="to")
    kind = MediaKind(body.media_type) if body.media_type else kind_of(body.media_url)
    file = linked(kind, body.media_url, field="mediaUrl", caption=body.caption)
    with called(link="mediaUrl"):
        message = bootstrap.sending().send(call.tenant, name, Wish(to, file), how(call))
    return answer(message, shapes.sent, f"/sessions/{name}")


@router.route(
    "POST",
    "/sessions/{id}/forward",
    needs=_SEND,
    gives={200: shapes.BareForwardedJson | shapes.BareForwardsJson, 202: shapes.BareForwardedJson},
    refuses=(*UNSENT, *UNFORWARDED),
    takes=(IDEMPOTENCY_KEY,),
)
@router.route(
    "POST",
    "/sessions/{id}/forward-message",
    needs=_SEND,
    gives={200: shapes.BareForwardedJson | shapes.BareForwardsJson, 202: shapes.BareForwardedJson},
    refuses=(*UNSENT, *UNFORWARDED),
    takes=(IDEMPOTENCY_KEY,),
)
def forward(call: Call, name: str, body: BareForward) -> Answer:
    """Send a message of the session's to somebody else as well, or to many, marked as forwarded."""
    if body.recipients is not None and body.to is None:
        return _to_many(call, name, body.message_id, body.recipients, body.caption)
    if body.to is None or body.recipients is not None:
        raise InvalidField("'to' is missing, or 'recipients': one of the two.", field="to")
    to, caption = person_or_group(body.to, field="to"), _words(body.caption, field="caption")
    with called(message_id="messageId", media_id="messageId", link="messageId"):
        message = bootstrap.sending().forward(call.tenant, name, body.message_id, to, how(call), caption=caption)
    return answer(message, lambda of: shapes.forwarded(of, body.message_id), f"/sessions/{name}")


@router.route(
    "POST",
    "/sessions/{id}/forward-message-bulk",
    needs=_SEND,
    gives={200: shapes.BareForwardsJson},
    refuses=(*UNFORWARDED, SessionDisabled, SessionNotConnected, TooFast, IdempotencyKeyReused),
    takes=(IDEMPOTENCY_KEY,),
)
def forward_to_many(call: Call, name: str, body: BareForwardBulk) -> Answer:
    """Send a message of the session's to many, at the session's pace; it stops where time is up.

    It is an error only where nobody was tried.
    """
    return _to_many(call, name, body.message_id, body.recipients, body.caption)


def _to_many(call: Call, name: str, message_id: str, recipients: list[str], new_caption: str | None) -> Answer:
    caption = _words(new_caption, field="caption")

    def post(jid: str, key: str | None) -> Message:
        return bootstrap.sending().forward(call.tenant, name, message_id, jid, How(key, PATIENCE), caption=caption)

    said = f"forward {message_id} {caption or ''}"
    with called(message_id="messageId", media_id="messageId", link="messageId"):
        report = bootstrap.bulk().each(call.tenant, name, recipients, post, said=said, key=own_key(call))
    after = report.stopped.retry_after if report.stopped else None
    headers = {} if after is None else {"Retry-After": str(after)}
    return Answer(shapes.forwards(report, message_id, bootstrap.clock()), headers=headers)


@router.route(
    "POST",
    "/sessions/{id}/send-status",
    needs=_SEND,
    gives={200: shapes.BareStatusSentJson, 202: shapes.BareStatusSentJson},
    refuses=UNSENT,
    takes=(IDEMPOTENCY_KEY,),
)
def send_status(call: Call, name: str, body: BareStatus) -> Answer:
    """Send a status message to those who may see the account's: a text, a picture or a video."""
    with called(link="mediaUrl"):
        message = bootstrap.sending().send(call.tenant, name, Wish(STATUS, _status(body)), how(call))
    return answer(message, shapes.status_sent, f"/sessions/{name}")


@router.route(
    "POST",
    "/sessions/{id}/messages/{message_id}/read",
    needs=_SEND,
    gives={200: shapes.BareReadJson},
    refuses=(*UNTOLD, NotReceived),
)
def read(call: Call, name: str, message_id: str) -> Answer:
    """Mark a message as read, and up to 99 unread ones before it in its chat."""
    with called(message_id="messageId"):
        _, unread = bootstrap.signals().mark_read(call.tenant, name, existing_message(message_id))
    return Answer(shapes.read(message_id, unread))


def _status(body: BareStatus) -> c.Content:
    words = _words(body.message, field="message")
    if body.media_url is None:
        if words is None:
            raise InvalidField("'message' or 'mediaUrl' must be given.", field="message")
        return c.Text(words, background=body.background_color)
    kind = MediaKind(body.media_type) if body.media_type else kind_of(body.media_url)
    if kind not in {MediaKind.IMAGE, MediaKind.VIDEO}:
        raise InvalidField("'mediaType' is missing: image or video.", field="mediaType")
    file = linked(kind, body.media_url, field="mediaUrl")
    return file.with_text(words) if words else file


def _words(said: str | None, *, field: str) -> str | None:
    return text(said, field=field) if said else None
