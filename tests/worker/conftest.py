"""What tests of the worker share: a linked device to begin with, and no fence that still runs behind them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.harness import HELD
from tests.worker.processes import a_linked_device


@pytest.fixture(autouse=True)
def _stop_lease_keepers() -> Iterator[None]:
    yield
    while HELD:
        HELD.pop()._keeper.stop()


@pytest.fixture(scope="session")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linked device, and the WhatsApp that knows it, to be copied: linking costs more than a worker's start."""
    return a_linked_device(tmp_path_factory.mktemp("linked"))
