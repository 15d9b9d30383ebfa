"""Partial batch failures: Lambda repeats only the stream records and queue messages that are reported as failed."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Misconfigured, Unavailable

log = logging.getLogger(__name__)

PASSING = (Unavailable, Contended, Misconfigured)
"""Errors after which a record is retried: they pass with time, or once an operator has corrected a permission.

Any other error is a permanent refusal or a bug: it is logged once with its traceback, and the record is passed over, so
that later records aren't held up.
"""


def each(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None], *, at_once: int = 1) -> dict[str, Any]:
    """Run ``act`` on each stream record; returns Lambda's ``batchItemFailures``.

    After a passing error the batch comes again from the earliest failed record on. Records of one partition key are
    taken in order. With ``at_once`` over 1, so many partition keys are taken side by side; some of the records that
    come again have been handled then, so ``act`` must be repeatable.
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
    """Return the sequence number of the first record that has to come again; None if there is none."""
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
    """Run ``act`` on each queue message's body, ``at_once`` at a time; returns Lambda's ``batchItemFailures``.

    Messages that fail, for whatever reason, come again, and go to the dead letters after the queue's maximum.
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
