"""The chats of a session, in a real browser: with virtual phones at the other end, through a real worker."""

from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from infra.local.client import Phone, Stack, eventually
from tests.page.seeing import accessible, pictured
from tests.page.visiting import Visits

NUMBERS = count(1)


@pytest.fixture
def account(tenant: Stack) -> str:
    """A session of the tenant that is linked to the number that is its id."""
    number = f"43660777{next(NUMBERS):05}"
    tenant.link(number)
    return number


def a_friend(tenant: Stack, name: str = "Ben") -> Phone:
    return Phone(tenant, f"62898765{next(NUMBERS):05}").switch_on(name)


def opened(open_page: Visits, account: str, friend: Phone | None = None, **more: Any) -> Page:
    chat = f"/{friend.number}@s.whatsapp.net" if friend else ""
    return open_page(f"#/sessions/{account}/chat{chat}", **more)


def bubble(page: Page, text: str) -> Locator:
    return page.locator(".bubble-row", has_text=text)


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_a_chat_is_begun_by_number_and_its_ticks_and_answers_come_by_themselves(
    open_page: Visits, tenant: Stack, account: str
) -> None:
    friend = a_friend(tenant)
    page = opened(open_page, account)
    expect(page.get_by_text("No chats yet.")).to_be_visible()
    pictured(page, "chat-none")
    page.get_by_role("button", name="New chat").first.click()
    page.get_by_label("Country").select_option("ID")
    page.get_by_label("Phone number").fill(f"0{friend.number[2:]}")
    accessible(page)
    pictured(page, "chat-new")
    page.get_by_role("button", name="Open the chat").click()
    expect(page.get_by_text("Say hello")).to_be_visible()
    write(page, "Hello Ben")
    eventually(lambda: "Hello Ben" in friend.heard())
    expect(bubble(page, "Hello Ben").get_by_title("Delivered")).to_be_visible()
    friend.read()
    expect(bubble(page, "Hello Ben").get_by_title("Read")).to_be_visible()
    friend.say(account, "Hello yourself")
    expect(bubble(page, "Hello yourself")).to_be_visible()
    expect(page.locator(".chat-row")).to_have_count(1)
    expect(page.locator(".chat-row")).to_contain_text("Ben")
    accessible(page)
    pictured(page, "chat-talk")
