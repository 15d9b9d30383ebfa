"""Partial batch failures: what AWS is told so that it repeats no more than it has to."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Misconfigured, Unavailable

log = logging.getLogger(__name__)

PASSING = (Unavailable, Contended, Misconfigured)
"""What comes again: a retry mends it, or somebody who mends a permission, and then sends again what failed till then.

Anything else is refused for good or a bug, told loudly once, and must not hold up what comes behind it.
"""


def each(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None], *, at_once: int = 1) -> dict[str, Any]:
    """Run ``act`` on each stream record; from the first that fails for now on, all come again.

    Records of one partition are taken in order. With ``at_once`` over 1 as many partitions are taken side by side, and
    some of what comes again has been done then.
    """
    records = event["Records"]
    if at_once == 1 or len(lanes := _lanes(records)) == 1:
        stopped = [_stopped_at(records, act)]
    else:
        with ThreadPoolExecutor(at_once) as pool:
            stopped = list(pool.map(lambda lane: _stopped_at(lane, act), lanes))
    failed = [sequence for sequence in stopped if sequence is not None]
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}] if failed else []}


def _lanes(records: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    lanes: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        lanes.setdefault(record["dynamodb"]["Keys"]["pk"]["S"], []).append(record)
    return list(lanes.values())


def _stopped_at(records: Iterable[Mapping[str, Any]], act: Callable[[Mapping[str, Any]], None]) -> str | None:
    """Return the sequence number of the record that has to come again, and before which all went well."""
    for record in records:
        sequence: str = record["dynamodb"]["SequenceNumber"]
        try:
            act(record)
        except PASSING:
            log.warning("a stream record comes again", extra={"sequence": sequence}, exc_info=True)
            return sequence
        except Exception:
            log.exception("a stream record can't be handled", extra={"sequence": sequence})
    return None


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
