"""Webhook signatures by the Standard Webhooks scheme (standardwebhooks.com): symmetric, ``v1``, ``whsec_`` secrets.

Signed is ``id.timestamp.body`` by HMAC-SHA256 with the bytes behind the secret's prefix. The id is the same in every
attempt, so a receiver can drop what it has seen; the timestamp is the attempt's own, so that an old one can't be
replayed.
"""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
VERSION: Final = "v1"
ENTROPY: Final = 32
"""Bytes of a secret; the scheme allows 24 to 64."""

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"


def secret_of(entropy: bytes) -> str:
    """Return random bytes as a secret."""
    return PREFIX + b64encode(entropy).decode()


def headers(secret: str, webhook_id: str, body: bytes, *, now: int) -> dict[str, str]:
    """Return the three headers of an attempt at ``now`` (milliseconds since the Unix epoch)."""
    seconds = str(now // 1000)
    return {ID: webhook_id, TIMESTAMP: seconds, SIGNATURE: f"{VERSION},{_digest(secret, webhook_id, seconds, body)}"}


def timed(secret: str, body: bytes, *, now: int) -> str:
    """Return a signature that holds its own time, ``t=<seconds>,v1=<hex>``, by the secret's own characters.

    Signed is ``<seconds>.<body>`` by HMAC-SHA256, as Stripe does, so that its libraries can verify it; ``now`` is in
    milliseconds since the Unix epoch. A receiver that refuses old timestamps is safe from replayed requests.
    """
    seconds = now // 1000
    return f"t={seconds},v1={hex_digest(secret, f'{seconds}.'.encode() + body)}"


def hex_digest(secret: str, body: bytes) -> str:
    """Return the body's HMAC-SHA256 in hexadecimal, by the secret's own characters: an older, plainer scheme.

    It signs no timestamp, so a recorded request can be replayed for as long as the secret is in use.
    """
    return hmac.digest(secret.encode(), body, sha256).hex()


def _digest(secret: str, webhook_id: str, seconds: str, body: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(hmac.digest(key, f"{webhook_id}.{seconds}.".encode() + body, sha256)).decode()
