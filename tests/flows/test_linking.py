"""Linking, as the enveloped API's document prints it and with everything that can go wrong."""

import base64
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import requests
import zxingcpp
from PIL import Image
from websockets.exceptions import InvalidStatus

from infra.local.client import ROOT, Stack, eventually, next_frame, send
from tests.flows.printed import printed


def as_printed(name: str, stack: Stack, number: str) -> str:
    """A document's text, but for the port and the phone number, which tests share."""
    return printed(name, {"8080": str(stack.port), "6281234567890": number})


def phone(stack: Stack, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The virtual phone's command line."""
    return subprocess.run(
        [sys.executable, "-m", "infra.local.phone", *arguments],
        env={"PORT": str(stack.port), "PYTHONPATH": str(ROOT), "PATH": ""},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def quickstart(stack, number, tmp_path):
    assert shutil.which("jq"), "The quick start needs jq: apt-get install jq, or brew install jq"
    text = as_printed("quickstart.sh", stack, number).replace("\nopen qr-code.png", "\n# open qr-code.png")

    def run() -> Path:
        subprocess.run(["bash", "-c", text], cwd=tmp_path, check=True, capture_output=True, timeout=100)
        return Path(tmp_path, "qr-code.png")

    return run


def test_the_quick_start_as_printed_links_an_account(stack, number, quickstart):
    picture = quickstart()
    scanned = phone(stack, "scan", str(picture), "--number", number, "--name", "Ana")
    assert scanned.returncode == 0, scanned.stderr
    session = stack.until(number, "CONNECTED")
    assert (session["connected"], session["logged_in"], session["actual_phone"]) == (True, True, number)


def test_the_quick_start_goes_on_when_it_is_run_again(stack, number, quickstart):
    first = quickstart().read_bytes()
    again = quickstart()
    assert zxingcpp.read_barcodes(Image.open(again)), "it scans"
    assert again.read_bytes() == first, "the same code stands"


def test_the_python_example_as_printed_saves_a_code_that_scans(stack, number, tmp_path):
    example = as_printed("quickstart.py.txt", stack, number)
    subprocess.run([sys.executable, "-c", example], cwd=tmp_path, check=True, capture_output=True, timeout=100)
    scanned = phone(stack, "scan", str(tmp_path / "qr-code.png"), "--number", number)
    assert scanned.returncode == 0, scanned.stderr
    stack.until(number, "CONNECTED")


def test_a_scan_by_another_number_is_accepted_and_shown(stack, number):
    stack.link(number, "628999" + number[-6:])
    session = stack.session(number)
    assert (session["phone"], session["actual_phone"]) == (number, "628999" + number[-6:])


def test_a_picture_of_every_format_holds_the_code(stack, number, tmp_path):
    stack.begin(number)
    code = stack.code(number)
    for accept in ("*/*", "image/png", "text/html", "application/json"):
        png = requests.get(f"{stack.url}/sessions/{number}/qr?format=png", headers={"Accept": accept}, timeout=30)
        assert (png.status_code, png.headers["Content-Type"]) == (200, "image/png"), accept
        (tmp_path / "code.png").write_bytes(png.content)
        assert zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"))[0].text == code
    assert stack.get(f"/api/sessions/{number}/qr?format=raw").text.strip() == code
    assert stack.get(f"/api/sessions/{number}/qr?format=svg").headers["Content-Type"].startswith("image/svg+xml")
    uri = stack.get(f"/api/sessions/{number}/qr").json()["data"]["qr_code"]
    assert base64.b64decode(uri.removeprefix("data:image/png;base64,")) == png.content


def test_a_watcher_sees_each_new_code_and_the_connection(stack, number):
    stack.begin(number)
    with stack.watch(number) as socket:
        first = next_frame(socket, "qr")
        assert first["qr"].startswith("data:image/png;base64,")
        stack.network("faults/push-refs", {})
        second = next_frame(socket, "qr")
        assert (second["qr"] == first["qr"], second["id"] == first["id"]) == (False, False)
        assert stack.scan(stack.code(number), number).status_code == 200
        assert next_frame(socket, "connected")


def test_a_late_watcher_gets_what_stands_and_so_does_one_that_returns(stack, number):
    stack.begin(number)
    stack.code(number)
    for _ in range(2):
        with stack.watch(number) as socket:
            assert next_frame(socket, "qr")
    stack.scan(stack.code(number), number)
    stack.until(number, "CONNECTED")
    for _ in range(2):
        with stack.watch(number) as socket:
            assert next_frame(socket, "connected")


@pytest.mark.parametrize("token", ["nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."])
def test_a_wrong_token_is_refused_at_the_handshake(stack, number, token):
    stack.post("/api/sessions", {"phone": number})
    with pytest.raises(InvalidStatus) as refusal, stack.watch(number, token):
        pass
    assert refusal.value.response.status_code == 401


def test_a_foreign_code_is_refused_by_the_phone_in_a_sentence(stack, number, tmp_path):
    import qrcode

    qrcode.make("https://example.com").save(tmp_path / "foreign.png")
    refused = phone(stack, "scan", str(tmp_path / "foreign.png"), "--number", number)
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
    assert len((refused.stderr or refused.stdout).strip().splitlines()) == 1


def test_an_expired_code_is_refused_by_the_phone(stack, number, tmp_path):
    stack.begin(number)
    expired = stack.code(number)
    stack.network("faults/push-refs", {})
    with stack.watch(number) as socket:
        next_frame(socket, "qr")
    answer = stack.scan(expired, number)
    if answer.status_code == 200:
        pytest.fail("a code that isn't shown any more was accepted")
    assert answer.json()["code"] == "expired_code"
    assert stack.session(number)["status"] == "SCAN_QR"


def test_a_code_that_the_client_refuses_is_followed_by_a_new_one(stack, number):
    stack.begin(number)
    first = stack.code(number)
    assert stack.scan(first, number, hmac="wrong").status_code == 409
    with stack.watch(number) as socket:
        eventually(lambda: stack.code(number) != first)
        assert next_frame(socket, "qr")
    assert stack.scan(stack.code(number), number).status_code == 200
    stack.until(number, "CONNECTED")


def another_code(stack: Stack, number: str, used: str) -> bool:
    """Whether a code is shown that isn't the used one."""
    return stack.code(number) != used


def test_who_links_after_failed_pairings_is_heard_at_once(stack, number, friend):
    stack.begin(number)
    for _ in range(2):
        used = stack.code(number)
        assert stack.scan(used, number, hmac="wrong").status_code == 409
        eventually(partial(another_code, stack, number, used))
    assert stack.scan(stack.code(number), number).status_code == 200
    stack.until(number, "CONNECTED")
    for count in range(2):
        answer = send(stack, number, friend.number, f"hello {count}")
        assert answer.status_code == 200, "no ring reached the worker while the call waited"
    began = time.monotonic()
    assert stack.post(f"/api/sessions/{number}/disconnect").ok
    stack.until(number, "STOPPED")
    assert time.monotonic() - began < 10


def test_nothing_but_whatsapp_s_own_hosts_was_asked_for(stack, account):
    hosts = stack.network("hosts").json()
    assert hosts["refused"] == {}
    assert "web.whatsapp.com" in hosts["asked"]
    # Files come from hosts of their own, where a test before this one sent any.
    assert [host for host in hosts["asked"] if not host.endswith((".whatsapp.com", ".whatsapp.net"))] == []
