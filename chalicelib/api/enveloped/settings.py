"""Seed 001's changes of a session's settings: all at once, or each at an address of its own."""

from typing import Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.bodies import EnabledBody, EnvelopedSettings, NameBody, WebhookBody
from chalicelib.api.call import Call
from chalicelib.api.enveloped.routes import MOVED
from chalicelib.api.fields import line, some_of, webhook
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import sessions as shapes
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission

router: Final = Router(__name__, shapes.error)
_WRITE: Final = Permission.SESSIONS_WRITE


@router.route("PUT", "/api/sessions/{id}", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED)
def change(call: Call, session_id: str, body: EnvelopedSettings) -> Answer:
    """Change what the body names."""
    return _change(call, session_id, body)


@router.route(
    "PUT", "/api/sessions/{id}/name", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED
)
def rename(call: Call, session_id: str, body: NameBody) -> Answer:
    """Change the name."""
    return _change(call, session_id, EnvelopedSettings(name=body.name))


@router.route(
    "PUT", "/api/sessions/{id}/webhook", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED
)
def set_webhook(call: Call, session_id: str, body: WebhookBody) -> Answer:
    """Change the webhook's address; one that was gone for good (410) is tried again, also when it is the same."""
    return _change(call, session_id, EnvelopedSettings(webhook_url=body.webhook_url))


@router.route(
    "PUT", "/api/sessions/{id}/enabled", needs=_WRITE, gives={200: Success[shapes.OneSessionJson]}, refuses=MOVED
)
def enable(call: Call, session_id: str, body: EnabledBody) -> Answer:
    """Switch sending and webhooks on or off."""
    return _change(call, session_id, EnvelopedSettings(enabled=body.enabled))


def _change(call: Call, session_id: str, body: EnvelopedSettings) -> Answer:
    session, changed = bootstrap.sessions().change(
        call.tenant,
        session_id,
        name=None if body.name is None else line(body.name, field="name"),
        enabled=body.enabled,
        webhook_url=_address(body.webhook_url),
        require_phone_match=body.require_phone_match,
    )
    some_of(body)  # last: what isn't there isn't there, whatever is to be changed of it
    said = "Session updated" if changed else "There was nothing to change: the session is as you want it"
    return Answer(shapes.one(session, said, with_secret=True))


def _address(given: str | msgspec.UnsetType | None) -> str | None:
    """Return the address to set, an empty one to remove what is set, None to leave that."""
    if given is msgspec.UNSET:
        return None
    return webhook(given, field="webhook_url") if given else ""
