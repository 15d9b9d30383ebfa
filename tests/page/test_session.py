"""One session's page: how it is, what can be done about it, and what happened to it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from infra.local.client import Phone, Stack, send
from tests.page import tenants
from tests.page.seeing import accessible, living, pictured, soon
from tests.page.test_sessions import make, row
from tests.page.visiting import Visits

NUMBER, OTHER = "6281234560077", "628987650077"


@pytest.fixture
def linked(tenant: Stack) -> str:
    """A session that is connected."""
    tenant.link(NUMBER)
    return NUMBER


@pytest.fixture
def ben(tenant: Stack) -> Phone:
    """Somebody to write to, and who writes."""
    phone = Phone(tenant, OTHER)
    phone.switch_on("Ben")
    return phone


def state(page: Page) -> Locator:
    return page.locator(".state")


def happened(page: Page) -> Locator:
    return page.get_by_role("region", name="What happened").get_by_role("listitem")


def fact(page: Page, name: str) -> Locator:
    return page.locator("dl.about > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def test_a_connected_session_says_all_there_is_to_know(
    open_page: Visits, tenant: Stack, linked: str, ben: Phone
) -> None:
    page = open_page(f"#/sessions/{linked}")
    expect(state(page).get_by_role("heading")).to_have_text("Connected")
    expect(state(page)).to_contain_text(f"It is connected as +{NUMBER}.")
    expect(fact(page, "WhatsApp account")).to_contain_text(f"+{NUMBER}")
    expect(fact(page, "Worker")).to_contain_text("No. 1")
    expect(fact(page, "Last message in")).to_have_text("Never")
    ben.say(NUMBER, "Kopi?")
    expect(fact(page, "Last message in")).not_to_have_text("Never")
    expect(fact(page, "Last message out")).to_have_text("Never")
    assert send(tenant, linked, OTHER, "Teh").ok
    expect(fact(page, "Last message out")).not_to_have_text("Never")
    accessible(page)
    pictured(page, "session-connected")
    page.reload()
    expect(fact(page, "Last message in")).not_to_have_text("Never")


def test_its_timeline_tells_what_was_asked_and_what_became_of_it(open_page: Visits, tenant: Stack, linked: str) -> None:
    page = open_page(f"#/sessions/{linked}")
    expect(happened(page).first).to_contain_text("Connected")
    told = [one.split("\n")[0] for one in happened(page).all_inner_texts()]
    assert told[-2:] == ["Somebody asked to start it", "Created"]
    assert any(one.startswith("A worker starts") for one in told)
    assert any("code" in one for one in told)
    state(page).get_by_role("button", name="Stop").click()
    expect(happened(page).filter(has_text="Somebody asked to stop it")).to_be_visible()
    expect(happened(page).first).to_contain_text("Stopped")
    expect(state(page).get_by_role("heading")).to_have_text("Stopped")
    accessible(page)
    pictured(page, "session-stopped")
    tenant.post(f"/v1/sessions/{linked}/start")
    expect(state(page).get_by_role("heading")).to_have_text("Connected")
    expect(happened(page).first).to_contain_text("Connected")


def test_logging_out_is_asked_about_and_leaves_the_session(open_page: Visits, tenant: Stack, linked: str) -> None:
    page = open_page(f"#/sessions/{linked}")
    page.get_by_role("button", name="More").click()
    accessible(page)
    page.get_by_role("button", name="Log out").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("a phone has to be linked anew")
    pictured(page, "session-logout")
    dialog.get_by_role("button", name="Cancel").click()
    assert tenant.session(linked)["status"] == "CONNECTED"
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Log out").click()
    dialog.get_by_role("button", name="Log out").click()
    expect(state(page).get_by_role("heading")).to_have_text("Logged out")
    expect(fact(page, "WhatsApp account")).to_have_text("None yet")
    expect(fact(page, "Worker")).to_contain_text("None")


def test_a_session_that_waits_for_a_scan_leads_to_its_code(open_page: Visits, tenant: Stack) -> None:
    page = open_page(allowing=["status of 409"])
    made = make(tenant, "Shop", start=True)
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    row(page, "Shop").get_by_role("link").click()
    expect(state(page)).to_contain_text("The next code comes in")
    pictured(page, "session-scan")
    state(page).get_by_role("button", name="Show the code").click()
    expect(page.get_by_role("dialog", name="Link Shop with WhatsApp")).to_be_visible()
    tenant.post(f"/v1/sessions/{made}/stop")


def test_another_account_than_it_was_meant_for_is_told(open_page: Visits, tenant: Stack) -> None:
    tenant.link("6281234560078", number="6281234560079")
    page = open_page("#/sessions/6281234560078")
    expect(state(page)).to_contain_text("+6281234560079 is linked, but it was meant for +6281234560078.")
    expect(fact(page, "Meant for")).to_contain_text("another one is linked")
    accessible(page)
    pictured(page, "session-mismatch")


def test_older_entries_come_when_they_are_asked_for(open_page: Visits, tenant: Stack) -> None:
    made = make(tenant, "Shop")
    for number in range(50):
        tenant.request("PATCH", f"/v1/sessions/{made}", {"name": f"Shop {number}"})
    page = open_page(f"#/sessions/{made}")
    older = page.get_by_role("button", name="Show older")
    expect(happened(page)).to_have_count(40)
    older.click()
    expect(happened(page)).to_have_count(51)
    expect(happened(page).last).to_contain_text("Created")
    expect(happened(page).first).to_contain_text("name")
    expect(older).to_be_hidden()
    tenant.post(f"/v1/sessions/{made}/restart")
    expect(happened(page).filter(has_text="Somebody asked to restart it")).to_be_visible()


def test_a_webhook_that_fails_is_in_its_timeline_with_the_reason(open_page: Visits, tenant: Stack) -> None:
    made = make(tenant, "Shop", webhook={"url": "http://127.0.0.1:9/hook"})
    page = open_page(f"#/sessions/{made}")
    failed = happened(page).filter(has_text="Its webhook failed")
    expect(failed).to_contain_text("be reached.")
    expect(failed).to_contain_text("so far")


def test_an_unknown_session_and_another_tenant_s_are_not_found(open_page: Visits, stack: Stack) -> None:
    other = tenants.a_tenant(stack, f"page-other-{id(open_page)}")
    theirs = make(other, "Shop")
    for name in ("nobody", theirs):
        page = open_page(f"#/sessions/{name}", allowing=["status of 404"])
        expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()
    accessible(page)
    pictured(page, "session-missing")
    page.get_by_role("link", name="To the sessions").click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert other.get(f"/v1/sessions/{theirs}").ok


def test_a_session_that_is_deleted_meanwhile_says_so(open_page: Visits, tenant: Stack) -> None:
    made = make(tenant, "Shop")
    page = open_page(f"#/sessions/{made}", allowing=["status of 404"])
    expect(page.get_by_role("heading", name="Shop")).to_be_visible()
    tenant.delete(f"/v1/sessions/{made}")
    expect(page.get_by_role("heading", name="This session was deleted")).to_be_visible()


def test_who_only_reads_sees_all_of_it_and_no_buttons(open_page: Visits, tenant: Stack) -> None:
    made = make(tenant, "Shop")
    reader = tenants.somebody(tenant, f"reader-{id(tenant)}", "read_only")
    page = open_page(f"#/sessions/{made}", token=reader.token)
    expect(happened(page)).to_contain_text(["Created"])
    expect(page.get_by_role("button", name="More")).to_be_hidden()
    expect(state(page).get_by_role("button")).to_have_count(0)


def test_a_key_for_one_session_watches_that_one(open_page: Visits, tenant: Stack) -> None:
    made = make(tenant, "Shop")
    key = tenant.post("/api/auth/api-key", {"session_id": made}).json()["data"]["api_key"]
    page = open_page(f"#/sessions/{made}", token=key, allowing=["status of 409"])
    expect(page.get_by_role("heading", name="Shop")).to_be_visible()
    tenant.post(f"/v1/sessions/{made}/start")
    expect(page.get_by_role("dialog", name="Link Shop with WhatsApp")).to_be_visible()
    tenant.post(f"/v1/sessions/{made}/stop")


def test_nothing_goes_on_of_a_page_that_was_left(open_page: Visits, tenant: Stack) -> None:
    made = make(tenant, "Shop")
    page = open_page("#/sessions", counted=True)
    expect(row(page, "Shop")).to_be_visible()

    def settled() -> list[str]:
        return [one for one in living(page) if not one.startswith("fetch")]

    page.evaluate(f"location.hash = '#/sessions/{made}'")
    expect(happened(page).last).to_be_visible()
    page.go_back()
    expect(row(page, "Shop")).to_be_visible()
    page.wait_for_timeout(500)
    before = settled()
    for _ in range(10):
        page.evaluate(f"location.hash = '#/sessions/{made}'")
        expect(happened(page).last).to_be_visible()
        page.evaluate("location.hash = '#/sessions'")
        expect(row(page, "Shop")).to_be_visible()
    soon(page, lambda: settled() == before, within=10)
