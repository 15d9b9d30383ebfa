"""The hash over a collection."""

from hypothesis import given
from hypothesis import strategies as st

from infra.local.whatsapp.app_state import sum_hash

macs = st.lists(st.binary(min_size=32, max_size=32), max_size=4)


@given(macs, macs)
def test_the_order_of_values_doesnt_count(some: list[bytes], others: list[bytes]) -> None:
    one = sum_hash.added(sum_hash.added(sum_hash.EMPTY, some), others)
    assert one == sum_hash.added(sum_hash.EMPTY, [*reversed(others), *some])
    assert len(one) == sum_hash.SIZE


@given(st.binary(min_size=32, max_size=32))
def test_each_value_counts(mac: bytes) -> None:
    assert sum_hash.added(sum_hash.EMPTY, [mac]) != sum_hash.EMPTY
