from threading import Barrier

from chalicelib.domain.errors import Contended
from chalicelib.services.ports import Unavailable
from chalicelib.triggers import each, every


def messages(*bodies: str):
    return {"Records": [{"messageId": f"m{body}", "body": body} for body in bodies]}


def records(*numbers: str):
    return {"Records": [{"dynamodb": {"SequenceNumber": number}} for number in numbers]}


def failing(*failures: str, error: Exception):
    done: list[str] = []

    def act(what):
        name = what if isinstance(what, str) else what["dynamodb"]["SequenceNumber"]
        if name in failures:
            raise error
        done.append(name)

    return act, done


def test_a_queue_s_message_that_fails_comes_again_and_no_other():
    act, done = failing("2", error=ValueError("whatever"))
    assert every(messages("1", "2", "3"), act) == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert done == ["1", "3"]


def test_messages_are_handled_side_by_side_where_that_is_wanted():
    together = Barrier(3, timeout=5)
    assert every(messages("1", "2", "3"), lambda _: together.wait(), at_once=3) == {"batchItemFailures": []}


def test_from_a_record_that_fails_for_now_all_come_again():
    for passing in (Unavailable(), Contended("again")):
        act, done = failing("2", error=passing)
        assert each(records("1", "2", "3"), act) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
        assert done == ["1"]


def test_a_record_that_no_retry_can_mend_holds_up_nothing():
    act, done = failing("2", error=KeyError("a bug"))
    assert each(records("1", "2", "3"), act) == {"batchItemFailures": []}
    assert done == ["1", "3"]


def of(*pairs: tuple[str, str]):
    return {"Records": [{"dynamodb": {"SequenceNumber": n, "Keys": {"pk": {"S": pk}}}} for pk, n in pairs]}


def test_partitions_are_taken_side_by_side_and_each_in_order():
    met, seen = Barrier(2, timeout=5), []

    def act(record):
        key, number = record["dynamodb"]["Keys"]["pk"]["S"], record["dynamodb"]["SequenceNumber"]
        if number in {"1", "2"}:
            met.wait()
        seen.append((key, number))

    assert each(of(("a", "1"), ("b", "2"), ("a", "3"), ("b", "10")), act, at_once=2) == {"batchItemFailures": []}
    assert [number for key, number in seen if key == "a"] == ["1", "3"]
    assert [number for key, number in seen if key == "b"] == ["2", "10"]


def test_the_stream_goes_on_from_the_first_that_failed_in_any_partition():
    act, done = failing("9", "10", error=Unavailable())
    answer = each(of(("a", "9"), ("b", "8"), ("a", "11"), ("b", "10"), ("c", "12")), act, at_once=2)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "9"}]}
    assert sorted(done) == ["12", "8"]
