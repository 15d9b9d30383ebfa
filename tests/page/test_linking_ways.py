"""The dialog's other ways to link, its controls, and what is left of it when it is closed."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from infra.local.client import Stack
from tests.flows.browser import whatsapp
from tests.page.links import a_number, a_session, code, dialog, listed
from tests.page.relay import Relay
from tests.page.seeing import accessible, camera, living, pictured, soon
from tests.page.tenants import somebody
from tests.page.visiting import Looking, Visits

pytestmark = pytest.mark.soak

Scan = Callable[[str, str], None]


@pytest.fixture
def number() -> str:
    """The number of a phone that no other test has."""
    return a_number()


def number_of(page: Page) -> Locator:
    return page.locator("input[type=tel]")


def asked_for_number(page: Page) -> None:
    code(page).wait_for()
    page.get_by_role("tab", name="Phone number").click()


def test_a_number_as_it_is_dialled_at_home_gets_a_code_that_the_phone_types(
    page: Page, tenant: Stack, number: str
) -> None:
    listed(page)
    name = a_session(tenant, "typed")
    asked_for_number(page)
    page.get_by_label("Country").select_option("ID")
    number_of(page).fill(f"0{number[2:5]}-{number[5:]}")
    page.get_by_role("button", name="Get a code").click()
    letters = page.locator("output.letters")
    letters.wait_for()
    expect(letters).to_be_focused()
    page.get_by_text(f"+{number}").wait_for()
    minutes, seconds = page.get_by_role("timer").last.inner_text().split(":")
    assert 150 < int(minutes) * 60 + int(seconds) <= 180
    pictured(page, "linking-pairing-code")
    accessible(page)
    assert tenant.network("phones/link-code", {"code": letters.inner_text(), "number": number}).ok
    dialog(page).wait_for(state="detached")
    tenant.until(name, "CONNECTED")


def test_the_number_that_the_session_is_for_stands_there_already(page: Page, tenant: Stack, number: str) -> None:
    listed(page)
    a_session(tenant, "known", phone=f"+{number}")
    asked_for_number(page)
    expect(number_of(page)).to_have_value(f"+{number}")
    expect(page.get_by_label("Country")).to_have_value("ID")


def test_what_is_wrong_with_a_number_is_said_beside_it(open_page: Visits, tenant: Stack, number: str) -> None:
    page = open_page(allowing=["status of 4"])
    listed(page)
    a_session(tenant, "wrong")
    asked_for_number(page)
    field = number_of(page)
    ask = page.get_by_role("button", name="Get a code")
    ask.click()
    page.get_by_text("Type the number of the phone").wait_for()
    field.fill("+123")
    ask.click()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    page.get_by_text("That is no whole phone number.").wait_for()
    pictured(page, "linking-pairing-wrong")
    accessible(page)
    tenant.network("faults/refuse-code", {"code": 400, "number": number})
    field.fill(f"+{number}")
    ask.click()
    page.get_by_text("WhatsApp gives no code for this number.").wait_for()


def test_a_code_that_has_ended_says_so_and_another_one_is_asked_for(page: Page, tenant: Stack, number: str) -> None:
    listed(page)
    a_session(tenant, "ended", phone=f"+{number}")

    def ended(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "expires_at": "2026-01-01T00:00:00.000Z"})

    page.route("**/pairing-code", ended)
    asked_for_number(page)
    page.get_by_role("button", name="Get a code").click()
    page.get_by_text("This code has ended.").wait_for()
    page.unroute("**/pairing-code")
    page.get_by_role("button", name="Ask for another code").click()
    page.get_by_role("button", name="Get a code").click()
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("The code is copied.").wait_for()


def test_a_demanded_passkey_is_signed_from_the_dialog(page: Page, tenant: Stack, number: str) -> None:
    listed(page)
    name = a_session(tenant, "passkey")
    credential = tenant.network(f"phones/{number}/passkey", {}).json()
    credential.pop("number")
    tenant.network("faults/passkey", {"times": 1, "number": number})
    code(page).wait_for()
    assert tenant.scan(camera(page), number).status_code == 409
    snippet = page.get_by_label("What to paste")
    snippet.wait_for()
    pictured(page, "linking-passkey")
    accessible(page)
    theirs = page.context.new_page()
    whatsapp(theirs, credential)
    theirs.evaluate(snippet.input_value())
    theirs.click("#switchboard-sign")
    theirs.get_by_text("Done here").wait_for()
    dialog(page).wait_for(state="detached")
    tenant.until(name, "CONNECTED")


def test_on_a_phone_a_demanded_passkey_says_at_once_that_it_takes_a_computer(
    open_page: Visits, tenant: Stack, number: str
) -> None:
    name = a_session(tenant, "handy")
    page = open_page(looking=Looking(width=360, touch=True))
    number_of(page).wait_for()
    tenant.network("faults/passkey", {"times": 1, "number": number})
    assert tenant.scan(tenant.get(f"/v1/sessions/{name}/qr").json()["code"], number).status_code == 409
    page.get_by_text("a phone alone can’t do it").wait_for()  # noqa: RUF001
    pictured(page, "linking-passkey-on-a-phone")
    accessible(page)


def test_two_codes_are_compared_in_the_dialog(page: Page, tenant: Stack, number: str) -> None:
    listed(page)
    name = a_session(tenant, "compared")
    code(page).wait_for()
    tenant.network("faults/passkey", {"times": 1, "number": number})
    typed = tenant.post(f"/v1/sessions/{name}/pairing-code", {"phone": f"+{number}"}).json()["code"]
    # Somebody else asked for it; the dialog has it as well.
    page.get_by_role("tab", name="Phone number").click()
    page.get_by_text(typed).wait_for()
    assert tenant.network("phones/link-code", {"code": typed, "number": number}).status_code == 409
    options = soon(page, lambda: (tenant.get(f"/v1/sessions/{name}").json()["passkey"] or {}).get("options"))
    signed = tenant.network(f"phones/{number}/passkey/sign", {"options": options}).json()["assertion"]
    assert tenant.post(f"/v1/sessions/{name}/passkey", {"assertion": signed}).status_code == 202
    page.get_by_text("Does the phone show the same code?").wait_for()
    shown = page.locator(".letters").inner_text()
    assert shown == tenant.network(f"phones/{number}/linking").json()["code"]
    pictured(page, "linking-compare")
    accessible(page)
    page.get_by_role("button", name="The same").click()
    dialog(page).wait_for(state="detached")
    tenant.until(name, "CONNECTED")


def test_the_code_fills_the_screen_and_can_be_kept(page: Page, tenant: Stack) -> None:
    listed(page)
    name = a_session(tenant, "full")
    code(page).wait_for()
    pictured(page, "linking-code")
    accessible(page)
    small = code(page).bounding_box()
    page.get_by_role("button", name="Full screen").click()
    soon(page, lambda: (box := code(page).bounding_box()) and small and box["width"] > small["width"])
    shown = tenant.get(f"/v1/sessions/{name}/qr").json()["code"]
    assert camera(page) == shown
    page.get_by_role("button", name="Leave full screen").click()
    soon(page, lambda: code(page).bounding_box() == small)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"whatsapp-code-{name}.png"
    assert camera(download.value.path().read_bytes()) == shown


def test_where_the_browser_knows_no_full_screen_the_code_fills_the_page(open_page: Visits, tenant: Stack) -> None:
    a_session(tenant, "filled")

    def knows_none(page: Page) -> None:
        page.add_init_script("delete Element.prototype.requestFullscreen")

    page = open_page(before=knows_none)
    code(page).wait_for()
    small = code(page).bounding_box()
    page.get_by_role("button", name="Full screen").click()
    soon(page, lambda: (box := code(page).bounding_box()) and small and box["width"] > small["width"])
    pictured(page, "linking-full")
    accessible(page)
    page.keyboard.press("Escape")
    soon(page, lambda: code(page).bounding_box() == small)
    expect(page.get_by_role("button", name="Full screen")).to_be_focused()


def test_in_arabic_it_runs_from_right_to_left_and_the_code_does_not(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "arabic")
    page = open_page(looking=Looking(locale="ar"))
    picture = page.locator(".code-sheet img")
    picture.wait_for()
    pictured(page, "linking-code-ar")
    accessible(page)
    assert camera(page) == tenant.get(f"/v1/sessions/{name}/qr").json()["code"]
    first, second = page.get_by_role("tab").all()[:2]
    first.focus()
    page.keyboard.press("ArrowLeft")
    expect(second).to_be_focused()


def test_it_is_used_by_keyboard_alone(page: Page, tenant: Stack) -> None:
    listed(page)
    a_session(tenant, "keys")
    code(page).wait_for()
    tab = page.get_by_role("tab", name="QR code")
    tab.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Phone number")).to_be_focused()
    number_of(page).wait_for()
    page.keyboard.press("Home")
    expect(tab).to_be_focused()
    page.keyboard.press("Escape")
    dialog(page).wait_for(state="detached")


def test_without_a_connection_it_asks_and_still_closes_by_itself(
    open_page: Visits, tenant: Stack, number: str, scan: Scan, relay: Relay
) -> None:
    page = open_page(origin=relay.origin, allowing=["WebSocket", "ERR_"])
    listed(page)
    soon(page, lambda: relay.sockets == 1)
    relay.cut()
    page.get_by_text("No live connection just now.").wait_for()
    name = a_session(tenant, "polled")
    code(page).wait_for()
    scan(camera(page), number)
    tenant.until(name, "CONNECTED")
    dialog(page).wait_for(state="detached", timeout=8000)


def test_a_sound_is_made_once_it_was_chosen(page: Page, tenant: Stack, number: str, scan: Scan) -> None:
    page.evaluate(
        "const made = AudioContext; window.AudioContext = class extends made { state_ = window.heard += 1 }; heard = 0"
    )
    listed(page)
    a_session(tenant, "sound")
    code(page).wait_for()
    choice = page.get_by_label("Make a sound when it is connected")
    expect(choice).not_to_be_checked()
    choice.check()
    assert page.evaluate("heard") == 1
    scan(camera(page), number)
    dialog(page).wait_for(state="detached")
    assert page.evaluate("heard") == 2
    page.reload()
    listed(page)
    a_session(tenant, "again")
    expect(page.get_by_label("Make a sound when it is connected")).to_be_checked()


def test_who_may_only_look_is_not_shown_a_code(open_page: Visits, tenant: Stack) -> None:
    reader = somebody(tenant, "linking-reader", "read_only")
    page = open_page(token=reader.token)
    listed(page)
    name = a_session(tenant, "looked")
    assert tenant.get(f"/v1/sessions/{name}/qr?wait=25").ok
    page.wait_for_timeout(300)
    assert dialog(page).count() == 0


def test_ten_times_opened_and_closed_it_leaves_nothing(open_page: Visits, tenant: Stack) -> None:
    name = a_session(tenant, "rounds")
    page = open_page(f"#/sessions/{name}", counted=True)

    def looked_at_and_closed() -> list[str]:
        code(page).wait_for()
        page.get_by_role("tab", name="Phone number").click()
        page.keyboard.press("Escape")
        dialog(page).wait_for(state="detached")
        return living(page)

    once = looked_at_and_closed()
    for _ in range(10):
        page.get_by_role("button", name="Show the code").first.click()
        looked_at_and_closed()
    soon(page, lambda: living(page) == once, within=10)


STANDS = {
    "id": "cafe",
    "name": "Café Ana",
    "desired": "running",
    "enabled": True,
    "needs_qr": True,
    "passkey": None,
    "account": None,
    "phone": None,
    "phone_mismatch": False,
    "message": None,
    "since": "2026-11-28T10:00:00.000Z",
    "next_at": None,
    "until": None,
}
STATES: dict[str, dict[str, Any]] = {
    "no-room": {"status": "STARTING", "reason": "no_capacity", "next_at": "2099-01-01T00:00:00.000Z"},
    "pairing": {"status": "PAIRING", "reason": None, "needs_qr": False},
    "reconnecting": {"status": "DISCONNECTED", "reason": "connection_lost", "needs_qr": False},
    "banned": {
        "status": "FAILED",
        "reason": "temporary_ban",
        "until": "2099-01-01T00:00:00.000Z",
        "needs_qr": False,
    },
    "outdated": {"status": "FAILED", "reason": "client_outdated", "needs_qr": False},
    "unscanned": {"status": "STOPPED", "reason": "qr_timeout"},
    "logged-out": {"status": "LOGGED_OUT", "desired": "unlinked", "reason": "unlinked_by_owner"},
    "switched-off": {"status": "STOPPED", "desired": "stopped", "reason": "requested", "enabled": False},
    "mismatch": {
        "status": "CONNECTED",
        "reason": None,
        "needs_qr": False,
        "account": {"phone": "+4366012345678", "lid": None, "platform": None},
        "phone": "+6281234567890",
        "phone_mismatch": True,
    },
}
"""How a session may stand while the dialog is open, beside what it is otherwise."""
OPEN = """async () => {
  const at = document.querySelector('script[type=module]').src;
  const load = (name) => import(at.replace('main.js', name));
  const [{ Api }, { dialog }, { el }, { linkingBody }, { Scope }, { State }] =
    await Promise.all(['api.js', 'dialog.js', 'dom.js', 'linking.js', 'scope.js', 'state.js'].map(load));
  const none = () => new State(null);
  const acts = ['start', 'restart', 'enable', 'log_out'];
  const live = { status: new State('live') };
  window.source = { id: 'cafe', api: new Api(null), live, may: () => true, acts, session: none(), code: none(), pairingCode: none(), gone: none() };
  const body = (inside) => el('div.dialog-body', {}, linkingBody(inside, window.source).root);
  dialog(new Scope(), { title: 'Link Café Ana with WhatsApp', classes: 'linking-dialog', body });
}"""


def test_whatever_keeps_a_code_from_showing_is_told_in_the_dialog(page: Page) -> None:
    listed(page)
    page.evaluate(OPEN)
    told = dialog(page).locator(".situation:visible, .code-waiting:visible")
    said = {told.inner_text()}
    for state, how in STATES.items():
        page.evaluate("(session) => window.source.session.set(session)", {**STANDS, **how})
        said.add(told.inner_text())
        pictured(page, f"linking-{state}")
        accessible(page)
    assert len(said) == len(STATES) + 1
