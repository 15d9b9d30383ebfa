"""The list of sessions: what it shows of each, how it keeps up, and what can be done from it."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from infra.local.client import Stack
from tests.page import tenants
from tests.page.relay import Relay
from tests.page.seeing import accessible, pictured, soon
from tests.page.visiting import Looking, Visits


def make(tenant: Stack, name: str, **more: object) -> str:
    """Make a session that isn't started, and return its id."""
    answer = tenant.post("/v1/sessions", {"name": name, "start": False, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))


def choose(page: Page, name: str, what: str) -> None:
    """Choose an entry of a session's menu."""
    page.get_by_role("button", name=f"More: {name}").click()
    row(page, name).get_by_role("button", name=what, exact=True).click()


def test_who_has_no_session_sees_the_one_thing_to_do(page: Page) -> None:
    expect(page.get_by_role("heading", name="Nothing is linked yet")).to_be_visible()
    accessible(page)
    pictured(page, "sessions-none")
    page.get_by_role("button", name="Link your first WhatsApp").click()
    expect(page.get_by_role("dialog", name="New session").get_by_label("Name")).to_be_focused()


def test_a_session_is_made_with_a_name_and_a_number_as_it_is_dialled(page: Page, tenant: Stack) -> None:
    page.get_by_role("button", name="New session").click()
    dialog = page.get_by_role("dialog", name="New session")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name").fill("Café <b>Ana</b>")
    dialog.get_by_label("Country").select_option("AT")
    dialog.get_by_label("WhatsApp number").fill("0660 123456")
    dialog.get_by_text("More settings").click()
    dialog.get_by_label("Its id").fill("cafe")
    dialog.get_by_label("Start it right away").uncheck()
    accessible(page)
    pictured(page, "sessions-new")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Café <b>Ana</b>", level=1)).to_be_visible()
    (made,) = tenant.get("/v1/sessions").json()["data"]
    assert (made["name"], made["phone"], made["require_phone_match"]) == ("Café <b>Ana</b>", "+43660123456", True)
    assert page.url.endswith(f"#/sessions/{made['id']}")


def test_what_is_wrong_is_said_beside_its_field(open_page: Visits) -> None:
    page = open_page(allowing=["status of 400"])
    page.get_by_role("button", name="New session").click()
    dialog = page.get_by_role("dialog", name="New session")
    dialog.get_by_label("Name").fill("Ana")
    dialog.get_by_text("More settings").click()
    dialog.get_by_label("Its id").fill("-no-")
    dialog.get_by_text("More settings").click()
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_label("Its id")).to_be_focused()
    expect(dialog.get_by_label("Its id")).to_have_attribute("aria-invalid", "true")


def test_what_others_do_shows_by_itself(open_page: Visits, tenant: Stack) -> None:
    page = open_page(allowing=["status of 404", "status of 409"])
    made = make(tenant, "Shop")
    expect(row(page, "Shop").locator(".status")).to_have_text("Not started")
    tenant.post(f"/v1/sessions/{made}/start")
    expect(row(page, "Shop").locator(".status")).to_have_text("Waits for a scan")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    accessible(page)
    pictured(page, "sessions-waiting")
    row(page, "Shop").get_by_role("button", name="Show the code: Shop").click()
    page.get_by_role("dialog", name="Link Shop").get_by_role("button", name="Close", exact=True).click()
    tenant.post(f"/v1/sessions/{made}/stop")
    expect(row(page, "Shop").locator(".status")).to_have_text("Stopped")
    expect(row(page, "Shop").get_by_role("button", name="Show the code: Shop")).to_be_hidden()
    tenant.delete(f"/v1/sessions/{made}")
    expect(page.get_by_role("heading", name="Nothing is linked yet")).to_be_visible()


@pytest.mark.parametrize("width", [1300, 900, 700])
def test_columns_are_under_one_another_whatever_can_be_done_with_a_row(
    open_page: Visits, tenant: Stack, width: int
) -> None:
    page = open_page(looking=Looking(width=width))
    waiting = make(tenant, "Shop", phone="+6281234567890")
    make(tenant, "Other")
    tenant.post(f"/v1/sessions/{waiting}/start")
    expect(row(page, "Shop").get_by_role("button", name="Show the code: Shop")).to_be_visible()
    boxes = [row(page, name).locator(".status").bounding_box() for name in ("Shop", "Other")]
    assert len({round(box["x"]) for box in boxes if box}) == 1
    wide, seen = row(page, "Shop").evaluate("row => [row.scrollWidth, row.clientWidth]")
    assert wide == seen


def test_without_a_socket_it_asks_every_five_seconds_and_says_so(
    open_page: Visits, relay: Relay, tenant: Stack
) -> None:
    make(tenant, "First")
    page = open_page(origin=relay.origin, allowing=["WebSocket"])
    expect(row(page, "First")).to_be_visible()
    note = page.get_by_role("status").filter(has_text="asks every 5 seconds")
    expect(note).to_be_hidden()
    soon(page, lambda: relay.sockets)
    relay.cut()
    expect(note).to_be_visible()
    accessible(page)
    pictured(page, "sessions-polling")
    make(tenant, "Second")
    expect(row(page, "Second")).to_be_visible()
    relay.mend()
    # What the browser says when it has a network again; by itself the page tries again later and later.
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(note).to_be_hidden()
    make(tenant, "Third")
    expect(row(page, "Third")).to_be_visible(timeout=4_000)


def test_a_session_is_started_stopped_renamed_and_deleted_from_the_list(open_page: Visits, tenant: Stack) -> None:
    page = open_page(allowing=["status of 404"])
    made = make(tenant, "Shop")
    make(tenant, "Other")
    choose(page, "Shop", "Start")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    expect(row(page, "Shop").locator(".status")).to_have_text("Waits for a scan")
    choose(page, "Shop", "Stop")
    expect(row(page, "Shop").locator(".status")).to_have_text("Stopped")
    choose(page, "Shop", "Rename")
    page.get_by_role("dialog").get_by_label("Name").fill("Kiosk")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(row(page, "Kiosk")).to_be_visible()
    assert tenant.get(f"/v1/sessions/{made}").json()["name"] == "Kiosk"
    choose(page, "Kiosk", "Delete")
    dialog = page.get_by_role("dialog", name="Delete Kiosk?")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    accessible(page)
    pictured(page, "session-delete")
    dialog.get_by_label("Type Kiosk").fill("Kiosk")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Kiosk was deleted.")).to_be_visible()
    expect(row(page, "Kiosk")).to_be_hidden()
    expect(row(page, "Other")).to_be_visible()


def test_a_menu_goes_by_the_keyboard_and_gives_the_focus_back(page: Page, tenant: Stack) -> None:
    make(tenant, "Shop")
    button = page.get_by_role("button", name="More: Shop")
    button.focus()
    page.keyboard.press("Enter")
    expect(row(page, "Shop").get_by_role("link", name="Open", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(row(page, "Shop").get_by_role("button", name="Delete")).to_be_focused()
    accessible(page)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    page.get_by_role("heading", name="Sessions").click()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_who_only_reads_can_look_and_nothing_else(open_page: Visits, tenant: Stack) -> None:
    make(tenant, "Shop")
    reader = tenants.somebody(tenant, f"reader-{id(tenant)}", "read_only")
    page = open_page(token=reader.token)
    expect(row(page, "Shop")).to_be_visible()
    expect(page.get_by_role("button", name="New session")).to_be_hidden()
    page.get_by_role("button", name="More: Shop").click()
    expect(row(page, "Shop").get_by_role("link")).to_have_count(2)
    expect(row(page, "Shop").get_by_role("button")).to_have_count(1)


def test_of_five_hundred_the_few_on_the_screen_are_there(open_page: Visits, crowded: Stack) -> None:
    page = open_page(token=crowded.token)
    rows = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    expect(page.get_by_role("button", name="All 500")).to_be_visible()
    assert rows.count() < 40
    expect(row(page, "Shop 1")).to_have_attribute("aria-setsize", "500")
    accessible(page)
    pictured(page, "sessions-many")
    page.keyboard.press("End")
    expect(row(page, "Shop 500")).to_be_in_viewport()
    assert rows.count() < 40
    row(page, "Shop 497").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Shop 497")).to_be_visible()
    page.go_back()
    expect(row(page, "Shop 500")).to_be_in_viewport()


@pytest.mark.parametrize(("wanted", "found"), [("shop 49", 11), ("SHOP-007", 1), ("nothing of that name", 0)])
def test_sessions_are_found_by_name_and_id(open_page: Visits, crowded: Stack, wanted: str, found: int) -> None:
    page = open_page(token=crowded.token)
    expect(page.get_by_role("button", name="All 500")).to_be_visible()
    page.get_by_label("Search by name").fill(wanted)
    expect(page.get_by_role("list", name="Sessions").get_by_role("listitem")).to_have_count(found)
    expect(page.get_by_role("status").filter(has_text=f"{found} session")).to_be_visible()


def test_sessions_are_found_by_number_and_by_how_they_are(page: Page, tenant: Stack) -> None:
    make(tenant, "Ana", phone="+6281234567890")
    make(tenant, "Ben")
    page.get_by_label("Search by name").fill("812-3456")
    expect(row(page, "Ben")).to_be_hidden()
    expect(row(page, "Ana")).to_be_visible()
    page.get_by_label("Search by name").fill("")
    page.get_by_role("button", name="Connected 0").click()
    expect(page.get_by_role("status").filter(has_text="0 sessions found")).to_be_visible()
    page.get_by_role("button", name="Others 2").click()
    expect(row(page, "Ben")).to_be_visible()


def test_the_row_with_the_focus_stays_when_the_list_scrolls(open_page: Visits, crowded: Stack) -> None:
    page = open_page(token=crowded.token)
    expect(page.get_by_role("button", name="All 500")).to_be_visible()
    link = row(page, "Shop 1").get_by_role("link")
    link.focus()
    page.keyboard.press("End")
    expect(row(page, "Shop 500")).to_be_in_viewport()
    expect(link).to_be_focused()


def test_it_fits_a_phone_whose_letters_are_twice_as_large(open_page: Visits, crowded: Stack) -> None:
    page = open_page(token=crowded.token, looking=Looking(width=360))
    expect(row(page, "Shop 1")).to_be_visible()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.set_viewport_size({"width": 361, "height": 800})
    expect(row(page, "Shop 1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 361
    first, second = (row(page, f"Shop {number}").bounding_box() for number in (1, 2))
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"] + 1


@pytest.mark.parametrize(
    ("name", "typed"), [("abc\u202egnp.exe", "abcgnp.exe"), ("  Shop  2 ", "Shop 2"), ("Ze\u200bro", "Zero")]
)
def test_what_nobody_can_type_of_a_name_needs_not_be_typed_to_delete_it(
    open_page: Visits, tenant: Stack, name: str, typed: str
) -> None:
    make(tenant, name)
    page = open_page(allowing=["status of 404"])
    page.get_by_role("button", name="More:").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("another")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_role("textbox").fill(typed)
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("was deleted.")).to_be_visible()


def test_a_name_without_anything_to_see_gives_way_to_the_id(page: Page, tenant: Stack) -> None:
    made = make(tenant, "\u200b \u2060")
    expect(row(page, made)).to_be_visible()


def test_a_list_that_was_long_on_its_way_takes_nothing_back(open_page: Visits, tenant: Stack) -> None:
    deleted = make(tenant, "Deleted")
    make(tenant, "Other")
    held: list[Route] = []

    def hold(page: Page) -> None:
        """Keep the page waiting for its first list."""

        def keep(route: Route) -> None:
            if held:
                route.continue_()
            else:
                held.append(route)

        page.route("**/v1/sessions?*", keep)

    page = open_page(before=hold, allowing=["status of 404"])
    page.get_by_role("heading", name="Sessions").wait_for()
    soon(page, lambda: bool(held))
    (one,) = held
    before = one.fetch()
    page.get_by_role("button", name="New session").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Made")
    page.get_by_role("dialog").get_by_text("More settings").click()
    page.get_by_role("dialog").get_by_label("Start it right away").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Made", level=1)).to_be_visible()
    tenant.delete(f"/v1/sessions/{deleted}")
    one.fulfill(response=before)
    page.get_by_role("navigation").get_by_role("link", name="Sessions").click()
    expect(row(page, "Other")).to_be_visible()
    expect(row(page, "Made")).to_be_visible()
    expect(row(page, "Deleted")).to_be_hidden()


def test_an_answer_that_broke_off_is_said_like_none(open_page: Visits) -> None:
    def break_off(page: Page) -> None:
        """Break off the list's answer in the middle."""
        page.route("**/v1/sessions?*", lambda route: route.fulfill(body='{"data": [', content_type="application/json"))

    page = open_page(before=break_off)
    expect(page.get_by_text("The gateway can’t be reached.")).to_be_visible()  # noqa: RUF001
    page.unroute("**/v1/sessions?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Nothing is linked yet")).to_be_visible()


def test_what_somebody_looked_for_is_not_shown_to_the_next_one(open_page: Visits, tenant: Stack) -> None:
    make(tenant, "Shop")
    other = tenants.somebody(tenant, f"next-{id(tenant)}", "member")
    page = open_page()
    page.get_by_role("searchbox").fill("nowhere")
    page.get_by_label("Signed in as").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use an API key instead").click()
    page.get_by_label("API key").fill(other.token)
    page.get_by_role("button", name="Sign in").click()
    expect(row(page, "Shop")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")
