"""What clients sent as seen from outside: for whoever asks what a message carries beside its encrypted content."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """A client's message: sender and recipient, WhatsApp's id, the tags of what stands in the stanza."""

    sender: str
    recipient: str
    id: str
    tags: tuple[str, ...]
