"""The push queue's consumer: events of sessions that many watch, each session's one after the other."""

from collections.abc import Mapping
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.queues import read_push
from chalicelib.triggers.batches import every


def handle(event: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of each event; what AWS couldn't do just now comes again, before anything else of that session."""
    return every(event, lambda body: bootstrap.push().tell(read_push(body)))
