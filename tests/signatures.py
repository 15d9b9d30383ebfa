"""Webhook signatures as receivers check them: with the library of the Standard Webhooks."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Self
from unittest.mock import patch

from standardwebhooks import Webhook, WebhookVerificationError

__all__ = ["TOLERANCE", "WebhookVerificationError", "verify"]

TOLERANCE = 300_000
"""Milliseconds that the library lets a timestamp be off, either way."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: int) -> None:
    """Raise WebhookVerificationError unless the headers are good for this body at ``now`` (milliseconds)."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(now / 1000, tz or UTC)

    with patch("standardwebhooks.webhooks.datetime", Clock):
        Webhook(secret).verify(body, dict(headers), json_parse=False)
