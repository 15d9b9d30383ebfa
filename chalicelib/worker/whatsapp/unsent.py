"""Why the client couldn't send a message, and whether it may have gone out nevertheless: the client's errors, sorted.

The library has one type of error and tells all by its text, which may name the recipient: it goes no further than here.
The texts are those of the whatsmeow in neonize 0.5.2. Whatever looks up keys and devices comes before the message.
"""

import re
from typing import Final


class NotOnWhatsApp(Exception):
    """The recipient has no account; nothing was sent."""


class NotSent(Exception):
    """The connection broke before the message went out; it can be sent later."""


class Refused(Exception):
    """The message won't go out: ``code`` and ``sentence`` say why."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


class NoAnswer(Exception):
    """The message was handed to the connection, and WhatsApp's acknowledgement never came: nobody can tell."""


_REFUSED: Final = re.compile(r"server returned error (\d+)")
_AFTERWARDS: Final = ("waiting for message send response", "before message send returned response")
_NO_CONNECTION: Final = (
    "websocket not connected",
    "frame socket is closed",
    "returned response",
    "info query timed out",
)
_BEFORE: Final = ("failed to get LID", "failed to get device list", "failed to marshal", "failed to encrypt")


def unsent(error: str) -> Exception:
    """Return what the library's ``error`` for a text to one person means."""
    if "no LID found for" in error:
        return NotOnWhatsApp()
    if refused := _REFUSED.search(error):
        return Refused("refused", f"WhatsApp refused the message (error {refused[1]}).")
    if any(text in error for text in _AFTERWARDS):
        return NoAnswer()
    if any(text in error for text in _NO_CONNECTION):
        return NotSent()
    if any(text in error for text in _BEFORE):
        return Refused("not_sendable", "The WhatsApp client couldn't prepare the message.")
    return NoAnswer()
