"""Sending what is owed, in order, on a thread of its own: one send may take over a minute.

Everything else the worker does would wait for it: rings, SIGTERM, the client's events. One thread a session, since two
would have to agree on the order in a chat. Receipts are noted on it too, after the sends of a turn: WhatsApp's id of a
message is then written down, while a receipt may be quicker than the send that it is for returns.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.services.dispatch import AT_ONCE
from chalicelib.services.outbox import NOT_ON_WHATSAPP
from chalicelib.services.ports import Unavailable
from chalicelib.worker.client import Client, Receipt
from chalicelib.worker.desk import Desk
from chalicelib.worker.hold import Hold
from chalicelib.worker.inbox import Inbox
from chalicelib.worker.log import Log
from chalicelib.worker.parts import Dispatch
from chalicelib.worker.patience import Interrupted, patiently
from chalicelib.worker.unsent import NoAnswer, NotOnWhatsApp, NotSent, Refused

LOOK_EVERY: Final = 30.0
"""Seconds between looks at what is owed, in case a ring got lost; messages also expire."""
ENDING_TAKES: Final = 2.0
"""Seconds for the send that is going on to come back before the process ends; else its message counts as unknown."""

NOBODY: Final = (NOT_ON_WHATSAPP, "The recipient isn't on WhatsApp.")
RELINKED: Final = ("another_account", "The session was linked to another account before the message went out.")
NO_ANSWER: Final = ("no_answer", "WhatsApp didn't acknowledge the message: it may or may not have gone out.")


class Sender:
    """Sends one session's messages while it may."""

    def __init__(self, desk: Desk, hold: Hold, dispatch: Dispatch, inbox: Inbox, log: Log) -> None:
        self._desk = desk
        self._hold = hold
        self._dispatch = dispatch
        self._inbox = inbox
        self._log = log
        self._client: Client | None = None
        self._receipts: SimpleQueue[Receipt] = SimpleQueue()
        self._look = Event()
        self._online = False
        self._over = False
        self._thread = Thread(target=self._run, name="sender", daemon=True)

    def start(self, client: Client) -> None:
        """Begin; what an earlier worker left half sent is reported at once, before there is a connection."""
        self._client = client
        self._look.set()
        self._thread.start()

    def allow(self, *, online: bool) -> None:
        """Say whether the session is connected: only then is anything sent."""
        came_online = online and not self._online
        self._online = online
        if came_online:
            self._look.set()

    def ring(self) -> None:
        """Say that there may be something to send."""
        self._look.set()

    def receipt(self, receipt: Receipt) -> None:
        """Have a receipt noted; returns at once."""
        self._receipts.put(receipt)
        self._look.set()

    def stop(self) -> None:
        """Begin no further send, and wait a little for the one that is going on."""
        self._over = True
        self._look.set()
        if self._thread.is_alive():
            self._thread.join(ENDING_TAKES)

    def _run(self) -> None:
        while not self._over:
            self._look.wait(LOOK_EVERY)
            self._look.clear()
            try:
                self._turn()
            except Interrupted:
                return
            except Exception:  # noqa: BLE001 - one message that breaks it shall not be the end of sending
                self._log.warning("sender_broken")
        # What came while the last send was going on.
        with suppress(Interrupted, Unavailable):
            self._note_receipts()

    def _turn(self) -> None:
        more = True
        while more and not self._over:
            more = self._send_owed()
            self._note_receipts()

    def _send_owed(self) -> bool:
        """Send what is owed; True if there may be more."""
        owed = patiently(lambda: self._dispatch.owed(self._desk.claim.uid), self._inbox)
        return all(self._send(message) for message in owed) and len(owed) == AT_ONCE

    def _send(self, message: Message) -> bool:
        """Send a message; False if it, and so all after it, has to wait."""
        if not self._may():
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
        client, dispatch = self._client, self._dispatch
        if client is None or not self._may():
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

    def _may(self) -> bool:
        """Whether a message may go out now: connected, not ending, and the lease surely still ours."""
        client = self._client
        held = self._online and not self._over and not self._hold.late
        return held and client is not None and client.is_connected()

    def _note_receipts(self) -> None:
        with suppress(Empty):
            while True:
                receipt = self._receipts.get_nowait()
                ids, status = receipt.whatsapp_ids, receipt.status
                patiently(partial(self._dispatch.receipt, self._desk.claim.uid, ids, status), self._inbox)
