"""The stream's first consumer: a record says which session, the reconciler reads what stands."""

from collections.abc import Mapping
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.changes import change
from chalicelib.triggers.batches import each


def handle(event: Mapping[str, Any]) -> dict[str, Any]:
    """Reconcile each record's session; the first that couldn't be is where the stream goes on."""
    return each(event, lambda record: bootstrap.reconciler().reconcile(change(record).uid))
