"""The page of a gateway without an edge: its calls, its WebSocket and its files each have an address of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.local.client import Phone, Stack, eventually
from tests.local.running import running_stack
from tests.page.links import a_linked_session, a_session
from tests.page.visiting import Looking, Visits
from tests.sharing import GENEROUS
from tests.worker.media import samples

SCAN = "Scan the page\N{RIGHT SINGLE QUOTATION MARK}s code"


@contextmanager
def an_edgeless_stack(state: Path) -> Iterator[Stack]:
    """Run what ``make run EDGE=none`` starts."""
    with running_stack(state, EDGE="none", **GENEROUS) as stack:
        stack.log_in()
        yield stack


@pytest.fixture(scope="module")
def edgeless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with an_edgeless_stack(tmp_path_factory.mktemp("no-edge")) as stack:
        yield stack


@contextmanager
def visits_to(stack: Stack, browser: Browser) -> Iterator[Visits]:
    """Visit the page; nothing may be wrong with it in the end."""
    visits = Visits(browser, f"http://localhost:{stack.port}/api", "")
    yield visits
    assert visits.end() == []


@pytest.fixture
def opens(edgeless: Stack, browser: Browser) -> Iterator[Visits]:
    with visits_to(edgeless, browser) as visits:
        yield visits


def test_who_opens_it_links_an_account_and_chats(tmp_path: Path, browser: Browser) -> None:
    # Nobody's sessions are there yet.
    with an_edgeless_stack(tmp_path) as stack, visits_to(stack, browser) as opens:
        _links_and_chats(stack, opens)


def _links_and_chats(edgeless: Stack, opens: Visits) -> None:
    opened: list[str] = []
    page = opens(looking=Looking(phone=True), before=lambda page: _listen(page, opened))
    assert page.url == f"http://localhost:{edgeless.port}/api/"
    phone = page.locator(".handset")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Link your first WhatsApp").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Café Ana")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("dialog[open] .code-sheet img")).to_be_visible()
    phone.get_by_role("button", name="Switch on").click()
    phone.get_by_role("button", name=SCAN).click()
    expect(phone.get_by_text("Linked", exact=True)).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    phone.get_by_role("button", name="Write from another phone").click()
    phone.get_by_role("button", name="Switch on").click()
    phone.get_by_role("textbox", name="Message").fill("Do you have a table for two?")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Open chats").click()
    page.locator(".chat-row").click()
    expect(page.locator(".bubble-row", has_text="a table for two")).to_be_visible()
    page.locator("main").get_by_role("textbox", name="Message").fill("Yes, at eight")
    page.locator("main").get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_text("Yes, at eight")).to_be_visible()
    told = edgeless.get("/edge.json").json()["websockets"][0]["address"].partition("?")[0]
    assert set(opened) == {told}


def _listen(page: Page, opened: list[str]) -> None:
    page.on("websocket", lambda one: opened.append(one.url.partition("?")[0]))


def test_a_picture_is_shown_from_the_bucket_s_own_address(edgeless: Stack, opens: Visits) -> None:
    a_linked_session(edgeless, "pictures", "628131234567")
    friend = Phone(edgeless, "628137654321").switch_on("Bo")
    friend.send(
        "628131234567", "image", file=friend.put(samples.a_picture("PNG")), mimetype="image/png", caption="Kopi"
    )
    page = opens("#/sessions/pictures/chat/628137654321@s.whatsapp.net", token=edgeless.token)
    picture = page.locator(".scroller img[alt='']").first
    expect(picture).to_be_visible()
    eventually(lambda: picture.evaluate("one => one.complete && one.naturalWidth > 0"))
    where = urlsplit(str(picture.evaluate("one => one.currentSrc")))
    assert where.netloc not in {"", urlsplit(page.url).netloc}


def test_a_one_time_link_leads_to_the_stage_and_links(edgeless: Stack, opens: Visits) -> None:
    number = "628131230000"
    made = edgeless.post(
        f"/v1/sessions/{a_session(edgeless, 'held')}/invitations", {"company": {"name": "Café Ana"}}
    ).json()
    base, _, secret = made["url"].partition("/#")
    assert base == edgeless.gateway
    page = opens(f"#{secret}", Looking(width=360, height=740, touch=True), token="", origin=base)
    page.get_by_role("button", name="Yes, go on").click()
    page.locator("input[type=tel]").fill(f"+{number}")
    page.get_by_role("button", name="Get a code").click()
    letters = page.locator("output.letters").inner_text()
    assert edgeless.network("phones/link-code", {"code": letters, "number": number}).ok
    page.get_by_role("heading", name="Connected").wait_for()


def test_the_reference_makes_its_calls_at_the_stage(edgeless: Stack, opens: Visits) -> None:
    asked: list[str] = []
    page = opens("docs#get-/health", before=lambda page: page.on("request", lambda one: asked.append(one.url)))
    page.get_by_role("button", name="TRY", exact=True).click()
    expect(page.get_by_text("Response Status: OK:200")).to_be_visible()
    here = f"http://localhost:{edgeless.port}/api"
    assert f"{here}/health" in asked
    assert [url for url in asked if not url.startswith((f"{here}/", "data:", "blob:"))] == []
