"""What the requests of seeds 001 and 002 may hold, and what the other families' bodies are made of."""

from typing import Annotated

import msgspec

from chalicelib.dialects.bare.webhook import Event
from chalicelib.domain.messages import MAX_TEXT, MAX_TEXT_BYTES
from chalicelib.reading import DigitText

Line = Annotated[str, msgspec.Meta(max_length=100)]
Digits = Annotated[DigitText, msgspec.Meta(description="A phone number with its country code; a JSON number will do.")]
SessionId = Annotated[
    DigitText,
    msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; a JSON number will do."),
]
Name = Annotated[str, msgspec.Meta(max_length=100, description="A line of text, for people.")]
Phone = Annotated[DigitText, msgspec.Meta(description="With its country code; ``+`` or not.")]
Url = Annotated[str, msgspec.Meta(max_length=2048, description="A public https address.")]
Text = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_TEXT,
        description=f"Text, as people write it; besides, {MAX_TEXT_BYTES} bytes in UTF-8 at most.",
    ),
]


class LoginBody(msgspec.Struct):
    """A user's name and password."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    # The bound keeps hashing cheap: argon2 reads all of it.
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class EnvelopedSession(msgspec.Struct):
    """A new session; null is as good as absent."""

    phone: Annotated[Phone | None, msgspec.Meta(description="The number to link. It becomes the session's id.")] = None
    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="Where its events go: a public https address.")] = None
    enabled: Annotated[bool | None, msgspec.Meta(description="False: it sends nothing.")] = None
    require_phone_match: Annotated[
        bool | None,
        msgspec.Meta(description="True: an account that isn't ``phone``'s is unlinked as soon as it scans."),
    ] = None


class EnvelopedSettings(msgspec.Struct):
    """Changes of a session, one at least: what is absent stays as it is, and so does a null name or ``enabled``."""

    name: Name | None = None
    # ``GET`` shows null where there is no webhook: a client that sends a session back as it wants it means that.
    webhook_url: Annotated[
        Url | msgspec.UnsetType | None, msgspec.Meta(description="An empty address, or null, removes it.")
    ] = msgspec.UNSET
    enabled: Annotated[bool | None, msgspec.Meta(description="False: it sends nothing.")] = None
    require_phone_match: Annotated[
        bool | None,
        msgspec.Meta(
            description="True: an account that isn't ``phone``'s is unlinked as soon as it scans from now on."
        ),
    ] = None


class NameBody(msgspec.Struct):
    """A session's new name."""

    name: Name


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


class WebhookBody(msgspec.Struct):
    """A session's new webhook."""

    webhook_url: Annotated[Url, msgspec.Meta(description="A public https address; an empty one removes the webhook.")]


class EnabledBody(msgspec.Struct):
    """Whether a session sends anything."""

    enabled: bool


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


class SendBody(msgspec.Struct):
    """A message to send."""

    to: Annotated[DigitText, msgspec.Meta(description="A phone number with its country code, or a person's JID.")]
    message: Text
