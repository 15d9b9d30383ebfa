"""The stream pump: one mapping's records, in order, to one function, until each is processed or given up.

Pure: the pump calls the function and waits.
"""

import asyncio
import json
import logging
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from infra.local.functions import Function
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.local.mappings import Mapping
from infra.local.shard import Key, LocalShard, Record


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to be handed over together; ``attempts`` have failed so far."""

    records: tuple[Record, ...]
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class BatchVerdict:
    """What follows an attempt: the batches to try ``again``, in order and before later records, and those given up."""

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


def after_failure(batch: Batch, index: int, policy: Mapping, now: int) -> BatchVerdict:
    """Decide what follows when the records from ``index`` on failed; ``now`` in milliseconds."""
    failed = batch.records[index:]
    fresh = tuple(one for one in failed if not _too_old(one, policy, now))
    dropped = tuple(one for one in failed if _too_old(one, policy, now))
    if not fresh:
        return BatchVerdict(dropped=dropped)
    if policy.bisect and len(fresh) > 1:
        return BatchVerdict(_halves(fresh, index, batch.attempts), dropped)
    # Progress starts the count anew: what failed now wasn't the first of the batch before.
    attempts = 1 if index else batch.attempts + 1
    if policy.retries is not None and attempts > policy.retries:
        return BatchVerdict(dropped=(*dropped, *fresh))
    return BatchVerdict((Batch(fresh, attempts),), dropped)


def _halves(records: tuple[Record, ...], index: int, attempts: int) -> tuple[Batch, ...]:
    """Split so that one bad record ends up alone; splitting counts as no attempt."""
    attempts = 0 if index else attempts
    middle = len(records) // 2
    return Batch(records[:middle], attempts), Batch(records[middle:], attempts)


def _too_old(record: Record, policy: Mapping, now: int) -> bool:
    return policy.max_age_s is not None and now - record.created > policy.max_age_s * 1000


FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 10.0

log = logging.getLogger(__name__)


class StreamPump:
    """Reads ``shard`` from where it was; ``complain`` gets a sentence for each record that is given up.

    As many batches as the mapping says are worked on side by side, the changes of one item always in order: each item
    belongs to one lane, which has a place in the stream of its own.
    """

    def __init__(
        self,
        policy: Mapping,
        shard: LocalShard,
        function: Function,
        complain: Callable[[str], None],
        latencies: Latencies = NO_LATENCIES,
    ) -> None:
        alarm = _Alarm()
        self._lanes = [
            _Lane(policy, shard, function, complain, place, alarm=alarm, latencies=latencies)
            for place in range(policy.parallel)
        ]

    async def run(self) -> None:
        """Pump until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


class _Alarm:
    """Wakes all lanes of a pump at once: a writer, who is another thread, would write to the event loop for each."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sleepers: list[asyncio.Event] = []
        self._rung = False

    def sleeper(self) -> asyncio.Event:
        """Return an event of its own, which is set at each alarm."""
        one = asyncio.Event()
        self._sleepers.append(one)
        return one

    def ring(self) -> None:
        """Wake the lanes soon, from any thread."""
        # The loop may be gone when the last of the writers writes.
        if not (self._rung or self._loop.is_closed()):
            self._rung = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._rung = False
        for one in self._sleepers:
            one.set()


class _Lane:
    def __init__(
        self,
        policy: Mapping,
        shard: LocalShard,
        function: Function,
        complain: Callable[[str], None],
        place: int,
        *,
        alarm: _Alarm,
        latencies: Latencies,
    ) -> None:
        self._policy = policy
        self._function = function
        self._complain = complain
        self._place = place
        self._latencies = latencies
        self._more = alarm.sleeper()
        # Another factor gives the items to other lanes: those begin with all that is kept.
        name = policy.name if policy.parallel == 1 else f"{policy.name} {place + 1} of {policy.parallel}"
        self._reader = shard.reader(name, alarm.ring)

    async def run(self) -> None:
        """Pump until cancelled."""
        polled = not self._latencies.table
        while True:
            self._more.clear()
            records = self._reader.read(self._policy.batch_size * self._policy.parallel)
            if not records:
                await self._more.wait()
                continue
            mine = [one for one in records if lane(one.key, self._policy.parallel) == self._place]
            batch = mine[: self._policy.batch_size]
            wanted = tuple(one for one in batch if self._policy.wants(_parsed(one.body)))
            if wanted and not polled:
                # As Lambda polls a shard now and then: what is added meanwhile comes with the same batch.
                await self._latencies.since("stream to lambda", self._policy.function, wanted[0].created / 1000)
                polled = True
                continue
            polled = not self._latencies.table
            if wanted:
                await self._deliver(Batch(wanted))
            place = records[-1].sequence if len(batch) == len(mine) else batch[-1].sequence
            self._reader.done(place, kept=bool(wanted))

    async def _deliver(self, batch: Batch) -> None:
        waiting = [batch]
        while waiting:
            batch = waiting.pop(0)
            index = await self._attempt(batch)
            if index is None:
                continue
            verdict = after_failure(batch, index, self._policy, time.time_ns() // 1_000_000)
            for record in verdict.dropped:
                self._complain(f"{self._policy.name} gave up on a change of {' '.join(record.key)}")
            waiting[:0] = verdict.again
            if verdict.again:
                await asyncio.sleep(_delay(verdict.again[0].attempts))

    async def _attempt(self, batch: Batch) -> int | None:
        """Call the function; return the index of the first record that failed, or None."""
        try:
            answer = await self._function(f'{{"Records": [{", ".join(one.body for one in batch.records)}]}}')
        except Exception:
            log.exception("%s failed", self._policy.function)
            return 0
        return first_failed(batch, answer, partial=self._policy.partial)


def lane(key: Key, lanes: int) -> int:
    """Return which of so many lanes an item belongs to."""
    return zlib.crc32("\0".join(key).encode()) % lanes


@lru_cache(maxsize=256)
def _parsed(body: str) -> dict[str, Any]:
    """Return a record to look at, parsed once for all pumps: most records are for none of them."""
    return dict(json.loads(body))


def _delay(attempts: int) -> float:
    return 0.0 if attempts == 0 else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (attempts - 1))
