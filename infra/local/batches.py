"""What Lambda's stream poller does with a batch whose function failed: what is tried again, in which pieces, how often.

Pure: the pump calls the function and waits.
"""

from dataclasses import dataclass
from typing import Any

from infra.local.mappings import Mapping
from infra.local.shard import Record


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to be handed over together; ``attempts`` have failed so far."""

    records: tuple[Record, ...]
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows an attempt: ``again`` in that order, before any later record, and what is given up."""

    again: tuple[Batch, ...] = ()
    dropped: tuple[Record, ...] = ()


def first_failed(batch: Batch, answer: Any, *, partial: bool) -> int | None:
    """Return the index from which on the function's answer makes records fail, or None if all went well.

    AWS's rules: an answer without failures is success; an identifier that is missing or unknown fails the whole batch.
    """
    failures = answer.get("batchItemFailures") if partial and isinstance(answer, dict) else None
    if not failures:
        return None
    places = {str(record.sequence): index for index, record in enumerate(batch.records)}
    return min(places.get(one.get("itemIdentifier") or "", 0) for one in failures)


def after_failure(batch: Batch, index: int, policy: Mapping, now: int) -> Verdict:
    """Decide what follows when the records from ``index`` on failed; ``now`` in milliseconds."""
    failed = batch.records[index:]
    fresh = tuple(one for one in failed if not _too_old(one, policy, now))
    dropped = tuple(one for one in failed if _too_old(one, policy, now))
    if not fresh:
        return Verdict(dropped=dropped)
    if policy.bisect and len(fresh) > 1:
        return Verdict(_halves(fresh, index, batch.attempts), dropped)
    # Progress starts the count anew: what failed now wasn't the first of the batch before.
    attempts = 1 if index else batch.attempts + 1
    if policy.retries is not None and attempts > policy.retries:
        return Verdict(dropped=(*dropped, *fresh))
    return Verdict((Batch(fresh, attempts),), dropped)


def _halves(records: tuple[Record, ...], index: int, attempts: int) -> tuple[Batch, ...]:
    """Split so that one bad record ends up alone; splitting counts as no attempt."""
    attempts = 0 if index else attempts
    middle = len(records) // 2
    return Batch(records[:middle], attempts), Batch(records[middle:], attempts)


def _too_old(record: Record, policy: Mapping, now: int) -> bool:
    return policy.max_age_s is not None and now - record.created > policy.max_age_s * 1000
