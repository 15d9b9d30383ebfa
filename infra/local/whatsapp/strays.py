"""Messages that reached nobody, for whoever asks why: a client reports success although it knew no device."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stray:
    """Sender, recipient, WhatsApp's id, and when (milliseconds since the epoch)."""

    sender: str
    recipient: str
    id: str
    at: int
