"""Messages to send: the owner's side (checked, stored, rung for, waited for) and the worker's (owed, reported)."""

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from math import ceil
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from chalicelib.domain.chats import DisappearAfter, chat_key
from chalicelib.domain.content import Content, Context, Media, Text, stored
from chalicelib.domain.errors import (
    ChannelNotFound,
    FileRefused,
    GroupForbids,
    GroupNotFound,
    IdempotencyKeyReused,
    NotInGroup,
    NotOnWhatsApp,
    SendFailed,
    TooFast,
)
from chalicelib.domain.jid import GROUPS, phone_in
from chalicelib.domain.media import OF_THE_FILE, PASSING
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party, advance, event, moves
from chalicelib.domain.messages import played as was_played
from chalicelib.domain.phone import advice
from chalicelib.domain.ring import ANYTHING, Matter, Ring
from chalicelib.domain.session import Session
from chalicelib.services.messages.store import mark_changed
from chalicelib.services.ports import (
    ChatStore,
    Clock,
    IdempotencyStore,
    Mailboxes,
    MessageStore,
    NewId,
    Paces,
    Rejected,
    SessionStore,
    Sleep,
    Unavailable,
)
from chalicelib.services.sessions.moves import found, must_be_connected
from chalicelib.services.waiting import FirstLook, Patience

_log: Final = logging.getLogger(__name__)

PACE_TRIES: Final = 5
"""How often a token is asked for whose wait was over when the answer came."""


def keep_pace(paces: Paces, session: Session, clock: Clock, message: str, *, hint: str) -> None:
    """Take a token of the session's; raises TooFast with that message and hint if there is none.

    The table answers late where many ask at once. A wait that is over by then is none: the token is asked for again, by
    the time that it is now.
    """
    for _ in range(PACE_TRIES):
        asked = clock()
        wait = paces.take(session.uid, now=asked)
        if not wait:
            return
        if clock() < asked + wait * 1_000:
            break
    raise TooFast(message, hint=hint, retry_after=ceil(wait))


def ring(mailboxes: Mailboxes, session: Session, call: Ring = ANYTHING) -> None:
    """Wake the session's worker for what ``call`` says.

    What it is to do stands, so a lost ring only costs time: it also looks by itself.
    """
    try:
        if session.mailbox:
            mailboxes.ring(session.mailbox, call)
    except (Unavailable, Rejected) as error:
        _log.warning("a worker couldn't be rung for: %s", error, extra={"uid": session.uid})


PATIENCE: Final = 10.0
"""Seconds that a send waits for WhatsApp's acknowledgement; then it is answered as queued and goes on."""
PAUSES: Final = (0.015, 0.02, *(0.025,) * 18, *(0.1,) * 5, *(0.4,) * 5, 1.0)
"""Seconds between looks at the message after the first one (``FirstLook``), the last one repeated: the closest while an
acknowledgement usually comes."""
FIRST_LOOK: Final = 0.045
"""Seconds until the first look where nothing is known yet of how long an acknowledgement takes."""
EXPIRY: Final = 120_000
"""Milliseconds after which a message that wasn't taken up isn't sent any more."""
MEDIA_EXPIRY: Final = 600_000
"""The same of one with a file, which is fetched, looked into and uploaded before it counts as taken up."""
NOT_ON_WHATSAPP: Final = "not_on_whatsapp"
"""The ``error_code`` of a message whose recipient has no account."""
UNAVAILABLE: Final = "whatsapp_unavailable"
"""The ``error_code`` of a message that WhatsApp's servers couldn't take just then."""
_OF_CHATS: Final = {
    "not_in_group": NotInGroup,
    "group_forbids": GroupForbids,
    "group_not_found": GroupNotFound,
    "channel_not_found": ChannelNotFound,
}
"""What a group's or a channel's refusal is, by the ``error_code`` of its message."""


def fingerprinted(content: Content) -> str:
    """Return what tells one content from another; of a text that is the text, as it was before there were others."""
    return content.body if isinstance(content, Text) else json.dumps(stored(content), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to send to the JID ``to``; the other fields are those of ``Message``, ``chat`` as ``to`` if absent."""

    to: str
    content: Content = field(repr=False)
    context: Context | None = field(default=None, repr=False)
    client_ref: str | None = None
    reply_to: str | None = None
    about: str | None = None
    chat: str | None = None
    chat_lid: str | None = None


class Outbox(Struct, frozen=True):
    """Takes messages in for sending."""

    sessions: SessionStore
    messages: MessageStore
    keys: IdempotencyStore
    paces: Paces
    mailboxes: Mailboxes
    clock: Clock
    sleep: Sleep
    new_id: NewId
    first_look: FirstLook

    def send(self, tenant: str, session_id: str, *, to: str, content: Content, key: str | None = None) -> Message:
        """Send ``content`` to the JID ``to``; return the message, acknowledged, or still queued if that takes long.

        With an Idempotency-Key the same request again answers for the first one's message. Raises SessionNotFound,
        SessionNotConnected, TooFast, IdempotencyKeyReused, NotOnWhatsApp, NotInGroup, GroupForbids,
        GroupNotFound, ChannelNotFound, FileRefused and SendFailed.
        """
        draft = Draft(to, content)
        request = f"{to}\0{fingerprinted(content)}"
        return self.post(tenant, session_id, lambda _: draft, request=request, key=key, wait=PATIENCE)

    def post(
        self,
        tenant: str,
        session_id: str,
        make: Callable[[Session], Draft],
        *,
        request: str,
        key: str | None,
        wait: float,
    ) -> Message:
        """Send what ``make`` drafts for the session; wait so many seconds at the most until its worker is done with it.

        ``request`` is what tells one request with the same key from another. It is drafted only where the request
        wasn't made before: what is in the way of a draft now wasn't then. Raises what ``make`` and ``send`` raise.
        """
        session = found(self.sessions.find(tenant, session_id), session_id)
        message_id = self.new_id()
        if key:
            message_id = self._claim(session, key, request, message_id)
            again = self.messages.get(session.uid, message_id)
            if again:
                return self._outcome(self._wait(again, wait))
        must_be_connected(session)
        draft = make(session)
        keep_pace(
            self.paces,
            session,
            self.clock,
            "The session sends faster than its pace allows.",
            hint="Slow down: accounts that write fast are banned.",
        )
        message = self._new(session, message_id, draft)
        self.messages.put(message)
        ring(self.mailboxes, session, Ring(Matter.MESSAGE))
        return self._outcome(self._wait(message, wait))

    def _claim(self, session: Session, key: str, request: str, message_id: str) -> str:
        fingerprint = sha256(f"{session.uid}\0{request}".encode()).hexdigest()
        claim = self.keys.claim(session.tenant, key, fingerprint=fingerprint, result=message_id, now=self.clock())
        if claim.fingerprint != fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key came with another request before.")
        return claim.result

    def _new(self, session: Session, message_id: str, draft: Draft) -> Message:
        now = self.clock()
        message = Message(
            uid=session.uid,
            id=message_id,
            tenant=session.tenant,
            session=session.id,
            direction=Direction.OUTBOUND,
            status=MessageStatus.QUEUED,
            created_at=now,
            chat=draft.chat or draft.to,
            chat_lid=draft.chat_lid,
            to=draft.to,
            sender=Party(session.device.phone, session.device.lid_user) if session.device else None,
            content=draft.content,
            context=draft.context,
            client_ref=draft.client_ref,
            reply_to=draft.reply_to,
            about=draft.about,
            expires_at=now + (MEDIA_EXPIRY if isinstance(draft.content, Media) else EXPIRY),
        )
        return replace(message, last_event=event(message, self.new_id(), now))

    def _wait(self, message: Message, seconds: float) -> Message:
        """Return the message once the worker has done with it, or as it stands after so many seconds."""
        if not seconds:
            return message
        began, first, looks = self.clock(), self.first_look, list[int]()

        def look(stands: Message) -> Message:
            looks.append(self.clock() - began)
            return self._stands(stands)

        patience = Patience(self.clock, self.sleep, (first.seconds, *PAUSES))
        after = patience.until(began + round(seconds * 1000), message, look, lambda m: m.settled)
        # A file is fetched first, which says nothing of how long an acknowledgement takes.
        if looks and after.settled and not isinstance(message.content, Media):
            came = None if after.sent_at is None else (after.sent_at - began) / 1000
            first.found(len(looks), looks[-1] / 1000, came)
        return after

    def _stands(self, message: Message) -> Message:
        """Read the message again. It is accepted by now: an error here would only make its sender send it twice."""
        try:
            return self.messages.get(message.uid, message.id) or message
        except (Unavailable, Rejected):
            return message

    def _outcome(self, message: Message) -> Message:
        if message.status is not MessageStatus.FAILED:
            return message
        if message.error_code == NOT_ON_WHATSAPP:
            number = phone_in(message.to)
            raise NotOnWhatsApp(
                "The recipient isn't on WhatsApp.",
                field="to",
                hint=advice(number) if number else None,
                failed=message,
            )
        of_chat = _OF_CHATS.get(message.error_code or "")
        if of_chat:
            raise of_chat(message.error_message or "WhatsApp refused the message.", field="to", failed=message)
        content, passing = message.content, message.error_code in _PASSING
        if isinstance(content, Media) and message.error_code in OF_THE_FILE:
            field = f"{content.type}.{'link' if content.link else 'media_id'}"
            said = message.error_message or "The file can't be sent."
            raise FileRefused(said, field=field, failed=message, passing=passing)
        raise SendFailed(message.error_message or "WhatsApp refused the message.", failed=message, passing=passing)


AT_ONCE: Final = 50
EXPIRED: Final = ("expired", "It wasn't sent in time: its session was away, or had too much to send.")
_PASSING: Final = frozenset({*PASSING, EXPIRED[0], UNAVAILABLE})
"""The ``error_code`` of messages that may well be sent later, unchanged."""
LEFT: Final = ("worker_lost", "The worker was lost while it sent this: it may or may not have gone out.")


class Dispatch(Struct, frozen=True):
    """Moves messages as their session's one worker reports."""

    messages: MessageStore
    chats: ChatStore
    clock: Clock
    new_id: NewId

    def owed(self, uid: str, *, but: Collection[str] = ()) -> list[Message]:
        """Return up to AT_ONCE messages to send, in the order they were accepted in, without the ids in ``but``.

        Call it only between sends: what is found half sent then was left so by a worker that is gone, and is reported
        as unknown. What has expired is reported as failed.
        """
        waiting = (message for message in self._open(uid) if message.id not in but)
        return list(islice(filter(self._is_owed, waiting), AT_ONCE))

    def about(self, message: Message) -> Message | None:
        """Return the message of the session's that a message to send is about; None if it isn't there any more."""
        return self.messages.get(message.uid, message.about) if message.about else None

    def timer(self, message: Message) -> DisappearAfter:
        """Return the timer of the chat that a message to send is said in."""
        chat = self.chats.get(message.uid, chat_key(message))
        return DisappearAfter(chat.timer, chat.timer_set_at) if chat else DisappearAfter()

    def half_sent(self, uid: str) -> list[Message]:
        """Return the messages that are being sent. Call it where none is: a worker that is gone left them so."""
        return [message for message in self._open(uid) if message.status is MessageStatus.SENDING]

    def left(self, message: Message, whatsapp_id: str) -> Message | None:
        """Note that a message that was half sent may have gone out under that id of WhatsApp's, which receipts name."""
        self.messages.note_whatsapp_id(replace(message, whatsapp_id=whatsapp_id))
        return self._move(message, MessageStatus.UNKNOWN, whatsapp_id=whatsapp_id, error=LEFT)

    def _open(self, uid: str) -> Iterator[Message]:
        """Yield the open messages; what can't be ended stays open, and must not hide what comes after it."""
        after = None
        while True:
            page = self.messages.open(uid, limit=AT_ONCE, after=after)
            yield from page
            if len(page) < AT_ONCE:
                return
            after = page[-1].id

    def _is_owed(self, message: Message) -> bool:
        if message.status is MessageStatus.SENDING:
            self._end(message, MessageStatus.UNKNOWN, LEFT)
        elif message.expires_at and message.expires_at <= self.clock():
            self._end(message, MessageStatus.FAILED, EXPIRED)
        else:
            return True
        return False

    def _end(self, message: Message, status: MessageStatus, error: tuple[str, str]) -> None:
        # One whose end the table refuses for good is met again, and keeps nobody waiting.
        with suppress(Rejected):
            self._move(message, status, error=error)

    def begin(self, message: Message, *, epoch: int, secret: bytes | None = None) -> Message | None:
        """Mark the message as being sent under ``epoch``, before the client is called; None if somebody else was.

        ``secret`` is the one that this try is sent with; without one no later worker can tell whether it left.
        """
        return self._move(replace(message, secret=secret), MessageStatus.SENDING, epoch=epoch)

    def put_back(self, message: Message) -> Message | None:
        """Queue the message again: the client surely didn't send it."""
        return self._move(message, MessageStatus.QUEUED)

    def sent(self, message: Message, whatsapp_id: str | None) -> Message | None:
        """Note WhatsApp's id, if it has one, for receipts, then that its server acknowledged the message.

        What somebody else took for lost meanwhile is sent all the same; None if a receipt was quicker and has told so.
        """
        if whatsapp_id:
            self.messages.note_whatsapp_id(replace(message, whatsapp_id=whatsapp_id))
        stands: Message | None = message
        while stands and moves(stands, MessageStatus.SENT):
            after = self._move(stands, MessageStatus.SENT, whatsapp_id=whatsapp_id)
            if after:
                return after
            stands = self.messages.get(message.uid, message.id)
        return None

    def failed(self, message: Message, code: str, sentence: str) -> Message | None:
        """Note that the message was refused, by the client or by WhatsApp."""
        return self._move(message, MessageStatus.FAILED, error=(code, sentence))

    def unknown(self, message: Message, code: str, sentence: str, *, whatsapp_id: str | None = None) -> Message | None:
        """Note that nobody can tell whether the message went out; if it did, under that id of WhatsApp's."""
        if whatsapp_id:
            self.messages.note_whatsapp_id(replace(message, whatsapp_id=whatsapp_id))
        return self._move(message, MessageStatus.UNKNOWN, whatsapp_id=whatsapp_id, error=(code, sentence))

    def receipt(
        self,
        uid: str,
        whatsapp_ids: Sequence[str],
        status: MessageStatus,
        *,
        by: Party | None = None,
        at: int | None = None,
        played: bool = False,
        known: Mapping[str, Message] = MappingProxyType({}),
    ) -> dict[str, Message]:
        """Note what a receipt says of messages that this session sent; of others, and repeated, it says nothing.

        ``by`` is who gave it, at the time ``at``. What was ``played`` was read before, and says both. In a group each
        member's is noted, and the message moves with the first of them. Messages that are ``known`` by WhatsApp's id
        aren't read first; one that moved meanwhile is. Returns the messages as they stand by what is known now.
        """
        stand: dict[str, Message] = {}
        for whatsapp_id in whatsapp_ids:
            message = known.get(whatsapp_id) or self.messages.by_whatsapp_id(uid, whatsapp_id)
            noted = False
            # An id that a hostile client made up may be by what a message that came in is found.
            while message is not None and message.direction is Direction.OUTBOUND:
                if not noted and by and (by.lid or by.phone) and message.chat.endswith(f"@{GROUPS}"):
                    self.messages.note_receipt(message, by, status, at=at or self.clock(), played=played)
                    noted = True
                stand[whatsapp_id] = message
                after = self._received(message, status, whatsapp_id, played=played)
                if after is message:
                    break
                message = after or self.messages.by_whatsapp_id(uid, whatsapp_id)
        return stand

    def _received(self, message: Message, status: MessageStatus, whatsapp_id: str, *, played: bool) -> Message | None:
        """Write what a receipt says, one step on; the message itself if that is nothing new, None if it moved."""
        if moves(message, status):
            return self._move(message, status, whatsapp_id=whatsapp_id)
        after = was_played(message, now=self.clock(), event_id=self.new_id()) if played else None
        if after is None:
            return message
        return after if self.messages.move(after) else None

    def _move(
        self,
        message: Message,
        status: MessageStatus,
        *,
        epoch: int | None = None,
        whatsapp_id: str | None = None,
        error: tuple[str, str] | None = None,
    ) -> Message | None:
        """Write the move; None if the table doesn't have it, or the message moved since it was read."""
        if not moves(message, status):
            return None
        code, sentence = error or (None, None)
        after = advance(
            message,
            status,
            now=self.clock(),
            event_id=self.new_id(),
            epoch=epoch,
            whatsapp_id=whatsapp_id,
            error_code=code,
            error_message=sentence,
        )
        if after.sent_at is not None and message.sent_at is None:
            self._mark(after)
        return after if self.messages.move(after) else None

    def _mark(self, change: Message) -> None:
        """Mark the message that ``change`` edits or deletes, before ``change`` itself is stored as sent.

        A change is marked once WhatsApp has accepted it, since then it can't be undone. Where the table refuses the
        mark for good, the change is reported as sent all the same; the stream's consumer, which marks too, logs it.
        """
        with suppress(Rejected):
            mark_changed(self.messages, change)
