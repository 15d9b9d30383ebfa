"""In which order tests run: the heaviest first, and each of the processes that run them begins with its share."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def dealt(items: Sequence[T], weight: Callable[[T], int], processes: int) -> list[T]:
    """Return the items so that each process begins with its share of the heaviest and ends with the lightest.

    xdist's worksteal cuts the list into equal pieces, one for each process to begin with; who has done his own takes
    over from the end of another's. Items of one weight stay side by side: neighbours share what is made for a module.
    """
    classes = [[one for one in items if weight(one) == each] for each in sorted(set(map(weight, items)), reverse=True)]
    found: list[T] = []
    for pieces in range(processes, 0, -1):
        room = (len(items) - len(found)) // pieces
        for each in classes:
            share = each[: min(room, -(-len(each) // pieces))]
            found += share
            room -= len(share)
            del each[: len(share)]
    return found
