"""Linking on the page: the dialog with its code, its other ways, and how it opens and closes by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from infra.local.client import Stack
from tests.page.links import a_linked_session, a_number, a_session, code, dialog, listed
from tests.page.relay import Relay
from tests.page.seeing import accessible, camera, soon
from tests.page.visiting import THEMES, Looking, Theme, Visits

Scan = Callable[[str, str], None]


@pytest.fixture
def number() -> str:
    """The number of a phone that no other test has."""
    return a_number()


@pytest.mark.parametrize("theme", THEMES)
def test_a_new_session_s_code_shows_by_itself_and_goes_once_a_phone_has_scanned_it(
    open_page: Visits, tenant: Stack, number: str, scan: Scan, theme: Theme
) -> None:
    page = open_page(looking=Looking(theme=theme))
    listed(page)
    name = a_session(tenant, "cafe")
    code(page).wait_for()
    scan(camera(page), number)
    # The notice goes by itself, so it is looked for before anything else is.
    page.get_by_text(f"Shop cafe is connected. +{number}").wait_for()
    dialog(page).wait_for(state="detached", timeout=1000)
    tenant.until(name, "CONNECTED")


def test_who_made_a_session_goes_on_at_the_top_of_its_page_once_it_is_linked(
    open_page: Visits, tenant: Stack, number: str, scan: Scan
) -> None:
    page = open_page()
    listed(page)
    page.get_by_role("button", name="Link your first WhatsApp").press("Enter")
    page.keyboard.type("Kiosk")
    page.keyboard.press("Enter")
    code(page).wait_for()
    scan(camera(page), number)
    dialog(page).wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Kiosk"


def test_a_notice_is_read_out_and_closed_while_the_dialog_is_open_and_outlives_it(
    open_page: Visits, tenant: Stack, number: str, scan: Scan
) -> None:
    page = open_page()
    listed(page)
    a_session(tenant, "noticed")
    code(page).wait_for()
    seen = camera(page)
    dialog(page).get_by_role("tab", name="Phone number").click()
    dialog(page).locator("input[type=tel]").fill(f"+{number}")
    dialog(page).get_by_role("button", name="Get a code").click()
    dialog(page).get_by_role("button", name="Copy", exact=True).click()
    notice = dialog(page).get_by_role("status").filter(has_text="The code is copied.")
    notice.get_by_role("button", name="Close this notice").click()
    notice.wait_for(state="hidden")
    scan(seen, number)
    dialog(page).wait_for(state="detached")
    page.get_by_text(f"Shop noticed is connected. +{number}").wait_for()


def test_without_a_connection_the_dialog_says_so_and_closes_all_the_same(
    open_page: Visits, tenant: Stack, relay: Relay, number: str, scan: Scan
) -> None:
    a_session(tenant, "offline")
    page = open_page(origin=relay.origin, allowing=["WebSocket"])
    code(page).wait_for()
    relay.cut()
    note = dialog(page).get_by_text("No live connection")
    note.wait_for()
    accessible(page)
    scan(camera(page), number)
    dialog(page).wait_for(state="detached")


def test_the_code_is_large_and_sharp_on_every_screen(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "sharp")
    matrix = tenant.get(f"/v1/sessions/{name}/qr?wait=25&format=ascii").text
    modules = len(matrix.splitlines()[0])
    for density in (1, 1.5, 3):
        page = open_page(looking=Looking(density=density, theme="dark"))
        code(page).wait_for()
        box = code(page).bounding_box()
        assert box
        assert box["width"] >= 300
        pixels = box["width"] * density / modules
        assert pixels == pytest.approx(round(pixels), abs=1e-3)
        assert camera(code(page)) == tenant.get(f"/v1/sessions/{name}/qr").json()["code"]


def test_who_comes_late_sees_the_code_that_is_on_show_and_the_time_it_has_left(
    open_page: Visits, tenant: Stack
) -> None:
    name = a_session(tenant, "late")
    assert tenant.get(f"/v1/sessions/{name}/qr?wait=25").ok
    page = open_page()
    page.get_by_text("Code 1 of 6").wait_for()
    timer = page.get_by_role("timer")
    first = int(timer.inner_text())
    assert 0 < first <= 60
    soon(page, lambda: int(timer.inner_text()) < first, within=5)


def test_an_outdated_code_is_greyed_at_once_and_the_next_one_takes_its_place(
    open_page: Visits, tenant: Stack, number: str, scan: Scan
) -> None:
    name = a_session(tenant, "rotating")
    assert tenant.get(f"/v1/sessions/{name}/qr?wait=25").ok

    def soon_over(page: Page) -> None:
        """The code is told to end in a moment, and would be told so again and again."""
        page.route(
            "**/qr?wait=0",
            lambda route: route.fulfill(
                json={**(told := route.fetch().json()), "expires_at": page.evaluate(f"window.ends ??= {SOON}") or told}
            ),
        )

    page = open_page(before=soon_over)
    code(page).wait_for()
    page.get_by_text("The next code is on its way").wait_for(timeout=5000)
    frame = page.locator(".code")
    assert "outdated" in (frame.get_attribute("class") or "")
    page.evaluate(WATCH_FOR_FLICKER)
    assert tenant.network("faults/push-refs", {}).json()["pushed"]
    page.get_by_text("The next code is on its way").wait_for(state="hidden")
    assert page.evaluate("window.empty") == 0
    scan(camera(page), number)
    dialog(page).wait_for(state="hidden")
    tenant.until(name, "CONNECTED")


SOON = "new Date(Date.now() + 2000).toISOString()"
WATCH_FOR_FLICKER = """
window.empty = 0;
new MutationObserver(() => { if (!document.querySelector('.code-sheet img[src]')?.naturalWidth) window.empty += 1; })
  .observe(document.querySelector('.code-sheet'), { childList: true, subtree: true, attributes: true });
"""


def test_it_opens_by_itself_when_the_phone_unlinks_the_device(
    page: Page, tenant: Stack, number: str, scan: Scan
) -> None:
    name = a_linked_session(tenant, "unlinked", number)
    page.reload()
    listed(page)
    assert dialog(page).count() == 0
    tenant.network(f"phones/{number}/unlink", {})
    code(page).wait_for()
    scan(camera(page), number)
    tenant.until(name, "CONNECTED")
    dialog(page).wait_for(state="detached", timeout=1000)


def test_closed_by_its_reader_it_stays_closed(page: Page, tenant: Stack) -> None:
    name = a_session(tenant, "closed")
    code(page).wait_for()
    page.keyboard.press("Escape")
    dialog(page).wait_for(state="detached")
    tenant.network("faults/push-refs", {})
    soon(page, lambda: tenant.get(f"/v1/sessions/{name}/qr").json()["attempt"] > 1)
    page.wait_for_timeout(300)
    assert dialog(page).count() == 0


def test_a_refused_send_opens_it_and_goes_out_once_when_the_session_is_connected(
    open_page: Visits, tenant: Stack, number: str, scan: Scan
) -> None:
    name = a_session(tenant, "refused", start=False)
    to = f"628777{number[-6:]}"
    page = open_page(f"#/sessions/{name}/chat/{to}@s.whatsapp.net", allowing=["status of 409"])
    asked: list[Any] = []
    page.on(
        "request", lambda one: asked.append(one) if one.method == "POST" and one.url.endswith("/messages") else None
    )
    words = page.get_by_role("textbox", name="Message")
    words.fill("Ready")
    words.press("Enter")
    dialog(page).get_by_role("button", name="Start").click()
    code(page).wait_for()
    scan(camera(page), number)
    soon(page, lambda: tenant.get(f"/v1/sessions/{name}/messages").json()["data"])
    dialog(page).wait_for(state="detached")
    assert len({one.headers["idempotency-key"] for one in asked}) == 1
    assert len(asked) == 2
    bodies = [one["text"]["body"] for one in tenant.get(f"/v1/sessions/{name}/messages").json()["data"]]
    assert bodies == ["Ready"]


@pytest.mark.soak
def test_codes_follow_each_other_in_their_own_time_without_a_flicker(page: Page, tenant: Stack) -> None:
    listed(page)
    a_session(tenant, "own-time")
    page.get_by_text("Code 1 of 6").wait_for()
    page.evaluate(WATCH_FOR_FLICKER)
    first = camera(page)
    page.get_by_text("Code 3 of 6").wait_for(timeout=120_000)
    assert camera(page) != first
    assert page.evaluate("window.empty") == 0
