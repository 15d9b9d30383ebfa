"""The company API's flow in a page: a send finds the session disconnected, a code is scanned, and the page goes on."""

import shutil
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from infra.local.client import Stack, eventually
from infra.whatsapp_server.camera import read_code
from tests.flows.browser import Tab
from tests.flows.javascript import installed

PAGE = Path(__file__).parent / "pages" / "company.html"
REFRESH = 5_000


@pytest.fixture
def company(stack: Stack, number: str) -> Stack:
    """The stack as seen by a company of the test's own, which bears the number as its name."""
    admin = {"username": f"boss{number}", "password": "a long password"}
    made = stack.post("/api/admin/tenants", {"id": number, "name": "Acme", **admin})
    assert made.ok, made.text
    login = requests.post(f"{stack.url}/api/auth/login", json=admin, timeout=40)
    return Stack(stack.state, port=stack.port, token=login.json()["data"]["token"])


def put_in(text: str, changes: dict[str, str]) -> str:
    for said, meant in changes.items():
        text = text.replace(said, meant)
    return text


def refresh(tab: Tab) -> None:
    """Let five of the page's seconds pass at once, beside those that pass anyway, and wait for what it asks then."""
    asked = len(tab.console)
    tab.page.clock.run_for(REFRESH)
    tab.until(lambda: len(tab.console) > asked)


def test_the_page_shows_a_code_when_a_send_fails_and_closes_it_when_connected(
    company: Stack, number: str, tab: Tab, site: tuple[Path, str]
) -> None:
    friend = "628987" + number[-6:]
    company.link(number)
    company.network(f"phones/{friend}", {})
    assert company.network(f"phones/{number}/unlink", {}).ok
    eventually(lambda: company.session(number)["status"] != "CONNECTED")

    directory, address = site
    shutil.copy(installed() / "node_modules" / "qrcode-generator" / "dist" / "qrcode.js", directory)
    changes = {"API": company.url, "COMPANY": number, "TOKEN": company.token, "FRIEND": friend}
    (directory / "index.html").write_text(put_in(PAGE.read_text(), changes))
    page, asked = tab.page, list[str]()
    page.on("request", lambda request: asked.append(request.url) if "session-status" in request.url else None)
    page.clock.install()
    tab.open(address)
    tab.refusal = 409
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#qr-dialog")).to_be_visible()
    tab.until(lambda: tab.console)
    while page.locator("#qr[data-drawn]").count() == 0:
        refresh(tab)
    page.locator("#qr").screenshot(path=directory / "screen.png")
    assert company.scan(read_code(directory / "screen.png"), number).ok
    company.until(number, "CONNECTED")
    refresh(tab)
    expect(page.locator("#qr-dialog")).to_be_hidden()
    expect(page.locator("#notice")).to_have_text("WhatsApp session reconnected")
    # On a busy machine, a second question may be on its way when the first is answered.
    answered = tab.console.index("CONNECTED false")
    assert set(tab.console[answered:]) == {"CONNECTED false"}
    assert set(tab.console[:answered]) <= {"DISCONNECTED true", "DISCONNECTED false"}

    before, tab.refusal = len(asked), None
    page.clock.run_for(4 * REFRESH)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#notice")).to_have_text("Sent")
    assert len(asked) == before, "it asks no more once it is connected"
