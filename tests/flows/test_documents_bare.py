"""The bare API's clients as printed, without a credential: curl, Python, and JavaScript in node and in a page."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.local.client import Stack, eventually
from infra.whatsapp_server.camera import read_code
from tests.flows.browser import Tab
from tests.flows.javascript import run
from tests.flows.printed import printed

HOST, EXAMPLE = "https://codeskytz-api-lajj0.sevalla.app", "408f7372-f7c9-4299-a8db-326bc5548a73"


def here(stack: Stack, session: str | None = None) -> dict[str, str]:
    """What differs from the document: the host, and in a path the session that the test made."""
    return {HOST: stack.gateway} | ({} if session is None else {EXAMPLE: session})


def curl(text: str) -> Any:
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True, timeout=100)
    return json.loads(done.stdout)


def save(picture: str, directory: Path) -> Path:
    """Save a data URI's picture, and return where."""
    kind, _, content = picture.partition(",")
    assert kind == "data:image/png;base64"
    (directory / "code.png").write_bytes(base64.b64decode(content))
    return directory / "code.png"


def said(output: str) -> tuple[str, str]:
    """The session and the picture that an example prints, one a line."""
    session, picture = output.splitlines()
    return session.removeprefix("Session ID: "), picture.removeprefix("QR Code: ")


def test_curl_creates_looks_lists_and_deletes(stack: Stack, number: str, tmp_path: Path) -> None:
    made = curl(printed("bare_create.sh", here(stack)))
    session = made["sessionId"]
    assert made["status"] == "pending"
    assert stack.scan(read_code(save(made["qrCode"], tmp_path)), number).ok

    get = printed("bare_get.sh", here(stack, session))
    shown = eventually(lambda: (one := curl(get))["status"] == "connected" and one)
    assert (shown["sessionId"], shown["phoneNumber"]) == (session, f"+{number}")
    assert shown["connectedAt"].endswith("Z")
    listed = curl(printed("bare_list.sh", here(stack)))["sessions"]
    assert {"sessionId": session, "status": "connected", "phoneNumber": f"+{number}"}.items() <= next(
        one for one in listed if one["sessionId"] == session
    ).items()

    deleted = curl(printed("bare_delete.sh", here(stack, session)))
    assert deleted == {"message": "Session deleted successfully", "sessionId": session}
    assert curl(get)["code"] == "SESSION_NOT_FOUND"


def test_the_python_example_prints_a_code_that_scans(stack: Stack, number: str, tmp_path: Path) -> None:
    example = printed("bare_create.py.txt", here(stack))
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True, timeout=100)
    session, picture = said(done.stdout)
    assert stack.scan(read_code(save(picture, tmp_path)), number).ok
    stack.until(session, "CONNECTED")


def test_the_javascript_example_prints_a_code_that_scans(stack: Stack, number: str, tmp_path: Path) -> None:
    session, picture = said(run(printed("bare_create.js", here(stack)), tmp_path))
    assert stack.scan(read_code(save(picture, tmp_path)), number).ok
    stack.until(session, "CONNECTED")


def test_the_javascript_example_does_so_in_a_page(stack: Stack, number: str, tab: Tab, site: tuple[Path, str]) -> None:
    directory, address = site
    (directory / "index.html").write_text(f"<script>{printed('bare_create.js', here(stack))}</script>")
    tab.open(address)
    tab.until(lambda: len(tab.console) == 2)
    session, picture = said("\n".join(tab.console))
    assert stack.scan(read_code(save(picture, directory)), number).ok
    stack.until(session, "CONNECTED")
