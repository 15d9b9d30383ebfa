from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from infra.local.mappings import mapping
from infra.local.shard import Record
from infra.local.streams import Batch, after_failure, first_failed

NOW = 1_000_000_000_000
POLICY = replace(
    mapping("M", {"FunctionName": {"Ref": "F"}, "EventSourceArn": "arn"}),
    partial=True,
    bisect=True,
    retries=3,
    max_age_s=60,
)


def a_batch(size, attempts=0, created=NOW):
    return Batch(tuple(Record(100 + one, created, ("p", str(one)), None, "{}") for one in range(size)), attempts)


def sequences(batches):
    return [[record.sequence for record in batch.records] for batch in batches]


def failing(*identifiers):
    return {"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}


def test_no_answer_or_no_failures_is_success():
    assert first_failed(a_batch(3), None, partial=True) is None
    assert first_failed(a_batch(3), failing(), partial=True) is None
    assert first_failed(a_batch(3), "text", partial=True) is None


def test_the_earliest_failure_counts():
    assert first_failed(a_batch(3), failing("102", "101"), partial=True) == 1


def test_an_unknown_or_empty_identifier_fails_all():
    assert first_failed(a_batch(3), failing("7"), partial=True) == 0
    assert first_failed(a_batch(3), failing(""), partial=True) == 0
    assert first_failed(a_batch(3), {"batchItemFailures": [{}]}, partial=True) == 0


def test_failures_are_not_read_where_the_mapping_does_not_ask_for_them():
    assert first_failed(a_batch(3), failing("100"), partial=False) is None


def test_what_succeeded_before_the_failure_is_not_tried_again():
    verdict = after_failure(a_batch(4), 2, replace(POLICY, bisect=False), NOW)
    assert sequences(verdict.again) == [[102, 103]]


def test_a_batch_that_fails_is_split_until_the_bad_record_is_alone():
    verdict = after_failure(a_batch(4), 0, POLICY, NOW)
    assert sequences(verdict.again) == [[100, 101], [102, 103]]


def test_a_record_alone_is_given_up_after_its_retries():
    batch, seen = a_batch(1), 0
    while True:
        verdict = after_failure(batch, 0, POLICY, NOW)
        if verdict.dropped:
            break
        (batch,) = verdict.again
        seen += 1
    assert (seen, sequences([Batch(verdict.dropped)])) == (3, [[100]])


def test_what_is_too_old_is_given_up_at_once():
    verdict = after_failure(a_batch(2, created=NOW - 60_001), 0, POLICY, NOW)
    assert (len(verdict.dropped), verdict.again) == (2, ())


@given(st.integers(1, 12), st.sets(st.integers(0, 11)), st.booleans(), st.booleans())
def test_only_bad_records_are_given_up_and_all_others_are_delivered_in_order(size, bad, partial, bisect):
    """Without splitting, a bad record takes those behind it along, unless it is named."""
    policy = replace(POLICY, partial=partial, bisect=bisect, max_age_s=None)
    waiting = [a_batch(size)]
    delivered: list[Record] = []
    dropped: list[Record] = []
    while waiting:
        batch = waiting.pop(0)
        places = [index for index, record in enumerate(batch.records) if record.sequence - 100 in bad]
        if not places:
            delivered += batch.records
            continue
        index = places[0] if partial else 0
        delivered += batch.records[:index]
        verdict = after_failure(batch, index, policy, NOW)
        dropped += verdict.dropped
        waiting[:0] = verdict.again
    numbers = [record.sequence - 100 for record in delivered]
    assert numbers == sorted(numbers)
    assert {*numbers, *(record.sequence - 100 for record in dropped)} == set(range(size))
    if bisect:
        assert {record.sequence - 100 for record in dropped} == bad & set(range(size))
