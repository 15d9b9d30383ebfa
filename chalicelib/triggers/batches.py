"""Partial batch failures: what AWS is told so that it repeats no more than it has to."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Unavailable

log = logging.getLogger(__name__)

PASSING = (Unavailable, Contended)
"""What a retry can mend; anything else is a bug, told loudly once, and must not hold up what comes behind it."""


def each(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Run ``act`` on each stream record in order; from the first that fails for now on, all come again."""
    for record in event["Records"]:
        try:
            act(record)
        except PASSING:
            sequence = record["dynamodb"]["SequenceNumber"]
            log.warning("a stream record comes again", extra={"sequence": sequence}, exc_info=True)
            return {"batchItemFailures": [{"itemIdentifier": sequence}]}
        except Exception:
            log.exception("a stream record can't be handled", extra={"sequence": record["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": []}


def every(event: Mapping[str, Any], act: Callable[[str], object], *, at_once: int = 1) -> dict[str, Any]:
    """Run ``act`` on each queue message's body, ``at_once`` at a time.

    Those that fail come again, and in the end go to the dead letters.
    """

    def done(message: Mapping[str, Any]) -> bool:
        try:
            act(message["body"])
        except Exception:
            log.exception("a queued job failed", extra={"message_id": message["messageId"]})
            return False
        return True

    with ThreadPoolExecutor(at_once) as pool:
        outcomes = list(pool.map(done, event["Records"]))
    failed = [message for message, good in zip(event["Records"], outcomes, strict=True) if not good]
    return {"batchItemFailures": [{"itemIdentifier": message["messageId"]} for message in failed]}
