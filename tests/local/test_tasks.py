"""The task runner behind moto's ECS, called as production calls it."""

import asyncio
import time

import pytest
from botocore.exceptions import ClientError

from infra.local.aws import ACCOUNT, REGION
from infra.local.tasks import Surroundings, TaskRunner
from tests.local.patience import until

pytestmark = pytest.mark.subprocess


class Runner:
    """A runner in a loop, RunTask and StopTask over HTTP, and all that was reported."""

    def __init__(self, aws, tmp_path):
        self.aws, self.logs = aws, tmp_path
        self.client = aws.client("ecs")
        self.reports: list[dict] = []
        self.recorded: list[list[dict]] = []

    async def __aenter__(self):
        async def report(detail):
            self.reports.append(detail)

        self.runner = TaskRunner(
            (ACCOUNT, REGION), Surroundings({"GIVEN": "yes"}, self.logs), report, self.recorded.append
        )
        self.runner.open()
        return self

    async def __aexit__(self, *_):
        await self.runner.close(5)

    def run_now(self, script, token=None, **more):
        network = {
            "subnets": [self.aws.physical["SubnetA"]],
            "securityGroups": [self.aws.physical["WorkerSecurityGroup"]],
        }
        overrides = {
            "containerOverrides": [
                {"name": "worker", "command": ["python", "-c", script], "environment": [{"name": "X", "value": "1"}]}
            ]
        }
        answer = self.client.run_task(
            cluster=self.aws.variables["CLUSTER"],
            taskDefinition=self.aws.variables["WORKER_TASK"],
            launchType="FARGATE",
            overrides=overrides,
            networkConfiguration={"awsvpcConfiguration": network},
            startedBy="worker-1",
            **({"clientToken": token} if token else {}),
            **more,
        )
        return answer["tasks"][0]["taskArn"]

    async def run(self, script, token=None, **more):
        return await asyncio.to_thread(self.run_now, script, token, **more)

    async def stop(self, arn):
        await asyncio.to_thread(self.client.stop_task, cluster=self.aws.variables["CLUSTER"], task=arn, reason="test")

    async def described(self, arn):
        found = await asyncio.to_thread(self.client.describe_tasks, cluster=self.aws.variables["CLUSTER"], tasks=[arn])
        return found["tasks"][0]

    async def reported(self, status):
        found = await until(lambda: [one for one in self.reports if one["lastStatus"] == status])
        return found[-1]


@pytest.fixture
def act(aws, tmp_path):
    def run(body):
        async def whole():
            async with Runner(aws, tmp_path) as runner:
                return await body(runner)

        return asyncio.run(whole())

    return run


FOREVER = "import time; time.sleep(60)"


def test_a_task_becomes_a_process_at_once(act):
    async def body(runner):
        await runner.run("print('warm')")
        await runner.reported("STOPPED")
        runner.reports.clear()
        arn = await runner.run(FOREVER)
        begun = time.monotonic()
        running = await runner.reported("RUNNING")
        return time.monotonic() - begun, running["taskArn"] == arn, running["startedBy"]

    took, same, started_by = act(body)
    assert same
    assert started_by == "worker-1"
    assert took < 5


def test_the_end_of_the_process_is_the_tasks_with_its_exit_code(act):
    async def body(runner):
        arn = await runner.run("raise SystemExit(7)")
        return await runner.reported("STOPPED"), await runner.described(arn)

    stopped, described = act(body)
    assert (stopped["stopCode"], stopped["containers"][0]["exitCode"]) == ("EssentialContainerExited", 7)
    assert (described["lastStatus"], described["containers"][0]["exitCode"]) == ("STOPPED", 7)


def test_a_task_stays_running_however_often_it_is_looked_at(act):
    async def body(runner):
        arn = await runner.run(FOREVER)
        return {(await runner.described(arn))["lastStatus"] for _ in range(4)}

    assert act(body) == {"RUNNING"}


def test_stop_task_ends_the_process_and_says_who_asked(act):
    async def body(runner):
        arn = await runner.run(FOREVER)
        await runner.reported("RUNNING")
        await runner.stop(arn)
        return await runner.reported("STOPPED")

    stopped = act(body)
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "test")
    assert stopped["containers"][0]["exitCode"] == 143


def test_the_same_token_is_the_same_task(act):
    async def body(runner):
        first = await runner.run(FOREVER, token="t")
        second = await runner.run(FOREVER, token="t")
        third = await runner.run(FOREVER, token="u")
        return first == second, first == third

    assert act(body) == (True, False)


def test_one_token_for_two_requests_is_a_conflict(act):
    async def body(runner):
        await runner.run(FOREVER, token="t")
        with pytest.raises(ClientError, match="ConflictException"):
            await runner.run("another", token="t")

    act(body)


def test_a_task_that_nobody_knows_cannot_be_stopped(act):
    async def body(runner):
        with pytest.raises(ClientError, match="not found"):
            await runner.stop("0" * 32)

    act(body)


def test_what_runs_is_on_record_and_stays_there_when_the_stack_ends(act, aws, tmp_path):
    async def body(runner):
        arn = await runner.run(FOREVER)
        await runner.reported("RUNNING")
        return runner, arn

    runner, arn = act(body)
    assert [one["taskArn"] for one in runner.recorded[-1]] == [arn]
    assert [one["lastStatus"] for one in runner.reports] == ["RUNNING"]


def test_a_task_that_ended_is_off_the_record(act):
    async def body(runner):
        await runner.run("pass")
        await runner.reported("STOPPED")
        return runner.recorded[-1]

    assert act(body) == []


def test_the_worker_writes_its_own_log(act, tmp_path):
    async def body(runner):
        await runner.run("import os; print(os.environ['X'], os.environ['GIVEN'], os.environ['TABLE_NAME'][:5])")
        await runner.reported("STOPPED")

    act(body)
    assert (tmp_path / "worker-1.log").read_text() == "1 yes test-\n"
