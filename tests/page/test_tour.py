"""The tour of who just ran the local stack: from the sign-in to a linked account that chats, within half a minute."""

import time
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.local.client import Stack, eventually
from tests.local.running import running_stack
from tests.page.seeing import PICTURES, accessible
from tests.page.visiting import THEMES, WIDTHS, Looking, Theme, Visits

SCAN = "Scan the page\N{RIGHT SINGLE QUOTATION MARK}s code"
WITHIN = 30.0


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as ``make run`` starts it for the first time."""
    with running_stack(tmp_path_factory.mktemp("fresh")) as stack:
        stack.log_in()
        yield stack


class Tour:
    """A tour as it goes on: each of its steps is timed, and kept in a picture; ``looks``: axe-core looks, in both themes."""

    def __init__(self, page: Page, name: str, *, looks: bool) -> None:
        self.page = page
        self._looks = looks
        self._name = name
        self._began = self._last = time.monotonic()
        PICTURES.mkdir(parents=True, exist_ok=True)

    def step(self, what: str) -> None:
        """Say how long it took to come here; to look at it takes none of the tour's time."""
        now = time.monotonic()
        print(f"{self._name}  {now - self._began:5.1f} s  (+{now - self._last:.1f})  {what}")
        self.page.screenshot(path=PICTURES / f"tour-{what.replace(' ', '-')}-{self._name}.png", animations="disabled")
        if self._looks:
            accessible(self.page)
        self._last = time.monotonic()
        self._began += self._last - now

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        pytest.param(theme, width, marks=[] if (theme, width) == ("light", WIDTHS[1]) else pytest.mark.soak)
        for theme, width in product(THEMES, WIDTHS)
    ],
)
def test_who_opens_the_page_is_linked_and_chatting_within_half_a_minute(
    fresh: Stack, browser: Browser, theme: Theme, width: int
) -> None:
    visits = Visits(browser, f"http://localhost:{fresh.port}", "")
    page = visits(looking=Looking(theme=theme, width=width, phone=True))
    tour = Tour(page, f"{width}-{theme}", looks=theme == "light")
    phone = page.locator(".handset")
    narrow = width == WIDTHS[0]

    def take_out() -> None:
        if narrow:
            page.get_by_role("button", name="Virtual phone").click()

    def put_away() -> None:
        if narrow:
            phone.get_by_role("button", name="Put the phone away").click()

    expect(page.get_by_text("Its user is filled in already")).to_be_visible()
    tour.step("1 sign in")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Link your first WhatsApp").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Café Ana")
    tour.step("2 new session")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("dialog[open] .code-sheet img")).to_be_visible()
    tour.step("3 code")
    take_out()
    phone.get_by_role("button", name="Switch on").click()
    expect(phone.get_by_role("button", name=SCAN)).to_be_visible()
    tour.step("4 phone")
    phone.get_by_role("button", name=SCAN).click()
    expect(phone.get_by_text("Linked", exact=True)).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    tour.step("5 linked")
    phone.get_by_role("button", name="Write from another phone").click()
    phone.get_by_role("button", name="Switch on").click()
    phone.get_by_role("textbox", name="Message").fill("Do you have a table for two?")
    page.keyboard.press("Enter")
    expect(phone.get_by_text("Do you have a table for two?")).to_be_visible()
    tour.step("6 written")
    put_away()
    page.get_by_role("link", name="Open chats").click()
    page.locator(".chat-row").click()
    expect(page.locator(".bubble-row", has_text="a table for two")).to_be_visible()
    page.locator("main").get_by_role("textbox", name="Message").fill("Yes, at eight")
    page.locator("main").get_by_role("button", name="Send", exact=True).click()
    take_out()
    expect(phone.get_by_text("Yes, at eight")).to_be_visible()
    tour.step("7 answered")
    assert tour.seconds < WITHIN
    assert visits.end() == []
    forget(fresh)


def forget(stack: Stack) -> None:
    """Leave no session to the next tour."""
    for one in stack.get("/v1/sessions").json()["data"]:
        assert stack.delete(f"/v1/sessions/{one['id']}").ok
    eventually(lambda: stack.get("/v1/sessions").json()["data"] == [])
