"""The ends of the workers' tasks, as ECS tells them: sooner than the lease would."""

from collections.abc import Mapping
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.tasks import ended


def handle(event: Mapping[str, Any]) -> None:
    """Free the lease of a worker whose task has stopped, and look at its session."""
    task = ended(event["detail"])
    if task:
        bootstrap.reconciler().worker_ended(
            task.worker, uid=task.uid, epoch=task.epoch, mailbox=task.mailbox, refusal=task.refusal
        )
