"""The words that webhooks are written in: each endpoint is told in those of the family whose call set it."""

from typing import Final, Protocol

from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.native import webhook as native_webhook
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session


class Payload(Protocol):
    """How the endpoints of one family are told."""

    def tells(self, envelope: Envelope, session: Session) -> bool:
        """Whether the session's endpoint is told of the event at all."""

    def body(self, envelope: Envelope, message: Message | None, session: Session) -> bytes:
        """Return the JSON of an event; ``message`` is the one it is about, ``session`` as it stands."""

    def headers(self, session: Session, body: bytes, *, now: int) -> dict[str, str]:
        """Return what goes with the body besides the Standard Webhooks headers; ``now`` is the attempt's time."""


PAYLOADS: Final[dict[str, Payload]] = {bare_webhook.FORMAT: bare_webhook}


def payload(session: Session) -> Payload:
    """Return how the session's endpoint is told; natively, if it asked for nothing or for what isn't known here."""
    return PAYLOADS.get(session.webhook_format or "", native_webhook)
