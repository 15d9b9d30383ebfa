import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.local.functions import Function
from infra.local.pumps import EventBus, event, rate_s, rule
from tests.local.patience import until

PLACE = ("123456789012", "us-east-1")


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(2 hours)", 7200), ("rate(1 day)", 86400)],
)
def test_rates_are_read(expression, seconds):
    assert rate_s(expression) == seconds


def test_other_schedules_are_refused_by_name():
    with pytest.raises(ValueError, match="cron"):
        rate_s("cron(0 12 * * ? *)")


def the_rules(aws):
    return {
        name: rule(name, aws.resolve(properties))
        for name, properties in aws.template.of_type("AWS::Events::Rule").items()
    }


def a_task_event(aws, status="STOPPED", cluster=None):
    cluster = cluster or aws.resolve({"Fn::GetAtt": ["Cluster", "Arn"]})
    return event("ECS Task State Change", "aws.ecs", {"clusterArn": cluster, "lastStatus": status}, [], PLACE)


def test_the_templates_sweep_runs_every_minute(aws):
    sweep = the_rules(aws)["SweepRule"]
    assert (sweep.functions, sweep.every_s, sweep.pattern) == (("Sweep",), 60, None)


def test_the_templates_rule_wants_the_beginnings_and_ends_of_its_own_clusters_tasks(aws):
    wants = the_rules(aws)["TaskStateRule"].wants
    assert wants(a_task_event(aws))
    assert wants(a_task_event(aws, "RUNNING"))
    assert not wants(a_task_event(aws, "DEACTIVATING"))
    assert not wants(a_task_event(aws, cluster="arn:aws:ecs:us-east-1:1:cluster/other"))


def test_an_event_reaches_the_functions_of_the_rules_that_want_it(aws):
    seen = []

    async def run():
        with ThreadPoolExecutor(1) as executor:
            function = Function("task-state", lambda one, _: seen.append(one["detail"]["lastStatus"]), executor)
            bus = EventBus(tuple(the_rules(aws).values()), {"TaskState": function})
            await bus.put(a_task_event(aws))
            await bus.put(a_task_event(aws, "PENDING"))

    asyncio.run(run())
    assert seen == ["STOPPED"]


def test_a_schedule_goes_on_after_a_failure(aws):
    calls = []

    def handler(one, _):
        calls.append(one["detail-type"])
        raise ValueError("no")

    async def run():
        with ThreadPoolExecutor(1) as executor:
            quick = replace(the_rules(aws)["SweepRule"], every_s=0)
            bus = EventBus((quick,), {"Sweep": Function("sweep", handler, executor)})
            job = asyncio.create_task(bus.run(PLACE))
            await until(lambda: len(calls) > 1)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    asyncio.run(run())
    assert set(calls) == {"Scheduled Event"}
