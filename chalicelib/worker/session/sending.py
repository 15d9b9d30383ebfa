"""Sending messages in order, and noting the receipts for them.

One thread a session sends, since two would have to agree on the order in a chat. What takes long beforehand, such as
fetching a file, goes on beside it (``preparing``): meanwhile only what comes later in the same chat waits. A message is
reported as ``sending`` before the client is called and as ``sent`` after WhatsApp's acknowledgement; a worker that dies
in between leaves it half sent, and the next one finds out what became of it (``outcomes``), or reports it as
``unknown``: it is never sent twice.

The client has told WhatsApp that it has a receipt before it hands it over, and nothing repeats it. So a receipt lies in
a file until it is noted: a message whose receipt died with the process would stay ``sent`` for good. Receipts are noted
on the sender's thread, after the sends of a turn: by then WhatsApp's id of a message is written down, while a receipt
may be quicker than the send that it is for returns.
"""

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Final

from msgspec import structs

from chalicelib.domain.content import (
    Album,
    ContactCards,
    Context,
    GroupInvite,
    Location,
    Media,
    Poll,
    PollVote,
    Text,
    Timer,
)
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.ring import Matter
from chalicelib.services.messages.outbox import AT_ONCE, NOT_ON_WHATSAPP, Dispatch
from chalicelib.services.ports import Rejected
from chalicelib.wire.addons import SECRET_SIZE
from chalicelib.worker import monotonic
from chalicelib.worker.log import Log
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.messaging import BackgroundWorker
from chalicelib.worker.session.preparing import OutgoingMedia, Prepared, Preparing, needs_preparing
from chalicelib.worker.session.recipients import Recipient, Recipients
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.spool import Spool
from chalicelib.worker.session.timers import ChatTimers
from chalicelib.worker.waiting import EventQueue, Interrupted, patiently
from chalicelib.worker.whatsapp.client import ReceiptEvent
from chalicelib.worker.whatsapp.errors import (
    NoAnswer,
    NoConnection,
    NotSent,
    RecipientNotOnWhatsApp,
    SendRefused,
)
from chalicelib.worker.whatsapp.outgoing import Outgoing


class Progress(Enum):
    """How far a message came at its turn: it is over with, it waits, or so do all after it as well."""

    OVER = auto()
    WAITS = auto()
    ALL_WAIT = auto()


class Held:
    """The messages that wait in a turn, for what is fetched for them or behind such a one in the same chat."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._chats: set[str] = set()

    def add(self, message: Message) -> None:
        """Have a message wait, and all that come behind it in its chat."""
        self.ids.add(message.id)
        self._chats |= _chats(message)

    def holds(self, message: Message) -> bool:
        """Whether an earlier message of the same chat waits."""
        return not self._chats.isdisjoint(_chats(message))


def _chats(message: Message) -> set[str]:
    """Return all that the message's chat is known by."""
    return {one for one in (message.to, message.chat, message.chat_lid) if one}


REMEMBERED: Final = 100
"""Messages that went out of which a worker remembers how they stand."""


class Receipts:
    """One session's receipts, those that earlier workers left among them.

    That WhatsApp sent is told by its acknowledgement, and by the account's phone, which gets each message too. The
    phone's word only counts for those of whom nobody knows: ``left`` are their ids at WhatsApp, and those that were
    never acknowledged join them. While a send isn't
    acknowledged, its receipts are kept for the next worker as well.
    """

    def __init__(
        self,
        reporter: SessionReporter,
        dispatch: Dispatch,
        events: EventQueue,
        spool: Spool[ReceiptEvent],
        log: Log,
        *,
        left: Collection[str],
    ) -> None:
        self._reporter = reporter
        self._dispatch = dispatch
        self._events = events
        self._spool = spool
        self._log = log
        self._queue: SimpleQueue[ReceiptEvent] = SimpleQueue()
        self._lock = Lock()
        self._unnoted = 0
        self._took_over = False
        self._left = frozenset(left)
        self._sent: dict[str, Message] = {}
        """The newest messages that went out, by WhatsApp's id, as they stood last: receipts come soon."""
        self.unacknowledged = False

    def sent(self, message: Message) -> None:
        """Remember a message that went out, so that its receipts need no look for it."""
        if message.whatsapp_id:
            self._keep({message.whatsapp_id: message})

    def _keep(self, messages: Mapping[str, Message]) -> None:
        self._sent |= messages
        while len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]

    def keep(self, receipt: ReceiptEvent) -> bool:
        """Have a receipt noted; returns at once. False for one that says nothing, so far."""
        if receipt.status is MessageStatus.SENT and not self._tells(receipt) and not self.unacknowledged:
            return False
        with self._lock:
            self._unnoted += 1
            self._try(lambda: self._spool.add(receipt))
        self._queue.put(receipt)
        return receipt.status is not MessageStatus.SENT or self._tells(receipt)

    def miss(self, whatsapp_id: str) -> None:
        """Have the phone's word count for a message that was sent under that id, and never acknowledged."""
        self._left |= {whatsapp_id}

    def _tells(self, receipt: ReceiptEvent) -> bool:
        """Whether the phone's word that it got a message is news."""
        return not self._left.isdisjoint(receipt.whatsapp_ids)

    def note(self) -> None:
        """Note all that are there, oldest first. Raises Interrupted; what isn't noted by then stays in the file."""
        if not self._took_over:
            self._try(self._take_over)
            self._took_over = True
        with suppress(Empty):
            while True:
                receipt = self._queue.get_nowait()
                if receipt.status is not MessageStatus.SENT or self._tells(receipt):
                    self._note(receipt)
                with self._lock:
                    self._unnoted -= 1
                    if self._unnoted == 0:
                        self._try(self._spool.empty)

    def close(self) -> None:
        """Remove the file if nothing is left to be noted."""
        with self._lock:
            if self._unnoted == 0:
                self._try(self._spool.remove)

    def _take_over(self) -> None:
        for file, receipts in self._spool.left():
            for receipt in receipts:
                self._note(receipt)
            file.unlink(missing_ok=True)

    def _note(self, receipt: ReceiptEvent) -> None:
        note = partial(self._dispatch.receipt, self._reporter.claim.uid, receipt.whatsapp_ids, receipt.status)
        try:
            told = partial(note, by=receipt.by, at=receipt.at, played=receipt.played, known=self._known(receipt))
            self._keep(patiently(told, self._events))
        except Interrupted:
            raise
        except Rejected as rejected:
            self._log.warning("receipt_rejected", code=rejected.code)
        except Exception:  # noqa: BLE001 - it came from outside; the next one shall be noted all the same
            self._log.warning("receipt_broken")

    def _known(self, receipt: ReceiptEvent) -> dict[str, Message]:
        return {one: self._sent[one] for one in receipt.whatsapp_ids if one in self._sent}

    def _try(self, act: Callable[[], None]) -> None:
        """Do something with the file; a disk that fails keeps nothing from the table."""
        try:
            act()
        except OSError:
            self._log.warning("spool_broken")


NOBODY: Final = (NOT_ON_WHATSAPP, "The recipient isn't on WhatsApp.")
RELINKED: Final = ("another_account", "The session was linked to another account before the message went out.")
REJECTED: Final = ("rejected", "The table refused to have the message sent: it can't be stored as it is.")
UNREPORTED: Final = ("unreported", "What became of the message couldn't be stored: it may or may not have gone out.")
TIMED: Final = (Text, Media, Album, Location, ContactCards, Poll, GroupInvite)
"""The types that disappear in a chat with a timer, each of which has to say so."""
SECRETLESS: Final = ("poll_secret_missing", "The poll is gone, or it is from before its secret was kept.")
NO_ANSWER: Final = ("no_answer", "WhatsApp didn't acknowledge the message: it may or may not have gone out.")


class Sender(BackgroundWorker):
    """Sends one session's messages while it may; what an earlier worker left half sent it reports at its first turn."""

    NAME = "sender"
    MATTER = Matter.MESSAGE
    LOOK_EVERY = 30.0  # messages also expire
    ENDING_TAKES = 2.0  # by then a send has come back, or its message counts as unknown

    def __init__(
        self,
        reporter: SessionReporter,
        lease: HeldLease,
        dispatch: Dispatch,
        events: EventQueue,
        log: Log,
        *,
        people: Recipients,
        media: OutgoingMedia,
        spool: Spool[ReceiptEvent],
        timers: ChatTimers,
        left: Collection[str] = (),
    ) -> None:
        super().__init__(reporter, lease, events, log)
        self._timers = timers
        self._dispatch = dispatch
        self._preparing = Preparing(media, self.ring)
        self._people = people
        self._receipts = Receipts(reporter, dispatch, events, spool, log, left=left)
        self._rung = Event()
        self._looked_at = 0
        self._unendable: set[str] = set()
        """Messages that the table neither lets be sent nor be ended."""

    def ring(self) -> None:
        """Say that there may be something to send."""
        self._rung.set()
        super().ring()

    def receipt(self, receipt: ReceiptEvent) -> None:
        """Have a receipt noted; returns at once."""
        if self._receipts.keep(receipt):
            # It says nothing of what is to be sent, which nobody needs to look for then.
            super().ring()

    def _leave(self) -> None:
        """Note what came while the last send was going on."""
        with suppress(Interrupted):
            self._receipts.note()
            self._receipts.close()

    def _turn(self) -> None:
        more, held = self._rung.is_set() or monotonic() - self._looked_at >= self.LOOK_EVERY * 1000, Held()
        if not more:
            self._receipts.note()
            return
        self._rung.clear()
        self._looked_at = monotonic()
        while more and not self._over.is_set():
            more = self._send_owed(held)
            self._receipts.note()

    def _send_owed(self, held: Held) -> bool:
        """Send what is owed, in the order it was accepted in; True if there may be more that needn't wait."""
        uid, but = self._reporter.claim.uid, self._unendable | held.ids
        owed = patiently(lambda: self._dispatch.owed(uid, but=but), self._events)
        for message in owed:
            outcome = Progress.WAITS if held.holds(message) else self._send(message)
            if outcome is Progress.ALL_WAIT:
                return False
            if outcome is Progress.WAITS:
                held.add(message)
        if len(owed) < AT_ONCE:
            self._preparing.keep(held.ids)
        return len(owed) == AT_ONCE

    def _send(self, message: Message) -> Progress:
        """Send a message, or have it wait."""
        client = self._ready()
        if client is None:
            return Progress.ALL_WAIT
        if self._is_another_account_s(message):
            self._end(message, self._dispatch.failed, RELINKED)
            return Progress.OVER
        try:
            recipient = self._people.of(client, message.to or message.chat)
            fetched = self._fetched(message)
            if fetched is None:
                return Progress.WAITS
            message = recipient.addressed(message)
            outgoing = self._outgoing(message, fetched)
        except NotSent:
            return Progress.WAITS
        except NoConnection:
            return Progress.ALL_WAIT
        except RecipientNotOnWhatsApp:
            self._end(message, self._dispatch.failed, NOBODY)
        except SendRefused as refused:
            self._end(message, self._dispatch.failed, (refused.code, refused.sentence))
        else:
            return self._go(message, recipient, outgoing)
        return Progress.OVER

    def _go(self, message: Message, recipient: Recipient, outgoing: Outgoing) -> Progress:
        """Send a message for which all is there, and report what became of it."""
        epoch = self._reporter.claim.epoch
        try:
            begun = patiently(partial(self._dispatch.begin, message, epoch=epoch, secret=outgoing.secret), self._events)
        except Rejected:
            self._end(message, self._dispatch.failed, REJECTED)
            return Progress.OVER
        if begun is None:
            return Progress.OVER
        try:
            after = patiently(self._tried(begun, recipient, outgoing), self._events)
        except Rejected:
            self._end(begun, self._dispatch.unknown, UNREPORTED)
            return Progress.OVER
        status = str(after.status) if after else None
        self._log.info("message", message=message.id, status=status, request_id=message.request)
        if isinstance(message.content, Timer):
            self._timers.forget()
        if after is not None:
            self._receipts.sent(after)
        put_back = after is not None and after.status is MessageStatus.QUEUED
        return Progress.ALL_WAIT if put_back else Progress.OVER

    def _fetched(self, message: Message) -> Prepared | None:
        """Return what had to be fetched for the message; None while that goes on, after which there is another turn.

        Raises SendRefused and NotSent.
        """
        if not needs_preparing(message.content):
            return Prepared()
        fetched = self._preparing.begin(message)
        if not fetched.done():
            return None
        if fetched.exception():
            self._preparing.forget(message)
        return fetched.result()

    def _outgoing(self, message: Message, prepared: Prepared) -> Outgoing:
        """Return the message with what it needs: its file, the secret that a vote is sealed by, and its own.

        Its own is another one each time: by it is told in which try the message left. Raises SendRefused.
        """
        content, secret, file = message.content, os.urandom(SECRET_SIZE), prepared.file
        if isinstance(content, Text) and needs_preparing(content):
            content = structs.replace(content, preview=prepared.preview)
        if not isinstance(content, PollVote):
            context = self._in_chat(message) if isinstance(content, TIMED) else message.context
            return Outgoing(content, context, secret, file, thumbnail=prepared.thumbnail)
        poll = patiently(lambda: self._dispatch.about(message), self._events)
        if poll is None or poll.secret is None:
            raise SendRefused(*SECRETLESS)
        return Outgoing(content, message.context, secret, target_secret=poll.secret)

    def _in_chat(self, message: Message) -> Context | None:
        """Return the message's context with the timer of its chat."""
        timer = self._timers.of(message, lambda: patiently(lambda: self._dispatch.timer(message), self._events))
        return timer.within(message.context)

    def _end(
        self, message: Message, report: Callable[[Message, str, str], Message | None], error: tuple[str, str]
    ) -> None:
        """Report that it isn't to be sent any more. Where the table refuses even that, it is passed over from then on.

        What expires it then needs no worker.
        """
        code, sentence = error
        try:
            patiently(lambda: report(message, code, sentence), self._events)
        except Rejected as rejected:
            self._unendable.add(message.id)
            self._log.warning("message_unendable", message=message.id, code=rejected.code)
        else:
            self._log.info("message_ended", message=message.id, code=code)

    def _tried(self, message: Message, recipient: Recipient, outgoing: Outgoing) -> Callable[[], Message | None]:
        """Call the client; return how to report what came of it."""
        # Checked once more: the write before this may have taken long, and the lease may have run out meanwhile.
        client, dispatch = self._ready(), self._dispatch
        if client is None:
            return lambda: dispatch.put_back(message)
        self._receipts.unacknowledged = True
        try:
            whatsapp_id = client.send(recipient.jid, outgoing)
        except NotSent:
            return lambda: dispatch.put_back(message)
        except RecipientNotOnWhatsApp:
            self._people.forget(message.to or message.chat)
            return lambda: dispatch.failed(message, *NOBODY)
        except SendRefused as refused:
            return partial(dispatch.failed, message, refused.code, refused.sentence)
        except NoAnswer as error:
            named = error.whatsapp_id
            if named:
                self._receipts.miss(named)
            return lambda: dispatch.unknown(message, *NO_ANSWER, whatsapp_id=named)
        except Exception:  # noqa: BLE001 - whatever it is, it leaves it open what happened
            self._log.warning("send_broken", message=message.id)
            return lambda: dispatch.unknown(message, *NO_ANSWER)
        finally:
            self._receipts.unacknowledged = False
        # A first message to somebody brings the LID.
        reached = self._people.reached(client, recipient)
        return lambda: dispatch.sent(reached.addressed(message), whatsapp_id)

    def _is_another_account_s(self, message: Message) -> bool:
        """Whether the session was linked anew, by another phone, since the message was accepted."""
        device, sender = self._reporter.session.device, message.sender
        return device is not None and sender is not None and sender.phone != device.phone
