"""The hash over a collection."""

from hypothesis import given
from hypothesis import strategies as st

from infra.whatsapp_server.app_state import EMPTY, SIZE, added

macs = st.lists(st.binary(min_size=32, max_size=32), max_size=4)


@given(macs, macs)
def test_the_order_of_values_doesnt_count(some: list[bytes], others: list[bytes]) -> None:
    one = added(added(EMPTY, some), others)
    assert one == added(EMPTY, [*reversed(others), *some])
    assert len(one) == SIZE


@given(st.binary(min_size=32, max_size=32))
def test_each_value_counts(mac: bytes) -> None:
    assert added(EMPTY, [mac]) != EMPTY
