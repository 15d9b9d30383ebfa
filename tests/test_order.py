"""The order of the tests, with numbers for tests, whose size is their weight."""

from hypothesis import given
from hypothesis import strategies as st

from tests.order import dealt

WEIGHTS = st.lists(st.tuples(st.integers(0, 2), st.integers()), unique=True, max_size=40)


def weight(item: tuple[int, int]) -> int:
    return item[0]


def pieces(items: list[tuple[int, int]], processes: int) -> list[list[tuple[int, int]]]:
    """Cut the list as xdist's worksteal does."""
    found = []
    for left in range(processes, 0, -1):
        count = len(items) // left
        found.append(items[:count])
        items = items[count:]
    return found


def test_each_process_begins_with_its_share_of_the_heaviest():
    items = [(0, each) for each in range(7)] + [(2, 0), (2, 1)]
    first, second, third = pieces(dealt(items, weight, 3), 3)
    assert (first[0], second[0]) == ((2, 0), (2, 1))
    assert {weight(one) for one in third} == {0}


def test_neighbours_of_one_weight_stay_neighbours():
    items = [(1, each) for each in range(6)]
    assert dealt(items, weight, 3) == items


@given(WEIGHTS, st.integers(1, 5))
def test_each_piece_goes_from_heavy_to_light_and_nobody_is_lost(items, processes):
    order = dealt(items, weight, processes)
    assert sorted(order) == sorted(items)
    for piece in pieces(order, processes):
        assert [weight(one) for one in piece] == sorted(map(weight, piece), reverse=True)


@given(WEIGHTS, st.integers(1, 5))
def test_the_heaviest_are_spread_evenly(items, processes):
    order = dealt(items, weight, processes)
    heaviest = max(map(weight, items), default=0)
    counts = [sum(weight(one) == heaviest for one in piece) for piece in pieces(order, processes)]
    rooms = [len(piece) for piece in pieces(order, processes)]
    assert all(max(counts) - count <= 1 or count == room for count, room in zip(counts, rooms, strict=True))
