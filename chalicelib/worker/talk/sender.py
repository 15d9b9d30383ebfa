"""Sending what is owed, in order.

One thread a session, since two would have to agree on the order in a chat. Receipts are noted on it too, after the
sends of a turn: WhatsApp's id of a message is then written down, while a receipt may be quicker than the send that it
is for returns.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.services.messages.dispatch import AT_ONCE
from chalicelib.services.messages.outbox import NOT_ON_WHATSAPP
from chalicelib.services.ports import Unavailable
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.lease.hold import Hold
from chalicelib.worker.log import Log
from chalicelib.worker.parts import Dispatch
from chalicelib.worker.patience import Interrupted, patiently
from chalicelib.worker.talk.clerk import Clerk
from chalicelib.worker.talk.desk import Desk
from chalicelib.worker.whatsapp.client import Receipt
from chalicelib.worker.whatsapp.unsent import NoAnswer, NotOnWhatsApp, NotSent, Refused

NOBODY: Final = (NOT_ON_WHATSAPP, "The recipient isn't on WhatsApp.")
RELINKED: Final = ("another_account", "The session was linked to another account before the message went out.")
NO_ANSWER: Final = ("no_answer", "WhatsApp didn't acknowledge the message: it may or may not have gone out.")


class Sender(Clerk):
    """Sends one session's messages while it may; what an earlier worker left half sent it reports at its first turn."""

    NAME = "sender"
    LOOK_EVERY = 30.0  # messages also expire
    ENDING_TAKES = 2.0  # by then a send has come back, or its message counts as unknown

    def __init__(self, desk: Desk, hold: Hold, dispatch: Dispatch, inbox: Inbox, log: Log) -> None:
        super().__init__(desk, hold, inbox, log)
        self._dispatch = dispatch
        self._receipts: SimpleQueue[Receipt] = SimpleQueue()

    def receipt(self, receipt: Receipt) -> None:
        """Have a receipt noted; returns at once."""
        self._receipts.put(receipt)
        self.ring()

    def _leave(self) -> None:
        """Note what came while the last send was going on."""
        with suppress(Interrupted, Unavailable):
            self._note_receipts()

    def _turn(self) -> None:
        more = True
        while more and not self._over.is_set():
            more = self._send_owed()
            self._note_receipts()

    def _send_owed(self) -> bool:
        """Send what is owed; True if there may be more."""
        owed = patiently(lambda: self._dispatch.owed(self._desk.claim.uid), self._inbox)
        return all(self._send(message) for message in owed) and len(owed) == AT_ONCE

    def _send(self, message: Message) -> bool:
        """Send a message; False if it, and so all after it, has to wait."""
        if self._ready() is None:
            return False
        if self._is_another_account_s(message):
            patiently(lambda: self._dispatch.failed(message, *RELINKED), self._inbox)
            return True
        begun = patiently(lambda: self._dispatch.begin(message, epoch=self._desk.claim.epoch), self._inbox)
        if begun is None:
            return True
        after = patiently(self._tried(begun), self._inbox)
        self._log.info("message", message=message.id, status=str(after.status) if after else None)
        return after is None or after.status is not MessageStatus.QUEUED

    def _tried(self, message: Message) -> Callable[[], Message | None]:
        """Call the client; return how to report what came of it."""
        # Once more: writing that it begins may have taken long, and a lease that is late may be somebody else's.
        client, dispatch = self._ready(), self._dispatch
        if client is None:
            return lambda: dispatch.put_back(message)
        try:
            whatsapp_id = client.send_text(message.to or message.chat, message.text or "")
        except NotSent:
            return lambda: dispatch.put_back(message)
        except NotOnWhatsApp:
            return lambda: dispatch.failed(message, *NOBODY)
        except Refused as refused:
            return partial(dispatch.failed, message, refused.code, refused.sentence)
        except Exception as error:  # noqa: BLE001 - NoAnswer, and whatever else leaves it open what happened
            if not isinstance(error, NoAnswer):
                self._log.warning("send_broken", message=message.id)
            return lambda: dispatch.unknown(message, *NO_ANSWER)
        return lambda: dispatch.sent(message, whatsapp_id)

    def _is_another_account_s(self, message: Message) -> bool:
        """Whether the session was linked anew, by another phone, since the message was accepted."""
        device, sender = self._desk.session.device, message.sender
        return device is not None and sender is not None and sender.phone != device.phone

    def _note_receipts(self) -> None:
        with suppress(Empty):
            while True:
                receipt = self._receipts.get_nowait()
                ids, status = receipt.whatsapp_ids, receipt.status
                patiently(partial(self._dispatch.receipt, self._desk.claim.uid, ids, status), self._inbox)
