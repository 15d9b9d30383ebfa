"""A real browser with a phone's passkey, on the page that stands in for WhatsApp Web."""

import hashlib
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page

from infra.whatsapp_server.passkeys import ORIGIN, Passkey, request_options
from tests.flows.browser import PATIENCE_MS, browsing, serving
from tests.whatsapp_server.devices import NUMBER, ROOT

pytestmark = [pytest.mark.subprocess, pytest.mark.soak]

SIGN = "options => navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})"


@contextmanager
def whatsapp(state: Path) -> Iterator[dict[str, Any]]:
    """The loopback server in a process of its own; what it prints when it is ready."""
    command = [sys.executable, "-m", "infra.whatsapp_server", "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def trusted(state: Path) -> str:
    """The switch by which Chromium trusts the server's certificate alone."""
    key = x509.load_pem_x509_certificate((state / "leaf.pem").read_bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return f"--ignore-certificate-errors-spki-list={b64encode(digest).decode()}"


def with_passkey(page: Page, credential: dict[str, Any]) -> None:
    """Give the page's browser an authenticator with this passkey."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True, **abilities}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    devtools.send("WebAuthn.addCredential", {**made, "credential": credential})


def test_a_browser_signs_with_a_phones_passkey_at_whatsapps_address_alone(tmp_path: Path) -> None:
    with whatsapp(tmp_path / "wa") as told, serving(tmp_path) as elsewhere:
        made = requests.post(f"{told['control']}/phones/{NUMBER}/passkey", json={}, timeout=60).json()
        number = made.pop("number")
        assert number == NUMBER
        proxy = f"--proxy-server={told['environment']['HTTPS_PROXY']}"
        (tmp_path / "index.html").write_text("<title>Ours</title>")
        with browsing(proxy, trusted(tmp_path / "wa")) as browser:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.goto(ORIGIN)
            with_passkey(page, made)
            options = request_options()
            assertion = page.evaluate(f"async options => (await ({SIGN})(options)).toJSON()", options)
            passkey = Passkey(b64decode(made["credentialId"]), b64decode(made["privateKey"]))
            passkey.check(options, passkey.id, json.dumps(assertion).encode())

            fetched = page.evaluate("at => fetch(at).then(() => 'came through', error => error.name)", elsewhere)
            assert fetched == "TypeError"
            with page.expect_navigation(url=f"{elsewhere}/#{assertion['id']}"):
                page.evaluate("at => { setTimeout(() => location = at) }", f"{elsewhere}/#{assertion['id']}")
            refused = page.evaluate(f"options => ({SIGN})(options).then(() => 'signed', error => error.name)", options)
            assert refused == "SecurityError"
