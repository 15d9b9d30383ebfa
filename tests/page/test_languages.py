"""The page in other languages than English: all of it is said in them, and longer words find their place."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import pytest
import requests
from playwright.sync_api import Page, expect

from chalicelib import page as package
from infra.local.client import Stack
from tests.page import tenants
from tests.page.links import a_linked_session, a_number, a_session
from tests.page.seeing import pictured
from tests.page.test_invitations import invited, place
from tests.page.visiting import WIDTHS, Looking, Visits

pytestmark = pytest.mark.soak

LOCALES: Final = {"es": "es-MX", "pt": "pt-BR", "id": "id-ID"}
_SAID: Final = """() => {
  const shown = (one) => one.checkVisibility({visibilityProperty: true});
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const {textContent: text, parentElement: around} = walker.currentNode;
    if (text.trim() && shown(around)) texts.push(text.trim());
  }
  for (const one of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    if (shown(one)) texts.push(...['aria-label', 'title', 'placeholder'].map((name) => one.getAttribute(name)).filter(Boolean));
  }
  return texts;
}"""
_CUT: Final = """() => [...document.querySelectorAll('button, a, label, legend, h1, h2, h3, dt, .tag, .status, .chip, .hint, .fault')]
  .filter((one) => one.checkVisibility() && one.clientWidth && !one.querySelector('.spoken')
    && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 4))
  .filter((one) => getComputedStyle(one).overflowX !== 'visible' || one.matches('button, .button, .chip, .tag'))
  .map((one) => `${one.tagName.toLowerCase()}.${one.className}: ${one.textContent}`)"""


@cache
def words(language: str) -> dict[str, Any]:
    return dict(json.loads(package.files()[f"messages.{language}.json"].content))


@cache
def left(language: str) -> frozenset[str]:
    """The texts that English alone has: none of them belongs on a page in another language."""
    texts = {one for one in words("en").values() if isinstance(one, str) and "{" not in one}
    return frozenset(texts - {one for one in words(language).values() if isinstance(one, str)})


def looked_at(page: Page, language: str, state: str) -> None:
    """Have nothing said in English, cut off, or wider than the screen."""
    assert left(language) & set(page.evaluate(_SAID)) == set()
    size = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_CUT) == [], f"cut off in {state} at {width}"
    if size:
        page.set_viewport_size(size)
    pictured(page, f"{language}-{state}")


@pytest.fixture(params=LOCALES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def say(language: str) -> Callable[[str], str]:
    """The words of the language for a key."""
    return lambda key: str(words(language)[key])


def test_a_stranger_is_told_in_their_language(open_page: Visits, language: str, say: Callable[[str], str]) -> None:
    page = open_page(looking=Looking(locale=LOCALES[language]), token="", allowing=["status of 401"])
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.locator("input[name=username], input[autocomplete=username]").fill("nobody")
    page.locator("input[type=password]").fill("a wrong one")
    page.get_by_role("button", name=say("signin.action"), exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=say("error.INVALID_CREDENTIALS"))).to_be_visible()
    looked_at(page, language, "signin")


def test_nothing_is_left_in_english_and_nothing_is_cut_off(
    open_page: Visits, tenant: Stack, language: str, say: Callable[[str], str]
) -> None:
    for number in range(3):
        tenant.post("/v1/sessions", {"id": f"cafe-{number}", "name": f"Café {number}", "start": False})
    off = f"{tenant.url}/v1/sessions/cafe-1"
    assert requests.patch(off, json={"enabled": False}, headers=tenant.headers, timeout=60).ok
    shop = a_linked_session(tenant, "shop", a_number())
    tenants.somebody(tenant, f"{language}-{a_number()}", "read_only")
    tenant.post("/api/auth/api-key", {"name": "Web shop"})
    page = open_page(looking=Looking(locale=LOCALES[language]))
    rows = page.get_by_role("listitem").filter(has_text="Shop shop")
    expect(rows).to_contain_text(say("status.CONNECTED"))
    looked_at(page, language, "sessions")
    page.get_by_label(say("settings.label")).click()
    looked_at(page, language, "settings")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=say("sessions.new")).click()
    page.get_by_role("dialog").get_by_text(say("create.further")).click()
    looked_at(page, language, "new")
    page.keyboard.press("Escape")
    page.goto(page.url.partition("#")[0] + f"#/sessions/{shop}")
    expect(page.get_by_role("heading", name=say("status.CONNECTED"))).to_be_visible()
    expect(page.get_by_text(say("happened.created"), exact=True).first).to_be_visible()
    looked_at(page, language, "session")
    page.get_by_role("button", name=say("sessions.more"), exact=True).click()
    looked_at(page, language, "menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=say("webhook.set")).click()
    looked_at(page, language, "webhook")
    page.keyboard.press("Escape")
    page.goto(page.url.partition("#")[0] + f"#/sessions/{shop}/chat")
    expect(page.get_by_text(say("chat.none"))).to_be_visible()
    looked_at(page, language, "chats")
    page.goto(page.url.partition("#")[0] + "#/access")
    expect(page.get_by_text("Web shop")).to_be_visible()
    expect(page.get_by_text(say("role.read_only"))).to_be_visible()
    looked_at(page, language, "access")
    for opener in ("keys.new", "people.add"):
        page.get_by_role("button", name=say(opener), exact=True).click()
        looked_at(page, language, opener.replace(".", "-"))
        page.keyboard.press("Escape")


def test_the_linking_dialog_leads_in_the_language(
    open_page: Visits, tenant: Stack, language: str, say: Callable[[str], str]
) -> None:
    page = open_page(looking=Looking(locale=LOCALES[language]), allowing=["status of 400"])
    expect(page.get_by_role("heading", name=say("sessions.none"))).to_be_visible()
    looked_at(page, language, "nothing")
    a_session(tenant, "shop")
    page.get_by_alt_text(say("code.alt")).wait_for()
    looked_at(page, language, "code")
    page.get_by_role("tab", name=say("linking.way.pairing")).click()
    looked_at(page, language, "pairing")
    page.get_by_role("dialog").locator("input[type=tel]").fill("12")
    page.get_by_role("button", name=say("pairing.ask")).click()
    expect(page.get_by_text(say("error.INVALID_FIELD.phone"))).to_be_visible()
    looked_at(page, language, "pairing-refused")


def test_a_link_speaks_the_language_that_it_was_sent_in(
    open_page: Visits, tenant: Stack, language: str, say: Callable[[str], str]
) -> None:
    link = place(invited(tenant, a_session(tenant, "held"), language=LOCALES[language]))
    page = open_page(link, Looking(locale="en-GB"), token="")
    expect(page.get_by_role("button", name=say("holder.yes"))).to_be_visible()
    looked_at(page, language, "holder")
    page.get_by_role("button", name=say("holder.yes")).click()
    page.get_by_alt_text(say("code.alt")).wait_for()
    looked_at(page, language, "holder-code")
