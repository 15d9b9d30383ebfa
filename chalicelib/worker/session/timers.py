"""The timers of a session's chats, remembered for a while: each message that disappears says its chat's own."""

from collections.abc import Callable
from threading import Lock
from typing import Final

from chalicelib.domain.chats import DisappearAfter, chat_key
from chalicelib.domain.content import GroupEvent, Timer
from chalicelib.domain.messages import Message
from chalicelib.services.messages.store import Received
from chalicelib.worker import monotonic

GOOD_FOR: Final = 60_000
"""Milliseconds that a timer that was read is good for, if nothing is told of it meanwhile."""
SETTLES: Final = 10_000
"""Milliseconds after a change within which nothing is remembered: the chat is written by who follows the stream."""
MOST: Final = 1_000
"""Chats whose timers are remembered."""


class ChatTimers:
    """Remembers timers; used by the sender, and by the client's thread, which tells of what comes in."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[DisappearAfter, int]] = {}
        self._settled_at = 0

    def of(self, message: Message, read: Callable[[], DisappearAfter]) -> DisappearAfter:
        """Return the timer of the chat that the message is sent to; ``read`` reads it where it isn't known."""
        key, now = chat_key(message), monotonic()
        with self._lock:
            timer, good_until = self._known.get(key, (DisappearAfter(), 0))
        if now < good_until:
            return timer
        timer = read()
        with self._lock:
            # A change that came in meanwhile may not have been read.
            if now >= self._settled_at:
                self._known.pop(key, None)
                self._known[key] = timer, now + GOOD_FOR
                while len(self._known) > MOST:
                    del self._known[next(iter(self._known))]
        return timer

    def hear(self, received: Received) -> None:
        """Take note of a message that came in; call it before the message is kept."""
        sets = isinstance(received.content, Timer | GroupEvent)
        told = received.context.expires_in if received.context else None
        with self._lock:
            known = [self._known[key][0].seconds for key in (received.chat, received.chat_lid) if key in self._known]
        if sets or (told and known != [told]):
            self.forget()

    def forget(self) -> None:
        """Forget all timers: one is being changed, and a chat may be known by another name than here."""
        with self._lock:
            self._known.clear()
            self._settled_at = monotonic() + SETTLES
