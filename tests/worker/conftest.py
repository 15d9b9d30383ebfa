"""What every test of the worker leaves behind: no fence that still runs."""

from collections.abc import Iterator

import pytest

from tests.worker.puppets import HELD


@pytest.fixture(autouse=True)
def _stop_fences() -> Iterator[None]:
    yield
    while HELD:
        HELD.pop()._fence.stop()
