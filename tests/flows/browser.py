"""A real browser, and pages in it: what they show, and what they say on the console."""

import functools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from infra.local.client import eventually
from infra.whatsapp_server.camera import read_code
from infra.whatsapp_server.passkeys import ORIGIN
from infra.whatsapp_server.web_page import POLICY

NEEDED = "The documents' pages run in a real browser: install Chromium (apt-get install chromium)."
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The window's own pages, which nobody sees: they cost as much as the page that is tested.
    "--disable-features=InitialWebUI,WebUIOmniboxPopup,WebUIReloadButton,WebUIToolbar",
)

PATIENCE_MS = 60_000
"""What a page shows, it shows within a minute on a busy machine too."""

T = TypeVar("T")


@contextmanager
def browsing(*more: str) -> Iterator[Browser]:
    """Start the browser that is installed, without a window and with nobody's profile; ``more`` are switches of its own."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, NEEDED
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=found, args=[*QUIET, "--disable-gpu", *more], chromium_sandbox=False
        )
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Serve a developer's own files, on an origin that is not the stack's; gives its address."""
    handler = functools.partial(_Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def with_passkey(page: Page, credential: dict[str, Any]) -> None:
    """Give the page's browser an authenticator with this passkey."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True, **abilities}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    devtools.send("WebAuthn.addCredential", {**made, "credential": credential})


def whatsapp(page: Page, credential: dict[str, Any]) -> None:
    """Open what stands in for WhatsApp's page, with that passkey at hand."""
    page.set_default_timeout(PATIENCE_MS)
    headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html"}
    page.route(
        f"{ORIGIN}/**", lambda route: route.fulfill(body="<title>WhatsApp</title><body></body>", headers=headers)
    )
    page.goto(ORIGIN)
    with_passkey(page, credential)


class Tab:
    """A page that is open, and what came of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        self.console: list[str] = []
        self.wrong: list[str] = []
        self.refusal: int | None = None
        """The status of the refusals that are expected: the browser itself puts each on the console as an error."""
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def open(self, address: str) -> "Tab":
        """Go there."""
        self.page.goto(address)
        return self

    def until(self, look: Callable[[], T | None], *, within: float = 60.0) -> T:
        """Return what ``look`` finds, as soon as it finds something; the page goes on meanwhile."""

        def step() -> T | None:
            self.page.wait_for_timeout(20)
            assert self.wrong == []
            return look()

        return eventually(step, within=within)

    def said(self, line: str) -> None:
        """Wait until the console has the line."""
        self.until(lambda: line in self.console)

    def scanned(self, element: str, picture: Path) -> str:
        """Return the code that a camera reads off the element on the screen, once the picture is there."""
        self.page.wait_for_function(f"document.querySelector('{element}').naturalWidth > 0")
        self.page.locator(element).screenshot(path=picture)
        return read_code(picture)

    def _hear(self, kind: str, text: str) -> None:
        if kind != "error":
            self.console.append(text)
        elif self.refusal is None or f"status of {self.refusal} " not in text:
            self.wrong.append(text)


def code_in_blocks(text: str, picture: Path) -> str:
    """Return the code in half blocks of text, as a camera would read it off a dark terminal."""
    lines = [line for line in text.split("\n") if line]
    drawn = Image.new("1", (max(map(len, lines)), 2 * len(lines)))
    for row, line in enumerate(lines):
        for column, block in enumerate(line):
            drawn.putpixel((column, 2 * row), block in "█▀")
            drawn.putpixel((column, 2 * row + 1), block in "█▄")
    drawn.resize((8 * drawn.width, 8 * drawn.height)).save(picture)
    return read_code(picture)


class _Quiet(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        """Browsers ask for an icon by themselves: there is none, and that is no error."""
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the test's output clean."""
