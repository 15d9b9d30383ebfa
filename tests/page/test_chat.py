"""The chats of a session, in a real browser: with virtual phones at the other end, through a real worker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from infra.local.client import Phone, Stack, eventually
from tests.page import tenants
from tests.page.relay import Relay
from tests.page.seeing import accessible, living, pictured, soon
from tests.page.visiting import Looking, Visits
from tests.worker.media import samples
from tests.worker.protos import messages as wa

pytestmark = pytest.mark.soak

NUMBERS = count(1)
HOSTILE = "<img src=x onerror=\"document.title='hit'\"><b>Ben</b>"
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Cy\nTEL;type=CELL;waid=6281277700003:+62 812-7770-0003\nEND:VCARD"
HOLDS_ON = "net::ERR_FAILED"


@dataclass(frozen=True)
class Line:
    """A linked account of a tenant of its own, which the tests of this module share: each has phones of its own."""

    tenant: Stack
    account: str
    reader: Stack

    @property
    def path(self) -> str:
        return f"/v1/sessions/{self.account}"

    def friend(self, name: str = "Ben") -> Phone:
        return Phone(self.tenant, f"62898765{next(NUMBERS):05}").switch_on(name)

    def chat(self, friend: Phone) -> str:
        return f"#/sessions/{self.account}/chat/{friend.number}@s.whatsapp.net"

    def say(self, friend: Phone, text: str) -> dict[str, Any]:
        """Send a text by the API; return the message once the phone has it."""
        sent = self.tenant.post(
            f"{self.path}/messages", {"to": {"phone": friend.number}, "type": "text", "text": {"body": text}}
        )
        assert sent.ok, sent.text
        eventually(lambda: text in friend.heard())
        return dict(self.tenant.get(f"{self.path}/messages/{sent.json()['id']}").json())


@pytest.fixture(scope="module")
def line(stack: Stack) -> Iterator[Line]:
    name = tenants.a_name("chats")
    tenant = tenants.a_tenant(stack, name)
    account = "4366077712345"
    tenant.link(account)
    yield Line(tenant, account, tenants.somebody(tenant, f"{name}-reader", "read_only"))
    tenants.close(stack, name)


@pytest.fixture
def ben(line: Line) -> Phone:
    return line.friend()


@pytest.fixture
def talk(open_page: Visits, line: Line, ben: Phone) -> Page:
    """The chat with Ben, opened by the account's owner."""
    return open_page(line.chat(ben), token=line.tenant.token)


def bubble(page: Page, text: str) -> Locator:
    return page.locator(".bubble-row", has_text=text)


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def attach(page: Page, name: str, kind: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def choose(row: Locator, what: str) -> None:
    """Do something with a message."""
    row.hover()
    row.get_by_role("button", name="What to do with this message").click()
    row.get_by_role("button", name=what).click()


def letter(phone: Phone, message_id: str) -> dict[str, Any]:
    """Return what a phone shows of a message that it has."""
    found = phone.letter(message_id)
    assert found
    return found


def loaded(element: Locator) -> bool:
    """Whether the browser has a picture, or knows how long a video or a sound is."""
    return bool(element.evaluate("(one) => one.naturalWidth > 0 || one.readyState > 0"))


def of_type(phone: Phone, kind: str) -> list[dict[str, Any]]:
    """All of a phone's letters of that type, with their contents."""
    letters = (phone.letter(one["id"]) for one in phone.inbox())
    return [one for one in letters if one and one.get("type") == kind]


def test_a_chat_is_begun_by_number_and_its_ticks_and_answers_come_by_themselves(
    open_page: Visits, tenant: Stack
) -> None:
    account = f"43660777{next(NUMBERS):05}"
    tenant.link(account)
    friend = Phone(tenant, f"62898765{next(NUMBERS):05}").switch_on("Ben")
    page = open_page(f"#/sessions/{account}/chat")
    expect(page.get_by_text("No chats yet.")).to_be_visible()
    accessible(page)
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
    assert "Hello Ben" in page.locator(".bubble-row").first.inner_text()
    expect(page.locator(".chat-row")).to_have_count(1)
    expect(page.locator(".chat-row")).to_contain_text("Ben")
    pictured(page, "chat-talk")


def test_every_type_is_shown(line: Line, ben: Phone, talk: Page) -> None:
    def send(kind: str, **fields: Any) -> str:
        return ben.send(line.account, kind, **fields)

    def file(content: bytes) -> str:
        return ben.put(content)

    first = send("text", text="Where shall we meet? https://example.com/map")
    send("reply", id=first, text="Here, for instance")
    send("image", file=file(samples.a_picture("JPEG", (640, 480))), caption="The café", width=640, height=480)
    send("video", file=file(samples.a_video(2.0, (320, 240))), seconds=2)
    send("voice", file=file(samples.a_sound("ogg", "libopus")), seconds=2)
    send("sticker", file=file(samples.a_picture("WEBP", (512, 512), "RGBA")))
    send("document", file=file(b"%PDF-1.4\n" + b"a page of it\n" * 900), file_name="Prices.pdf", pages=3)
    send("location", latitude=48.2082, longitude=16.3738, name="Café Ana", address="Graben 1")
    send("contact", contacts=[{"name": "Cy", "vcard": CARD}])
    poll = send("poll", question="When?", options=["Nine", "Ten"], selectable=1)
    send("vote", id=poll, options=["Ten"])
    send("image", file=file(samples.a_picture()), view_once=True)
    send("raw", message=wa.Message(orderMessage={"orderID": "1"}).SerializeToString().hex())
    wrong = send("text", text="At nine")
    send("edit", id=wrong, text="At ten")
    gone = send("text", text="Never mind")
    send("react", id=first, emoji="👍")
    send("timer", seconds=86_400)
    send("timer", seconds=0)
    ben.do("calls", to=line.account, video=True)
    send("delete", id=gone)
    last = send("text", text="That is all")
    expect(bubble(talk, "That is all")).to_be_visible()
    assert last
    expect(talk.get_by_role("link", name="https://example.com/map")).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )
    expect(bubble(talk, "Here, for instance").locator("blockquote")).to_contain_text("Where shall we meet?")
    asked = talk.locator(".bubble-row").filter(has=talk.get_by_role("link", name="https://example.com/map"))
    expect(asked.locator(".reactions")).to_have_attribute("title", "Ben reacted with 👍")
    for shown in ("The café", "Prices.pdf", "3 pages", "Graben 1", "+62 812-7770-0003", "on the phone alone", "orderMessage", "At ten", "Edited",
                  "This message was deleted", "calls you by video", "messages to disappear after 1 day"):  # fmt: skip
        expect(talk.get_by_text(shown).first).to_be_visible()
    for hidden in ("At nine", "Never mind"):
        expect(talk.get_by_text(hidden)).to_have_count(0)
    expect(talk.get_by_role("listitem").filter(has_text="Ten").get_by_label("1 vote")).to_be_visible()
    scroll = talk.locator(".scroller")
    for element in ("img[alt='']", "video", "audio", "img.sticker"):
        scroll.locator(element).first.scroll_into_view_if_needed()
        eventually(partial(loaded, scroll.locator(element).first))
    talk.get_by_role("button", name="Show the picture large").click()
    expect(talk.get_by_role("dialog")).to_be_visible()
    accessible(talk)
    pictured(talk, "chat-picture")
    talk.keyboard.press("Escape")
    accessible(talk)
    pictured(talk, "chat-types")
    scroll.evaluate("(one) => { one.scrollTop = 0; }")
    pictured(talk, "chat-types-above")


def test_files_are_sent_small_ones_with_the_call_and_large_ones_to_the_bucket(
    line: Line, ben: Phone, talk: Page
) -> None:
    picture, large = samples.a_picture("PNG", (400, 300)), os.urandom(5_000_000)
    attach(talk, "plan.png", "image/png", picture)
    expect(talk.get_by_label("Send as")).to_have_value("image")
    write(talk, "The plan")
    (came,) = eventually(lambda: of_type(ben, "image"))
    assert came["content"]["caption"] == "The plan"
    assert eventually(lambda: ben.file(came["id"])) == picture
    expect(bubble(talk, "The plan").get_by_title("Delivered")).to_be_visible()
    attach(talk, "large: 'file'.bin", "application/octet-stream", large)
    pictured(talk, "chat-attached")
    talk.get_by_role("button", name="Send", exact=True).click()
    (came,) = eventually(lambda: of_type(ben, "document"))
    assert eventually(lambda: ben.file(came["id"])) == large
    expect(bubble(talk, "large").get_by_title("Delivered")).to_be_visible()


def test_replies_and_reactions_go_both_ways(line: Line, ben: Phone, talk: Page) -> None:
    asked = ben.say(line.account, "Coffee?")
    expect(bubble(talk, "Coffee?")).to_be_visible()
    row = bubble(talk, "Coffee?").first
    row.hover()
    row.get_by_role("button", name="What to do with this message").click()
    accessible(talk)
    pictured(talk, "chat-choices")
    row.get_by_role("button", name="Reply").click()
    pictured(talk, "chat-replying")
    write(talk, "Yes please")
    answer = eventually(lambda: next((one for one in ben.inbox() if one["text"] == "Yes please"), None))
    assert letter(ben, answer["id"])["context"]["quoted"]["id"] == asked
    choose(row, "React with ❤️")
    eventually(lambda: letter(ben, asked).get("reactions") == {line.account: "❤️"})
    first = talk.locator(".bubble-row").first
    expect(first.locator(".reactions")).to_have_attribute("title", "You reacted with ❤️")
    first.hover()
    first.get_by_role("button", name="What to do with this message").click()
    first.get_by_role("button", name="React with ❤️").click()
    eventually(lambda: not letter(ben, asked).get("reactions"))
    expect(first.locator(".reactions")).to_have_count(0)


def test_names_and_texts_with_markup_stay_texts(open_page: Visits, line: Line) -> None:
    hostile = line.friend(HOSTILE)
    page = open_page(line.chat(hostile), token=line.tenant.token)
    hostile.say(line.account, f"{HOSTILE} \u202e javascript:alert(1)")
    expect(page.locator(".bubble .words", has_text="onerror")).to_be_visible()
    expect(page.locator(".chat-row", has_text=HOSTILE).first).to_be_visible()
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    write(page, HOSTILE)
    expect(page.locator(".bubble-row.mine .words", has_text="onerror")).to_be_visible()
    assert page.locator(".chat b, .chat img[src='x'], a[href^='javascript']").count() == 0
    assert "hit" not in page.title()


def test_who_may_only_read_sees_everything_and_writes_nothing(open_page: Visits, line: Line, ben: Phone) -> None:
    ben.say(line.account, "For your eyes")
    eventually(lambda: line.tenant.get(f"{line.path}/messages?chat_id={ben.number}").json()["data"])
    page = open_page(line.chat(ben), token=line.reader.token)
    expect(bubble(page, "For your eyes")).to_be_visible()
    expect(page.get_by_text("your role is read only")).to_be_visible()
    assert page.get_by_role("textbox").count() == 0
    page.goto(page.url.rpartition("/")[0])
    expect(page.get_by_text("Choose a chat to read it.")).to_be_visible()
    page.go_back()
    expect(bubble(page, "For your eyes")).to_be_visible()
    assert page.get_by_role("button", name="What to do with this message").count() == 0
    accessible(page)
    pictured(page, "chat-read-only")
    said = next(one for one in ben.inbox() if one["text"] == "For your eyes")
    assert letter(ben, said["id"])["state"] != "read"


def test_what_is_looked_at_is_marked_as_read(line: Line, ben: Phone, talk: Page) -> None:
    said = ben.say(line.account, "Seen?")
    expect(bubble(talk, "Seen?")).to_be_visible()
    eventually(lambda: letter(ben, said)["state"] == "read")
    expect(talk.locator(".chat-row", has_text="Seen?").locator(".count")).to_have_count(0)


def test_what_got_no_answer_is_not_sent_again_by_itself_and_once_at_most(
    open_page: Visits, line: Line, ben: Phone
) -> None:
    page = open_page(line.chat(ben), token=line.tenant.token, allowing=[HOLDS_ON])
    expect(page.get_by_text("Say hello")).to_be_visible()
    keys: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        route.abort()

    page.route("**/messages", lose)
    write(page, "Once")
    expect(page.get_by_text("No answer came")).to_be_visible()
    accessible(page)
    pictured(page, "chat-unsure")
    assert len(keys) == 1
    page.get_by_role("button", name="Try again").click()
    soon(page, lambda: len(keys) == 2)
    page.unroute("**/messages")
    page.get_by_role("button", name="Try again").click()
    expect(bubble(page, "Once").get_by_title("Delivered")).to_be_visible()
    assert keys[0] == keys[1]
    assert ben.heard().count("Once") == 1
    expect(page.get_by_text("No answer came")).to_have_count(0)


def test_a_message_whose_answer_was_lost_is_known_by_its_event(open_page: Visits, line: Line, ben: Phone) -> None:
    page = open_page(line.chat(ben), token=line.tenant.token, allowing=[HOLDS_ON])
    expect(page.get_by_text("Say hello")).to_be_visible()

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/messages", lose)
    write(page, "It went out")
    expect(bubble(page, "It went out").get_by_title("Delivered")).to_be_visible()
    expect(bubble(page, "It went out")).to_have_count(1)
    assert ben.heard().count("It went out") == 1


def test_who_is_too_fast_is_told_when_to_go_on(open_page: Visits, line: Line, ben: Phone) -> None:
    page = open_page(line.chat(ben), token=line.tenant.token, allowing=["status of 429"])
    expect(page.get_by_text("Say hello")).to_be_visible()
    error = {
        "code": "TOO_FAST",
        "message": "The session sends faster than it may.",
        "field": None,
        "retryable": True,
        "retry_after": 4,
    }

    def refuse(route: Route) -> None:
        route.fulfill(status=429, headers={"Retry-After": "4"}, json={"error": error, "request_id": None})

    page.route("**/messages", refuse)
    write(page, "Slowly")
    expect(page.get_by_text("You can send it again in")).to_be_visible()
    again = page.get_by_role("button", name="Send again")
    expect(again).to_be_disabled()
    pictured(page, "chat-too-fast")
    page.unroute("**/messages")
    expect(again).to_be_enabled()
    again.click()
    eventually(lambda: "Slowly" in ben.heard())
    expect(bubble(page, "Slowly").get_by_title("Delivered")).to_be_visible()


def test_what_whatsapp_refuses_says_why(open_page: Visits, line: Line) -> None:
    page = open_page(f"#/sessions/{line.account}/chat/4366000000000@s.whatsapp.net", token=line.tenant.token)
    write(page, "Anybody?")
    expect(page.locator(".trouble")).to_contain_text("Not sent.")
    accessible(page)
    pictured(page, "chat-failed")


def test_earlier_messages_come_as_one_scrolls_up_and_what_is_in_view_stays(
    open_page: Visits, line: Line, ben: Phone
) -> None:
    for number in range(70):
        ben.say(line.account, f"Message {number:02}")
    # WhatsApp's times are whole seconds: within one the order is anybody's.
    where = f"{line.path}/messages?chat_id={ben.number}&limit=100"
    eventually(lambda: len(line.tenant.get(where).json()["data"]) == 70)
    page = open_page(line.chat(ben), token=line.tenant.token)
    rows = page.locator(".bubble-row")
    expect(rows.last).to_be_in_viewport()
    expect(rows).to_have_count(50)
    first = rows.first.locator(".words").inner_text()
    page.locator(".scroller").hover()
    page.mouse.wheel(0, -20_000)
    expect(rows).to_have_count(70)
    expect(bubble(page, first)).to_be_in_viewport()
    expect(rows.first).not_to_be_in_viewport()
    ben.say(line.account, "Message 70")
    newer = page.get_by_role("button", name="New messages")
    expect(newer).to_be_visible()
    pictured(page, "chat-newer")
    newer.click()
    expect(bubble(page, "Message 70")).to_be_in_viewport()


def test_without_a_connection_and_a_secure_context_messages_come_and_go_all_the_same(
    open_page: Visits, line: Line, ben: Phone, relay: Relay
) -> None:
    page = open_page(line.chat(ben), token=line.tenant.token, origin=relay.origin, allowing=["WebSocket", "ERR_"])
    expect(page.get_by_text("Say hello")).to_be_visible()
    relay.cut()
    ben.say(line.account, "Can you hear me?")
    expect(bubble(page, "Can you hear me?")).to_be_visible()
    write(page, "Loud and clear")
    expect(bubble(page, "Loud and clear").get_by_title("Delivered")).to_be_visible()
    relay.mend()
    ben.say(line.account, "Good")
    expect(bubble(page, "Good")).to_be_visible()


def codes(page: Page) -> tuple[str, str, str]:
    """What the page shows of the call that the composer would make, in each language."""
    page.get_by_role("button", name="Show this as code").click()
    shown = []
    for language in ("curl", "Python", "JavaScript"):
        page.get_by_role("tab", name=language).click()
        shown.append(page.get_by_role("tabpanel").inner_text())
    page.keyboard.press("Escape")
    return shown[0], shown[1], shown[2]


def run(folder: Path, token: str, curl: str, python: str, javascript: str) -> None:
    """Run the programs as somebody would who copied them."""
    (folder / "call.mjs").write_text(javascript)
    environment = {**os.environ, "TOKEN": token}
    for program in (["bash", "-euc", curl], [sys.executable, "-c", python], ["node", "call.mjs"]):
        done = subprocess.run(
            program, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert '"error"' not in done.stdout, done.stdout


def test_the_call_is_copied_as_code_that_runs(line: Line, ben: Phone, talk: Page, tmp_path: Path) -> None:
    text = 'It\'s "quoted": 100 % $HOME `ls` ${TOKEN} \\n ☕'
    talk.get_by_role("textbox", name="Message", exact=True).fill(text)
    programs = codes(talk)
    assert line.tenant.token not in "".join(programs)
    run(tmp_path, line.tenant.token, *programs)
    eventually(lambda: ben.heard().count(text) == 3)
    talk.get_by_role("button", name="Show this as code").click()
    accessible(talk)
    pictured(talk, "chat-code")
    talk.get_by_role("button", name="Copy").click()
    expect(talk.get_by_text("Copied")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("the 'plan'.png", samples.a_picture("PNG", (40, 30)), "image"),
        ('large, "raw".bin', bytes(range(256)) * 20_000, "document"),
    ],
)
def test_the_call_with_a_file_runs_in_the_folder_that_the_file_lies_in(
    *, line: Line, ben: Phone, talk: Page, tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(content)
    attach(talk, name, "image/png" if kind == "image" else "application/octet-stream", content)
    run(tmp_path, line.tenant.token, *codes(talk))
    came = eventually(lambda: found if len(found := of_type(ben, kind)) == 3 else None)
    assert [eventually(partial(ben.file, one["id"])) for one in came] == [content] * 3


def test_what_was_sent_is_copied_as_code_too(line: Line, ben: Phone, talk: Page, tmp_path: Path) -> None:
    write(talk, "Just so")
    expect(bubble(talk, "Just so").get_by_title("Delivered")).to_be_visible()
    choose(bubble(talk, "Just so"), "Copy this call")
    program = talk.get_by_role("tabpanel").inner_text()
    done = subprocess.run(
        ["bash", "-euc", program], env={**os.environ, "TOKEN": line.tenant.token}, cwd=tmp_path, check=True, timeout=60
    )
    assert done.returncode == 0
    eventually(lambda: ben.heard().count("Just so") == 2)


def test_a_session_that_is_not_there_says_so(open_page: Visits) -> None:
    page = open_page("#/sessions/nowhere/chat", allowing=["status of 404"])
    expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()
    accessible(page)


def test_on_a_phone_there_is_one_pane_and_a_way_back(open_page: Visits, line: Line, ben: Phone) -> None:
    ben.say(line.account, "Knock knock")
    page = open_page(f"#/sessions/{line.account}/chat", Looking(width=360, touch=True), token=line.tenant.token)
    page.locator(".chat-row", has_text="Knock knock").get_by_role("link").click()
    expect(bubble(page, "Knock knock")).to_be_visible()
    expect(page.get_by_role("link", name="Back to the session")).to_be_hidden()
    expect(page.locator(".chat-row").first).to_be_hidden()
    page.get_by_role("link", name="Back to the chats").click()
    expect(page.locator(".talk")).to_be_hidden()
    pictured(page, "chat-list")


def test_ten_rounds_leave_nothing_that_goes_on(open_page: Visits, line: Line, ben: Phone) -> None:
    ben.say(line.account, "Round and round")
    page = open_page("#/sessions", token=line.tenant.token, counted=True)
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    page.wait_for_timeout(500)
    before = living(page)
    for _ in range(10):
        page.evaluate(f"location.hash = '{line.chat(ben)}'")
        expect(bubble(page, "Round and round")).to_be_visible()
        page.evaluate("location.hash = '#/sessions'")
        expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    soon(page, lambda: living(page) == before, within=15)


def test_what_is_refused_for_want_of_a_linked_account_goes_out_once_it_is_linked(
    open_page: Visits, tenant: Stack
) -> None:
    account = f"43660777{next(NUMBERS):05}"
    friend = Phone(tenant, f"62898765{next(NUMBERS):05}").switch_on("Ben")
    tenant.link(account)
    page = open_page(f"#/sessions/{account}/chat/{friend.number}@s.whatsapp.net", allowing=["status of 409"])
    assert tenant.post(f"/v1/sessions/{account}/stop").ok
    expect(page.get_by_text("Nothing can be sent just now: Stopped")).to_be_visible()
    write(page, "As soon as you can")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    pictured(page, "chat-not-connected")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog).to_be_hidden()
    expect(bubble(page, "As soon as you can").get_by_title("Delivered")).to_be_visible()
    assert friend.heard() == ["As soon as you can"]


def test_in_a_group_everybody_is_named_and_its_changes_are_told(open_page: Visits, line: Line, ben: Phone) -> None:
    cleo = line.friend("Cleo")
    group = ben.make_group("Coffee at nine", line.account, cleo.number)
    page = open_page(f"#/sessions/{line.account}/chat", token=line.tenant.token)
    ben.say(group, "Who comes?")
    page.locator(".chat-row", has_text="Coffee at nine").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Coffee at nine")).to_be_visible()
    expect(bubble(page, "Who comes?").locator(".author")).to_contain_text("Ben")
    asked = cleo.say(group, "I do")
    expect(bubble(page, "I do").locator(".author")).to_contain_text("Cleo")
    write(page, "So do I")
    eventually(lambda: "So do I" in cleo.heard())
    choose(bubble(page, "I do"), "React with 👍")
    eventually(lambda: letter(cleo, asked).get("reactions") == {line.account: "👍"})
    ben.change_group(group, "name", name="Coffee at ten")
    expect(page.locator(".line", has_text="Ben named the group Coffee at ten")).to_be_visible()
    expect(page.get_by_role("heading", name="Coffee at ten")).to_be_visible()
    accessible(page)
    pictured(page, "chat-group")


def test_it_reads_from_right_to_left_and_at_twice_the_size(open_page: Visits, line: Line, ben: Phone) -> None:
    said = ben.say(line.account, "مرحبا")
    page = open_page(line.chat(ben), Looking(width=640, height=400), token=line.tenant.token)
    expect(bubble(page, "مرحبا")).to_be_visible()
    write(page, "Hello")
    expect(bubble(page, "Hello").get_by_title("Delivered")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_in_viewport()
    page.evaluate("document.documentElement.dir = 'rtl'")
    mine, theirs = (page.locator(f".bubble-row{kind} .bubble").bounding_box() for kind in (".mine", ":not(.mine)"))
    assert mine
    assert theirs
    assert mine["x"] < theirs["x"]
    assert said
    pictured(page, "chat-right-to-left")


def test_what_was_begun_in_a_chat_stays_in_another_language(talk: Page) -> None:
    talk.get_by_role("textbox", name="Message", exact=True).fill("Half a mess")
    talk.get_by_label("Language and colours").click()
    talk.locator(".menu-panel select").first.select_option("es")
    expect(talk.locator("html")).to_have_attribute("lang", "es")
    expect(talk.locator("textarea")).to_have_value("Half a mess")


def test_the_chats_of_a_session_that_is_deleted_meanwhile_give_way(open_page: Visits, tenant: Stack) -> None:
    tenant.post("/v1/sessions", {"id": "gone", "name": "Gone", "start": False})
    page = open_page("#/sessions/gone/chat/6281277700009@s.whatsapp.net", allowing=["status of 404"])
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    tenant.delete("/v1/sessions/gone")
    expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()
    assert page.get_by_role("textbox").count() == 0


def test_a_link_leads_where_it_seems_to(talk: Page, line: Line, ben: Phone) -> None:
    ben.say(line.account, "See \u202ehttps://example.com/a\u202egnp.exe")
    link = talk.locator(".log").get_by_role("link", name="https://example.com/a", exact=True)
    expect(link).to_have_attribute("href", "https://example.com/a")
    expect(link).to_have_css("unicode-bidi", "isolate")
    expect(link).to_have_css("direction", "ltr")
