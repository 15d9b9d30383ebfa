"""A message to send, as both families ask for it: checked, sent, answered 200 once acknowledged and 202 until then."""

from collections.abc import Callable
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.bodies import SendBody, read
from chalicelib.api.doorway import Call
from chalicelib.api.fields import key, text
from chalicelib.domain.jid import recipient
from chalicelib.domain.messages import Message, MessageStatus

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_ACKNOWLEDGED: Final = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}

SentShape = Callable[[Message], dict[str, Any]]


def send_answer(call: Call, session_id: str, shape: SentShape) -> Answer:
    """Send the message in the request's body from the session."""
    body = read(call.request, SendBody)
    message = bootstrap.outbox().send(
        call.tenant,
        session_id,
        to=recipient(body.to, field="to"),
        text=text(body.message, field="message"),
        key=key(call.request.headers.get(IDEMPOTENCY_KEY), field=IDEMPOTENCY_KEY),
    )
    # Chalice's path is the route's, with its variables' names.
    session_path = call.request.path.rpartition("/")[0].replace("{id}", session_id)
    return Answer(
        shape(message),
        status=200 if message.status in _ACKNOWLEDGED else 202,
        headers={"Location": f"{session_path}/messages/{message.id}"},
    )
