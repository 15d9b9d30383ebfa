"""The pool of standbys on the real stack: several sessions that start at once have it grow for the next ones."""

from collections.abc import Callable

import pytest

from chalicelib.adapters.dynamodb.control import DynamoStandbys
from chalicelib.adapters.dynamodb.table import Table
from infra.local.client import Stack, eventually
from infra.smoke.target import local

NAMES = ("one", "two", "three")


@pytest.fixture
def roomy(own_stack: Callable[..., Stack]) -> Stack:
    """A stack whose pool may grow."""
    stack = own_stack(STANDBY_MAX="4")
    stack.start()
    return stack


def test_several_that_start_together_leave_as_many_standbys_for_the_next_and_no_more(roomy: Stack) -> None:
    target = local(roomy.url, roomy.state)
    pool = DynamoStandbys(Table(target.client("dynamodb"), target.resources["Table"]))

    def ready() -> int:
        return sum(one.ready and one.uid is None for one in pool.all())

    eventually(lambda: ready() == 1)
    for name in NAMES:
        assert roomy.post("/v1/sessions", {"id": name}).ok
    for name in NAMES:
        eventually(lambda name=name: roomy.get(f"/v1/sessions/{name}/qr").ok)  # type: ignore[misc]
    starts = pool.state().starts
    assert sum(starts.values()) == len(NAMES)
    # Three, or two where the minute ended in between.
    busiest = max(starts.values())
    assert busiest >= 2
    eventually(lambda: ready() == busiest)
    assert len(roomy.workers()) == len(NAMES) + busiest
