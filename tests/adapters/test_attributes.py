"""Plain values as DynamoDB's attributes and back: as boto3 writes and reads them."""

from decimal import Decimal
from enum import StrEnum

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb.table import plain, typed

LARGEST = 10**38 - 1
SCALARS = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
ITEMS = st.dictionaries(st.text(), VALUES)


def without_none(value):
    if isinstance(value, dict):
        return {name: without_none(inner) for name, inner in value.items() if inner is not None}
    return [without_none(inner) for inner in value] if isinstance(value, list) else value


@given(ITEMS)
def test_an_item_is_written_as_boto3_writes_it_without_what_is_none(item):
    assert typed(item) == TypeSerializer().serialize(without_none(item))["M"]


@given(ITEMS)
def test_an_item_is_read_as_it_was_written(item):
    assert plain(typed(item)) == without_none(item)


@given(st.floats(-1e15, 1e15).filter(lambda one: not one or abs(one) > 1e-100))
def test_a_float_is_read_as_the_same_number(number):
    assert plain(typed({"at": number}))["at"] == number


@pytest.mark.parametrize(("written", "read"), [("12", 12), ("-3", -3), ("1E+2", 100), ("2.0", 2), ("-0.5", -0.5)])
def test_a_number_is_whole_where_it_can_be(written, read):
    found = plain({"n": {"N": written}})["n"]
    assert (found, type(found)) == (read, type(read))
    assert found == TypeDeserializer().deserialize({"N": written})


def test_sets_and_bytes_are_boto3_s_own():
    item = {"texts": {"a", "b"}, "counts": {1, Decimal("2.5")}, "bytes": b"\x00\xff"}
    again = plain(typed(item))
    assert (again["texts"], again["counts"], again["bytes"].value) == (item["texts"], item["counts"], b"\x00\xff")


def test_a_member_of_an_enumeration_is_its_text():
    class Colour(StrEnum):
        RED = "red"

    assert typed({"colour": Colour.RED}) == {"colour": {"S": "red"}}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**38, -(10**38) - 1, object()])
def test_what_dynamodb_cannot_hold_is_refused(value):
    with pytest.raises((TypeError, ArithmeticError)):
        typed({"value": value})
