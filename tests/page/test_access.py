"""Keys and people: made, changed and ended on the page, and what each role sees of it."""

import re

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from infra.local.client import Stack
from tests.page import tenants
from tests.page.relay import Relay
from tests.page.seeing import accessible, living, pictured
from tests.page.visiting import Visits
from tests.sharing import a_number

pytestmark = pytest.mark.soak

HERE = "#/access"
TOKEN = "sessionStorage.getItem('switchboard.token')"


def a_name(word: str) -> str:
    """A user's name that nobody has in any tenant."""
    return f"{word}-{a_number()}"


def part(page: Page, title: str) -> Locator:
    return page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True))


def entry(page: Page, title: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title, exact=True))


def answered(stack: Stack, credential: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {credential}"}
    return requests.get(f"{stack.url}/v1/me", headers=headers, timeout=60)


def signs_in(stack: Stack, name: str, password: str) -> bool:
    return stack.post("/api/auth/login", {"username": name, "password": password}).ok


def test_a_key_is_made_shown_once_used_and_revoked(open_page: Visits, tenant: Stack) -> None:
    tenant.post("/v1/sessions", {"id": "shop", "name": "Café Ana", "start": False})
    page = open_page(HERE)
    expect(part(page, "API keys").get_by_text("There is no key yet.")).to_be_visible()
    accessible(page)
    pictured(page, "access-empty")

    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_label("Name").fill("Web shop")
    dialog.get_by_label("For which sessions").select_option("Café Ana")
    dialog.get_by_label("Good for").select_option("90 days")
    accessible(page)
    pictured(page, "access-key-new")
    dialog.get_by_role("button", name="Make the key").click()

    shown = page.get_by_role("dialog", name="Your new key")
    secret = shown.get_by_label("API key").input_value()
    accessible(page)
    shown.get_by_label("API key").evaluate("(input) => { input.value = 'sb_' + '•'.repeat(43); }")
    pictured(page, "access-key-secret")
    page.keyboard.press("Escape")
    expect(shown).to_be_visible()
    caller = answered(tenant, secret).json()
    assert (caller["role"], caller["session"], bool(caller["expires_at"])) == ("member", "shop", True)
    shown.get_by_role("button", name="I have put it away").click()

    row = entry(page, "Web shop")
    for told in ("Link, send and receive", "Only Café Ana", "ends"):
        expect(row).to_contain_text(told)
    assert secret not in page.content()
    accessible(page)
    row.get_by_role("button", name="Revoke").click()
    asked = page.get_by_role("dialog", name="Revoke Web shop?")
    accessible(page)
    pictured(page, "access-key-revoke")
    asked.get_by_role("button", name="Cancel").click()
    assert answered(tenant, secret).ok
    row.get_by_role("button", name="Revoke").click()
    asked.get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    expect(page.get_by_role("heading", name="API keys")).to_be_focused()
    assert answered(tenant, secret).status_code == 401


def test_what_is_wrong_with_a_key_is_said_beside_the_field(open_page: Visits) -> None:
    page = open_page(HERE, allowing=["status of 400"])
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_label("Name").evaluate("(input) => { input.value = 'a\\u0007b'; }")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="New key")).to_be_focused()


def test_an_administrator_sees_everybody_s_keys_and_revokes_them(open_page: Visits, tenant: Stack) -> None:
    theirs = tenants.somebody(tenant, a_name("ben"), "member")
    secret = theirs.post("/api/auth/api-key", {"name": "<b>Till</b>", "role": "read_only"}).json()["data"]["api_key"]
    tenant.post("/api/auth/api-key", {})
    page = open_page(HERE)
    # What somebody called it is text.
    row = entry(page, "<b>Till</b>")
    expect(row).to_contain_text("Only look at sessions and messages")
    expect(row).to_contain_text("By ben")
    expect(page.get_by_role("heading", name=re.compile(r"^Key …\w{6}$"))).to_be_visible()
    accessible(page)
    pictured(page, "access-keys")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    assert answered(tenant, secret).status_code == 401


def test_among_many_keys_one_is_searched_for(open_page: Visits, tenant: Stack) -> None:
    for number in range(1, 14):
        tenant.post("/api/auth/api-key", {"name": f"Till {number}"})
    page = open_page(HERE)
    rows = part(page, "API keys").get_by_role("listitem")
    expect(rows).to_have_count(13)
    # The newest comes first.
    expect(rows.first).to_contain_text("Till 13")
    page.get_by_label("Search: API keys").fill("till 1")
    expect(rows).to_have_count(5)
    accessible(page)
    pictured(page, "access-keys-searched")
    page.get_by_label("Search: API keys").fill("nobody's")
    expect(part(page, "API keys").get_by_text("Nothing fits the search.")).to_be_visible()


def test_somebody_is_added_changed_given_a_password_and_removed(open_page: Visits, tenant: Stack) -> None:
    name = a_name("cleo")
    page = open_page(HERE)
    page.get_by_role("button", name="Add someone").click()
    dialog = page.get_by_role("dialog", name="Add someone")
    dialog.get_by_label("User name").fill(name)
    dialog.get_by_label("Role").select_option("Read only")
    expect(dialog.get_by_text("changes nothing")).to_be_visible()
    password = dialog.get_by_label("Password").input_value()
    accessible(page)
    dialog.get_by_label("Password").evaluate(
        "(input) => { input.dataset.was = input.value; input.value = '••••-••••'; }"
    )
    pictured(page, "access-person-new")
    dialog.get_by_label("Password").evaluate("(input) => { input.value = input.dataset.was; }")
    dialog.get_by_role("button", name="Add", exact=True).click()
    row = entry(page, name)
    expect(row).to_contain_text("Read only")
    assert signs_in(tenant, name, password)

    row.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name=f"Change {name}")
    dialog.get_by_label("Role").select_option("Member")
    dialog.get_by_label("May sign in").uncheck()
    accessible(page)
    pictured(page, "access-person-change")
    dialog.get_by_role("button", name="Save").click()
    for told in ("Member", "May not sign in"):
        expect(row).to_contain_text(told)
    assert not signs_in(tenant, name, password)
    accessible(page)
    pictured(page, "access-people")
    row.get_by_role("button", name="Change").click()
    dialog.get_by_label("May sign in").check()
    dialog.get_by_role("button", name="Save").click()
    expect(row).not_to_contain_text("May not sign in")

    row.get_by_role("button", name="New password").click()
    dialog = page.get_by_role("dialog", name=f"New password for {name}")
    another = dialog.get_by_label("New password").input_value()
    assert another != password
    accessible(page)
    dialog.get_by_role("button", name="Set password").click()
    expect(dialog).to_have_count(0)
    assert not signs_in(tenant, name, password)
    assert signs_in(tenant, name, another)

    row.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog", name=f"Remove {name}?")
    accessible(page)
    dialog.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    assert not signs_in(tenant, name, another)


def test_the_last_administrator_is_told_what_to_do_first(open_page: Visits, tenant: Stack) -> None:
    own = tenant.get("/v1/me").json()["name"]
    page = open_page(HERE, allowing=["status of 409"])
    row = entry(page, own)
    expect(row).to_contain_text("You")
    assert row.get_by_role("button").all_inner_texts() == ["Change"]
    row.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Role").select_option("Member")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("form").get_by_role("alert")).to_have_text(
        "This is the only administrator. Make somebody else an administrator first."
    )
    accessible(page)
    pictured(page, "access-last-administrator")


def test_who_takes_another_role_sees_what_is_left_at_once(open_page: Visits, tenant: Stack) -> None:
    tenants.somebody(tenant, a_name("dan"), "admin")
    own = tenant.get("/v1/me").json()["name"]
    page = open_page(HERE)
    entry(page, own).get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Role").select_option("Read only")
    dialog.get_by_role("button", name="Save").click()
    expect(part(page, "People")).to_have_count(0)
    expect(part(page, "Your account")).to_contain_text("Read only")


def test_one_s_own_password_is_changed_and_one_stays_signed_in_here_alone(open_page: Visits, tenant: Stack) -> None:
    before = tenant.token
    page = open_page(HERE, allowing=["status of 400", "status of 401"])
    part(page, "Your account").get_by_role("button", name="Change password").click()
    dialog = page.get_by_role("dialog", name="Change password")
    dialog.get_by_label("Present password", exact=True).fill("a wrong one")
    dialog.get_by_label("New password", exact=True).fill("short")
    accessible(page)
    pictured(page, "access-password")
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_label("New password", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("New password", exact=True).fill("another good one")
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_label("Present password", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Present password", exact=True).fill(tenants.PASSWORD)
    dialog.get_by_role("button", name="Show what is typed: New password").click()
    expect(dialog.get_by_label("New password", exact=True)).to_have_attribute("type", "text")
    dialog.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("You stay signed in here.")).to_be_visible()
    after = page.evaluate(TOKEN)
    assert after != before
    assert (answered(tenant, before).status_code, answered(tenant, after).status_code) == (401, 200)
    page.reload()
    expect(part(page, "Your account")).to_be_visible()


@pytest.mark.parametrize("role", ["member", "read_only"])
def test_others_see_their_own_keys_and_no_people(open_page: Visits, tenant: Stack, role: str) -> None:
    tenant.post("/api/auth/api-key", {"name": "Somebody else's"})
    theirs = tenants.somebody(tenant, a_name(role), role)
    theirs.post("/api/auth/api-key", {"name": "Mine"})
    page = open_page(HERE, token=theirs.token)
    expect(entry(page, "Mine")).to_be_visible()
    expect(entry(page, "Somebody else's")).to_have_count(0)
    expect(part(page, "People")).to_have_count(0)
    page.get_by_role("button", name="New key").click()
    offered = page.get_by_label("What it may do").locator("option").all_inner_texts()
    may_send = ["Link, send and receive"] if role == "member" else []
    assert offered == [*may_send, "Only look at sessions and messages"]


def test_who_came_with_an_api_key_manages_nothing_and_signs_out(open_page: Visits, tenant: Stack) -> None:
    secret = tenant.post("/api/auth/api-key", {}).json()["data"]["api_key"]
    page = open_page(HERE, token=secret)
    expect(part(page, "Your account")).to_contain_text("You are signed in with an API key.")
    assert page.locator("main section.card").count() == 1
    expect(page.get_by_role("navigation").get_by_role("link", name="Keys and people")).to_have_count(0)
    accessible(page)
    pictured(page, "access-by-key")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert answered(tenant, secret).ok


def test_a_secret_is_copied_where_no_context_is_secure(open_page: Visits, relay: Relay) -> None:
    page = open_page(HERE, origin=relay.origin)
    page.get_by_role("button", name="New key").click()
    page.get_by_role("button", name="Make the key").click()
    shown = page.get_by_role("dialog", name="Your new key")
    page.evaluate(
        "document.addEventListener('copy', () => { window.copied = getSelection().toString() || document.activeElement.value; })"
    )
    shown.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("window.copied") == shown.get_by_label("API key").input_value()


def test_what_is_opened_and_closed_ten_times_leaves_nothing_behind(open_page: Visits) -> None:
    page = open_page(HERE, counted=True)
    expect(part(page, "People").get_by_role("listitem")).to_have_count(1)

    def round_trip() -> list[str]:
        page.get_by_role("button", name="New key").click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Add someone").click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("link", name="Sessions").click()
        expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
        page.get_by_role("link", name="Keys and people").click()
        expect(part(page, "People").get_by_role("listitem")).to_have_count(1)
        return living(page)

    before = round_trip()
    for _ in range(10):
        after = round_trip()
    assert after == before
