"""What all tests share."""

import gc
import os
from collections.abc import Generator, Iterator
from typing import Final

import pytest
from hypothesis import settings
from msgspec import to_builtins

from chalicelib.domain.content import Private
from infra.local.client import Stack
from infra.local.moto.descriptions import remember_descriptions
from tests.guard import guarded, refuse_processes, starts_processes
from tests.order import dealt
from tests.sharing import GENEROUS, a_number

# An example takes as long as a busy machine makes it take: a limit of 200 ms would say nothing about the code.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")
# Each test that makes a boto3 session would read megabytes of them.
remember_descriptions()
refuse_processes()

LONG: Final = frozenset(
    (
        "test_calls",
        "test_permissions",
        "test_process_linking",
        "test_restarting",
        "test_rivals",
        "test_rotating",
        "test_surviving",
        "test_unscanned",
        "test_upgrading",
        "test_checks",
        "test_image",
    )
)
"""What waits for minutes begins first, so that no one is left over at the end."""
HEAVY: Final = frozenset(("adapters", "deploy", "flows", "infra", "local", "page", "smoke", "worker"))
"""Directories whose tests start what takes its time."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that the flows and the page's tests of a process share: each has phones and sessions of its own."""
    running = Stack(tmp_path_factory.mktemp("stack"), GENEROUS)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def number() -> str:
    """A phone number that no other test uses."""
    return a_number()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the long ones first and the light ones last, else leave the order to chance."""
    here = config.rootpath / "tests"

    def weight(item: pytest.Item) -> int:
        return 2 if item.path.stem in LONG else int(item.path.relative_to(here).parts[0] in HEAVY)

    items[:] = dealt(items, weight, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of all garbage collections to come: hundreds of megabytes that stay."""
    gc.collect()
    gc.freeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that start processes as their folder or fixtures tell, before marks choose what runs."""
    if starts_processes(item.path, item.config.rootpath / "tests", getattr(item, "fixturenames", ())):
        item.add_marker("subprocess")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Let fixtures start processes only for tests that say so."""
    with guarded(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Let only tests that say so start processes."""
    with guarded(item):
        return (yield)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show what a content's repr leaves out, where two are compared."""
    if op != "==" or not (isinstance(left, Private) and isinstance(right, Private)):
        return None
    return [f"{left!r} == {right!r}", *(f"{type(one).__name__}: {to_builtins(one)}" for one in (left, right))]
