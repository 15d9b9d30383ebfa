"""The enveloped API's clients as printed: Node with axios, a page, a page's WebSocket, and curl with jq."""

import json
import shutil
import subprocess
from pathlib import Path

from infra.local.client import Phone, Stack
from infra.whatsapp_server.camera import read_code
from tests.flows.browser import Tab
from tests.flows.javascript import run
from tests.flows.printed import printed

SHOWN = '<!DOCTYPE html><html><body><img id="qr" />\n<script>\n{}</script></body></html>'
"""The least page that the WebSocket example can be a part of: it has the element that the example looks for."""


def here(stack: Stack, number: str, **more: str) -> dict[str, str]:
    """What differs from the document: the port, and the phone number, since tests share a stack."""
    return {"8080": str(stack.port), "6281234567890": number} | more


def in_a_shell(text: str, **variables: str) -> str:
    assert shutil.which("jq"), "The documents' examples need jq: apt-get install jq, or brew install jq"
    shell = ["bash", "-euo", "pipefail", "-c", text]
    path = "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin"
    done = subprocess.run(
        shell, env={"PATH": path} | variables, capture_output=True, text=True, check=True, timeout=100
    )
    return done.stdout


def test_the_node_example_saves_a_code_that_scans(stack: Stack, number: str, tmp_path: Path) -> None:
    told = run(printed("quickstart_node.js", here(stack, number)), tmp_path)
    assert told == "QR code saved to qr-code.png\n"
    assert stack.scan(read_code(tmp_path / "qr-code.png"), number).ok
    stack.until(number, "CONNECTED")


def test_the_page_shows_a_code_that_a_camera_reads(stack: Stack, number: str, tab: Tab, site: tuple[Path, str]) -> None:
    stack.begin(number)
    directory, address = site
    (directory / "index.html").write_text(printed("qr_page.html", here(stack, number, YOUR_JWT_TOKEN=stack.token)))
    tab.open(address)
    assert stack.scan(tab.scanned("#qr-code", directory / "screen.png"), number).ok
    stack.until(number, "CONNECTED")


def test_the_websocket_example_shows_the_code_and_says_that_it_is_connected(
    stack: Stack, number: str, tab: Tab, site: tuple[Path, str]
) -> None:
    stack.begin(number)
    directory, address = site
    text = printed("watching.js", here(stack, number, YOUR_TOKEN=stack.token))
    (directory / "index.html").write_text(SHOWN.format(text))
    tab.open(address)
    assert stack.scan(tab.scanned("#qr", directory / "screen.png"), number).ok
    tab.said("Session connected!")


def test_the_status_is_shown_and_a_message_sent_with_curl(stack: Stack, account: str, friend: Phone) -> None:
    at = {"8080": str(stack.port)}
    shown = in_a_shell(printed("status.sh", at), TOKEN=stack.token)
    assert {"id": account, "connected": True, "logged_in": True} in objects(shown)
    told = in_a_shell(printed("send.sh", at | {"628987654321": friend.number}), TOKEN=stack.token, SESSION_ID=account)
    assert json.loads(told)["success"] is True
    assert json.loads(told)["data"]["message_id"]


def objects(text: str) -> list[dict[str, object]]:
    """The JSON objects that stand one behind the other in jq's output."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        one, end = decoder.raw_decode(text)
        found.append(one)
        text = text[end:]
    return found
