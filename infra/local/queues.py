"""The queue pump: one mapping's messages to one function; what succeeds is deleted, the rest comes back by itself."""

import asyncio
import logging
from typing import Any, Final

from infra.local.functions import Function
from infra.local.mappings import Mapping

LONG_POLL_S: Final = 2
"""Short of the 20 that SQS allows, so that the pump ends soon after the stack is told to."""
PAUSE_S: Final = 1.0

log = logging.getLogger(__name__)


class QueuePump:
    """``client`` is boto3's for SQS. Messages that fail are left for the queue's visibility timeout and redrive."""

    def __init__(self, policy: Mapping, client: Any, function: Function) -> None:
        self._policy = policy
        self._client = client
        self._function = function
        self._url = client.get_queue_url(QueueName=policy.source.rpartition(":")[2])["QueueUrl"]

    async def run(self) -> None:
        """Pump until cancelled, one batch at a time."""
        while True:
            try:
                messages = await asyncio.to_thread(self._receive)
            except Exception:
                log.exception("%s could not be read", self._policy.source)
                await asyncio.sleep(PAUSE_S)
                continue
            if messages:
                await self._deliver(messages)

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
            await asyncio.to_thread(self._delete, done)

    async def _attempt(self, records: list[dict[str, Any]]) -> set[str]:
        """Return the ids of the messages that failed."""
        everyone = {one["messageId"] for one in records}
        try:
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
