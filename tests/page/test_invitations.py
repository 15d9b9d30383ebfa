"""One-time links: an owner makes one, and whoever holds the phone links the session by it, without a login."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.local.client import Stack
from tests.page.links import a_linked_session, a_number, a_session, code, dialog, listed
from tests.page.seeing import accessible, camera, pictured, soon
from tests.page.visiting import Looking, Visits

PHONE = Looking(width=360, height=740, density=3, touch=True)


@pytest.fixture
def number() -> str:
    """The number of a phone that no other test has."""
    return a_number()


def invited(tenant: Stack, name: str, **more: Any) -> dict[str, Any]:
    """A link to a session that is wanted running, as its owner is answered."""
    made = tenant.post(
        f"/v1/sessions/{name}/invitations", {"company": {"name": "Café Ana", "colour": "#7a1fa2"}, **more}
    )
    assert made.status_code == 201, made.text
    return dict(made.json())


def place(invitation: dict[str, Any]) -> str:
    """The part of the link behind the page's address."""
    return str(invitation["url"].partition("/#")[2] and "#" + invitation["url"].partition("/#")[2])


def agreed(page: Page) -> None:
    page.get_by_role("button", name="Yes, go on").click()


def test_on_the_phone_it_begins_with_the_code_to_type_and_ends_linked(
    open_page: Visits, tenant: Stack, number: str
) -> None:
    name = a_session(tenant, "held")
    page = open_page(place(invited(tenant, name)), PHONE, token="")
    page.get_by_role("heading", name="Connect WhatsApp with Café Ana").wait_for()
    assert page.evaluate("location.hash") == "#/link"
    page.get_by_text("Café Ana can read this account’s messages").wait_for()  # noqa: RUF001
    pictured(page, "holder-asked")
    accessible(page)
    agreed(page)
    field = page.locator("input[type=tel]")
    field.wait_for()
    pictured(page, "holder-linking")
    accessible(page)
    field.fill(f"+{number}")
    page.get_by_role("button", name="Get a code").click()
    letters = page.locator("output.letters").inner_text()
    assert tenant.network("phones/link-code", {"code": letters, "number": number}).ok
    page.get_by_role("heading", name="Connected").wait_for()
    page.get_by_text(f"Café Ana is now linked with +{number}").wait_for()
    pictured(page, "holder-done")
    accessible(page)
    tenant.until(name, "CONNECTED")
    assert page.evaluate("sessionStorage.getItem('switchboard.invitation')") is None


@pytest.mark.parametrize("name", ["Caf\u202e\u00e9 Ana", "\u2067Caf\u00e9 Ana", "Caf\u00e9 Ana\u2069"])
def test_no_name_turns_what_the_opener_agrees_to(open_page: Visits, tenant: Stack, name: str) -> None:
    company = {"name": name, "colour": "#7a1fa2"}
    page = open_page(place(invited(tenant, a_session(tenant, "turned"), company=company)), PHONE, token="")
    said = page.get_by_role("listitem").filter(has_text="can read this account")
    assert said.inner_text() == "Caf\u00e9 Ana can read this account\u2019s messages from now on."


def test_at_a_desk_it_begins_with_the_code_to_scan(open_page: Visits, tenant: Stack, number: str) -> None:
    name = a_session(tenant, "desk")
    page = open_page(place(invited(tenant, name)), token="")
    agreed(page)
    code(page).wait_for()
    page.reload()
    code(page).wait_for()
    assert tenant.scan(camera(page), number).ok
    page.get_by_role("heading", name="Connected").wait_for()


def test_nobody_else_can_open_it_after_that(open_page: Visits, tenant: Stack) -> None:
    link = place(invited(tenant, a_session(tenant, "twice")))
    open_page(link, token="").get_by_role("button", name="Yes, go on").wait_for()
    second = open_page(link, token="", allowing=["status of 410"])
    second.get_by_role("heading", name="This link was opened already").wait_for()
    pictured(second, "holder-opened")
    accessible(second)


def test_a_link_that_is_taken_back_ends_the_page_that_it_opened(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "revoked")
    invitation = invited(tenant, name)
    page = open_page(place(invitation), token="", allowing=["status of 401", "status of 410", "WebSocket"])
    agreed(page)
    code(page).wait_for()
    assert tenant.delete(f"/v1/sessions/{name}/invitations/{invitation['id']}").ok
    page.get_by_role("heading", name="This link was taken back").wait_for()
    late = open_page(place(invitation), token="", allowing=["status of 410"])
    late.get_by_role("heading", name="This link was taken back").wait_for()


def test_a_link_whose_time_is_over_says_so(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "expired")
    expired = {"error": {"code": "INVITATION_EXPIRED", "message": "It is over.", "field": None}}

    def late(page: Page) -> None:
        """Fifteen minutes later, as the gateway would answer then."""
        page.route("**/v1/invitations/exchange", lambda route: route.fulfill(status=410, json=expired))

    page = open_page(place(invited(tenant, name)), token="", allowing=["status of 410"], before=late)
    page.get_by_role("heading", name="This link’s time is over").wait_for()  # noqa: RUF001


def test_no_is_an_answer_too(open_page: Visits, tenant: Stack) -> None:
    page = open_page(place(invited(tenant, a_session(tenant, "no"))), PHONE, token="")
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_role("heading", name="Nothing was linked").wait_for()
    page.reload()
    page.get_by_role("heading", name="There is no link here").wait_for()


def test_who_is_signed_in_opens_it_in_the_same_tab_and_stays_signed_in(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "both", start=False)
    page = open_page()
    listed(page)
    link = place(invited(tenant, name))
    dialog(page).wait_for()
    page.keyboard.press("Escape")
    page.evaluate("(hash) => { location.hash = hash; }", link)
    page.get_by_role("button", name="Yes, go on").wait_for()
    page.evaluate("() => { location.hash = '#/sessions'; }")
    listed(page)


def test_an_owner_makes_a_link_copies_it_and_takes_it_back(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "owner", start=False)
    page = open_page(f"#/sessions/{name}")
    card = page.get_by_role("region", name="Links for the phone’s holder")  # noqa: RUF001
    card.get_by_text("Somebody else has the phone?").click()
    card.get_by_label("Your company").fill("Bar Bo")
    card.get_by_role("button", name="Make a link").click()
    link = card.get_by_label("The link", exact=True)
    assert link.input_value().startswith(f"{tenant.url}/#/link/inv_".replace("localhost", "127.0.0.1"))
    card.get_by_text("Not opened yet").wait_for()
    soon(page, lambda: tenant.session(name)["status"] == "SCAN_QR")
    assert dialog(page).count() == 0, "who sends a link doesn't want to scan"
    pictured(page, "invitations")
    accessible(page)
    card.get_by_role("button", name="Copy the link").click()
    page.get_by_text("The link is copied.").wait_for()
    card.get_by_role("button", name="Take back").click()
    card.get_by_text("Taken back").wait_for()
    expect(link).to_be_hidden()
    (one,) = tenant.get(f"/v1/sessions/{name}/invitations").json()["data"]
    assert (one["state"], one["company"]["name"]) == ("revoked", "Bar Bo")


def test_from_the_dialog_a_link_is_sent_to_whoever_has_the_phone(open_page: Visits, tenant: Stack, number: str) -> None:
    page = open_page()
    listed(page)
    a_session(tenant, "away")
    code(page).wait_for()
    page.get_by_text("Somebody else has the phone?").click()
    dialog(page).get_by_role("button", name="Make a link").click()
    url = dialog(page).get_by_label("The link", exact=True).input_value()
    theirs = open_page("#" + url.partition("#")[2], token="")
    agreed(theirs)
    code(theirs).wait_for()
    assert tenant.scan(camera(theirs), number).ok
    theirs.get_by_role("heading", name="Connected").wait_for()
    dialog(page).wait_for(state="detached")


def test_one_that_is_linked_has_none_to_give(open_page: Visits, tenant: Stack, number: str) -> None:
    name = a_linked_session(tenant, "linked", number)
    page = open_page(f"#/sessions/{name}")
    page.get_by_role("heading", name=f"Shop {name}").wait_for()
    expect(page.get_by_text("Somebody else has the phone?")).to_be_hidden()
