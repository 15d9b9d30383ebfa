"""``python -m tests.docs.pictures`` takes the pictures of docs/linking.md: the page ``/passkey`` in each of its steps.

The page is the gateway's own, in the Chromium that is installed; what the gateway would answer is made up, so that no
secret can be in a picture and each run shows the same.
"""

import io
import json
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, ViewportSize

from chalicelib import page as served
from infra.whatsapp_server.passkeys import ORIGIN, RP_ID
from tests.flows.browser import browsing

ROOT: Final = Path(__file__).parent.parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"

_GATEWAY: Final = "https://gateway.example"
_OPTIONS: Final = {
    "challenge": "bWFkZSB1cCBmb3IgYSBwaWN0dXJl",
    "timeout": 600_000,
    "rpId": RP_ID,
    "allowCredentials": [],
    "userVerification": "required",
}
_WAITS: Final = {"options": _OPTIONS, "expires_at": "2026-11-28T10:10:00.000Z"}
_CLIENT_DATA: Final = b64encode(json.dumps({"challenge": _OPTIONS["challenge"]}).encode()).decode()
_SIGNED: Final = b64encode(json.dumps({"response": {"clientDataJSON": _CLIENT_DATA}}).encode()).decode()
_SESSION: Final = {
    "id": "cafe",
    "name": "Café Ana",
    "status": "PASSKEY_REQUIRED",
    "desired": "running",
    "reason": "passkey_required",
    "enabled": True,
    "needs_qr": False,
    "since": "2026-11-28T10:00:00.000Z",
}
_SIGN: Final = {**_SESSION, "passkey": {"step": "sign", **_WAITS}}
_CONFIRM: Final = {**_SESSION, "passkey": {**_WAITS, "step": "confirm", "options": None}}
_LINKED: Final = {
    **_SESSION,
    "status": "CONNECTED",
    "reason": None,
    "passkey": None,
    "account": {"phone": "+4366012345678"},
}
_SIZE: Final = ViewportSize(width=720, height=480)
_COLOURS: Final = 64
_WHATSAPP: Final = """<!doctype html><title>WhatsApp</title>
<body style="font:16px system-ui;padding:6rem 20px;color:#667"><p>WhatsApp's own page</p></body>"""


class _Gateway:
    """Answers the page as a gateway would whose session is in the state that is to be shown."""

    def __init__(self, context: BrowserContext) -> None:
        self.session: dict[str, Any] = _SIGN
        context.route(
            f"{_GATEWAY}/passkey", lambda route: route.fulfill(body=served.passkey(), content_type="text/html")
        )
        context.route(f"{_GATEWAY}/page/**", self._file)
        context.route(f"{_GATEWAY}/v1/**", self._answer)
        context.route(f"{ORIGIN}/**", lambda route: route.fulfill(body=_WHATSAPP, content_type="text/html"))

    @staticmethod
    def _file(route: Route) -> None:
        content, content_type = served.files()[route.request.url.rpartition("/")[2]]
        route.fulfill(body=content, content_type=content_type)

    def _answer(self, route: Route) -> None:
        told = {"code": "ABCD-EFGH"} if route.request.url.endswith("/confirmation") else self.session
        route.fulfill(body=json.dumps(told), content_type="application/json")


def take(into: Path) -> None:
    """Write the pictures, as small as their few colours allow."""
    with browsing() as browser:
        context = browser.new_context(viewport=_SIZE, locale="en-GB", timezone_id="UTC", color_scheme="light")
        gateway = _Gateway(context)
        page = context.new_page()
        page.goto(f"{_GATEWAY}/passkey")
        page.get_by_label("Session").fill("cafe")
        page.get_by_label("API key or token").fill("a made-up key")
        _save(page, into / "passkey-session.png")
        page.get_by_role("button", name="Show what WhatsApp asks for").click()
        snippet = page.get_by_label("What to paste")
        snippet.wait_for()
        _save(page, into / "passkey-sign.png")
        theirs = context.new_page()
        theirs.goto(ORIGIN)
        theirs.evaluate(snippet.input_value())
        theirs.set_viewport_size(ViewportSize(width=720, height=200))
        _save(theirs, into / "passkey-whatsapp.png")
        theirs.set_viewport_size(_SIZE)
        theirs.goto(f"{_GATEWAY}/passkey#{_SIGNED}")
        theirs.get_by_text("Done here").wait_for()
        _save(theirs, into / "passkey-back.png")
        gateway.session = _CONFIRM
        page.get_by_text("Compare the code with").wait_for()
        _save(page, into / "passkey-compare.png")
        gateway.session = _LINKED
        page.get_by_text("It is linked with").wait_for()
        _save(page, into / "passkey-linked.png")
        context.close()


def _save(page: Page, path: Path) -> None:
    with Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled", caret="hide"))) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    take(PICTURES)
