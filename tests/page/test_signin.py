"""Signing in and out, and what everybody sees around the views."""

from playwright.sync_api import Page, expect

from infra.local.client import Stack
from tests.page import tenants
from tests.page.relay import Relay
from tests.page.seeing import accessible, living, pictured
from tests.page.visiting import Looking, Visits

TOKEN = "sessionStorage.getItem('switchboard.token')"


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_somebody_signs_in_with_a_password_and_out_again(open_page: Visits, tenant: Stack) -> None:
    page = open_page(token="", allowing=["status of 401"])
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    accessible(page)
    pictured(page, "signin")
    name = f"mia-{id(tenant)}"
    tenants.somebody(tenant, name, "member")
    sign_in(page, name, "a wrong one")
    expect(page.get_by_role("alert").filter(has_text="password")).to_be_visible()
    pictured(page, "signin-refused")
    sign_in(page, name, tenants.PASSWORD)
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert page.evaluate(TOKEN) not in page.url
    page.get_by_label(f"Signed in as {name}").click()
    accessible(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(TOKEN) is None


def test_somebody_signs_in_with_an_api_key(open_page: Visits, tenant: Stack) -> None:
    page = open_page(token="", allowing=["status of 401"])
    page.get_by_role("button", name="Use an API key instead").click()
    accessible(page)
    pictured(page, "signin-key")
    page.get_by_label("API key").fill("sb_made_up")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("API key")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("API key").fill(tenant.post("/api/auth/api-key", {}).json()["data"]["api_key"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


def test_the_theme_that_was_chosen_stays_whatever_the_system_has(open_page: Visits) -> None:
    page = open_page(looking=Looking(theme="light"))
    page.get_by_label("Language and colours").click()
    accessible(page)
    pictured(page, "settings")
    page.locator("label", has_text="Colours").locator("select").select_option("Dark")
    page.reload()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(11, 20, 26)"


def test_a_language_is_chosen_by_the_keyboard_however_far_down_it_is(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    menu = page.get_by_label("Language and colours")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu-panel select").first).to_be_visible()
    page.keyboard.press("Tab")
    for language in ("es", "hi"):
        page.keyboard.press("ArrowDown")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator(".menu-panel select").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu-panel select").first).to_be_hidden()
    expect(page.locator("main h1")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_sign_in_that_has_ended_leads_back_to_it(open_page: Visits, tenant: Stack) -> None:
    page = open_page(allowing=["status of 401"])
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    here = page.url
    # Away meanwhile: a page that is open is told at once.
    page.goto("about:blank")
    tenant.post("/api/auth/logout")
    page.goto(here)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("your sign-in has ended")).to_be_visible()


def test_the_page_works_where_no_context_is_secure_and_behind_a_stage(open_page: Visits, relay: Relay) -> None:
    page = open_page(origin=relay.origin)
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert page.evaluate("isSecureContext") is False


def test_signing_in_and_out_ten_times_leaves_nothing_behind(open_page: Visits, tenant: Stack) -> None:
    page = open_page(token="", counted=True)
    key = tenant.post("/api/auth/api-key", {}).json()["data"]["api_key"]

    def round_trip() -> list[str]:
        page.get_by_role("button", name="Use an API key instead").click()
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
        page.get_by_label("Signed in as").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        return living(page)

    before = round_trip()
    for _ in range(10):
        after = round_trip()
    assert after == before
