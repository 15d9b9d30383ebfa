"""A message to send, as both families ask for it: checked, sent, answered 200 once acknowledged and 202 until then."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.bodies import SendBody
from chalicelib.api.call import Call
from chalicelib.api.fields import text
from chalicelib.api.once import own_key
from chalicelib.domain.errors import (
    IdempotencyKeyReused,
    NotOnWhatsApp,
    SendFailed,
    SessionDisabled,
    SessionNotConnected,
    TooFast,
)
from chalicelib.domain.jid import recipient
from chalicelib.domain.messages import Message, MessageStatus

UNSENT: Final = (SessionDisabled, SessionNotConnected, IdempotencyKeyReused, NotOnWhatsApp, TooFast, SendFailed)
"""Why a message may not have been sent."""
_ACKNOWLEDGED: Final = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}

SentShape = Callable[[Message], Mapping[str, Any]]


def send_answer(call: Call, session_id: str, body: SendBody, shape: SentShape, *, at: str | None = None) -> Answer:
    """Send the message in ``body`` from the session, whose path is ``at``, else the one before this request's last."""
    message = bootstrap.outbox().send(
        call.tenant,
        session_id,
        to=recipient(body.to, field="to"),
        text=text(body.message, field="message"),
        key=own_key(call),
    )
    # Chalice's path is the route's, with its variables' names.
    return answer(message, shape, at or call.request.path.rpartition("/")[0].replace("{id}", session_id))


def answer(message: Message, shape: SentShape, session_path: str) -> Answer:
    """Return the answer for a message that was taken in; it is found under its session's path."""
    return Answer(
        shape(message),
        status=200 if message.status in _ACKNOWLEDGED else 202,
        headers={"Location": f"{session_path}/messages/{message.id}"},
    )
