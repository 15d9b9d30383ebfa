from infra.local.ecs import TaskRecord
from infra.local.state import LocalState

DETAIL = {
    "taskArn": "arn:1",
    "clusterArn": "arn:old",
    "lastStatus": "RUNNING",
    "startedBy": "w",
    "containers": [{"name": "worker"}],
}


def test_tasks_of_the_run_before_are_reported_as_stopped_in_the_new_cluster(tmp_path):
    TaskRecord(LocalState(tmp_path)).running([DETAIL])
    (former,) = TaskRecord(LocalState(tmp_path)).former("arn:new")
    assert (former["lastStatus"], former["clusterArn"], former["startedBy"]) == ("STOPPED", "arn:new", "w")
    assert former["containers"][0]["exitCode"] == 137


def test_they_stay_on_record_until_they_are_reported(tmp_path):
    TaskRecord(LocalState(tmp_path)).running([DETAIL])
    second = TaskRecord(LocalState(tmp_path))
    second.running([DETAIL | {"taskArn": "arn:2"}])
    assert [one["taskArn"] for one in TaskRecord(LocalState(tmp_path)).former("c")] == ["arn:1", "arn:2"]
    second.reported()
    assert [one["taskArn"] for one in TaskRecord(LocalState(tmp_path)).former("c")] == ["arn:2"]


def test_a_first_run_has_nothing_to_report(tmp_path):
    assert TaskRecord(LocalState(tmp_path)).former("c") == []
