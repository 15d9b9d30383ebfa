"""A session's webhook on its page: set up, told how it fares, set again, changed, removed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from infra.local.client import Stack
from tests.page import tenants
from tests.page.seeing import accessible, pictured, soon
from tests.page.visiting import Visits
from tests.sharing import a_number

pytestmark = pytest.mark.soak

SHOP = "#/sessions/shop"


class Endpoint:
    """Somebody's server: it answers each post with ``answer``, and counts them."""

    def __init__(self) -> None:
        self.answer = 200
        self.posts = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.posts += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(outer.answer)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/hook"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    one = Endpoint()
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


@pytest.fixture
def shop(tenant: Stack) -> str:
    """A session that isn't started, by its address."""
    assert tenant.post("/v1/sessions", {"id": "shop", "name": "Shop", "start": False}).status_code == 201
    return "/v1/sessions/shop"


def set_up(tenant: Stack, shop: str, **webhook: Any) -> None:
    answer = tenant.request("PATCH", shop, {"webhook": webhook})
    assert answer.ok, answer.text


def panel(page: Page) -> Locator:
    return page.locator("section.card", has=page.get_by_role("heading", name="Webhook", exact=True))


def happen(tenant: Stack) -> None:
    """Have the session change its status, of which the webhook is told."""
    assert tenant.post("/v1/sessions/shop/start").ok
    assert tenant.post("/v1/sessions/shop/stop").ok


def test_a_webhook_is_set_up_changed_and_removed(
    open_page: Visits, tenant: Stack, shop: str, endpoint: Endpoint
) -> None:
    page = open_page(SHOP, allowing=["status of 400"])
    expect(panel(page).get_by_text("A program of yours can be told")).to_be_visible()
    accessible(page)
    pictured(page, "webhook-none")
    panel(page).get_by_role("button", name="Set up a webhook").click()
    dialog = page.get_by_role("dialog", name="Set up a webhook")
    dialog.get_by_label("Address").fill("nowhere")
    accessible(page)
    dialog.get_by_role("button", name="Set up a webhook").click()
    expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Address").fill(endpoint.url)
    dialog.get_by_label("Only these").check()
    for group in ("Messages that come in", "What becomes of sent messages", "What happens to the session"):
        dialog.get_by_label(group).uncheck()
    dialog.get_by_role("button", name="Set up a webhook").click()
    expect(dialog.get_by_role("alert").filter(has_text="Choose one at least.")).to_be_visible()
    dialog.get_by_label("Messages that come in").check()
    expect(dialog.get_by_text("Choose one at least.")).to_have_count(0)
    pictured(page, "webhook-new")
    dialog.get_by_role("button", name="Set up a webhook").click()
    expect(dialog).to_have_count(0)
    for told in (endpoint.url, "Messages that come in", "On"):
        expect(panel(page)).to_contain_text(told)
    assert tenant.get(shop).json()["webhook"]["events"] == ["message.received"]
    accessible(page)

    secret = tenant.get(shop).json()["webhook"]["secret"]
    assert secret not in page.content()
    panel(page).get_by_role("button", name="Show").click()
    expect(panel(page).get_by_text(secret)).to_be_visible()
    panel(page).get_by_role("button", name="Hide").click()
    assert secret not in page.content()
    pictured(page, "webhook-on")

    panel(page).get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name="Change the webhook")
    expect(dialog.get_by_label("Messages that come in")).to_be_checked()
    dialog.get_by_label("Everything").check()
    dialog.get_by_role("button", name="Save").click()
    expect(panel(page)).to_contain_text("Everything")
    # The button that opened the dialog was drawn anew meanwhile.
    expect(panel(page).get_by_role("heading", name="Webhook")).to_be_focused()
    stands = tenant.get(shop).json()["webhook"]
    assert (stands["events"], stands["secret"]) == (None, secret)

    panel(page).get_by_role("button", name="Remove").click()
    page.get_by_role("dialog", name="Remove the webhook?").get_by_role("button", name="Remove").click()
    expect(panel(page).get_by_role("button", name="Set up a webhook")).to_be_visible()
    assert tenant.get(shop).json()["webhook"] is None


def test_one_that_is_gone_for_good_is_told_as_it_happens_and_set_again_in_one_click(
    open_page: Visits, tenant: Stack, shop: str, endpoint: Endpoint
) -> None:
    endpoint.answer = 410
    set_up(tenant, shop, url=endpoint.url)
    secret = tenant.get(shop).json()["webhook"]["secret"]
    page = open_page(SHOP)
    expect(panel(page)).to_contain_text("On")
    happen(tenant)
    expect(panel(page)).to_contain_text("it is gone for good")
    expect(panel(page)).to_contain_text("Off")
    accessible(page)
    pictured(page, "webhook-off")
    endpoint.answer = 200
    panel(page).get_by_role("button", name="Set it again").press("Enter")
    expect(panel(page)).to_contain_text("On")
    expect(panel(page).get_by_role("heading", name="Webhook")).to_be_focused()
    before = endpoint.posts
    happen(tenant)
    soon(page, lambda: endpoint.posts > before)
    assert tenant.get(shop).json()["webhook"]["secret"] == secret


def test_one_that_fails_is_told_why_how_often_and_what_comes_next(
    open_page: Visits, tenant: Stack, shop: str, endpoint: Endpoint
) -> None:
    endpoint.answer = 503
    set_up(tenant, shop, url=endpoint.url)
    page = open_page(SHOP)
    happen(tenant)
    for told in ("Doesn’t arrive", "The address answered with an error (503).", "Tried 1 time", "The next try is"):  # noqa: RUF001 - as it is written
        expect(panel(page)).to_contain_text(told)
    accessible(page)
    pictured(page, "webhook-failing")
    endpoint.answer = 200
    expect(panel(page).locator(".tag")).to_have_text("On")


def test_who_only_reads_sees_where_it_goes_and_no_secret(
    open_page: Visits, tenant: Stack, shop: str, endpoint: Endpoint
) -> None:
    set_up(tenant, shop, url=endpoint.url, events=["session.*", "message.sent"])
    reader = tenants.somebody(tenant, f"rita-{a_number()}", "read_only")
    page = open_page(SHOP, token=reader.token)
    for told in (endpoint.url, "What happens to the session", "message.sent"):
        expect(panel(page)).to_contain_text(told)
    assert panel(page).get_by_role("button").count() == 0
    expect(panel(page).get_by_text("Secret")).to_have_count(0)
    accessible(page)
