import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.mappings import UnknownPattern, matches

KEYS = {"dynamodb": {"Keys": {"sk": {"S": ["SESSION"]}}}}


def a_record(sk, name="MODIFY"):
    return {"eventName": name, "dynamodb": {"Keys": {"sk": {"S": sk}}}}


def test_an_exact_value_matches_itself_only():
    assert matches(KEYS, a_record("SESSION"))
    assert not matches(KEYS, a_record("SESSIONS"))


def test_one_of_several_is_enough():
    pattern = {"eventName": ["INSERT", "MODIFY"]}
    assert [matches(pattern, a_record("x", name)) for name in ("INSERT", "MODIFY", "REMOVE")] == [True, True, False]


def test_all_fields_must_match():
    pattern = KEYS | {"eventName": ["INSERT"]}
    assert not matches(pattern, a_record("SESSION", "MODIFY"))


def test_a_prefix():
    pattern = {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "M#"}, {"prefix": "E#"}]}}}}
    assert [matches(pattern, a_record(sk)) for sk in ("M#1", "E#1", "H#1", "")] == [True, True, False, False]


def test_existence_is_about_leaves():
    assert matches({"a": [{"exists": True}]}, {"a": 1})
    assert not matches({"a": [{"exists": True}]}, {})
    assert matches({"a": [{"exists": False}]}, {})
    assert not matches({"a": [{"exists": True}]}, {"a": {"b": 1}})


def test_anything_but_a_value_a_list_or_a_prefix():
    assert matches({"a": [{"anything-but": "x"}]}, {"a": "y"})
    assert not matches({"a": [{"anything-but": ["x", "y"]}]}, {"a": "y"})
    assert not matches({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": "xy"})
    assert not matches({"a": [{"anything-but": "x"}]}, {})


def test_a_list_in_the_event_matches_by_any_of_its_values():
    assert matches({"resources": ["b"]}, {"resources": ["a", "b"]})


def test_true_is_not_one():
    assert not matches({"a": [1]}, {"a": True})


def test_an_unknown_comparison_is_named():
    with pytest.raises(UnknownPattern, match="cidr"):
        matches({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "10.0.0.1"})


leaves = st.one_of(st.text(), st.integers(), st.booleans(), st.none())
events = st.recursive(
    st.dictionaries(st.text(), leaves, min_size=1),
    lambda inner: st.dictionaries(st.text(), st.one_of(leaves, inner), min_size=1),
    max_leaves=10,
)


def asking_for(event):
    return {name: asking_for(value) if isinstance(value, dict) else [value] for name, value in event.items()}


@given(events)
def test_an_event_matches_the_pattern_made_from_it(event):
    assert matches(asking_for(event), event)


@given(events, st.text(), leaves)
def test_more_in_the_event_changes_nothing(event, name, value):
    assert matches(asking_for(event), {name: value} | event)
