"""The webhook queue's consumer: one attempt a message, those of a batch side by side."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.adapters.queues import read_delivery
from chalicelib.triggers.batches import every

AT_ONCE: Final = 10
"""Attempts at a time: a whole batch, so that an endpoint that is slow holds up none of the others in it."""


def handle(event: Mapping[str, Any]) -> dict[str, Any]:
    """Make each attempt; what AWS couldn't do just now comes again, an endpoint's refusal is queued anew by itself."""
    # Made here: in the threads, many at once would make clients, which boto3 doesn't allow.
    webhooks = bootstrap.webhooks()
    return every(event, lambda body: webhooks.attempt(read_delivery(body)), at_once=AT_ONCE)
