"""A message to send, as every family asks for it, and Idempotency-Keys: what is asked twice comes once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import SendBody, text
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.domain.content import Text
from chalicelib.domain.errors import (
    GroupForbids,
    GroupNotFound,
    IdempotencyKeyReused,
    NotInGroup,
    NotOnWhatsApp,
    ResultGone,
    SendFailed,
    SessionDisabled,
    SessionNotConnected,
    TooFast,
)
from chalicelib.domain.jid import person_or_group
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.services.reservations import Reservation

REPEATED: Final = (IdempotencyKeyReused, ResultGone)
"""Why a request that came with an Idempotency-Key may not have been answered as before."""


def own_key(call: Call) -> str | None:
    """Return the Idempotency-Key with the caller's name before it, None if there is no key.

    Neither has a space in it, so no two callers' keys are the same.
    """
    key = call.read(IDEMPOTENCY_KEY)
    return f"{call.name} {key}" if key else None


@contextmanager
def once(call: Call, body: msgspec.Struct | None = None) -> Iterator[Reservation | None]:
    """Yield what to create with, None if the request has no Idempotency-Key.

    What is created in this context stands when the context ends, unless by an error. The request is what its method,
    its path and the fields of its body that are known say: spaces, the order of fields and extras make no other one.
    """
    key = own_key(call)
    if key is None:
        yield None
        return
    said = [call.request.method, call.request.path, call.request.uri_params, body]
    reservations = bootstrap.reservations()
    reservation = reservations.reserve(call.tenant, key, request=msgspec.json.encode(said, order="sorted"))
    yield reservation
    reservations.fulfil(call.tenant, key, reservation)


UNSENT: Final = (
    SessionDisabled,
    SessionNotConnected,
    IdempotencyKeyReused,
    NotOnWhatsApp,
    NotInGroup,
    GroupForbids,
    GroupNotFound,
    TooFast,
    SendFailed,
)
"""Why a message may not have been sent."""
ACKNOWLEDGED: Final = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}
"""Statuses of messages that WhatsApp's server has."""

SentShape = Callable[[Message], Mapping[str, Any]]


def send_answer(call: Call, session_id: str, body: SendBody, shape: SentShape, *, at: str | None = None) -> Answer:
    """Send the message in ``body`` from the session, whose path is ``at``, else the one before this request's last."""
    message = bootstrap.outbox().send(
        call.tenant,
        session_id,
        to=person_or_group(body.to, field="to"),
        content=Text(text(body.message, field="message")),
        key=own_key(call),
    )
    # Chalice's path is the route's, with its variables' names.
    return answer(message, shape, at or call.request.path.rpartition("/")[0].replace("{id}", session_id))


def answer(message: Message, shape: SentShape, session_path: str) -> Answer:
    """Return the answer for a message that was taken in; it is found under its session's path."""
    return Answer(
        shape(message),
        status=200 if message.status in ACKNOWLEDGED else 202,
        headers={"Location": f"{session_path}/messages/{message.id}"},
    )
