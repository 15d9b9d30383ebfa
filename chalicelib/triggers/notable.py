"""What somebody should look at, as lines in the log: the template's metric filters count them, and its alarms tell.

The fan-out sees every event, and some twice: a count may be too high, never too low.
"""

import logging
from typing import Final

from chalicelib.domain.events import Disconnected, Envelope, SettingsChanged, WebhookDisabled, WorkerClaimed
from chalicelib.domain.reasons import Reason
from chalicelib.domain.session import Status

FAILED: Final = "session.failed"
WORKER_LOST: Final = "session.worker_lost"
CLIENT_RESTARTED: Final = "session.client_restarted"

UNMOVED: Final = (SettingsChanged.type, WebhookDisabled.type)
"""Events that leave the status as it is: one that failed fails no second time."""

log = logging.getLogger(__name__)


def note(envelope: Envelope) -> None:
    """Write a line about a session that failed for good, with the reason, or lost its worker or the client in it."""
    reason = envelope.data.get("reason")
    about = {"uid": envelope.uid, "event_id": envelope.id, "reason": reason}
    if envelope.data.get("status") == Status.FAILED and envelope.type not in UNMOVED:
        log.error(FAILED, extra=about)
    elif envelope.type == WorkerClaimed.type and reason == Reason.WORKER_LOST:
        log.warning(WORKER_LOST, extra=about)
    elif envelope.type == Disconnected.type and reason == Reason.CLIENT_RESTARTED:
        log.warning(CLIENT_RESTARTED, extra=about)
