"""Examples of the bare API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.about import VERSION
from chalicelib.api.bare import routes, sending
from chalicelib.api.description.samples import CODE, MESSAGE, NOW, SCANNING, SESSION
from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.domain.messages import Attempt, Report

ANSWERS: Final[Mapping[Any, Any]] = {
    bare.BareSessionJson: bare.session(SESSION),
    bare.BareSessionPageJson: bare.many([SESSION], None),
    bare.BareCreatedJson: bare.created(SCANNING, NOW),
    bare.BareCodeJson: bare.code(SCANNING, CODE, NOW),
    bare.BareGoneJson: bare.gone(SESSION.id, at_once=True),
    bare.BareStatusJson: bare.status(
        bare.counts([SESSION, SCANNING], complete=True),
        version=VERSION,
        uptime=90,
        latency=7,
        now=NOW,
    ),
    bare_webhook.BareWebhookJson: bare_webhook.webhook(SESSION),
    bare_webhook.BareWebhookGoneJson: bare_webhook.removed(SESSION.id, there_was_one=True),
    bare_messages.BareSentJson: bare_messages.sent(MESSAGE),
    bare_messages.BareForwardedJson: bare_messages.forwarded(MESSAGE, "3EB0C767D0F2B64C7C5B"),
    bare_messages.BareForwardedJson | bare_messages.BareForwardsJson: bare_messages.forwarded(
        MESSAGE, "3EB0C767D0F2B64C7C5B"
    ),
    bare_messages.BareForwardsJson: bare_messages.forwards(
        Report((Attempt("+628987654321", MESSAGE),)), "3EB0C767D0F2B64C7C5B", NOW
    ),
    bare_messages.BareStatusSentJson: bare_messages.status_sent(MESSAGE),
    bare_messages.BareReadJson: bare_messages.read(MESSAGE.id, 0),
    bare_messages.BareMessageJson: bare_messages.message(MESSAGE, read=True),
    bare_messages.BareMessagePageJson: bare_messages.many([MESSAGE], MESSAGE.id, seen=[MESSAGE.id]),
}
BODIES: Final[tuple[msgspec.Struct, ...]] = (
    routes.BareSession(session_id="shop.7", phone_number="+6281234567890", name="Shop"),
    routes.BareWebhook(
        "https://example.com/hook",
        events=["message", "status"],
        secret="a secret of your own",  # noqa: S106 - an example
    ),
    sending.BareMedia("+628987654321", "https://example.com/menu.png", "Menu", "image"),
    sending.BareForward(MESSAGE.id, "+628987654321"),
    sending.BareForwardBulk(MESSAGE.id, ["+628987654321", "+4366012345"]),
    sending.BareStatus("Closed today", background_color="#1f7aec"),
)
