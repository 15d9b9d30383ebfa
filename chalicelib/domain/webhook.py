"""Webhooks: which events a session's endpoint is to get, how they are signed, and what follows each attempt.

Signatures are those of Standard Webhooks (https://www.standardwebhooks.com): symmetric, ``v1``, ``whsec_`` secrets.
"""

import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from chalicelib.domain.events import (
    CREATED,
    Envelope,
    PairingCodeLapsed,
    PairingCodeTaken,
    PasskeyConfirmationRequested,
)
from chalicelib.domain.messages import PLAYED, MessageStatus
from chalicelib.domain.session import Session, WebhookFailure
from chalicelib.domain.transitions import NEXT

MESSAGE_EVENTS: Final = frozenset(
    f"message.{status}"
    for status in (*MessageStatus, PLAYED)
    if status not in {MessageStatus.QUEUED, MessageStatus.SENDING}
)
"""A message received, and each outcome of one to send."""

SESSION_EVENTS: Final = frozenset(
    {CREATED, PairingCodeTaken.type, PairingCodeLapsed.type, PasskeyConfirmationRequested.type}
    | {event.type for (before, event), then in NEXT.items() if then != before}
)
"""The creation of a session, each change of its status, and what somebody must do to link it.

Its removal isn't here: there is no endpoint any more.
"""

BACKOFF: Final = (5, 30, 120, 600)
"""Seconds before each further attempt, after the first one at once.

These are short enough (15 minutes) for a queue's delay. The far steps (1 h, 6 h, 12 h, 24 h) go behind them; a delivery
in a far step waits in the table for the sweep, by the index ``due``.
"""

LONGEST_WAIT: Final = 1800
"""Seconds that an endpoint may put an attempt off by Retry-After: two delays of a queue.

Lambda stops a function that has called itself through a queue some 16 times in a row; a delivery takes 9 at the most.
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event to deliver to its session's endpoint, by reference: the payload is read and made at each attempt.

    ``event`` is the event's id, ``cursor`` where it stands in history, ``message`` the id of the message it is about.
    ``attempt`` counts from 1, and isn't made before ``not_before`` (milliseconds since the Unix epoch).
    """

    uid: str
    event: str
    cursor: str
    message: str | None = None
    attempt: int = 1
    not_before: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an attempt: the endpoint's ``status`` and Retry-After (seconds), or a ``trouble``'s code."""

    status: int | None = None
    retry_after: int | None = None
    trouble: str | None = None

    @property
    def reason(self) -> str:
        """Return why the attempt failed, as a code that ``FAILURES`` has a sentence for."""
        if self.status is None:
            return self.trouble or "connection"
        if self.status == HTTPStatus.GONE:
            return "gone"
        return "redirect" if 300 <= self.status < 400 else "http_error"

    @property
    def success(self) -> bool:
        """Whether the endpoint took the event: a 2xx, nothing else. A redirect isn't followed, and is a failure."""
        return self.status is not None and 200 <= self.status < 300


FAILURES: Final[dict[str, str]] = {
    "http_error": "The endpoint's answer was no 2xx.",
    "redirect": "The endpoint answered with a redirect, which isn't followed.",
    "gone": "The endpoint answered that it is gone for good.",
    "timeout": "The endpoint didn't answer in time.",
    "connection": "The endpoint couldn't be reached, or hung up.",
    "tls": "The endpoint's certificate isn't valid, or it speaks no TLS.",
    "no_http": "What the endpoint answered isn't HTTP.",
    "not_resolved": "The endpoint's name isn't known to the DNS.",
    "address_refused": "The endpoint's name leads to an address that isn't a public one.",
    "not_an_endpoint": "The address isn't one that webhooks may go to.",
}
"""Why deliveries fail: a code for programs, a sentence for people."""

NOTED_AGAIN: Final = 60_000
"""Milliseconds after which a failure like the one before is written on the session once more."""


class Verdict(StrEnum):
    """What an attempt means for its delivery."""

    DELIVERED = "delivered"
    RETRY = "retry"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What follows an attempt at a delivery: the verdict and, if it is RETRY, ``again``, the next attempt."""

    verdict: Verdict
    again: Delivery | None = None


def reachable(session: Session | None) -> bool:
    """Whether the session has an endpoint that may be told."""
    return bool(
        session
        and session.enabled
        and not session.suspended
        and session.webhook_url
        and session.webhook_secret
        and session.webhook_disabled_at is None
    )


NOTED_FOR: Final = 600_000
"""Milliseconds for which the fan-out goes by its note of an endpoint before it looks at the session again."""


@dataclass(frozen=True, slots=True)
class EndpointNote:
    """What the fan-out has noted of the endpoint of the session ``uid``, so as not to read the session for each event.

    ``types`` are the types of messages' events that the endpoint is told of, none where there is no endpoint. None says
    that more than the type decides. The note holds ``until`` then, in milliseconds since the Unix epoch.
    """

    uid: str
    until: int
    types: tuple[str, ...] | None = None

    def holds(self, uid: str, *, now: int, since: int = 0) -> bool:
        """Whether it is about that session, and not too old; one that was written before ``since`` is."""
        return self.uid == uid and now < self.until and since <= self.until - NOTED_FOR


def interests(event_type: str) -> bool:
    """Whether events of this type are delivered to endpoints at all."""
    return event_type in MESSAGE_EVENTS or event_type in SESSION_EVENTS


def owed(envelope: Envelope, session: Session | None) -> bool:
    """Whether the event is to be delivered to the session's endpoint, by the session's settings."""
    if session is None or session.uid != envelope.uid:
        return False
    return reachable(session) and interests(envelope.type)


def delivery_of(envelope: Envelope) -> Delivery:
    """Return the delivery of the event."""
    message = envelope.message.id if envelope.message else None
    return Delivery(uid=envelope.uid, event=envelope.id, cursor=envelope.cursor, message=message)


def failure(delivery: Delivery, outcome: Outcome, decision: RetryDecision, *, now: int) -> WebhookFailure:
    """Return what is written on the session about a failed attempt."""
    return WebhookFailure(
        at=now,
        event=delivery.event,
        attempts=delivery.attempt,
        reason=outcome.reason,
        status=outcome.status,
        given_up=decision.again is None,
        next_at=decision.again.not_before if decision.again else None,
    )


def news(before: WebhookFailure | None, now: WebhookFailure) -> bool:
    """Whether a failure is to be written on the session: the first one, another kind of failure, or one a minute later.

    An endpoint that is down fails for each event, and each write competes with the session's other changes.
    """
    if before is None or now.at - before.at >= NOTED_AGAIN:
        return True
    return (before.status, before.reason, before.given_up) != (now.status, now.reason, now.given_up)


def attempted(delivery: Delivery, outcome: Outcome, *, now: int) -> RetryDecision:
    """Return what follows from ``outcome`` at ``now`` (milliseconds since the Unix epoch)."""
    if outcome.success:
        return RetryDecision(Verdict.DELIVERED)
    if outcome.status == HTTPStatus.GONE:
        return RetryDecision(Verdict.GONE)
    if delivery.attempt > len(BACKOFF):
        return RetryDecision(Verdict.FAILED)
    asked = min(outcome.retry_after or 0, LONGEST_WAIT)
    wait = max(BACKOFF[delivery.attempt - 1], asked)
    return RetryDecision(Verdict.RETRY, replace(delivery, attempt=delivery.attempt + 1, not_before=now + wait * 1000))


WHSEC_PREFIX: Final = "whsec_"
SIGNATURE_VERSION: Final = "v1"
SECRET_SIZE: Final = 32
"""Bytes of a secret; the scheme allows 24 to 64."""

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"


def secret_of(entropy: bytes) -> str:
    """Return random bytes as a secret."""
    return WHSEC_PREFIX + b64encode(entropy).decode()


def signature_headers(secret: str, webhook_id: str, body: bytes, *, now: int) -> dict[str, str]:
    """Return the three headers of an attempt at ``now`` (milliseconds since the Unix epoch), by Standard Webhooks.

    Signed is ``id.timestamp.body`` by HMAC-SHA256 with the bytes behind the secret's prefix. The id is the same in
    every attempt, so a receiver can drop what it has seen; the timestamp is the attempt's own, so that an old one can't
    be replayed.
    """
    seconds = str(now // 1000)
    return {
        ID_HEADER: webhook_id,
        TIMESTAMP_HEADER: seconds,
        SIGNATURE_HEADER: f"{SIGNATURE_VERSION},{_digest(secret, webhook_id, seconds, body)}",
    }


def timed_signature(secret: str, body: bytes, *, now: int) -> str:
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
    key = b64decode(secret.removeprefix(WHSEC_PREFIX))
    return b64encode(hmac.digest(key, f"{webhook_id}.{seconds}.".encode() + body, sha256)).decode()
