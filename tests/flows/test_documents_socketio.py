"""The Socket.IO API's clients in a browser: its snippets in one page, and the demo client that its steps go through."""

import shutil
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from playwright.sync_api import expect

from infra.local.client import ROOT, Stack
from tests.flows.browser import Tab, code_in_blocks
from tests.flows.javascript import installed
from tests.flows.printed import printed

DEMO = ROOT / "docs" / "clients" / "socketio.html"
CDN = "https://cdn.socket.io/**"
DONE = "Disconnected by server - session complete"

PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<img id="picture"><pre id="qr-code"></pre>
<script src="https://cdn.socket.io/4.8.4/socket.io.min.js"></script>
<script>
const shown = [];
const displayQRCode = (base64, ascii) => {{ document.getElementById('picture').src = base64; shown.push(ascii); }};
const updateUI = (status) => console.log('UI:', status);
const hideQRCode = () => document.getElementById('picture').remove();
const showSuccessMessage = () => console.log('Success');
{}
</script>
"""
"""What the document's snippets need around them: the elements and the functions that they name."""


def client() -> Path:
    """npm's unmodified client, as it is for browsers."""
    return installed() / "node_modules" / "socket.io-client" / "dist" / "socket.io.min.js"


def snippets(stack: Stack, number: str, **more: str) -> str:
    """All that the document's page does, in the order of the document."""
    usage = printed("socketio.js", {"http://localhost:3000": stack.url, "my-session": number} | more)
    room = printed("socketio_room.js", {"my-session-name": number})
    return PAGE.format(usage + room + printed("socketio_errors.js", {}) + printed("socketio_complete.js", {}))


@pytest.fixture
def tab(tab: Tab) -> Tab:
    """A page that gets Socket.IO's client from the packages, not from the network."""
    tab.page.route(CDN, lambda route: route.fulfill(path=client(), content_type="text/javascript"))
    return tab


def links(stack: Stack, number: str, tab: Tab, directory: Path) -> None:
    """Scan what the snippets' page shows, and hear all that the document says will be heard."""
    code = tab.scanned("#picture", directory / "screen.png")
    assert code_in_blocks(tab.page.locator("#qr-code").text_content() or "", directory / "blocks.png") == code
    assert stack.scan(code, number).ok
    tab.said(DONE)
    statuses = [line.removeprefix("Status: ") for line in tab.console if line.startswith("Status: ")]
    # The page joins twice, and who joins is told what stands: a second join that comes late may hear the first status.
    heard = [status for status, _ in groupby(statuses)]
    assert heard == ["notLogged", "qrReadSuccess", "authenticated", "ready"]
    assert [f"UI: {status}" for status in statuses] == [line for line in tab.console if line.startswith("UI: ")]
    completed = next(line for line in tab.console if line.startswith("Session completed: "))
    assert tab.console[-3:] == [completed, "Success", DONE]


def test_the_snippets_work_in_a_page_of_the_gateway_s_own(stack: Stack, number: str, tab: Tab, tmp_path: Path) -> None:
    page = snippets(stack, number)
    # Put in place of the stack's answer, it comes from no network at all, which to the browser is none of this machine.
    tab.page.context.grant_permissions(["local-network-access"])
    where = f"{stack.url}/example-client.html"
    tab.page.route(where, lambda route: route.fulfill(body=page, content_type="text/html"))
    tab.open(where)
    links(stack, number, tab, tmp_path)


def test_the_snippets_work_in_a_page_from_elsewhere(
    stack: Stack, number: str, tab: Tab, site: tuple[Path, str]
) -> None:
    directory, address = site
    host = {"fetch('/api": f"fetch('{stack.url}/api"}
    (directory / "example-client.html").write_text(snippets(stack, number, **host))
    tab.open(f"{address}/example-client.html")
    links(stack, number, tab, directory)


def goes_through_the_steps(stack: Stack, number: str, tab: Tab, directory: Path) -> None:
    """Do what the document's section on testing says, in the demo client."""
    page = tab.page
    page.locator("#gateway").fill(stack.gateway)
    page.locator("#name").fill(number)
    page.get_by_role("button", name="Initialize Session").click()
    code = tab.scanned("#qr", directory / "screen.png")
    page.get_by_text("The same as text").click()
    assert code_in_blocks(page.locator("#ascii").text_content() or "", directory / "blocks.png") == code
    assert stack.scan(code, number).ok
    told = page.locator("#statuses li")
    expect(told.last).to_have_text(DONE)
    statuses = [line.partition(":")[0] for line in told.all_text_contents()]
    assert statuses == ["notLogged", "qrReadSuccess", "authenticated", "ready", DONE]
    expect(page.locator("#qr")).to_be_hidden()
    assert stack.session(number)["status"] == "CONNECTED"


def test_the_demo_client_goes_through_the_documented_steps(
    stack: Stack, number: str, tab: Tab, site: tuple[Path, str]
) -> None:
    directory, address = site
    shutil.copy(DEMO, directory / "example-client.html")
    tab.open(f"{address}/example-client.html")
    goes_through_the_steps(stack, number, tab, directory)


def test_the_demo_client_works_as_a_file_where_such_pages_are_let_in(
    own_stack: Callable[..., Stack], number: str, tab: Tab, tmp_path: Path
) -> None:
    stack = own_stack(ALLOWED_ORIGINS="null")
    stack.start()
    tab.open(DEMO.as_uri())
    goes_through_the_steps(stack, number, tab, tmp_path)


def test_the_demo_client_says_what_is_wrong(stack: Stack, number: str, tab: Tab, site: tuple[Path, str]) -> None:
    directory, address = site
    shutil.copy(DEMO, directory / "example-client.html")
    tab.open(f"{address}/example-client.html")
    tab.page.locator("#gateway").fill(stack.gateway)
    tab.page.locator("#name").fill(number)
    tab.page.locator("#token").fill("not.a.token")
    tab.refusal = 401
    tab.page.get_by_role("button", name="Initialize Session").click()
    expect(tab.page.locator("#hint")).to_contain_text("token")
