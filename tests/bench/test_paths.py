from typing import Any

from infra.bench.paths import OWN, Hop, PathStep, StoryFindings, critical_path, hops_of

WORKER = "WorkerTask"
API = "APIHandler"


def call(name: str, caller: str, began: float, took: float, about: str = "", **more: Any) -> dict[str, Any]:
    """A recorded call; ``began`` and ``took`` in milliseconds."""
    usual = {"keys": (f"S#1 {about}",) if about else (), "changes": "", "found": None, "refused": False}
    return {"call": name, "caller": caller, "began": began / 1000, "took": took, "about": about} | usual | more


def played(name: str, whose: str, began: float, took: float) -> dict[str, Any]:
    return {"name": name, "whose": whose, "began": began / 1000, "took": took}


def path(calls: list[dict[str, Any]], hops: list[dict[str, Any]], ended: float, last: str) -> list[tuple[str, int]]:
    """The steps of a story that began at 0, each with its milliseconds; its caller's own time has the caller's name."""
    found = critical_path(hops_of(calls, hops), 0, ended / 1000, last)
    return [(step.whose if step.name == OWN else step.name, round(step.took)) for step in found]


def test_a_caller_s_own_calls_follow_one_another():
    calls = [call("dynamodb.GetItem", API, 10, 5, "SESSION"), call("dynamodb.PutItem", API, 20, 10, "M#{ulid}")]
    assert path(calls, [], 32, API) == [
        ("the beginning", 10),
        ("dynamodb.GetItem", 5),
        (API, 5),
        ("dynamodb.PutItem", 10),
        (API, 2),
    ]


def test_what_somebody_else_does_meanwhile_is_not_on_the_path():
    calls = [
        call("dynamodb.PutItem", API, 0, 10, "M#{ulid}"),
        call("dynamodb.UpdateItem", "Fanout", 5, 20, "C#"),
        call("dynamodb.GetItem", API, 30, 5, "M#{ulid}"),
    ]
    assert path(calls, [], 35, API) == [("dynamodb.PutItem", 10), (API, 20), ("dynamodb.GetItem", 5)]


def test_a_function_is_called_for_the_write_that_the_stream_tells_of():
    calls = [
        call("dynamodb.PutItem", WORKER, 10, 5, "M#{ulid}"),
        call("execute-api.PostToConnection", "Fanout", 220, 10),
    ]
    hops = [played("stream to lambda", "Fanout", 15, 200), played("lambda invoke", "Fanout", 215, 5)]
    assert path(calls, hops, 231, "execute-api.PostToConnection") == [
        ("the beginning", 10),
        ("dynamodb.PutItem", 5),
        ("stream to lambda", 200),
        ("lambda invoke", 5),
        ("execute-api.PostToConnection", 10),
        ("Fanout", 1),
    ]


def test_a_batch_of_a_stream_is_waited_for_from_the_last_write_that_somebody_is_told_of():
    calls = [
        call("dynamodb.UpdateItem", "Control", 0, 10, "SESSION"),
        call("dynamodb.UpdateItem", WORKER, 100, 10, "SESSION"),
        call("dynamodb.UpdateItem", WORKER, 120, 5, "A#{whatsapp_id}"),
        call("execute-api.PostToConnection", "Fanout", 215, 10),
    ]
    hops = [played("stream to lambda", "Fanout", 10, 200), played("lambda invoke", "Fanout", 210, 5)]
    assert path(calls, hops, 225, "execute-api.PostToConnection")[-4:] == [
        ("dynamodb.UpdateItem", 10),
        ("stream to lambda", 100),
        ("lambda invoke", 5),
        ("execute-api.PostToConnection", 10),
    ]


def test_a_function_that_hears_of_tasks_is_called_for_a_task_s_end_not_for_what_it_did_before():
    calls = [
        call("dynamodb.GetItem", "TaskState", 5, 5, "SESSION"),
        call("dynamodb.GetItem", "TaskState", 115, 5, "SESSION"),
    ]
    hops = [played("ecs task event", WORKER, 10, 100), played("lambda invoke", "TaskState", 110, 5)]
    assert path(calls, hops, 120, "TaskState") == [
        ("the beginning", 10),
        ("ecs task event", 100),
        ("lambda invoke", 5),
        ("dynamodb.GetItem", 5),
    ]


def test_nobody_waits_for_a_message_s_being_deleted():
    calls = [
        call("dynamodb.GetItem", WORKER, 0, 5, "SESSION"),
        call("sqs.DeleteMessageBatch", WORKER, 2, 8, "mailbox"),
        call("dynamodb.GetItem", WORKER, 10, 5, "LEASE"),
    ]
    assert path(calls, [], 15, WORKER) == [("dynamodb.GetItem", 5), (WORKER, 5), ("dynamodb.GetItem", 5)]


def test_a_long_poll_is_waited_for_only_from_when_its_message_was_sent():
    calls = [
        call("sqs.ReceiveMessage", WORKER, -5000, 5027, "mailbox", found=1),
        call("sqs.SendMessage", API, 10, 10, "mailbox"),
        call("dynamodb.UpdateItem", WORKER, 30, 10, "M#{ulid}"),
    ]
    assert path(calls, [], 40, WORKER) == [
        ("the beginning", 10),
        ("sqs.SendMessage", 10),
        ("sqs.ReceiveMessage", 7),
        (WORKER, 3),
        ("dynamodb.UpdateItem", 10),
    ]


def test_a_call_that_waits_ends_with_the_write_that_it_waits_for():
    calls = [
        call("dynamodb.UpdateItem", WORKER, 0, 30, "M#{ulid}"),
        call("dynamodb.GetItem", API, 5, 5, "M#{ulid}"),
        call("dynamodb.GetItem", API, 20, 5, "M#{ulid}"),
        call("dynamodb.GetItem", API, 40, 5, "M#{ulid}"),
    ]
    assert path(calls, [], 45, API) == [("dynamodb.UpdateItem", 30), (API, 10), ("dynamodb.GetItem", 5)]


def test_signs_of_life_and_empty_polls_are_no_part_of_a_story():
    calls = [
        call("dynamodb.UpdateItem", WORKER, 0, 5, "LEASE", changes="SET #until = :until"),
        call("sqs.ReceiveMessage", WORKER, 0, 5, "mailbox", found=0),
        call("dynamodb.UpdateItem", API, 0, 5, "WAIT#{number} PLACE"),
    ]
    assert hops_of(calls, []) == []


def test_short_calls_beside_each_other_don_t_lead_round_in_a_circle():
    calls = [
        call("dynamodb.PutItem", API, 0, 2, "M#{ulid}"),
        call("dynamodb.PutItem", WORKER, 1, 2, "M#{ulid}"),
        call("dynamodb.GetItem", API, 2, 2, "M#{ulid}"),
        call("dynamodb.GetItem", WORKER, 3, 2, "M#{ulid}"),
    ]
    steps = critical_path(hops_of(calls, []), 0, 0.005, WORKER)
    assert round(sum(step.took for step in steps), 3) == 5


def test_all_steps_together_take_as_long_as_the_story():
    calls = [
        call("dynamodb.PutItem", API, 3, 9, "M#{ulid}"),
        call("sqs.SendMessage", API, 14, 8, "mailbox"),
        call("sqs.ReceiveMessage", WORKER, 0, 25, "mailbox", found=1),
        call("dynamodb.UpdateItem", WORKER, 31, 9, "M#{ulid}"),
        call("dynamodb.GetItem", API, 38, 7, "M#{ulid}"),
    ]
    steps = critical_path(hops_of(calls, [played("cloudfront", "rest", 0, 2)]), 0, 0.047, API)
    assert round(sum(step.took for step in steps)) == 47


def of_two_runs() -> StoryFindings:
    slow = (PathStep("sqs.SendMessage", API, 30), PathStep(OWN, API, 70))
    fast = (PathStep("dynamodb.GetItem", API, 4, "SESSION"), PathStep("sqs.SendMessage", API, 10))
    return StoryFindings("a send", (100, 14, 15), (slow, fast, fast))


def test_a_story_has_its_percentiles_and_the_path_of_a_usual_run():
    story = of_two_runs()
    assert (story.p50, story.p95) == (15, 100)
    assert [step.took for step in story.usual] == [4, 10]


def test_the_costliest_hops_are_of_all_runs_and_no_one_s_own_time():
    costliest = [(label, round(took, 1)) for label, took in of_two_runs().costliest]
    assert costliest == [("APIHandler sqs.SendMessage", 16.7), ("APIHandler dynamodb.GetItem SESSION", 2.7)]


def test_the_terminal_shows_each_step_where_it_lies():
    first, *steps, costliest = of_two_runs().lines
    assert "a send: p50 15 ms, p95 100 ms, 3 runs" in first
    assert [line.partition("|")[2].rstrip("|").index("█") for line in steps] == [0, 14]
    assert "APIHandler sqs.SendMessage 17 ms" in costliest


def test_hops_end_in_order():
    calls = [call("dynamodb.GetItem", API, 5, 50, "A"), call("dynamodb.GetItem", API, 10, 5, "B")]
    assert [hop.about for hop in hops_of(calls, [])] == ["B", "A"]
    assert isinstance(hops_of(calls, [])[0], Hop)
