"""The queue pump: one mapping's messages to one function; successes are deleted, the rest becomes visible again."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from infra.local.functions import Function
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.local.mappings import Mapping

LONG_POLL_S: Final = 2
"""Short of the 20 that SQS allows, so that the pump ends soon after the stack is told to."""
PAUSE_S: Final = 1.0
FIRST_BATCHES: Final = 5
"""How many batches Lambda hands out at a time when a queue begins to have messages."""
MORE_A_SECOND: Final = 5.0
"""How many more it hands out each second that there are messages left: 300 a minute."""
LOOK_S: Final = 0.1
GOODBYE_S: Final = 3.0
"""Seconds that batches in progress may take when the pump ends; later ones come again in the next run."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Scaling:
    """How many batches may be worked on at a time: Lambda begins with a few, and adds some while they don't suffice."""

    most: int
    clock: Callable[[], float] = time.monotonic
    _allowed: float = FIRST_BATCHES
    _full_since: float | None = None

    def room(self, busy: int) -> bool:
        """Return whether another batch may be taken while ``busy`` ones are worked on."""
        if busy >= self._limit:
            now = self.clock()
            self._allowed += (now - (now if self._full_since is None else self._full_since)) * MORE_A_SECOND
            self._full_since = now
        else:
            self._full_since = None
        return busy < self._limit

    def rest(self) -> None:
        """Begin with a few again, because the queue was empty."""
        self._allowed, self._full_since = FIRST_BATCHES, None

    @property
    def _limit(self) -> int:
        self._allowed = min(self._allowed, self.most)
        return int(self._allowed)


class QueuePump:
    """``client`` is boto3's for SQS. Messages that fail are left for the queue's visibility timeout and redrive."""

    def __init__(self, policy: Mapping, client: Any, function: Function, latencies: Latencies = NO_LATENCIES) -> None:
        self._policy = policy
        self._client = client
        self._function = function
        self._latencies = latencies
        self._url = client.get_queue_url(QueueName=policy.source.rpartition(":")[2])["QueueUrl"]
        self._busy: set[asyncio.Task[None]] = set()
        self._scaling = Scaling(policy.concurrency)

    async def run(self) -> None:
        """Pump until cancelled, as many batches at a time as the mapping allows."""
        # A pool of its own: a poll occupies a thread for seconds.
        polling = ThreadPoolExecutor(1, thread_name_prefix="poll")
        try:
            while True:
                await self._take(polling)
        finally:
            polling.shutdown(wait=False)
            if self._busy:
                _, slow = await asyncio.wait(self._busy, timeout=GOODBYE_S)
                for one in slow:
                    one.cancel()

    async def _take(self, polling: ThreadPoolExecutor) -> None:
        while not self._scaling.room(len(self._busy)):
            await asyncio.wait(self._busy, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        try:
            messages = await asyncio.get_running_loop().run_in_executor(polling, self._receive)
        except Exception:
            log.exception("%s could not be read", self._policy.source)
            await asyncio.sleep(PAUSE_S)
            return
        if not messages:
            self._scaling.rest()
            return
        job = asyncio.create_task(self._deliver(messages))
        self._busy.add(job)
        job.add_done_callback(self._busy.discard)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(10, self._policy.batch_size),
            WaitTimeSeconds=LONG_POLL_S,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    async def _deliver(self, messages: list[dict[str, Any]]) -> None:
        records = [_record(message, self._policy.source) for message in messages]
        wanted = [one for one in records if self._policy.wants(one)]
        failed = await self._attempt(wanted) if wanted else set()
        done = [one for one in records if one["messageId"] not in failed]
        if done:
            try:
                await asyncio.to_thread(self._delete, done)
            except Exception:
                log.exception("what %s did comes again", self._policy.function)

    async def _attempt(self, records: list[dict[str, Any]]) -> set[str]:
        """Return the ids of the messages that failed."""
        everyone = {one["messageId"] for one in records}
        try:
            await self._latencies.later("sqs to lambda", self._policy.function)
            answer = await self._function({"Records": records})
        except Exception:
            log.exception("%s failed", self._policy.function)
            return everyone
        failures = answer.get("batchItemFailures") if self._policy.partial and isinstance(answer, dict) else None
        named = {one.get("itemIdentifier") for one in failures or []}
        # An identifier that names no message fails the whole batch.
        return everyone if named - everyone else named

    def _delete(self, records: list[dict[str, Any]]) -> None:
        entries = [{"Id": str(place), "ReceiptHandle": one["receiptHandle"]} for place, one in enumerate(records)]
        self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _record(message: dict[str, Any], source: str) -> dict[str, Any]:
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "md5OfBody": message["MD5OfBody"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": source.split(":")[3],
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    return {"stringValue": value.get("StringValue"), "dataType": value["DataType"]}
