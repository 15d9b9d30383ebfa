"""The native API's events: one shape in lists, on WebSockets and, with more beside it, in webhooks.

``cursor`` says where an event stands among all of its session's: it sorts as text does, and can stand in an address. In
history it has a ``#`` in the place of the ``_``, which would begin an address's fragment.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypedDict

from chalicelib.dialects.native import messages, webhook
from chalicelib.dialects.shared import Moment, fits, iso
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import QRCode
from chalicelib.domain.webhook import MESSAGE_EVENTS, SESSION_EVENTS

TYPES: Final = (
    MESSAGE_EVENTS
    | SESSION_EVENTS
    | {e.DELETED, e.WebhookFailing.type, e.WebhookRecovered.type, e.WebhookDisabled.type}
)
"""What is told; all other events are the gateway's own affair."""
CURSOR: Final = re.compile(r"[0-9A-Za-z:.+-]{1,64}[_#][0-9]{1,64}")
"""Also as webhooks had it before there were addresses to hand it back in."""


class NativeEventJson(TypedDict):
    """Something that happened to a session, or to one of its messages."""

    id: Annotated[str, "Stays the same if the event is told again."]
    type: Annotated[str, "Such as ``message.received`` or ``session.connected``."]
    session: str
    at: Moment
    cursor: Annotated[str, "Hand it back as ``since`` for what came after."]
    data: Annotated[dict[str, Any], "The message as it stood then, or how the session stood."]


class NativeTicketJson(TypedDict):
    """A ticket for the WebSocket."""

    ticket: Annotated[str, "A secret; it opens one WebSocket, as ``?token=``."]
    expires_at: Moment


def ticket(secret: str, expires_at: int) -> NativeTicketJson:
    """Return a ticket."""
    return {"ticket": secret, "expires_at": iso(expires_at)}


def event(of: Envelope, qr: QRCode | None = None) -> NativeEventJson:
    """Return an event; with the code that it is about, for those who may see that."""
    data = _message(of) if of.type in MESSAGE_EVENTS else webhook.moments(of.data)
    if qr is not None:
        data |= {"code": qr.code, "image": qr.image}
    return {
        "id": of.id,
        "type": of.type,
        "session": of.session,
        "at": iso(of.at),
        "cursor": written(of.cursor),
        "data": data,
    }


def frame(of: NativeEventJson) -> str:
    """Return an event as JSON for a frame.

    A message that a frame has no room for is told without its content: ``data`` has ``truncated``, and as ``url`` the
    path of the call that gives the message.
    """
    text = _json(of)
    if fits(text):
        return text
    kept = (
        "id",
        "whatsapp_id",
        "direction",
        "from_me",
        "status",
        "type",
        "chat_id",
        "chat_lid",
        "client_ref",
        "sender",
    )
    data = {name: of["data"][name] for name in kept if name in of["data"]}
    url = f"/v1/sessions/{of['session']}"
    if "id" in data:
        url += f"/messages/{data['id']}"
    return _json({**of, "data": {**data, "truncated": True, "url": url}})


def _message(of: Envelope) -> dict[str, Any]:
    """The message as it stood then; what is left of one that is gone."""
    if of.message is not None:
        return messages.message(of.message, event=of.data)
    names = {"message": "id", "kind": "type", "chat": "chat_id"}
    return {names.get(name, name): value for name, value in of.data.items()}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def written(cursor: str) -> str:
    """Return a cursor of history as clients have it."""
    return cursor.replace("#", "_")


def read(cursor: str) -> str:
    """Return a client's cursor as history has it."""
    return cursor.replace("_", "#")
