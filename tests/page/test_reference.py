"""The API reference in a real browser: offline, in both themes, and calling the gateway as whoever is signed in."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from chalicelib.dialects import DIALECTS
from infra.local.client import Stack
from tests.page.seeing import accessible, pictured
from tests.page.visiting import THEMES, Looking, Theme, Visits

pytestmark = pytest.mark.subprocess
FAMILIES = [dialect.tag.name for dialect in DIALECTS.values() if dialect.tag]


def try_it(page: Page) -> None:
    page.get_by_role("button", name="TRY", exact=True).click()


def test_it_shows_every_family_and_asks_nobody_but_the_gateway(open_page: Visits, tenant: Stack) -> None:
    asked: list[str] = []
    page = open_page("docs", before=lambda page: page.on("request", lambda request: asked.append(request.url)))
    for family in FAMILIES:
        expect(page.locator(".nav-bar-tag").get_by_text(family, exact=True)).to_be_visible()
    expect(page.locator(".nav-bar-path-inner").get_by_text("/v1/sessions", exact=True).first).to_be_visible()
    pictured(page, "reference")
    accessible(page)
    assert len(asked) > 3
    assert [url for url in asked if not url.startswith((tenant.url, "data:", "blob:"))] == []


def test_it_shows_what_is_answered_and_what_webhooks_are_told(open_page: Visits) -> None:
    page = open_page("docs#get-/v1/sessions")
    expect(page.get_by_text('"6281234567890"').first).to_be_visible()
    page.locator(".nav-bar-path", has_text="native: message.received").click()
    expect(page.get_by_label("Body", exact=True)).to_have_value(re.compile("Kopi jam sembilan"))


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_as_bright_as_its_reader_likes(open_page: Visits, theme: Theme) -> None:
    page = open_page("docs", Looking(theme=theme))
    expect(page.locator("rapi-doc")).to_have_attribute("color-scheme", theme)
    expect(page.get_by_role("heading", name="Begin")).to_be_visible()


def test_a_call_is_made_as_who_is_signed_in(open_page: Visits, tenant: Stack) -> None:
    assert tenant.post("/v1/sessions", {"id": "cafe", "start": False}).ok
    page = open_page("docs#get-/v1/sessions")
    try_it(page)
    expect(page.get_by_text("Response Status: OK:200")).to_be_visible()
    expect(page.get_by_text('"id": "cafe"').first).to_be_visible()


def test_without_a_credential_a_call_is_refused_in_the_gateway_s_words(open_page: Visits) -> None:
    page = open_page("docs#get-/v1/sessions", token="", allowing=["status of 401"])
    try_it(page)
    expect(page.get_by_text("Response Status: Unauthorized:401")).to_be_visible()
    expect(page.get_by_text("This needs a credential.").first).to_be_visible()


@pytest.mark.parametrize(
    "call", ["get-/v1/sessions", "post-/v1/sessions/-id-/messages", "post-/v1/sessions/-id-/media"]
)
def test_a_call_can_be_filled_in_by_who_sees_nothing(open_page: Visits, call: str) -> None:
    page = open_page(f"docs#{call}")
    expect(page.get_by_role("button", name="TRY", exact=True)).to_be_visible()
    accessible(page)


def test_behind_a_stage_the_calls_go_there_too(open_page: Visits, tenant: Stack) -> None:
    """As at API Gateway's own address, which has the stage before each path."""

    def staged(route: Route) -> None:
        answer = route.fetch(url=route.request.url.replace("/stage/", "/", 1))
        route.fulfill(response=answer)

    def before(page: Page) -> None:
        page.route("**/stage/**", staged)

    page = open_page("stage/docs#get-/v1/sessions", before=before)
    with page.expect_response(f"{tenant.url}/stage/v1/sessions") as answered:
        try_it(page)
    assert answered.value.ok
