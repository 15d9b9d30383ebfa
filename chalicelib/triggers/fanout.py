"""The stream's second consumer: an event is kept first, then told to watchers, then owed to the webhook's endpoint."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.changes import change
from chalicelib.triggers.batches import each
from chalicelib.triggers.notable import note

AT_ONCE: Final = 8
"""Sessions of a batch that are told of side by side. Lambda itself would keep the order of single items only, and a
watcher that goes on from an event it has seen must not miss one of before that."""


def handle(event: Mapping[str, Any]) -> dict[str, Any]:
    """Record, push and owe each record's event; the first that couldn't be is where the stream goes on."""
    return each(event, _tell, at_once=AT_ONCE)


def _tell(record: Mapping[str, Any]) -> None:
    envelope = change(record).event
    if envelope:
        bootstrap.history().record(envelope)
        bootstrap.push().push(envelope)
        bootstrap.webhooks().owe(envelope)
        note(envelope)
