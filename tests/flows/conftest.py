"""One stack for all flows of a test process, and stacks of their own for those that break theirs."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from infra.local.client import Stack
from tests.flows.browser import Tab, browsing, serving

NUMBERS = count(1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that many tests share: each has its own sessions and phones."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes stacks for this test alone, not started yet."""
    made: list[Stack] = []

    def make(**environment: str) -> Stack:
        made.append(Stack(tmp_path, environment))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def number() -> str:
    """A phone number that no other test uses."""
    return f"62812345{next(NUMBERS):05d}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests, which open pages of their own in it."""
    with browsing() as running:
        yield running


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A page without a past; what it got wrong fails the test."""
    context = browser.new_context()
    tab = Tab(context.new_page())
    yield tab
    context.close()
    assert tab.wrong == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory, and the address on this machine that its files are served at."""
    with serving(tmp_path) as address:
        yield tmp_path, address
