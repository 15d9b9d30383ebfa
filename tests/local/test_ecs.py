from types import SimpleNamespace

from infra.local.aws import ACCOUNT, REGION
from infra.local.ecs import EcsInterceptor, TaskEvents, detail, mark_stopped


def a_task():
    return SimpleNamespace(
        task_arn="arn:task",
        cluster_arn="arn:cluster",
        task_definition_arn="arn:definition",
        launch_type="FARGATE",
        last_status="RUNNING",
        desired_status="RUNNING",
        started_by="w",
        group="family:worker",
        overrides={},
        stopped_reason="",
        containers=[SimpleNamespace(name="worker", last_status="RUNNING", exitCode=0)],
    )


def test_a_running_task_has_no_exit_code():
    assert detail(a_task())["containers"] == [{"name": "worker", "lastStatus": "RUNNING"}]


def test_a_stopped_task_says_why():
    task = a_task()
    mark_stopped(task, 137, "EssentialContainerExited", "it ended")
    told = detail(task)
    assert (told["lastStatus"], told["stopCode"], told["stoppedReason"]) == (
        "STOPPED",
        "EssentialContainerExited",
        "it ended",
    )
    assert told["containers"] == [{"name": "worker", "lastStatus": "STOPPED", "exitCode": 137}]


def test_the_reason_that_was_given_with_stop_task_stays():
    task = a_task()
    task.stopped_reason = "asked"
    mark_stopped(task, 0, "UserInitiated", "Task stopped by user")
    assert detail(task)["stoppedReason"] == "asked"


def test_closing_gives_motos_own_calls_back(aws):
    from moto.ecs.models import ecs_backends

    backend = ecs_backends[ACCOUNT][REGION]
    interceptor = EcsInterceptor(ACCOUNT, REGION, TaskEvents(lambda _: None, lambda _: None))
    interceptor.open()
    assert "run_task" in vars(backend)
    interceptor.close()
    assert "run_task" not in vars(backend)
