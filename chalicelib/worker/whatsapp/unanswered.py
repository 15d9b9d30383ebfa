"""Why WhatsApp didn't answer a question: the client's errors, sorted.

The library has one type of error and tells all by its text: those are of the whatsmeow in neonize 0.5.2. A text may
name a number, so it goes no further than here.
"""

import re
from typing import Final


class NoConnection(Exception):
    """There was no connection, or it broke before the answer: the question may be asked again."""


class WhatsAppRefused(Exception):
    """WhatsApp won't answer; ``sentence`` says so."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


COULD_NOT_ASK: Final = "The WhatsApp client couldn't ask."
_REFUSED: Final = re.compile(r"info query returned status (\d+)")
_NO_CONNECTION: Final = (
    "websocket not connected",
    "frame socket is closed",
    "returned response",
    "info query timed out",
)
_TOO_MUCH: Final = "429"


def unanswered(error: str) -> Exception:
    """Return what the library's ``error`` for a question means."""
    refused = _REFUSED.search(error)
    if refused and refused[1] == _TOO_MUCH:
        return WhatsAppRefused("WhatsApp has been asked too much by this account (error 429).")
    if refused:
        return WhatsAppRefused(f"WhatsApp refused to answer (error {refused[1]}).")
    if any(text in error for text in _NO_CONNECTION):
        return NoConnection()
    return WhatsAppRefused(COULD_NOT_ASK)
