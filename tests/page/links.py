"""Sessions that are to be linked, or are, and the dialog that links them."""

from itertools import count
from typing import Any

from playwright.sync_api import Locator, Page

from infra.local.client import Stack, expect

_NUMBERS = count(1)


def a_number() -> str:
    """A phone number in Indonesia that no other test uses."""
    return f"62813{next(_NUMBERS):07d}"


def a_session(tenant: Stack, name: str, **more: Any) -> str:
    """Make a session that is wanted running, called ``Shop NAME``."""
    made = tenant.post("/v1/sessions", {"id": name, "name": f"Shop {name}", **more})
    expect(made.status_code == 201, made.text)
    return name


def a_linked_session(tenant: Stack, name: str, number: str) -> str:
    """Make one whose code a phone of that number has scanned."""
    a_session(tenant, name)
    code = tenant.get(f"/v1/sessions/{name}/qr?wait=25").json()["code"]
    expect(tenant.scan(code, number).ok, "the phone scans")
    tenant.until(name, "CONNECTED")
    return name


def dialog(page: Page) -> Locator:
    """Return the dialog that is open."""
    return page.get_by_role("dialog")


def code(page: Page) -> Locator:
    """Return the picture of the code."""
    return page.get_by_alt_text("QR code")


def listed(page: Page) -> None:
    """Wait until the page has its sessions, and is told what happens to them."""
    page.get_by_role("heading", name="Sessions", exact=True).wait_for()
    page.wait_for_load_state("networkidle")
