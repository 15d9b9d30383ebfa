"""The stream pump: one mapping's records, in order, to one function, until they are dealt with or given up."""

import asyncio
import json
import logging
import time
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from infra.local.batches import Batch, after_failure, first_failed
from infra.local.functions import Function
from infra.local.mappings import Mapping
from infra.local.shard import Key, LocalShard

FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 10.0

log = logging.getLogger(__name__)


class StreamPump:
    """Reads ``shard`` from where it was; ``complain`` gets a sentence for each record that is given up.

    As many batches as the mapping says are worked on side by side, the changes of one item always in order: each item
    belongs to one lane, which has a place in the stream of its own.
    """

    def __init__(self, policy: Mapping, shard: LocalShard, function: Function, complain: Callable[[str], None]) -> None:
        self._lanes = [_Lane(policy, shard, function, complain, place) for place in range(policy.parallel)]

    async def run(self) -> None:
        """Pump until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


class _Lane:
    def __init__(
        self, policy: Mapping, shard: LocalShard, function: Function, complain: Callable[[str], None], place: int
    ) -> None:
        self._policy = policy
        self._function = function
        self._complain = complain
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()
        # Another factor gives the items to other lanes: those begin with all that is kept.
        name = policy.name if policy.parallel == 1 else f"{policy.name} {place + 1} of {policy.parallel}"
        self._reader = shard.reader(name, self._wake)

    async def run(self) -> None:
        """Pump until cancelled."""
        while True:
            self._more.clear()
            records = self._reader.read(self._policy.batch_size * self._policy.parallel)
            if not records:
                await self._more.wait()
                continue
            mine = [one for one in records if lane(one.key, self._policy.parallel) == self._place]
            batch = mine[: self._policy.batch_size]
            wanted = tuple(one for one in batch if self._policy.wants(_parsed(one.body)))
            if wanted:
                await self._deliver(Batch(wanted))
            self._reader.done(records[-1].sequence if len(batch) == len(mine) else batch[-1].sequence)

    def _wake(self) -> None:
        # Writers are threads; the loop may be gone when the last of them writes.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._more.set)

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
            answer = await self._function({"Records": [json.loads(one.body) for one in batch.records]})
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
