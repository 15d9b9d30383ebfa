"""The pump on a real stream: moto's table, written over HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from infra.local.aws import ACCOUNT
from infra.local.functions import Function
from infra.local.mappings import mapping
from infra.local.shard import LocalShard
from infra.local.streams import StreamPump, lane
from tests.local.patience import until


@pytest.fixture
def shard(aws):
    table = aws.table("Table")
    table.stream_shard = LocalShard(ACCOUNT, table)
    aws.server.during_write = table.stream_shard.one_request
    return table.stream_shard


@pytest.fixture
def put(aws):
    client, name = aws.client("dynamodb"), aws.variables["TABLE_NAME"]
    return lambda uid, sk="SESSION": client.put_item(TableName=name, Item={"pk": {"S": uid}, "sk": {"S": sk}})


@pytest.fixture
def parallel(aws):
    return mapping(
        "ControlMapping", aws.resolve(aws.template.of_type("AWS::Lambda::EventSourceMapping")["ControlMapping"])
    )


@pytest.fixture
def policy(parallel):
    """One batch at a time, for what is about the order of all."""
    return replace(parallel, parallel=1)


def pumped(shard, policy, handler, write, expected):
    """Pump until ``expected()``; return the sentences about what was given up."""
    complaints: list[str] = []

    async def run():
        with ThreadPoolExecutor(8) as executor:
            pump = StreamPump(policy, shard, Function("control", handler, executor), complaints.append)
            job = asyncio.create_task(pump.run())
            await asyncio.to_thread(write)
            await until(expected)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    asyncio.run(run())
    return complaints


class Handler:
    """Takes note of what it is called with; ``answer`` decides what happens."""

    def __init__(self, answer=lambda _: None):
        self.calls: list[list[str]] = []
        self.done: list[str] = []
        self.answer = answer

    def __call__(self, event, context):
        uids = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        self.calls.append(uids)
        failed = self.answer(uids)
        if failed is None:
            self.done += uids
            return None
        self.done += uids[:failed]
        return {"batchItemFailures": [{"itemIdentifier": event["Records"][failed]["dynamodb"]["SequenceNumber"]}]}


def test_what_the_filter_lets_through_arrives_in_order(shard, policy, put):
    handler = Handler()

    def write():
        for number in range(25):
            put(f"u{number:02}")
            put(f"u{number:02}", "LEASE")

    pumped(shard, policy, handler, write, lambda: len(handler.done) == 25)
    assert handler.done == [f"u{number:02}" for number in range(25)]
    assert max(map(len, handler.calls)) <= policy.batch_size


def test_what_was_written_before_the_pump_ran_arrives_too(shard, policy, put):
    handler = Handler()
    pump_made_first = shard.reader("other", lambda: None)
    put("early")
    pumped(shard, policy, handler, lambda: None, lambda: handler.done == ["early"])
    assert pump_made_first.read(1)


def test_consumed_records_are_forgotten(shard, policy, put):
    handler = Handler()
    pumped(
        shard,
        policy,
        handler,
        lambda: [put(f"u{n}") for n in range(5)],
        lambda: len(handler.done) == 5 and not shard.records,
    )


def test_a_failure_is_tried_again_before_anything_later(shard, policy, put):
    tries = []

    def answer(uids):
        if "b" not in uids:
            return None
        tries.append(1)
        return uids.index("b") if len(tries) < 4 else None

    handler = Handler(answer)
    pumped(shard, policy, handler, lambda: [put(uid) for uid in "abc"], lambda: len(handler.done) == 3)
    assert handler.done == ["a", "b", "c"]


def test_an_exception_fails_the_whole_batch_and_splitting_finds_the_culprit(shard, policy, put):
    def answer(uids):
        if "bad" in uids:
            raise ValueError("no")

    handler = Handler(answer)
    short = replace(policy, retries=1)
    uids = ["a", "b", "bad", "c"]
    complaints = pumped(shard, short, handler, lambda: [put(uid) for uid in uids], lambda: len(handler.done) == 3)
    assert handler.done == ["a", "b", "c"]
    assert complaints == ["ControlMapping gave up on a change of bad SESSION"]


def test_an_item_that_holds_its_function_up_holds_up_no_item_of_another_lane(shard, parallel, put):
    """ControlMapping's ParallelizationFactor is 4."""
    held = Event()
    stuck = "u0"
    others = [f"u{n}" for n in range(1, 40) if lane((f"u{n}", "SESSION"), 4) != lane((stuck, "SESSION"), 4)]

    def answer(uids):
        if stuck in uids:
            held.wait(30)

    handler = Handler(answer)

    def expected():
        if set(others) <= set(handler.done):
            held.set()
        return len(handler.done) == len(others) + 1

    assert parallel.parallel == 4
    pumped(shard, parallel, handler, lambda: [put(uid) for uid in (stuck, *others)], expected)
    assert handler.done[-1] == stuck


def test_an_item_s_changes_stay_in_order_side_by_side_with_others(shard, parallel, aws):
    client, name = aws.client("dynamodb"), aws.variables["TABLE_NAME"]
    seen: dict[str, list[str]] = {}

    def handler(event, context):
        for record in event["Records"]:
            image = record["dynamodb"]["NewImage"]
            seen.setdefault(image["pk"]["S"], []).append(image["n"]["N"])

    def write():
        for number in range(12):
            for uid in "abcdef":
                item = {"pk": {"S": uid}, "sk": {"S": "SESSION"}, "n": {"N": str(number)}}
                client.put_item(TableName=name, Item=item)

    pumped(shard, parallel, handler, write, lambda: sum(map(len, seen.values())) == 72 and not shard.records)
    assert seen == {uid: [str(number) for number in range(12)] for uid in "abcdef"}
