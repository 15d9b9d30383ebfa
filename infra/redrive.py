"""``python -m infra.redrive BUCKET --table NAME --wake-queue URL``: what the stream's consumers gave up on, told again.

Lambda keeps a batch that it gave up on as an object in the failure bucket, with its records in ``payload``. What the
fan-out gave up on becomes an item of its own: a new record with a new cursor, and the event's old id, by which clients
and endpoints know a repetition. What the reconciler gave up on is looked at anew. An object stays until its week is
over; run twice, the command tells nothing twice within a day.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb.sessions import DynamoRedriven, change
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.queues import WakeQueue
from chalicelib.services.ports import Rejected, Unavailable
from infra.deploy import CannotDeploy
from infra.deploy.account import explained, new_session

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


@dataclass(slots=True)
class Done:
    """What was done: objects read, events told again, events that had been already, sessions to be looked at."""

    objects: int = 0
    told: int = 0
    known: int = 0
    woken: int = 0


@dataclass(frozen=True, slots=True)
class Redrive:
    """Puts what failed back where it can be handled."""

    bucket: "S3Client"
    name: str
    events: DynamoRedriven
    wakes: WakeQueue

    def run(self, prefix: str, *, now: int) -> Done:
        """Redrive every object whose key begins with ``prefix``."""
        done = Done()
        for key in self._keys(prefix):
            failed = json.loads(self.bucket.get_object(Bucket=self.name, Key=key)["Body"].read())
            done.objects += 1
            function = failed.get("requestContext", {}).get("functionArn", "")
            for record in _records(failed):
                if "control" in function.lower():
                    self.wakes.reconcile(change(record).uid, delay=0)
                    done.woken += 1
                    continue
                event = change(record).event
                if event and self.events.put(event, now=now):
                    done.told += 1
                elif event:
                    done.known += 1
        return done

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self.bucket.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            yield from (one["Key"] for one in page.get("Contents", []))


def _records(failed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    payload = failed["payload"]
    told: Mapping[str, Any] = json.loads(payload) if isinstance(payload, str) else payload
    return list(told["Records"])


def main(arguments: list[str] | None = None) -> None:
    """Redrive, and say how much."""
    parser = argparse.ArgumentParser(prog="python -m infra.redrive", description=__doc__)
    parser.add_argument("bucket", help="the stack's output FailureBucketName")
    parser.add_argument("--table", required=True, help="the stack's output TableName")
    parser.add_argument("--wake-queue", required=True, help="the URL of the stack's wake queue")
    parser.add_argument("--prefix", default="", help="only objects whose key begins so")
    chosen = parser.parse_args(arguments)
    try:
        with explained("redrive these objects"):
            done = _redrive(chosen).run(chosen.prefix, now=time.time_ns() // 1_000_000)
    except (CannotDeploy, Rejected, Unavailable) as reason:
        sys.exit(str(reason))
    sys.stdout.write(
        f"{done.objects} objects: {done.told} events told again, {done.known} had been already, "
        f"{done.woken} sessions to be looked at\n"
    )


def _redrive(chosen: argparse.Namespace) -> Redrive:
    session = new_session()
    events = DynamoRedriven(Table(session.client("dynamodb"), chosen.table))
    return Redrive(session.client("s3"), chosen.bucket, events, WakeQueue(session.client("sqs"), chosen.wake_queue))


if __name__ == "__main__":
    main()
