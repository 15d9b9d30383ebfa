"""The bodies of the bare API's requests, in camelCase."""

from typing import Annotated

import msgspec

from chalicelib.api.bodies import Name, Phone, SessionId, Url
from chalicelib.dialects.bare.webhook import Event


class BareSession(msgspec.Struct, rename="camel"):
    """A new session; null is as good as absent."""

    session_id: Annotated[
        SessionId | None,
        msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; made up if it is absent."),
    ] = None
    phone_number: Annotated[Phone | None, msgspec.Meta(description="The number to link.")] = None
    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="Where its events go: a public https address.")] = None
    require_phone_match: Annotated[
        bool | None,
        msgspec.Meta(description="True: an account that isn't ``phoneNumber``'s is unlinked as soon as it scans."),
    ] = None


class BareWebhook(msgspec.Struct, rename="camel"):
    """Where a session's events go."""

    webhook_url: Url | None = None
    url: Annotated[Url | None, msgspec.Meta(description="The older name of ``webhookUrl``.")] = None
    events: Annotated[
        Annotated[list[Event], msgspec.Meta(min_length=1, max_length=20)] | None,
        msgspec.Meta(description="Those to tell of; all if none is named."),
    ] = None
    secret: Annotated[
        Annotated[str, msgspec.Meta(max_length=256)] | None,
        msgspec.Meta(description="What ``X-Webhook-Signature`` and its ``-V2`` are made with: 8 characters or more."),
    ] = None
