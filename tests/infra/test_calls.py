"""How a story's calls are counted."""

from collections import Counter
from typing import Any

from infra.calls import API, WHATSAPP, CallKind, Cost, Story, apart, counted, follows

READ = CallKind(API, "dynamodb.GetItem", "M#{ulid}")
WRITE = CallKind("WorkerTask", "dynamodb.UpdateItem", "M#{ulid}")


def a_call(kind: CallKind, began: float, **more: Any) -> dict[str, Any]:
    said = {"caller": kind.caller, "call": kind.call, "about": kind.about, "began": began, "took": 1.0}
    return {**said, "keys": ["S#u M#1"], "changes": "", "found": None, "refused": False, **more}


def test_a_wait_s_looks_count_once_and_where_the_last_of_them_was() -> None:
    calls = [a_call(READ, 1), a_call(WRITE, 2), a_call(READ, 3), a_call(READ, 4)]
    assert counted(calls, frozenset()) == [WRITE, READ]


def test_two_reads_with_another_call_of_the_function_between_them_are_two() -> None:
    other = CallKind(API, "dynamodb.PutItem", "PACE")
    assert counted([a_call(READ, 1), a_call(other, 2), a_call(READ, 3)], frozenset()) == [READ, other, READ]


def test_what_is_made_whatever_happens_does_not_count() -> None:
    renewal = a_call(CallKind("WorkerTask", "dynamodb.UpdateItem", "LEASE"), 1, changes="SET #until = :until")
    poll = CallKind("WorkerTask", "sqs.ReceiveMessage", "mailbox")
    sweep = a_call(CallKind("Sweep", "dynamodb.Query", "index due"), 2)
    of_another = a_call(READ, 3, keys=["S#another M#1"])
    calls = [renewal, a_call(poll, 1, found=0, keys=[]), sweep, of_another, a_call(WRITE, 4), a_call(WRITE, 5)]
    assert counted(calls, frozenset({"Sweep"})) == [WRITE, WRITE]
    assert counted([a_call(poll, 1, found=1, keys=[])], frozenset()) == [poll]


def test_a_play_in_which_events_came_together_is_told_from_others() -> None:
    one = CallKind("Deliver", "dynamodb.BatchGetItem", "H#{cursor}, M#{ulid}, SESSION")
    assert apart([READ, one, one])
    assert not apart([READ, CallKind("Deliver", "dynamodb.BatchGetItem", "H#{cursor} 2, M#{ulid}, SESSION")])


def test_a_way_is_followed_where_each_caller_makes_its_calls_in_that_order() -> None:
    put = CallKind("WorkerTask", "dynamodb.PutItem", "A#{whatsapp_id}")
    assert follows((put, WHATSAPP, WRITE, READ), [READ, put, WRITE])
    assert not follows((put, WRITE), [WRITE, put])
    assert not follows((put, WRITE, WRITE), [put, WRITE])


def test_a_story_s_lines_tell_what_is_waited_for_apart_from_the_rest() -> None:
    story = Story("A story", "It is short.", (READ, WHATSAPP, WRITE), lambda _: iter(()))
    lines = Cost(story, Counter({READ: 1, WRITE: 3})).lines()
    assert "4 calls. 2 are waited for, one after another, 1 of them before WhatsApp is spoken to:" in lines
    assert (
        lines[lines.index("| 1. | APIHandler | dynamodb.GetItem `M#{ulid}` |") + 1] == "| | worker | WhatsApp itself |"
    )
    assert lines[-1] == "| 2 | worker | dynamodb.UpdateItem `M#{ulid}` |"
