"""The wake queue's consumer: jobs that were put off."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib import bootstrap
from chalicelib.triggers.batches import every


def handle(event: Mapping[str, Any]) -> dict[str, Any]:
    """Run each job; a failed one comes again."""
    return every(event, _run)


def _run(body: str) -> None:
    match json.loads(body):
        case {"job": "reconcile", "uid": str(uid)}:
            bootstrap.reconciler().reconcile(uid)
        case {"job": "snapshot", "watcher": str(watcher)}:
            bootstrap.push().snapshot(watcher)
        case {"job": "fill_standbys"}:
            bootstrap.standbys().fill()
        case {"job": "greet", "channel": str(sid)}:
            bootstrap.socketio().greet(sid)
        case {"job": "beat", "channel": str(sid)}:
            bootstrap.socketio().beat(sid)
        case {"job": "part", "channel": str(sid)}:
            bootstrap.socketio().part(sid)
        case {"job": "still_lost", "uid": str(uid)}:
            bootstrap.rooms().still_lost(uid)
        case other:
            raise ValueError(f"an unknown job: {other}")
