"""Questions that only a live WhatsApp connection can answer: asked through the table, answered by the worker.

What is to be told to WhatsApp and is no message (that something was read, that somebody types) goes the same way: its
answer says that it was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.session import ShownPairingCode

LASTS: Final = 10_000
"""Milliseconds from a question to its end: who asked waits as long, and no worker answers it any later."""
PLACES: Final = 8
"""How many questions of a session may be open at once."""
LARGEST: Final = 300_000
"""Bytes of text that an answer may have, of the 400 KB of an item in DynamoDB."""


class Subject(StrEnum):
    """What is asked about."""

    NUMBER = "number"
    """Whether ``number`` (digits), or whom a LID's JID names, is on WhatsApp."""
    GROUPS = "groups"
    """Which groups the account is in."""
    READ = "read"
    """None: what ``reads`` name is to be marked as read."""
    TYPING = "typing"
    """None: ``typing`` is to be shown in a chat."""
    PRESENCE = "presence"
    """None: the account is to be shown as ``online``, or not."""
    CALL = "call"
    """None: ``call`` is to be rejected."""
    PAIRING_CODE = "pairing_code"
    """Which code is to be typed on the phone of ``number`` (digits), to link the session."""
    ASSERTION = "assertion"
    """None: ``assertion`` is the passkey's answer to WhatsApp's demand."""
    CONFIRMATION = "confirmation"
    """None: whether the phone shows the ``same`` code as the gateway."""


LINKING: Final = frozenset({Subject.PAIRING_CODE, Subject.ASSERTION, Subject.CONFIRMATION})
"""Subjects of a session that is being linked. Workers of versions that don't know these aren't shown them either."""
TOLD: Final = frozenset({Subject.READ, Subject.TYPING, Subject.PRESENCE, Subject.CALL})
"""Subjects of what WhatsApp is told. Workers of versions that don't know these aren't shown them: nobody answers."""


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Messages of one chat (a JID) that are to be marked as read, or as ``played``: voice messages and videos are.

    ``sender`` is the JID of who wrote all of them, ``whatsapp_ids`` are WhatsApp's; there is one at least.
    """

    chat: str
    sender: str
    whatsapp_ids: tuple[str, ...]
    played: bool = False


class Composing(StrEnum):
    """What the account is shown to be doing in a chat."""

    TYPING = "typing"
    RECORDING = "recording"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Typing:
    """What is to be shown in a chat (a JID). WhatsApp's apps forget it by themselves after some seconds."""

    chat: str
    state: Composing


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A call that came in: WhatsApp's ``id`` of it, and the JID of the ``caller``."""

    id: str
    caller: str


class LinkingRefusal(StrEnum):
    """Why a linking does nothing with a question; of an assertion, beside what is wrong with that."""

    PHONE = "phone_refused"
    """WhatsApp makes no pairing code for that number, or has been asked for too many: it says the same of both."""
    THROTTLED = "throttled"
    """WhatsApp has been asked for too many pairing codes."""
    OUT_OF_TURN = "out_of_turn"
    """The linking has come too far for it, or not far enough."""
    OVER = "over"
    """The linking ended before there was an answer."""
    UNSUPPORTED = "unsupported"
    """The session is linked by the client library, which can't do that."""


class State(StrEnum):
    """How far a question has come."""

    OPEN = "open"
    TAKEN = "taken"
    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whether somebody is on WhatsApp, with the JID of the number in WhatsApp's own form, and that of the LID.

    ``jid`` is the LID's where the number isn't known.
    """

    exists: bool
    jid: str | None = field(default=None, repr=False)
    lid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A group that the account is in. ``owner`` is the JID of who made it, ``created`` in seconds since the epoch.

    ``topic`` is its description, None where that is left out for want of room.
    """

    jid: str
    name: str = field(repr=False)
    topic: str | None = field(default=None, repr=False)
    owner: str | None = field(default=None, repr=False)
    created: int | None = None


@dataclass(frozen=True, slots=True)
class GroupList:
    """The groups that the account is in, or as many as there is room for: then ``complete`` is False."""

    groups: tuple[Group, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a session; times in milliseconds since the Unix epoch.

    ``place`` is which of the session's places it has; there are as many for what WhatsApp is told. ``epoch`` is the
    claim under which a worker took it. ``assertion`` is JSON. ``failure`` is a sentence: why there is no answer;
    ``refusal`` the same of a linking, as a code. ``version`` grows with every write.
    """

    uid: str
    id: str
    subject: Subject
    asked_at: int
    place: int = 0
    version: int = 0
    number: str | None = field(default=None, repr=False)
    reads: tuple[MarkRead, ...] = field(default=(), repr=False)
    typing: Typing | None = field(default=None, repr=False)
    online: bool | None = None
    call: IncomingCall | None = field(default=None, repr=False)
    assertion: str | None = field(default=None, repr=False)
    same: bool | None = None
    state: State = State.OPEN
    epoch: int | None = None
    contact: Contact | None = None
    groups: GroupList | None = None
    pairing_code: ShownPairingCode | None = None
    failure: str | None = None
    refusal: str | None = None

    @property
    def expires_at(self) -> int:
        """When nobody waits for the answer any more."""
        return self.asked_at + LASTS

    @property
    def settled(self) -> bool:
        """Whether the worker has done with it what it could."""
        return self.state in {State.ANSWERED, State.REFUSED}

    def is_owed(self, *, epoch: int, now: int) -> bool:
        """Whether a worker of that claim is to answer it: nobody has, and who took it belongs to an older claim."""
        free = self.state is State.OPEN or (self.state is State.TAKEN and (self.epoch or 0) < epoch)
        return free and now < self.expires_at


def taken(question: Question, *, epoch: int) -> Question:
    """Return the question as the worker of that claim takes it."""
    return _next(question, state=State.TAKEN, epoch=epoch)


def answered(question: Question, answer: Contact | GroupList | ShownPairingCode | None) -> Question:
    """Return the question with its answer; None where WhatsApp was told what there was to tell."""
    if answer is None:
        # What was told needn't be kept until the question is removed.
        return _next(question, state=State.ANSWERED, assertion=None)
    if isinstance(answer, ShownPairingCode):
        return _next(question, state=State.ANSWERED, pairing_code=answer)
    if isinstance(answer, Contact):
        return _next(question, state=State.ANSWERED, contact=answer)
    return _next(question, state=State.ANSWERED, groups=answer)


def refused(question: Question, failure: str) -> Question:
    """Return the question with the sentence that says why there is no answer."""
    return _next(question, state=State.REFUSED, failure=failure)


def turned_down(question: Question, refusal: str) -> Question:
    """Return the question with the code that says why the linking does nothing with it."""
    return _next(question, state=State.REFUSED, refusal=refusal, assertion=None)


def put_back(question: Question) -> Question:
    """Return the question as it was before it was taken: WhatsApp wasn't asked."""
    return _next(question, state=State.OPEN)


def _next(question: Question, **changes: Any) -> Question:
    return replace(question, version=question.version + 1, **changes)


def fitting(groups: Sequence[Group]) -> GroupList:
    """Return the groups if there is room for all that is known of them, else without topics, else the first of them."""
    if sum(map(_size, groups)) <= LARGEST:
        return GroupList(tuple(groups))
    bare = [replace(group, topic=None) for group in groups]
    kept: list[Group] = []
    room = LARGEST
    for group in bare:
        room -= _size(group)
        if room < 0:
            break
        kept.append(group)
    return GroupList(tuple(kept), complete=len(kept) == len(bare))


_NAMES: Final = 60
"""Bytes that a group's field names, types and number take in an item, and some more."""


def _size(group: Group) -> int:
    texts = (group.jid, group.name, group.topic or "", group.owner or "")
    return _NAMES + sum(len(text.encode()) for text in texts)
