"""The page in Arabic: it begins at the right, what reads from the left stays so; and how a language is chosen, and stays."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib import page as files
from infra.local.client import Phone, Stack
from tests.page import tenants
from tests.page.links import a_number, a_session
from tests.page.seeing import accessible, camera, pictured
from tests.page.test_sessions import make
from tests.page.visiting import Looking, Visits

pytestmark = pytest.mark.soak

ARABIC = Looking(locale="ar")
WORDS = json.loads((Path(files.__file__).parent / "messages.ar.json").read_text(encoding="utf-8"))
SHOP = "مقهى آنا"
ENDS = """(element, text) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(text);
    if (at < 0) continue;
    return [at, at + text.length - 1].map((one) => {
      const range = new Range();
      range.setStart(walker.currentNode, one);
      range.setEnd(walker.currentNode, one + 1);
      const { left, top } = range.getBoundingClientRect();
      return { left, top };
    });
  }
  return null;
}"""


def says(key: str, **values: str) -> str:
    """The page's words in Arabic, with each value's direction kept apart."""
    text = str(WORDS[key])
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", f"\u2068{value}\u2069")
    return text


def reads_left_to_right(where: Locator, text: str) -> bool:
    """Whether the text begins at the left, as numbers, ids and addresses do among Arabic words."""
    expect(where).to_contain_text(text)
    first, last = where.evaluate(ENDS, text)
    return bool(first["top"] == last["top"] and first["left"] < last["left"])


def middle(of: Locator) -> float:
    """How far from the left an element's middle is, in CSS pixels."""
    box = of.bounding_box()
    assert box
    return box["x"] + box["width"] / 2


def checked(page: Page, state: str) -> None:
    """The state is accessible, and fits a phone's screen and a desk's, in both themes."""
    accessible(page)
    pictured(page, f"arabic-{state}")


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Iterator[tuple[Stack, str]]:
    """A tenant with a linked account, and the account's number, which is its session's id as well."""
    name = tenants.a_name("languages")
    tenant = tenants.a_tenant(stack, name)
    number = a_number()
    tenant.link(number)
    yield tenant, number
    tenants.close(stack, name)


def test_the_language_is_the_browser_s_until_another_is_chosen_which_stays(open_page: Visits, tenant: Stack) -> None:
    cafe = make(tenant, "Café")
    page = open_page(f"#/sessions/{cafe}", looking=Looking(locale="ar-EG"))
    expect(page.get_by_role("heading", name=says("session.about"))).to_be_visible()
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    where = page.url
    page.get_by_label(says("settings.label")).click()
    page.locator("label", has_text=says("settings.language")).locator("select").select_option("English")
    expect(page.get_by_role("heading", name="About it")).to_be_visible()
    assert page.url == where
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["en", "ltr"]
    page.reload()
    expect(page.get_by_role("heading", name="About it")).to_be_visible()
    page.get_by_label("Language and colours").click()
    page.locator("label", has_text="Language").locator("select").select_option("हिन्दी")
    expect(page.get_by_role("heading", name="इसके बारे में")).to_be_visible()
    accessible(page)
    pictured(page, "hindi-session")


def test_a_language_that_there_is_not_is_english(open_page: Visits) -> None:
    page = open_page(looking=Looking(locale="fi-FI"))
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


def test_an_arabic_name_leaves_an_english_sentence_in_its_order(open_page: Visits, tenant: Stack) -> None:
    page = open_page(f"#/sessions/{make(tenant, SHOP)}")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog", name=f"Delete \u2068{SHOP}\u2069?")).to_be_visible()


def test_in_arabic_one_signs_in(open_page: Visits) -> None:
    page = open_page(token="", looking=ARABIC)
    expect(page.get_by_role("heading", name=says("signin.title"))).to_be_visible()
    checked(page, "signin")
    page.get_by_role("button", name=says("signin.bykey")).click()
    assert reads_left_to_right(page.locator("main"), "sb_")
    page.get_by_label(says("settings.label")).click()
    checked(page, "settings")


def test_in_arabic_the_frame_and_the_list_begin_at_the_right(open_page: Visits, tenant: Stack) -> None:
    tenants.fill(tenant, 4)
    make(tenant, SHOP, phone=f"+{a_number()}")
    tenant.link(linked := a_number())
    page = open_page(looking=ARABIC)
    line = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=SHOP, exact=True))
    expect(line).to_be_visible()
    assert middle(page.locator(".brand")) > middle(page.get_by_label(says("settings.label")))
    assert middle(line.locator(".row-name")) > middle(line.get_by_role("button").last)
    assert reads_left_to_right(page.locator(".long"), f"+{linked}")
    checked(page, "sessions")
    page.get_by_role("button", name=f"{says('sessions.more')}: {SHOP}").click()
    checked(page, "sessions-menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=says("sessions.new")).click()
    page.get_by_role("dialog").get_by_text(says("create.further")).click()
    checked(page, "sessions-new")


def test_in_arabic_a_session_s_numbers_and_ids_stay_as_they_are(open_page: Visits, shop: tuple[Stack, str]) -> None:
    tenant, number = shop
    page = open_page(f"#/sessions/{number}", token=tenant.token, looking=ARABIC)
    expect(page.locator(".state")).to_contain_text(says("session.connected", phone=f"+{number}"))
    assert reads_left_to_right(page.locator(".state"), f"+{number}")
    assert reads_left_to_right(page.locator("dl.about"), f"+{number}")
    assert middle(page.locator(".state")) > middle(page.locator("aside.column"))
    assert page.get_by_role("heading", level=1).evaluate("(one) => getComputedStyle(one).textAlign") == "right"
    arrow = page.locator(".up .icon").evaluate("(one) => getComputedStyle(one).transform")
    assert arrow == "matrix(-1, 0, 0, 1, 0, 0)"
    page.get_by_role("button", name=says("webhook.set")).click()
    page.get_by_label(says("webhook.url")).fill("https://example.com/hook?a=1")
    checked(page, "webhook")
    page.get_by_role("dialog").get_by_role("button", name=says("webhook.set")).click()
    assert reads_left_to_right(page.locator("main"), "https://example.com/hook?a=1")
    checked(page, "session")
    page.get_by_role("button", name=says("sessions.more"), exact=True).click()
    page.get_by_role("button", name=says("session.delete"), exact=True).click()
    checked(page, "delete")


def test_in_arabic_the_code_is_scanned_as_ever_and_a_code_to_type_reads_from_the_left(
    open_page: Visits, tenant: Stack
) -> None:
    a_session(tenant, "cafe")
    page = open_page(looking=ARABIC)
    picture = page.get_by_alt_text(says("code.alt"))
    picture.wait_for()
    assert camera(picture) == tenant.get("/v1/sessions/cafe/qr").json()["code"]
    assert middle(picture) > middle(page.locator(".phone-steps"))
    checked(page, "linking")
    page.get_by_role("tab", name=says("linking.way.code")).press("ArrowLeft")
    page.get_by_label(says("phone.country")).select_option("AT")
    page.get_by_role("textbox", name=says("pairing.phone")).fill(number := f"660{a_number()[5:]}")
    checked(page, "pairing-ask")
    page.get_by_role("button", name=says("pairing.ask")).click()
    letters = page.locator(".letters")
    expect(letters).to_be_visible()
    assert reads_left_to_right(page.get_by_role("dialog"), f"+43{number}")
    assert reads_left_to_right(letters, letters.inner_text())
    checked(page, "pairing")


def test_in_arabic_a_passkey_is_asked_for(open_page: Visits, tenant: Stack) -> None:
    number = a_number()
    a_session(tenant, "passkey")
    tenant.network(f"phones/{number}/passkey", {})
    tenant.network("faults/passkey", {"times": 1, "number": number})
    page = open_page(looking=ARABIC)
    picture = page.get_by_alt_text(says("code.alt"))
    picture.wait_for()
    assert tenant.scan(camera(picture), number).status_code == 409
    snippet = page.get_by_label(says("passkey.snippet"))
    snippet.wait_for()
    assert snippet.evaluate("(one) => getComputedStyle(one).direction") == "ltr"
    checked(page, "passkey")


def test_in_arabic_own_messages_are_at_the_left_and_each_text_has_its_own_direction(
    open_page: Visits, shop: tuple[Stack, str]
) -> None:
    tenant, number = shop
    friend = Phone(tenant, a_number()).switch_on("Ben (shop)")
    page = open_page(f"#/sessions/{number}/chat/{friend.number}@s.whatsapp.net", token=tenant.token, looking=ARABIC)
    first = friend.say(number, "Kopi? Call +43 660 123456, please.")
    friend.send(number, "reply", id=first, text="أين نلتقي؟ https://example.com/map")
    friend.send(number, "document", file=friend.put(b"%PDF-1.4\n" * 99), file_name="Prices (new).pdf", pages=3)
    friend.send(number, "location", latitude=48.2082, longitude=16.3738, name="Café Ana", address="Graben 1")
    friend.send(number, "poll", question="متى؟", options=["Nine", "عشرة"], selectable=1)
    friend.do("calls", to=number, video=True)
    page.get_by_role("textbox", name=says("composer.label"), exact=True).fill("حسنًا")
    page.get_by_role("button", name=says("composer.send"), exact=True).click()
    own = page.locator(".bubble-row.mine")
    expect(own.get_by_title(says("chat.status.delivered"))).to_be_visible()
    friend.send(number, "react", id=first, emoji="👍")
    asked = page.locator(".bubble-row").filter(has=page.locator(".words", has_text="Kopi?"))
    expect(asked.locator(".reactions")).to_have_attribute("title", says("chat.reacted", who="Ben (shop)", emoji="👍"))
    assert middle(own.locator(".bubble")) < middle(asked.locator(".bubble"))
    assert middle(page.locator(".chats")) > middle(page.locator(".talk"))
    assert reads_left_to_right(asked, "Kopi? Call +43 660 123456, please.")
    assert reads_left_to_right(page.locator(".log"), "48.2082, 16.3738")
    assert reads_left_to_right(page.locator(".log"), "https://example.com/map")
    checked(page, "chat")
    asked.hover()
    asked.get_by_role("button", name=says("chat.more")).click()
    checked(page, "chat-choices")
    asked.get_by_role("button", name=says("chat.reply")).click()
    checked(page, "chat-reply")
    page.get_by_role("button", name=says("composer.code")).click()
    program = page.get_by_role("dialog").locator("pre").first
    assert program.evaluate("(one) => getComputedStyle(one).direction") == "ltr"
    checked(page, "chat-program")


def test_in_arabic_keys_and_people_are_managed(open_page: Visits, tenant: Stack) -> None:
    reader = f"reader-{id(tenant)}"
    tenants.somebody(tenant, reader, "read_only")
    page = open_page("#/access", looking=ARABIC)
    assert reads_left_to_right(page.get_by_role("region", name=says("people.title")), reader)
    page.get_by_role("button", name=says("keys.new")).click()
    page.get_by_role("dialog").get_by_label(says("keys.name")).fill("متجر الويب")
    checked(page, "key-new")
    page.get_by_role("dialog").get_by_role("button", name=says("keys.make")).click()
    secret = page.get_by_role("dialog").get_by_label(says("keys.secret.label"))
    expect(secret).to_be_visible()
    checked(page, "key")
    page.get_by_role("button", name=says("keys.secret.kept")).click()
    checked(page, "access")
    page.get_by_role("button", name=says("people.add"), exact=True).click()
    checked(page, "people-add")


def test_in_arabic_whoever_holds_the_phone_is_asked_by_the_link_s_page(open_page: Visits, tenant: Stack) -> None:
    a_session(tenant, "held")
    page = open_page(looking=ARABIC)
    page.get_by_text(says("invite.elsewhere")).first.click()
    page.get_by_label(says("invite.company")).fill("Café Ana")
    page.get_by_role("button", name=says("invite.make")).click()
    link = page.get_by_label(says("invite.link"), exact=True)
    expect(link).to_be_visible()
    checked(page, "invite")
    held = open_page(f"#{link.input_value().partition('#')[2]}", token="", looking=ARABIC)
    expect(held.get_by_role("heading", name=says("holder.title", company="Café Ana"))).to_be_visible()
    checked(held, "holder")
    held.get_by_role("button", name=says("holder.yes")).click()
    held.get_by_alt_text(says("code.alt")).wait_for()
    checked(held, "holder-code")


def test_in_arabic_the_virtual_phone_is_beside_the_page_at_the_left(open_page: Visits, tenant: Stack) -> None:
    page = open_page(looking=Looking(locale="ar", phone=True))
    handset = page.get_by_role("complementary", name=says("handset.label"))
    expect(handset).to_be_visible()
    assert middle(handset) < middle(page.locator("main"))
    checked(page, "phone")
