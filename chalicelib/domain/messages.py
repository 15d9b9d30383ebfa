"""A message, what becomes of it, and many at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.content import Content, Context
from chalicelib.domain.errors import GatewayError, IllegalMove
from chalicelib.domain.session import LastEvent

MAX_TEXT: Final = 65_536
"""Characters of one text at the most, as in WhatsApp's own apps."""
MAX_TEXT_BYTES: Final = 204_800
"""Bytes of one text in UTF-8 at the most: half of what an item of DynamoDB's may have, so that the rest surely fits.

A text of the most characters has more if nearly all of them are emoji.
"""
MAX_NAME_BYTES: Final = 1_024
"""Bytes of the name that a sender goes by, which the sender alone decides on."""
SENDING_TAKES: Final = 120_000
"""Milliseconds after a message's expiry in which its worker may still say what became of it: WhatsApp's server has 75 s
to answer."""
KEPT: Final = 7 * 86_400_000
"""Milliseconds that a message is kept after its newest event."""


PLAYED: Final = "played"
"""What is said of a message that was read, and then played. No status of its own: older code couldn't read that."""


class Direction(StrEnum):
    """Which way a message goes."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class MessageStatus(StrEnum):
    """What is known of a message."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RECEIVED = "received"


OPEN: Final = frozenset({MessageStatus.QUEUED, MessageStatus.SENDING})
"""Statuses in which a worker still owes something: what the index ``open`` holds."""

UNTOLD: Final = frozenset(f"message.{status}" for status in OPEN)
"""Events of messages that are nobody's affair but the gateway's, and nobody is told."""

_S = MessageStatus
_MOVES: Final[dict[MessageStatus, frozenset[MessageStatus]]] = {
    _S.QUEUED: frozenset({_S.SENDING, _S.FAILED}),
    # A worker that died between the two leaves it in the air: it is said to be unknown, never sent twice.
    # Back to queued only where the client surely didn't send it.
    _S.SENDING: frozenset({_S.QUEUED, _S.SENT, _S.FAILED, _S.UNKNOWN, _S.DELIVERED, _S.READ}),
    _S.SENT: frozenset({_S.DELIVERED, _S.READ}),
    _S.DELIVERED: frozenset({_S.READ}),
    # It did go out after all: a receipt says so, or the worker that was taken for lost.
    _S.UNKNOWN: frozenset({_S.SENT, _S.DELIVERED, _S.READ}),
    _S.READ: frozenset(),
    _S.FAILED: frozenset(),
    _S.RECEIVED: frozenset({_S.READ}),
}


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a message, by what WhatsApp told of it: phone number (digits) and LID, either may be unknown."""

    phone: str | None = None
    lid: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a session; times in milliseconds since the Unix epoch.

    ``id`` is ours (a ULID: messages sort by time), ``whatsapp_id`` WhatsApp's, known once its server acknowledged.
    ``to`` is the recipient's JID as the caller meant it, ``sender`` who wrote it, ``chat`` the JID of its chat:
    in a direct one that of the person's number, where it is known, else of the LID; ``chat_lid`` is that of the LID.
    ``copied`` says that it is outbound but not ours: another device of the account wrote it, and WhatsApp told us.
    ``content`` is what it says, and never changes: an edit is a message of its own; ``context`` is in what it was said.
    ``client_ref`` is the caller's own word for it; ``reply_to`` is our id of the message that it quotes, ``about`` that
    of the one that it edits, deletes, reacts to or votes in. ``edited_by`` and ``deleted_by`` are our ids of the newest
    edit and of the deletion that this message was asked, ``edited_at`` and ``deleted_at`` when WhatsApp took them.
    ``played_at`` is when a recipient played a voice message or a video that had been read by then.
    ``epoch`` is the claim under which a worker took it up. ``expires_at`` is when it isn't sent any more. ``secret`` is
    the message's own, 32 random bytes that it is sent with: by it a later worker finds out whether the message left,
    and what others say about the message is sealed, such as votes. ``resolves`` is our id of the message that stands
    for this one because it couldn't be read at first. ``request`` is the id of the call that made it.
    """

    uid: str
    id: str
    tenant: str
    session: str
    direction: Direction
    status: MessageStatus
    created_at: int
    chat: str
    content: Content = field(repr=False)
    context: Context | None = field(default=None, repr=False)
    to: str | None = None
    sender: Party | None = None
    copied: bool = False
    whatsapp_id: str | None = None
    version: int = 0
    epoch: int | None = None
    expires_at: int | None = None
    sent_at: int | None = None
    delivered_at: int | None = None
    read_at: int | None = None
    played_at: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    chat_lid: str | None = None
    client_ref: str | None = None
    reply_to: str | None = None
    about: str | None = None
    edited_by: str | None = None
    edited_at: int | None = None
    deleted_by: str | None = None
    deleted_at: int | None = None
    secret: bytes | None = field(default=None, repr=False)
    resolves: str | None = None
    last_event: LastEvent | None = None
    request: str | None = None

    @property
    def settled(self) -> bool:
        """Whether the worker has done with it what it could."""
        return self.status not in OPEN

    @property
    def ends_by(self) -> int | None:
        """When it is ended though no worker says so; None once it is settled, or if it never expires."""
        if self.settled or self.expires_at is None:
            return None
        return self.expires_at + (SENDING_TAKES if self.status is _S.SENDING else 0)

    @property
    def event_type(self) -> str:
        """The type of the event that its newest write is; the copy of another device's message is one received."""
        if self.played_at is not None:
            return f"message.{PLAYED}"
        status = _S.RECEIVED if self.copied and self.status is _S.SENT else self.status
        return f"message.{status}"

    @property
    def kept_until(self) -> int:
        """When it is forgotten; its own age isn't asked, since it may have waited long before it came in."""
        return (self.last_event.at if self.last_event else self.created_at) + KEPT


def fitted(text: str, *, size: int) -> str:
    """Return as much of the text, from its beginning, as has ``size`` bytes in UTF-8 at the most."""
    return text.encode()[:size].decode(errors="ignore")


def moves(message: Message, status: MessageStatus) -> bool:
    """Whether the table lets ``message`` become ``status``; a repeated or late report doesn't."""
    return status in _MOVES[message.status]


def advance(
    message: Message,
    status: MessageStatus,
    *,
    now: int,
    event_id: str,
    epoch: int | None = None,
    whatsapp_id: str | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
) -> Message:
    """Return ``message`` as the report leaves it, one version on; raises IllegalMove, so ask ``moves`` first."""
    if not moves(message, status):
        raise IllegalMove(f"{message.status} -> {status}")
    after = replace(
        message,
        status=status,
        version=message.version + 1,
        epoch=message.epoch if epoch is None else epoch,
        whatsapp_id=whatsapp_id or message.whatsapp_id,
        error_code=error_code,
        error_message=error_message,
        **_stamps(message, status, now),
    )
    # That a worker takes it up, or puts it back, is nobody's affair but the gateway's: no event.
    return after if status in OPEN else replace(after, last_event=event(after, event_id, now))


def played(message: Message, *, now: int, event_id: str) -> Message | None:
    """Return a message that was read as one that was played, too, one version on; None if it isn't read, or was."""
    outbound = message.direction is Direction.OUTBOUND
    if not outbound or message.status is not _S.READ or message.played_at is not None:
        return None
    after = replace(message, version=message.version + 1, played_at=now)
    return replace(after, last_event=event(after, event_id, now))


def _stamps(message: Message, status: MessageStatus, now: int) -> dict[str, Any]:
    """Return the times that the status sets; what was skipped on the way there happened by now at the latest."""
    way = (_S.SENT, _S.DELIVERED, _S.READ)
    if message.direction is Direction.INBOUND or status not in way:
        return {"read_at": now} if status is _S.READ else {}
    times = {"sent_at": message.sent_at, "delivered_at": message.delivered_at, "read_at": message.read_at}
    passed = list(times.items())[: way.index(status) + 1]
    return {name: now if at is None else at for name, at in passed}


def event(message: Message, event_id: str, now: int) -> LastEvent:
    """Return the event that ``message``'s newest write is; the text is never in it."""
    return LastEvent(event_id, message.event_type, now, summary(message))


def summary(message: Message) -> Mapping[str, Any]:
    """Return what an event tells of a message; who wants the text reads the message."""
    told = {
        "message": message.id,
        "status": str(message.status) if message.played_at is None else PLAYED,
        "direction": str(message.direction),
        "kind": message.content.type,
        "target": message.content.about.id if message.content.about else None,
        "chat": message.chat,
        "chat_lid": message.chat_lid,
        "copied": message.copied or None,
        "whatsapp_id": message.whatsapp_id,
        "resolves": message.resolves,
        "client_ref": message.client_ref,
        "error_code": message.error_code,
        "error_message": message.error_message,
    }
    return {name: value for name, value in told.items() if value is not None}


MOST_RECIPIENTS: Final = 100
"""Recipients that one bulk may have."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one recipient, ``to`` as it was written: the message, an error, or both where the message failed."""

    to: str
    message: Message | None = None
    error: GatewayError | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a bulk; ``remaining`` weren't tried, because of ``stopped``."""

    attempts: tuple[Attempt, ...]
    remaining: tuple[str, ...] = ()
    stopped: GatewayError | None = None

    @property
    def total(self) -> int:
        """How many recipients were asked for."""
        return len(self.attempts) + len(self.remaining)

    @property
    def successes(self) -> int:
        """How many messages were taken in."""
        return sum(attempt.error is None for attempt in self.attempts)

    @property
    def failures(self) -> int:
        """How many recipients were tried in vain."""
        return len(self.attempts) - self.successes


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far a message has come with one ``recipient``; times in milliseconds since the Unix epoch."""

    recipient: Party
    delivered_at: int | None = None
    read_at: int | None = None
    played_at: int | None = None

    @property
    def status(self) -> str:
        """What the recipient did last, as far as that is known."""
        if self.played_at is not None:
            return PLAYED
        if self.read_at is not None:
            return MessageStatus.READ
        return MessageStatus.SENT if self.delivered_at is None else MessageStatus.DELIVERED
