"""Linking without a picture: a code that is typed on the phone, and the passkey that WhatsApp asks some accounts for."""

from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from infra.local.client import Stack, eventually
from tests.flows.browser import PATIENCE_MS, Tab, whatsapp


def begun(stack: Stack, number: str) -> str:
    """A session for that number, named by it, whose code can be scanned."""
    assert stack.post("/v1/sessions", {"id": number, "phone": number}).status_code == 201
    assert stack.get(f"/v1/sessions/{number}/qr?wait=25").ok
    return number


def shown(stack: Stack, name: str) -> dict[str, Any]:
    return dict(stack.get(f"/v1/sessions/{name}").json())


def until(stack: Stack, name: str, status: str) -> dict[str, Any]:
    return eventually(lambda: (found := shown(stack, name)) and found["status"] == status and found)


def typed(stack: Stack, code: str, number: str) -> requests.Response:
    return stack.network("phones/link-code", {"code": code, "number": number})


def signed(stack: Stack, number: str, options: Any) -> Any:
    return stack.network(f"phones/{number}/passkey/sign", {"options": options}).json()["assertion"]


def test_a_code_that_is_typed_on_the_phone_links_the_session(stack: Stack, number: str):
    name = begun(stack, number)
    first = stack.post(f"/v1/sessions/{name}/pairing-code", {})
    assert first.status_code == 200, first.text
    assert first.json()["phone"] == f"+{number}"
    beside = stack.get(f"/v1/sessions/{name}/qr").json()
    assert beside["pairing_code"] == first.json()
    second = stack.post(f"/v1/sessions/{name}/pairing-code", {"phone": "0" + number[2:]}).json()
    assert second["code"] != first.json()["code"]
    assert not typed(stack, first.json()["code"], number).ok, "a new code replaces the one before it"
    linked = typed(stack, second["code"], number)
    assert linked.ok, linked.text
    assert until(stack, name, "CONNECTED")["account"]["phone"] == f"+{number}"
    again = stack.post(f"/v1/sessions/{name}/pairing-code", {})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ALREADY_CONNECTED")


def test_a_passkey_that_is_demanded_is_answered(stack: Stack, number: str):
    name = begun(stack, number)
    stack.network("faults/passkey", {"times": 1, "number": number})
    early = stack.post(f"/v1/sessions/{name}/passkey", {"assertion": signed_for_nothing(stack, number)})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "PASSKEY_NOT_ASKED")
    stack.scan(stack.code(name), number)
    demanded = until(stack, name, "PASSKEY_REQUIRED")
    assert demanded["passkey"]["step"] == "sign"
    options = demanded["passkey"]["options"]
    foreign = stack.network(
        f"phones/{number}/passkey/sign", {"options": options, "origin": "https://web.whatsapp.com.example"}
    ).json()["assertion"]
    refused = stack.post(f"/v1/sessions/{name}/passkey", {"assertion": foreign})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "WRONG_ORIGIN")
    assert stack.get(f"/v1/sessions/{name}/passkey/confirmation").status_code == 409
    answered = stack.post(f"/v1/sessions/{name}/passkey", {"assertion": signed(stack, number, options)})
    assert answered.status_code == 202, answered.text
    connected = until(stack, name, "CONNECTED")
    assert connected["passkey"] is None


def signed_for_nothing(stack: Stack, number: str) -> Any:
    stack.network(f"phones/{number}/passkey", {})
    return signed(stack, number, {"challenge": "AAAA"})


def test_a_typed_code_that_whatsapp_wants_a_passkey_for_has_two_codes_compared(stack: Stack, number: str):
    name = begun(stack, number)
    stack.network("faults/passkey", {"times": 1, "number": number})
    code = stack.post(f"/v1/sessions/{name}/pairing-code", {}).json()["code"]
    assert typed(stack, code, number).json()["code"] == "passkey_required"
    options = until(stack, name, "PASSKEY_REQUIRED")["passkey"]["options"]
    assert stack.post(f"/v1/sessions/{name}/passkey", {"assertion": signed(stack, number, options)}).ok
    path = f"/v1/sessions/{name}/passkey/confirmation"
    ours = eventually(lambda: (answer := stack.get(path)).ok and answer.json())
    theirs = stack.network(f"phones/{number}/linking").json()
    assert ours["code"] == theirs["code"]
    late = stack.post(f"/v1/sessions/{name}/passkey", {"assertion": signed(stack, number, options)})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "PASSKEY_NOT_ASKED")
    assert stack.post(path, {"same": True}).status_code == 202
    assert until(stack, name, "CONNECTED")["account"]["phone"] == f"+{number}"
    secrets = (code, ours["code"], options["challenge"])
    assert [secret for secret in secrets if secret in stack.log()] == []


def awaiting_passkey(stack: Stack, number: str) -> tuple[str, dict[str, Any]]:
    """A session whose phone's passkey WhatsApp demands, and that passkey as Chromium takes it."""
    name = begun(stack, number)
    credential = stack.network(f"phones/{number}/passkey", {}).json()
    credential.pop("number")
    stack.network("faults/passkey", {"times": 1, "number": number})
    stack.scan(stack.code(name), number)
    until(stack, name, "PASSKEY_REQUIRED")
    return name, credential


def named(page: Page, stack: Stack, name: str) -> None:
    """Open our page, and tell it of the session."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"http://localhost:{stack.port}/passkey")
    page.get_by_label("Session").fill(name)
    page.get_by_label("API key or token").fill(stack.token)
    page.get_by_role("button", name="Show what WhatsApp asks for").click()
    page.get_by_label("What to paste").wait_for()


@pytest.mark.soak
def test_the_page_leads_through_it_in_a_real_browser(stack: Stack, tab: Tab, number: str):
    name, credential = awaiting_passkey(stack, number)
    ours = tab.page
    named(ours, stack, name)
    snippet = ours.get_by_label("What to paste").input_value()

    theirs = ours.context.new_page()
    whatsapp(theirs, credential)
    theirs.evaluate(snippet)
    theirs.click("#switchboard-sign")
    theirs.wait_for_url(f"http://localhost:{stack.port}/passkey")
    theirs.get_by_text("Done here").wait_for()
    assert theirs.evaluate("location.hash") == ""
    ours.get_by_text(f"It is linked with +{number}").wait_for()
    assert until(stack, name, "CONNECTED")["passkey"] is None


HEAR = """
window.hear = (message, answer) => {
  if (message.type === 'waha-passkey-ping') answer({ ok: true, type: 'waha-passkey-pong', version: '1.0' });
  if (message.type === 'waha-passkey-sign') { window.asked = message.challenge; window.answer = answer; }
};
"""
"""What the extension does with a message: it answers a ping at once, and a demand once somebody has signed."""
EXTENSIONS = {
    "Chromium": """
window.begin = () => { (window.chrome ??= {}).runtime = { sendMessage: (id, message, answer) => {
  if (id === 'ghpdcgnjffaaekflfpcgkgpbafmjldcp') setTimeout(() => window.hear(message, answer));
} } };
""",
    "Firefox": """
window.begin = () => window.addEventListener('message', ({ data }) => {
  const { source, requestId } = data;
  const answer = (told) => window.postMessage({ source: 'waha-passkey-extension', requestId, ...told }, location.origin);
  if (source === 'waha-passkey-page') window.hear(data, answer);
});
""",
}
"""How a page reaches it: by its id, or by messages that its script in the page hears."""
SIGN = """
async (asked) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
"""


@pytest.mark.soak
@pytest.mark.parametrize("kind", EXTENSIONS)
def test_the_page_has_the_extension_sign_where_there_is_one(stack: Stack, tab: Tab, number: str, kind: str):
    name, credential = awaiting_passkey(stack, number)
    ours = tab.page
    ours.add_init_script(HEAR + EXTENSIONS[kind])
    named(ours, stack, name)
    sign = ours.get_by_role("button", name="Sign with the browser extension")
    assert sign.is_hidden(), "no extension has answered yet"
    ours.evaluate("begin()")
    sign.click()
    tab.until(lambda: ours.evaluate("window.asked"))
    ours.evaluate("answer({ ok: false, error: 'Nobody touched the key.' })")
    ours.get_by_text("Nobody touched the key.").wait_for()
    ours.get_by_text("WhatsApp waits until").wait_for()

    ours.evaluate("window.asked = null")
    sign.click()
    asked = tab.until(lambda: ours.evaluate("window.asked"))
    assert asked == shown(stack, name)["passkey"]["options"]
    theirs = ours.context.new_page()
    whatsapp(theirs, credential)
    ours.evaluate("(assertion) => answer({ ok: true, assertion })", theirs.evaluate(SIGN, asked))
    ours.get_by_text(f"It is linked with +{number}").wait_for()
    assert until(stack, name, "CONNECTED")["passkey"] is None
