"""Pages of the running gateway, opened in the installed browser as somebody of a tenant that no other test knows."""

from collections.abc import Callable, Generator, Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, Page

from infra.local.client import Stack
from tests.flows.browser import browsing
from tests.page import tenants
from tests.page.relay import Relay, relaying
from tests.page.seeing import PICTURES
from tests.page.visiting import RESOLVING, Visits

TENANTS = count(1)
MANY = 500
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests: Playwright's event loop must not outlive those that need it."""
    with browsing(RESOLVING) as running:
        yield running


@pytest.fixture
def tenant(stack: Stack) -> Iterator[Stack]:
    """The stack as the administrator of a tenant sees it that is this test's alone; its workers end with the test."""
    name = f"page-{next(TENANTS)}"
    yield tenants.a_tenant(stack, name)
    tenants.close(stack, name)


@pytest.fixture(scope="session")
def crowded(stack: Stack) -> Stack:
    """The stack as the administrator of a tenant with five hundred sessions sees it. Tests leave them as they are."""
    tenant = tenants.a_tenant(stack, "page-crowded")
    tenants.fill(tenant, MANY)
    return tenant


@pytest.fixture
def open_page(request: pytest.FixtureRequest, browser: Browser, tenant: Stack) -> Iterator[Visits]:
    """Opens pages, signed in as the tenant's administrator; what any of them got wrong fails the test."""
    if "relay" in request.fixturenames:
        request.getfixturevalue("relay")  # a way that pages come by is there until they are closed
    visits = Visits(browser, tenant.url, tenant.token)
    yield visits
    if request.node.stash.get(FAILED, False):
        _keep(request.node.name, visits)
    assert visits.end() == []


@pytest.fixture
def page(open_page: Visits) -> Page:
    """The page at a desk, in the light theme, in English, signed in as the tenant's administrator."""
    return open_page()


@pytest.fixture
def relay(stack: Stack) -> Iterator[Relay]:
    """A way to the stack by a name that is no secure context, which can be cut: ``open_page(origin=relay.origin)``."""
    with relaying(stack.url) as one:
        yield one


@pytest.fixture
def scan(tenant: Stack) -> Callable[[str, str], None]:
    """Has the virtual phone of a number scan a code that was seen: ``scan(camera(page), number)``."""

    def scan(code: str, number: str) -> None:
        answer = tenant.scan(code, number, name="Ana")
        assert answer.ok, answer.text

    return scan


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note that a test failed, for those who can keep what it looked like."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def _keep(name: str, visits: Visits) -> None:
    """Keep what the pages of a failed test showed at last."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    shown = [page for context in visits.opened for page in context.pages]
    for number, page in enumerate(shown, 1):
        page.screenshot(path=PICTURES / f"failed-{name.replace('/', '-')}-{number}.png")
