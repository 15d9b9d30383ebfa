import asyncio
import statistics
import time
from pathlib import Path
from random import Random

import pytest
import requests

from infra.bench import LATENCIES
from infra.local.iam.callers import OPERATOR, WORKER
from infra.local.latencies import CallLatencies, HopLatency, Latencies, hop_of, read_latencies
from tests.local.running import running_stack

FAST = {name: HopLatency(name, 2, 3, "assumed") for name in ("lambda invoke", "dynamodb read", "sqs receive")}
FAST["lambda cold start"] = HopLatency("lambda cold start", 20, 21, "assumed")


def test_drawn_latencies_have_the_table_s_median_and_95th_percentile():
    chance = Random(1)
    drawn = sorted(HopLatency("a hop", 10, 40, "assumed").draw(chance) * 1000 for _ in range(20_000))
    assert statistics.median(drawn) == pytest.approx(10, rel=0.05)
    assert drawn[int(0.95 * len(drawn))] == pytest.approx(40, rel=0.05)


def test_a_hop_whose_median_is_nothing_takes_none():
    assert HopLatency("a hop", 0, 1, "assumed").draw(Random(1)) == 0


def test_one_seed_draws_the_same_whatever_other_hops_pass_in_between():
    one, other = Latencies(FAST, seed=3), Latencies(FAST, seed=3)
    other.pause("sqs receive", WORKER)
    assert [one._draw("dynamodb read") for _ in range(3)] == [other._draw("dynamodb read") for _ in range(3)]
    assert one._draw("dynamodb read") != Latencies(FAST, seed=4)._draw("dynamodb read")


def test_without_a_table_nothing_waits_and_nothing_is_noted():
    latencies = Latencies()
    latencies.pause("ecs task start", WORKER)
    asyncio.run(latencies.later("ecs task start", WORKER))
    with latencies.invocation("Fanout"):
        pass
    assert not latencies.hops


def test_a_function_starts_cold_where_no_environment_idles():
    latencies = Latencies(FAST)
    with latencies.invocation("Fanout"), latencies.invocation("Fanout"):
        pass
    with latencies.invocation("Fanout"):
        pass
    assert [one.name for one in latencies.hops] == ["lambda cold start", "lambda cold start", "lambda invoke"]
    assert {one.whose for one in latencies.hops} == {"Fanout"}


def test_what_has_waited_long_enough_already_waits_no_more():
    latencies = Latencies(FAST)
    asyncio.run(latencies.since("dynamodb read", "Fanout", time.time() - 5))
    (hop,) = latencies.hops
    assert 5000 <= hop.took < 5500


@pytest.mark.parametrize(
    ("target", "hop"),
    [
        ("DynamoDB_20120810.GetItem", "dynamodb read"),
        ("DynamoDB_20120810.Query", "dynamodb query"),
        ("DynamoDB_20120810.UpdateItem", "dynamodb write"),
        ("DynamoDB_20120810.TransactWriteItems", "dynamodb transaction"),
        ("AmazonSQS.SendMessageBatch", "sqs send"),
        ("AmazonSQS.DeleteMessage", "sqs delete"),
        ("AmazonS3.GetObject", "s3 read"),
        ("AmazonS3.PutObject", "s3 write"),
        ("secretsmanager.GetSecretValue", "secrets manager"),
        ("AmazonEC2ContainerServiceV20141113.RunTask", "ecs api"),
        ("TrentService.Sign", "aws api"),
    ],
)
def test_each_request_is_a_hop_of_the_table(target, hop):
    assert hop_of(target) == hop
    assert hop in read_latencies(LATENCIES)


def calls() -> CallLatencies:
    return CallLatencies(Latencies(FAST), lambda authorization: authorization)


def test_the_stack_s_own_requests_wait_for_nothing():
    delays = calls()
    delays.before(OPERATOR, "DynamoDB_20120810.GetItem")
    delays.before(WORKER, "DynamoDB_20120810.GetItem")
    assert [one.whose for one in delays.latencies.hops] == [WORKER]


def test_a_long_poll_waits_once_there_is_a_message():
    delays = calls()
    delays.before(WORKER, "AmazonSQS.ReceiveMessage")
    delays.after(WORKER, "AmazonSQS.ReceiveMessage", b"{}")
    assert not delays.latencies.hops
    delays.after(WORKER, "AmazonSQS.ReceiveMessage", b'{"Messages": [{"MessageId": "1"}]}')
    assert [one.name for one in delays.latencies.hops] == ["sqs receive"]


def test_each_hop_of_the_table_says_where_it_comes_from_and_isn_t_faster_at_p95():
    for one in read_latencies(LATENCIES).values():
        assert "assumed" in one.source or one.source.startswith("https://"), one.name
        assert one.p50 <= one.p95, one.name


def test_the_table_is_dated():
    assert 'read_on = "2026-' in Path(LATENCIES).read_text()


@pytest.mark.subprocess
def test_a_call_of_the_stack_takes_what_its_hops_take_and_tells_of_them(tmp_path):
    with running_stack(tmp_path, LATENCIES=str(LATENCIES)) as stack:
        began = time.time()
        stack.log_in()
        took = time.time() - began
        told = requests.get(f"{stack.url}/_local/aws/latencies", timeout=10).json()["hops"]
        ours = [one for one in told if began <= one["began"] and one["whose"] in {"rest", "APIHandler"}]
        names = [one["name"] for one in ours]
        assert names[:2] == ["cloudfront", "api gateway"]
        assert names[2] in {"lambda invoke", "lambda cold start"}
        assert "dynamodb read" in names
        assert took >= sum(one["took"] for one in ours if one["name"] != "dynamodb write") / 1000
        stopping = time.monotonic()
    # A standby's task takes most of a minute to start; the stack doesn't wait for it.
    assert time.monotonic() - stopping < 20
