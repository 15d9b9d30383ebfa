"""Sessions and phones on the stack that a test process shares, and stacks of their own for tests that break theirs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from infra.local.client import Phone, Stack
from tests.flows.browser import Tab, browsing, serving
from tests.sharing import a_number


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


@pytest.fixture(scope="session")
def linked() -> list[str]:
    """The sessions that ``account`` has linked so far."""
    return []


@pytest.fixture
def account(stack: Stack, linked: list[str]) -> str:
    """The name and number of a session that is connected, for tests that are about something else.

    They share it. Whoever leaves it in another state has the next one link another.
    """
    if not linked or stack.session(linked[-1])["status"] != "CONNECTED":
        linked.append(a_number())
        stack.link(linked[-1])
    return linked[-1]


@pytest.fixture
def friend(stack: Stack, number: str) -> Phone:
    """A phone of the test's own, linked to nothing."""
    return Phone(stack, "628777" + number[-6:]).switch_on("Bo")


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
