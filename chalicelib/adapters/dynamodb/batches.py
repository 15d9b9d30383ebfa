"""What DynamoDB does many at a time, and perhaps not all of it: what it left undone is asked for again."""

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from chalicelib.services.ports import Unavailable

T = TypeVar("T")

PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before what was left undone is asked for again, while nothing at all gets done: then DynamoDB throttles."""


def in_batches(asked: Sequence[T], size: int, call: Callable[[Sequence[T]], Sequence[T]]) -> None:
    """Have ``call`` do all that is ``asked``, ``size`` at a time; it returns what it left undone.

    Raises Unavailable once nothing gets done any more.
    """
    left, idle = list(asked), 0
    while left:
        batch = left[:size]
        undone = list(call(batch))
        if len(undone) < len(batch):
            idle = 0
        elif idle == len(PAUSES):
            raise Unavailable("DynamoDB leaves a whole batch undone again and again.")
        else:
            time.sleep(PAUSES[idle])
            idle += 1
        left = undone + left[size:]
