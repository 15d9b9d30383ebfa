"""Seed 002's routes for a session's webhook; what is set here is told in that family's words."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.bare.routes import MOVED
from chalicelib.api.bodies import BareWebhook
from chalicelib.api.call import Call
from chalicelib.api.fields import line, webhook
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.bare import webhook as shapes
from chalicelib.dialects.bare.sessions import error
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import InvalidField

router: Final = Router(__name__, error, anonymous=True)
SHORTEST: Final = 8
"""Characters of a secret that a caller brings along."""


@router.route(
    "POST",
    "/sessions/{id}/webhook",
    needs=Permission.SESSIONS_WRITE,
    gives={200: shapes.BareWebhookJson},
    refuses=(*MOVED, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def set_webhook(call: Call, name: str, body: BareWebhook) -> Answer:
    """Have the session's events posted to an address, those that are named or all."""
    url = _address(body)
    wanted = set(body.events or shapes.EVENTS)
    events = tuple(event for event in shapes.EVENTS if event in wanted)
    key = _key(body.secret) if body.secret is not None else None
    sessions = bootstrap.sessions()
    with once(call, body) as made:
        if made and made.made:
            session = sessions.get(call.tenant, name)
        else:
            session = sessions.set_webhook(call.tenant, name, url, words=shapes.FORMAT, events=events, key=key)
    return Answer(shapes.webhook(session))


@router.route(
    "DELETE",
    "/sessions/{id}/webhook",
    needs=Permission.SESSIONS_WRITE,
    gives={200: shapes.BareWebhookGoneJson},
    refuses=MOVED,
)
def remove_webhook(call: Call, name: str) -> Answer:
    """Have nothing posted any more."""
    _, changed = bootstrap.sessions().change(call.tenant, name, webhook_url="")
    return Answer(shapes.removed(name, there_was_one=changed))


def _address(body: BareWebhook) -> str:
    field = "webhookUrl" if body.webhook_url is not None or body.url is None else "url"
    address = body.webhook_url if body.webhook_url is not None else body.url
    if not address:
        raise InvalidField(f"'{field}' is missing.", field=field)
    return webhook(address, field=field)


def _key(secret: str) -> str:
    if len(secret) < SHORTEST:
        raise InvalidField(f"'secret' must have {SHORTEST} characters or more.", field="secret")
    return line(secret, field="secret")
