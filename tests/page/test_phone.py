"""The virtual phone beside the page, and the tour that it is for: linked and chatting within half a minute."""

import pytest
from playwright.sync_api import Page, expect

from infra.local.client import Phone, Stack, eventually
from tests.page.seeing import accessible, living, pictured, soon
from tests.page.visiting import Looking, Visits
from tests.sharing import a_number

pytestmark = pytest.mark.soak

LARGE = Looking(phone=True)
SCAN = "Scan the page\N{RIGHT SINGLE QUOTATION MARK}s code"


def handset(page: Page):
    return page.locator(".handset")


def take(page: Page, name: str, number: str) -> None:
    """Switch on a phone for somebody, and hold it."""
    hand = handset(page)
    hand.get_by_label("Whose it is").fill(name)
    hand.get_by_label("Number").fill(number)
    hand.get_by_role("button", name="Switch on").click()
    expect(hand.get_by_role("heading", name=name, exact=True)).to_be_visible()


def begun(tenant: Stack, session: str) -> None:
    assert tenant.post("/v1/sessions", {"id": session}).status_code == 201


def until(tenant: Stack, session: str, status: str) -> None:
    eventually(lambda: tenant.get(f"/v1/sessions/{session}").json()["status"] == status)


def test_a_phone_scans_the_code_on_the_screen_chats_and_is_unlinked(open_page: Visits, tenant: Stack) -> None:
    number, other = a_number(), a_number()
    page = open_page(looking=LARGE)
    hand = handset(page)
    expect(hand.get_by_role("heading", name="Whose phone?")).to_be_visible()
    accessible(page)
    pictured(page, "phone-whose")
    take(page, "Ana", number)
    hand.get_by_role("button", name=SCAN).click()
    expect(hand.get_by_role("alert")).to_contain_text("no code just now")
    pictured(page, "phone-no-code")
    begun(tenant, "cafe")
    expect(page.locator("dialog[open] .code-sheet img")).to_be_visible()
    accessible(page)
    pictured(page, "phone-beside-the-dialog")
    hand.get_by_role("button", name=SCAN).click()
    expect(hand.get_by_text("Linked", exact=True)).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    accessible(page)
    pictured(page, "phone-linked")
    hand.get_by_role("button", name="Write from another phone").click()
    hand.get_by_label("Whose it is").fill("Ben")
    hand.get_by_label("Number").fill(other)
    hand.get_by_role("button", name="Switch on").click()
    hand.get_by_label("Message", exact=True).fill("Do you have a table for two?")
    page.keyboard.press("Enter")
    soon(page, lambda: tenant.get("/v1/sessions/cafe/messages").json()["data"])
    answer = {"to": {"phone": f"+{other}"}, "type": "text", "text": {"body": "<b>Yes</b>, at eight"}}
    assert tenant.post("/v1/sessions/cafe/messages?wait=10", answer).ok
    expect(hand.get_by_text("<b>Yes</b>, at eight")).to_be_visible()
    expect(hand.get_by_label("Messages with Ana").get_by_text("Delivered")).to_be_attached()
    with page.expect_file_chooser() as choosing:
        hand.get_by_role("button", name="Send a picture").click()
    choosing.value.set_files({"name": "view.png", "mimeType": "image/png", "buffer": page.screenshot()})
    expect(hand.get_by_role("img", name="A picture")).to_be_visible()
    soon(page, lambda: "image" in [one["type"] for one in tenant.get("/v1/sessions/cafe/messages").json()["data"]])
    accessible(page)
    pictured(page, "phone-chat")
    hand.get_by_role("button", name="Back").click()
    accessible(page)
    pictured(page, "phone-chats")
    hand.get_by_role("button", name="Another phone").click()
    hand.get_by_role("button", name=number).click()
    hand.get_by_role("button", name="1 linked device").click()
    hand.get_by_role("button", name="Lose the network").click()
    soon(page, lambda: "session.disconnected" in told(tenant, "cafe"))
    until(tenant, "cafe", "CONNECTED")
    expect(hand.get_by_text("Connected", exact=True)).to_be_visible()
    hand.get_by_role("button", name="Unlink").click()
    expect(hand.get_by_text("No device is linked")).to_be_visible()
    soon(page, lambda: tenant.get("/v1/sessions/cafe").json()["status"] != "CONNECTED")


def told(tenant: Stack, session: str) -> list[str]:
    return [one["type"] for one in tenant.get(f"/v1/sessions/{session}/timeline").json()["data"]]


def test_a_phone_types_a_pairing_code(open_page: Visits, tenant: Stack) -> None:
    number = a_number()
    page = open_page(looking=LARGE, allowing=["status of 400"])
    take(page, "Ana", number)
    begun(tenant, "cafe")
    assert tenant.get("/v1/sessions/cafe/qr?wait=25").ok
    handset(page).get_by_role("button", name="Type a pairing code").click()
    pictured(page, "phone-type")
    handset(page).get_by_label("The code that the page shows").fill("WRNG-CODE")
    page.keyboard.press("Enter")
    expect(handset(page).get_by_role("alert")).not_to_be_empty()
    code = tenant.post("/v1/sessions/cafe/pairing-code", {"phone": f"+{number}"}).json()["code"]
    handset(page).get_by_label("The code that the page shows").fill(code)
    page.keyboard.press("Enter")
    expect(handset(page).get_by_text("Linked", exact=True)).to_be_visible()
    until(tenant, "cafe", "CONNECTED")


def test_a_phone_signs_with_its_passkey_where_whatsapp_asks_for_it(open_page: Visits, tenant: Stack) -> None:
    number = a_number()
    page = open_page(looking=LARGE, allowing=["status of 409"])
    take(page, "Ana", number)
    tenant.network("faults/passkey", {"times": 1, "number": number})
    begun(tenant, "cafe")
    expect(page.locator("dialog[open] .code-sheet img")).to_be_visible()
    handset(page).get_by_role("button", name=SCAN).click()
    expect(handset(page).get_by_role("button", name="Sign with the passkey")).to_be_visible()
    until(tenant, "cafe", "PASSKEY_REQUIRED")
    accessible(page)
    pictured(page, "phone-passkey")
    handset(page).get_by_role("button", name="Sign with the passkey").click()
    expect(handset(page).get_by_text("Linked", exact=True)).to_be_visible()
    until(tenant, "cafe", "CONNECTED")


def test_opening_dialogs_and_switching_phones_ten_times_leaves_nothing_behind(open_page: Visits, tenant: Stack) -> None:
    number = a_number()
    Phone(tenant, number).switch_on("Ana")
    page = open_page(looking=LARGE, counted=True)
    hand = handset(page)

    def round_trip() -> list[str]:
        hand.get_by_role("button", name=number).click()
        hand.get_by_role("button", name="Type a pairing code").click()
        hand.get_by_role("button", name="Back").click()
        hand.get_by_role("button", name="Put the phone away").click()
        page.get_by_role("button", name="Virtual phone").click()
        hand.get_by_role("button", name="Another phone").click()
        expect(hand.get_by_role("heading", name="Whose phone?")).to_be_visible()
        return [one for one in living(page) if not one.startswith("fetch")]

    before = round_trip()
    for _ in range(10):
        after = round_trip()
    assert after == before


def test_a_phone_stands_beside_what_a_one_time_link_opens(open_page: Visits, tenant: Stack) -> None:
    begun(tenant, "cafe")
    link = tenant.post("/v1/sessions/cafe/invitations", {}).json()["url"]
    page = open_page(f"#{link.partition('#')[2]}", looking=LARGE, token="")
    page.get_by_role("button", name="Yes").click()
    take(page, "Ana", a_number())
    expect(page.locator(".code-sheet img")).to_be_visible()
    accessible(page)
    pictured(page, "phone-beside-a-link")
    handset(page).get_by_role("button", name=SCAN).click()
    expect(page.get_by_role("heading", name="Connected", exact=True)).to_be_visible()
