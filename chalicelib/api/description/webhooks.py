"""What is posted to a session's webhook, as OpenAPI 3.1 describes it: an example of each kind, in each family's words.

The families' own functions make the examples, as they make what is posted.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from chalicelib.api.call import JSON
from chalicelib.api.description.samples import MESSAGE, NOW, RECEIVED, SESSION
from chalicelib.dialects.dialect import Dialect
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Message, summary

_ABOUT: Final = """\
Posted to the session's webhook, with `webhook-id`, `webhook-timestamp` and `webhook-signature` as of
[Standard Webhooks](https://www.standardwebhooks.com), which the webhook's secret signs."""
_HEADERS: Final = {
    "webhook-id": "The event's id: the same in each attempt.",
    "webhook-timestamp": "When this attempt was made, in seconds since the Unix epoch.",
    "webhook-signature": "`v1,` and the signature in base64.",
}


def webhooks(dialects: Iterable[Dialect]) -> dict[str, Any]:
    """Return the description's ``webhooks``, each under the names of its family and of its event."""
    return {
        f"{dialect.name}: {event.type}": {
            "post": {
                "operationId": f"webhook{dialect.name.title()}{event.type.title().replace('.', '')}",
                "tags": [dialect.tag.name],
                "summary": said,
                **_posted(dialect.webhook.body(event, message, SESSION)),
            }
        }
        for dialect in dialects
        if dialect.webhook and dialect.tag
        for event, message, said in _events()
    }


def _events() -> list[tuple[Envelope, Message | None, str]]:
    linked = SESSION.last_event
    told = [
        (_event("message.received", summary(RECEIVED)), RECEIVED, "A message came in."),
        (_event("message.sent", summary(MESSAGE)), MESSAGE, "WhatsApp took a message of yours."),
    ]
    return told + ([(_event(linked.type, linked.data), None, "The session is linked and online.")] if linked else [])


def _event(kind: str, data: Any) -> Envelope:
    cursor = "2026-01-01T00:00:00.000#0000000000000000000000000000000000000042"
    return Envelope("01KDVM3W00EVENT00000000A1", kind, SESSION.tenant, SESSION.id, SESSION.uid, NOW, cursor, data)


def _posted(body: bytes) -> dict[str, Any]:
    return {
        "description": _ABOUT,
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
            for header, about in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"type": "object"}, "example": json.loads(body)}},
        },
        "responses": {
            "2XX": {"description": "It was taken."},
            "410": {"description": "Nothing more is wanted: the webhook is disabled."},
            "default": {"description": "It is tried again later."},
        },
    }
