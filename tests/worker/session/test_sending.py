"""Sending what is owed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from msgspec import structs

from chalicelib.domain import events as e
from chalicelib.domain.chats import Chat, ChatTimer
from chalicelib.domain.content import Context, Image, LinkPreview, Media, Poll, PollVote, Reaction, Target, Text
from chalicelib.domain.messages import Message, MessageStatus, Party
from chalicelib.domain.questions import Contact
from chalicelib.services.messages.outbox import AT_ONCE, Dispatch
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.worker.log import Log
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.preparing import SIDE_BY_SIDE, Prepared
from chalicelib.worker.session.recipients import Recipients
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.sending import Sender
from chalicelib.worker.session.spool import RECEIPTS, Spool
from chalicelib.worker.session.timers import ChatTimers
from chalicelib.worker.whatsapp.client import ReceiptEvent
from chalicelib.worker.whatsapp.errors import NoAnswer, NotSendable, NotSent, RecipientNotOnWhatsApp, SendRefused
from chalicelib.worker.whatsapp.files import WhatsAppFile
from tests.fakes import FakeIds, MemoryChats, MemoryMessages
from tests.makers import DEVICE, a_message
from tests.worker.harness import ScriptedClient, WorkerHarness
from tests.worker.outside import now
from tests.worker.threads import until

pytestmark = pytest.mark.subprocess

S = MessageStatus


@dataclass
class SenderHarness:
    """A sender, its client and what it owes."""

    worker: WorkerHarness
    lease: HeldLease
    client: ScriptedClient
    sender: Sender
    sent: list[str] = field(default_factory=list)
    answers: dict[str, Exception] = field(default_factory=dict)

    def owe(self, *texts: str) -> None:
        for text in texts:
            self.worker.outside.messages.put(
                a_message(uid=self.worker.session.uid, id=text, text=text, expires_at=now() + 60_000)
            )

    def send(self, _to: str, text: str) -> str:
        self.sent.append(text)
        if text in self.answers:
            raise self.answers[text]
        return f"3EB0{text}"

    def stands(self, text: str) -> Message:
        return self.worker.outside.messages.rows[self.worker.session.uid, text]

    def take_a_turn(self) -> None:
        """Start, and wait until a first turn has been taken: receipts are noted when what is owed was gone through."""
        self.owe("noted")
        dispatch = self.worker.outside.dispatch
        begun = dispatch.begin(self.stands("noted"), epoch=self.worker.now.epoch)
        assert begun
        dispatch.sent(begun, "3EB0noted")
        self.sender.receipt(ReceiptEvent(("3EB0noted",), S.READ))
        self.sender.start(self.client)
        self.become("noted", S.READ)

    def become(self, text: str, status: MessageStatus) -> Message:
        until(lambda: self.stands(text).status is status)
        return self.stands(text)


def people(worker: WorkerHarness) -> Recipients:
    return Recipients(worker.session.uid, worker.outside.identities, Log())


class NoFiles:
    """An OutgoingMedia that has none."""

    def prepare(self, content: Media) -> WhatsAppFile:
        raise SendRefused("media_not_found", "The session has no such file.")

    def shown(self, preview: LinkPreview) -> Prepared:
        found = "page" in preview.url
        return Prepared(preview=LinkPreview(preview.url, "A page"), thumbnail=b"jpeg") if found else Prepared()


def a_sender(worker: WorkerHarness, reporter: SessionReporter, lease: HeldLease, **more: Any) -> Sender:
    given: dict[str, Any] = {"dispatch": worker.outside.dispatch, "media": NoFiles()} | more
    spool, dispatch = Spool(worker.root, RECEIPTS), given.pop("dispatch")
    return Sender(
        reporter,
        lease,
        dispatch,
        worker.events,
        Log(),
        people=people(worker),
        spool=spool,
        timers=ChatTimers(),
        **given,
    )


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[SenderHarness]:
    worker = WorkerHarness(tmp_path, linked=True)
    reporter, lease = worker.reporter()
    client = ScriptedClient(worker.events, ())
    made = SenderHarness(worker, lease, client, a_sender(worker, reporter, lease))
    client.sends = made.send
    yield made
    made.sender.stop()


def test_what_is_owed_goes_out_in_order_once_the_session_is_connected(harness: SenderHarness) -> None:
    harness.owe("1", "2", "3")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    sent = harness.become("3", S.SENT)
    assert harness.sent == ["1", "2", "3"]
    assert (sent.whatsapp_id, sent.epoch) == ("3EB03", harness.worker.now.epoch)
    assert harness.client.calls == [f"send {sent.to} {text}" for text in "123"]


def test_each_goes_out_with_a_secret_of_its_own_that_was_written_down_before(harness: SenderHarness) -> None:
    written: list[Any] = []

    def send(_to: str, text: str) -> str:
        written.append(harness.stands(text).secret)
        return f"3EB0{text}"

    harness.client.sends = send
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("2", S.SENT)
    assert (
        written == [outgoing.secret for outgoing in harness.client.outgoing] == [harness.stands(m).secret for m in "12"]
    )
    assert len({*written}) == 2
    assert {len(secret) for secret in written} == {32}


def test_what_is_tried_again_has_another_secret(harness: SenderHarness) -> None:
    harness.answers["1"] = NotSent()
    harness.owe("1")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    until(lambda: harness.sent == ["1"])
    harness.become("1", S.QUEUED)
    harness.answers.clear()
    harness.sender.ring()
    harness.become("1", S.SENT)
    first, second = (outgoing.secret for outgoing in harness.client.outgoing)
    assert first != second == harness.stands("1").secret


@pytest.mark.parametrize(
    ("preview", "shown"),
    [
        (LinkPreview("https://a.example/page"), LinkPreview("https://a.example/page", "A page")),
        (LinkPreview("https://a.example/page", "Mine"), LinkPreview("https://a.example/page", "Mine")),
        (LinkPreview("https://a.example/gone"), None),
        (None, None),
    ],
)
def test_a_link_that_nobody_has_described_is_shown_as_its_page_says(
    harness: SenderHarness, preview: LinkPreview | None, shown: LinkPreview | None
) -> None:
    uid = harness.worker.session.uid
    text = Text("See https://a.example/page or https://a.example/gone", preview)
    harness.worker.outside.messages.put(a_message(uid=uid, id="01A", created_at=now(), content=text))
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    until(lambda: len(harness.client.outgoing) == 1)
    assert harness.client.outgoing[0].content == Text(text.body, shown)
    assert harness.client.outgoing[0].thumbnail == (
        b"jpeg" if text.preview and "page" in text.preview.url and not text.preview.title else None
    )


@dataclass
class Files:
    """An OutgoingMedia with one file, or none."""

    file: WhatsAppFile | Exception
    asked: list[Media] = field(default_factory=list)

    def prepare(self, content: Media) -> WhatsAppFile:
        self.asked.append(content)
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    def shown(self, preview: LinkPreview) -> Prepared:
        return Prepared()


FILE = WhatsAppFile(
    kind="image", direct_path="/v/1", media_key=b"k" * 32, enc_sha256=b"e" * 32, file_sha256=b"f" * 32, size=9,
    mimetype="image/png", media_key_timestamp=1,
)  # fmt: skip


def with_an_image(harness: SenderHarness, files: Files) -> None:
    reporter, lease = harness.worker.reporter()
    harness.sender = a_sender(harness.worker, reporter, lease, media=files)
    image = Image(media_id="md_1", caption="image")
    uid = harness.worker.session.uid
    harness.worker.outside.messages.put(a_message(uid=uid, id="image", content=image, context=Context(forwarded=1)))
    harness.owe("next")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)


def test_media_goes_out_with_its_file_and_in_its_context(harness: SenderHarness) -> None:
    files = Files(FILE)
    with_an_image(harness, files)
    harness.become("image", S.SENT)
    (outgoing, _) = (harness.become("next", S.SENT), harness.client.outgoing[0])[::-1]
    assert (outgoing.file, outgoing.content, outgoing.context) == (FILE, files.asked[0], Context(forwarded=1))


def test_media_without_a_file_fails_by_its_own_code_and_the_next_goes_out(harness: SenderHarness) -> None:
    with_an_image(harness, Files(SendRefused("media_not_found", "There is no such file.")))
    failed = harness.become("image", S.FAILED)
    assert (failed.error_code, failed.error_message) == ("media_not_found", "There is no such file.")
    harness.become("next", S.SENT)
    assert harness.sent == ["next"]


def test_media_that_cannot_be_uploaded_now_waits_and_so_does_what_comes_after_it(harness: SenderHarness) -> None:
    files = Files(NotSent())
    with_an_image(harness, files)
    until(lambda: bool(files.asked))
    assert (harness.stands("image").status, harness.stands("next").status) == (S.QUEUED, S.QUEUED)
    files.file = FILE

    def goes_out() -> bool:
        harness.sender.ring()
        return harness.stands("next").status is S.SENT

    until(goes_out)
    assert harness.sent == ["image", "next"]


@dataclass
class SlowFiles(Files):
    """Files that come once they are let go, each of them."""

    gate: Event = field(default_factory=Event)

    def prepare(self, content: Media) -> WhatsAppFile:
        self.asked.append(content)
        self.gate.wait(600)
        return super().prepare(content)


def elsewhere(harness: SenderHarness, number: int, **more: Any) -> str:
    """Owe a message in another chat; return its id."""
    to = f"62811{number:06}@s.whatsapp.net"
    text = f"elsewhere {number}"
    message = a_message(uid=harness.worker.session.uid, id=text, text=text, to=to, chat=to, expires_at=now() + 60_000)
    harness.worker.outside.messages.put(replace(message, **more))
    return text


def test_while_a_file_is_fetched_only_what_comes_later_in_its_chat_waits(harness: SenderHarness) -> None:
    files = SlowFiles(FILE)
    with_an_image(harness, files)
    others = [elsewhere(harness, number) for number in range(AT_ONCE + 1)]
    harness.owe("last")
    harness.sender.ring()
    for other in others:
        harness.become(other, S.SENT)
    assert [harness.stands(one).status for one in ("image", "next", "last")] == [S.QUEUED] * 3
    files.gate.set()
    harness.become("next", S.SENT)
    harness.become("last", S.SENT)
    assert [one for one in harness.sent if one not in others] == ["image", "last", "next"]
    assert len(files.asked) == 2, "asked once, and handed out once"


def test_files_of_several_chats_are_fetched_side_by_side(harness: SenderHarness) -> None:
    files = SlowFiles(FILE)
    with_an_image(harness, files)
    for number in range(SIDE_BY_SIDE + 1):
        elsewhere(harness, number, content=Image(media_id=f"md_{number}", caption=f"{number}"))
    harness.sender.ring()
    until(lambda: len(files.asked) == SIDE_BY_SIDE)
    files.gate.set()
    for number in range(SIDE_BY_SIDE + 1):
        harness.become(f"elsewhere {number}", S.SENT)


def test_what_was_fetched_is_fetched_no_more_though_it_could_not_be_sent_at_once(harness: SenderHarness) -> None:
    files, away = Files(FILE), Event()

    def send(_to: str, text: str) -> str:
        if not away.is_set():
            away.set()
            raise NotSent
        return harness.send(_to, text)

    harness.client.sends = send
    with_an_image(harness, files)
    until(away.is_set)

    def goes_out() -> bool:
        harness.sender.ring()
        return harness.stands("image").status is S.SENT

    until(goes_out)
    assert len(files.asked) == 1


@pytest.mark.parametrize(("secret", "code"), [(b"s" * 32, None), (None, "poll_secret_missing")])
def test_a_vote_goes_out_with_the_secret_of_its_poll(
    harness: SenderHarness, secret: bytes | None, code: str | None
) -> None:
    uid, messages = harness.worker.session.uid, harness.worker.outside.messages
    messages.put(a_message(uid=uid, id="0", status=S.RECEIVED, content=Poll("Jam?", ("9", "10")), secret=secret))
    vote = PollVote(Target("3A01", from_me=False), ("9",))
    messages.put(a_message(uid=uid, id="vote", content=vote, about="0"))
    harness.owe("next")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    assert harness.become("vote", S.FAILED if code else S.SENT).error_code == code
    harness.become("next", S.SENT)
    assert [one.target_secret for one in harness.client.outgoing] == ([None] if code else [None, secret])


def test_a_text_says_that_it_disappears_where_the_chat_s_messages_do_and_a_reaction_does_not(
    harness: SenderHarness,
) -> None:
    uid, messages = harness.worker.session.uid, harness.worker.outside.messages
    chats = harness.worker.outside.dispatch.chats
    chat = a_message().chat
    chats.note(Chat(uid, chat, chat, last="0"), now=0)
    chats.time(uid, chat, ChatTimer(86_400, "0", 1_795_000_000))
    forwarded = Context(forwarded=1)
    messages.put(a_message(uid=uid, id="1", text="1", context=forwarded))
    messages.put(a_message(uid=uid, id="2", content=Reaction(Target("3A01", from_me=False), "👍")))
    messages.put(a_message(uid=uid, id="3", text="3", chat="1@g.us", to="1@g.us"))
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("3", S.SENT)
    assert [one.context for one in harness.client.outgoing] == [
        Context(forwarded=1, expires_in=86_400, timer_set_at=1_795_000_000),
        None,
        None,
    ]
    assert harness.stands("1").context == forwarded, "what was accepted is kept as it was"


def test_nothing_goes_out_before(harness: SenderHarness) -> None:
    harness.owe("1")
    harness.take_a_turn()
    assert (harness.sent, harness.stands("1").status) == ([], S.QUEUED)


def test_a_ring_sends(harness: SenderHarness) -> None:
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.owe("1")
    harness.sender.ring()
    harness.become("1", S.SENT)


def test_more_than_one_page_goes_out_without_another_ring(harness: SenderHarness) -> None:
    harness.owe(*(f"{count:03}" for count in range(120)))
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("119", S.SENT)
    assert harness.sent == [f"{count:03}" for count in range(120)]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RecipientNotOnWhatsApp(), S.FAILED, "not_on_whatsapp"),
        (SendRefused("refused", "WhatsApp refused it."), S.FAILED, "refused"),
        (NoAnswer(), S.UNKNOWN, "no_answer"),
        (ValueError("what nobody expected"), S.UNKNOWN, "no_answer"),
    ],
)
def test_what_did_not_work_is_told_and_the_next_goes_out(
    harness: SenderHarness, error: Exception, status: MessageStatus, code: str
) -> None:
    harness.answers["1"] = error
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    assert harness.become("1", status).error_code == code
    harness.become("2", S.SENT)


def test_a_broken_connection_keeps_all_of_it_for_later_in_order(harness: SenderHarness) -> None:
    harness.answers["1"] = NotSent()
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    until(lambda: harness.sent == ["1"])
    harness.become("1", S.QUEUED)
    harness.sender.allow(online=False)
    harness.answers.clear()
    harness.sender.allow(online=True)
    harness.become("2", S.SENT)
    assert harness.sent == ["1", "1", "2"]


def test_what_one_account_was_to_send_is_not_sent_by_another(harness: SenderHarness) -> None:
    harness.worker.happen(e.Connected(DEVICE))
    harness.sender = a_sender(harness.worker, harness.worker.reporter()[0], harness.lease)
    for place, phone in enumerate(("628999999999", DEVICE.phone)):
        uid = harness.worker.session.uid
        harness.worker.outside.messages.put(a_message(uid=uid, id=str(place), text=str(place), sender=Party(phone)))
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    assert harness.become("0", S.FAILED).error_code == "another_account"
    harness.become("1", S.SENT)
    assert harness.sent == ["1"]


def test_a_client_without_a_socket_is_not_called(harness: SenderHarness) -> None:
    harness.client.connected = False
    harness.owe("1")
    harness.sender.allow(online=True)
    harness.take_a_turn()
    assert (harness.sent, harness.stands("1").status) == ([], S.QUEUED)


def test_nothing_goes_out_under_a_lease_that_may_be_another_s(harness: SenderHarness) -> None:
    harness.lease.release()
    harness.owe("1")
    harness.sender.allow(online=True)
    harness.take_a_turn()
    assert (harness.sent, harness.stands("1").status) == ([], S.QUEUED)


def test_a_lease_lost_while_the_send_was_written_down_puts_it_back(harness: SenderHarness) -> None:
    begin = harness.worker.outside.dispatch.begin

    @dataclass(frozen=True)
    class Slow:
        """Dispatch, in which beginning takes longer than the lease lasts."""

        def __getattr__(self, name: str) -> object:
            return getattr(harness.worker.outside.dispatch, name)

        def begin(self, message: Message, **how: Any) -> Message | None:
            harness.lease.release()
            return begin(message, **how)

    reporter, _ = harness.worker.reporter()
    sender = a_sender(harness.worker, reporter, harness.lease, dispatch=Slow())
    harness.owe("1")
    sender.start(harness.client)
    sender.allow(online=True)
    until(lambda: harness.stands("1").version == 2)
    sender.stop()
    assert (harness.sent, harness.stands("1").status) == ([], S.QUEUED)


def test_what_an_earlier_worker_left_half_sent_is_told_before_there_is_a_connection(harness: SenderHarness) -> None:
    harness.owe("1")
    harness.worker.outside.dispatch.begin(harness.stands("1"), epoch=0)
    harness.sender.start(harness.client)
    assert harness.become("1", S.UNKNOWN).error_code == "worker_lost"
    assert harness.sent == []


def test_that_the_phone_got_a_copy_settles_what_may_have_left_and_says_nothing_else(harness: SenderHarness) -> None:
    reporter, lease = harness.worker.reporter()
    harness.owe("left", "other")
    dispatch = harness.worker.outside.dispatch
    for name in ("left", "other"):
        begun = dispatch.begin(harness.stands(name), epoch=1)
        assert begun
        dispatch.left(begun, f"3EB0{name}")
    harness.sender = a_sender(harness.worker, reporter, lease, left=("3EB0left",))
    harness.sender.receipt(ReceiptEvent(("3EB0other",), S.SENT))
    harness.sender.receipt(ReceiptEvent(("3EB0left",), S.SENT))
    harness.take_a_turn()
    assert (harness.become("left", S.SENT).error_code, harness.stands("other").status) == (None, S.UNKNOWN)


def test_what_the_phone_said_before_a_worker_died_in_a_send_is_found_by_the_next(harness: SenderHarness) -> None:
    acknowledged = Event()

    def send(_to: str, text: str) -> str:
        harness.sender.receipt(ReceiptEvent((f"3EB0{text}",), S.SENT))
        acknowledged.wait(60)
        return f"3EB0{text}"

    harness.client.sends = send
    harness.owe("1")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    until(lambda: any(file.read_bytes().strip() for file in harness.worker.root.glob("receipts-*")))
    # It dies here, as far as the next one can see.
    dispatch = harness.worker.outside.dispatch
    dispatch.left(harness.stands("1"), "3EB01")
    reporter, lease = harness.worker.reporter()
    after = a_sender(harness.worker, reporter, lease, left=("3EB01",))
    after.start(ScriptedClient(harness.worker.events, ()))
    harness.become("1", S.SENT)
    acknowledged.set()
    after.stop()


def test_a_receipt_that_is_quicker_than_the_send_returns_is_not_lost(harness: SenderHarness) -> None:
    def send(to: str, text: str) -> str:
        harness.sender.receipt(ReceiptEvent((f"3EB0{text}",), S.READ))
        time.sleep(0.05)
        return harness.send(to, text)

    harness.client.sends = send
    harness.owe("1")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("1", S.READ)


@dataclass
class Counting(MemoryMessages):
    """Messages, and what was read of them."""

    read: list[str] = field(default_factory=list)

    def open(self, uid: str, *, limit: int, after: str | None = None) -> list[Message]:
        self.read.append("open")
        return super().open(uid, limit=limit, after=after)

    def by_whatsapp_id(self, uid: str, whatsapp_id: str) -> Message | None:
        self.read.append(whatsapp_id)
        return super().by_whatsapp_id(uid, whatsapp_id)


def test_a_receipt_for_what_was_just_sent_costs_no_look(harness: SenderHarness) -> None:
    messages = harness.worker.outside.messages
    harness.owe("1")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("1", S.SENT)
    counting = Counting(messages.rows, messages.known)
    dispatch = structs.replace(harness.worker.outside.dispatch, messages=counting)
    harness.sender._dispatch = harness.sender._receipts._dispatch = dispatch
    for status in (S.DELIVERED, S.READ):
        harness.sender.receipt(ReceiptEvent(("3EB01",), status))
        harness.become("1", status)
    assert counting.read == []
    harness.sender.ring()
    until(lambda: counting.read == ["open"])


def test_an_end_waits_for_the_send_that_is_going_on_and_begins_no_other(
    harness: SenderHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However busy the machine is that this runs on.
    monkeypatch.setattr(Sender, "ENDING_TAKES", 60.0)
    begun = Event()

    def send(to: str, text: str) -> str:
        begun.set()
        # The end has begun by then, however slow the machine is.
        assert harness.sender._over.wait(60)
        return harness.send(to, text)

    harness.client.sends = send
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    begun.wait(60)
    harness.sender.stop()
    assert (harness.stands("1").status, harness.stands("2").status) == (S.SENT, S.QUEUED)
    assert harness.sent == ["1"]


def test_aws_that_is_away_for_a_moment_changes_nothing(harness: SenderHarness) -> None:
    away = [Unavailable("away")] * 2

    @dataclass(frozen=True)
    class Away:
        """Dispatch over an AWS that comes back."""

        def __getattr__(self, name: str) -> object:
            if away:
                raise away.pop()
            return getattr(harness.worker.outside.dispatch, name)

    reporter, _ = harness.worker.reporter()
    sender = a_sender(harness.worker, reporter, harness.lease, dispatch=Away())
    harness.owe("1")
    sender.start(harness.client)
    sender.allow(online=True)
    harness.become("1", S.SENT)
    sender.stop()


@dataclass
class RefusingMessages(MemoryMessages):
    """Messages of which the table refuses, for good, to write some with some statuses."""

    refuses: set[tuple[str, MessageStatus]] = field(default_factory=set)

    def move(self, message: Message) -> bool:
        if (message.id, message.status) in self.refuses:
            raise Rejected("Item size to update has exceeded the maximum allowed size", "ValidationException")
        return super().move(message)


def refuse(harness: SenderHarness, *what: tuple[str, MessageStatus]) -> RefusingMessages:
    """Have the harness's table refuse those."""
    messages = RefusingMessages(refuses=set(what))
    harness.worker.outside.messages = messages
    harness.worker.outside.dispatch = Dispatch(messages, MemoryChats(), now, FakeIds())
    reporter, _ = harness.worker.reporter()
    harness.sender = a_sender(harness.worker, reporter, harness.lease)
    return messages


def test_a_permanent_refusal_ends_the_message_by_name_and_nothing_else(harness: SenderHarness) -> None:
    refuse(harness, ("1", S.SENDING))
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    assert harness.become("1", S.FAILED).error_code == "rejected"
    harness.become("2", S.SENT)
    assert harness.sent == ["2"]


def test_what_can_not_even_be_ended_keeps_nobody_waiting_however_many_there_are(harness: SenderHarness) -> None:
    ids = [f"{count:03}" for count in range(60)]
    refuse(harness, *((one, status) for one in ids for status in (S.SENDING, S.FAILED)))
    harness.owe(*ids, "999")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("999", S.SENT)
    harness.owe("9999")
    harness.sender.ring()
    harness.become("9999", S.SENT)
    assert harness.sent == ["999", "9999"]


def test_what_went_out_and_can_not_be_noted_is_in_doubt_and_not_sent_again(harness: SenderHarness) -> None:
    refuse(harness, ("1", S.SENT))
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    assert harness.become("1", S.UNKNOWN).error_code == "unreported"
    harness.become("2", S.SENT)
    assert harness.sent == ["1", "2"]


def test_what_was_left_half_sent_and_can_not_be_ended_keeps_nobody_waiting(harness: SenderHarness) -> None:
    refuse(harness, ("1", S.UNKNOWN))
    harness.worker.outside.messages.put(a_message(uid=harness.worker.session.uid, id="1", status=S.SENDING, epoch=0))
    harness.owe("2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("2", S.SENT)
    assert harness.sent == ["2"]


def test_receipts_that_a_killed_worker_had_not_noted_are_noted_by_the_next(harness: SenderHarness) -> None:
    harness.owe("1", "2")
    dispatch = harness.worker.outside.dispatch
    for text in "12":
        begun = dispatch.begin(harness.stands(text), epoch=1)
        assert begun
        dispatch.sent(begun, f"3EB0{text}")
    # Never started: a process that was killed notes nothing.
    reporter, _ = harness.worker.reporter()
    killed = a_sender(harness.worker, reporter, harness.lease)
    killed.receipt(ReceiptEvent(("3EB01",), S.DELIVERED))
    killed.receipt(ReceiptEvent(("3EB01", "3EB02"), S.READ))
    harness.sender = a_sender(harness.worker, reporter, harness.lease)
    harness.sender.start(harness.client)
    harness.become("1", S.READ)
    harness.become("2", S.READ)
    harness.sender.stop()
    assert list(harness.worker.root.glob("receipts-*")) == []


def test_receipts_that_come_after_the_end_are_noted_too(harness: SenderHarness) -> None:
    harness.owe("1")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("1", S.SENT)
    harness.sender.stop()
    harness.sender.receipt(ReceiptEvent(("3EB01",), S.DELIVERED))
    harness.sender.settle(60)
    assert harness.stands("1").status is S.DELIVERED
    assert list(harness.worker.root.glob("receipts-*")) == []


def test_a_receipt_that_the_table_refuses_is_not_the_end_of_the_others(harness: SenderHarness) -> None:
    refuse(harness, ("1", S.DELIVERED))
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("2", S.SENT)
    for text in "12":
        harness.sender.receipt(ReceiptEvent((f"3EB0{text}",), S.DELIVERED))
    harness.become("2", S.DELIVERED)
    assert harness.stands("1").status is S.SENT


def test_receipts_wait_in_the_file_while_aws_is_away(harness: SenderHarness) -> None:
    class Away:
        """Dispatch over an AWS that doesn't come back."""

        def owed(self, *_: object, **__: object) -> list[Message]:
            raise Unavailable

        def receipt(self, *_: object, **__: object) -> None:
            raise Unavailable

    reporter, _ = harness.worker.reporter()
    sender = a_sender(harness.worker, reporter, harness.lease, dispatch=Away())
    sender.start(harness.client)
    sender.receipt(ReceiptEvent(("3EB01",), S.READ))
    harness.worker.events.terminate()
    sender.stop()
    sender.settle(60)
    ((_, receipts),) = Spool(harness.worker.root, RECEIPTS).left()
    assert receipts == [ReceiptEvent(("3EB01",), S.READ)]


def test_a_message_goes_to_the_form_of_its_number_that_exists_and_says_so(harness: SenderHarness) -> None:
    written, known = "525574949947@s.whatsapp.net", "5215574949947@s.whatsapp.net"
    harness.client.ask = lambda _: Contact(exists=True, jid=known, lid="200000000000002@lid")
    uid = harness.worker.session.uid
    message = a_message(uid=uid, id="hola", text="hola", to=written, chat=written, expires_at=now() + 60_000)
    harness.worker.outside.messages.put(message)
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    sent = harness.become("hola", MessageStatus.SENT)
    assert (sent.to, sent.chat, sent.chat_lid) == (written, known, "200000000000002@lid")
    assert f"send {known} hola" in harness.client.calls


def test_a_number_that_exists_in_no_form_fails_and_the_next_message_goes_out(harness: SenderHarness) -> None:
    written = "525574949947@s.whatsapp.net"
    harness.client.ask = lambda _: Contact(exists=False)
    uid = harness.worker.session.uid
    message = a_message(uid=uid, id="hola", text="hola", to=written, chat=written, expires_at=now() + 60_000)
    harness.worker.outside.messages.put(message)
    harness.owe("kopi")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    harness.become("kopi", MessageStatus.SENT)
    assert harness.stands("hola").error_code == "not_on_whatsapp"
    assert harness.sent == ["kopi"]


def test_a_type_that_can_t_be_sent_yet_fails_and_the_next_message_goes_out(harness: SenderHarness) -> None:
    harness.answers["1"] = NotSendable("poll")
    harness.owe("1", "2")
    harness.sender.start(harness.client)
    harness.sender.allow(online=True)
    assert harness.become("1", S.FAILED).error_code == "type_not_sendable"
    harness.become("2", S.SENT)


def test_a_message_that_was_never_acknowledged_has_the_id_that_it_was_sent_under(harness: SenderHarness) -> None:
    harness.take_a_turn()
    harness.answers["lost"] = NoAnswer("3EB0lost")
    harness.owe("lost")
    harness.sender.allow(online=True)
    lost = harness.become("lost", S.UNKNOWN)
    assert (lost.whatsapp_id, lost.error_code) == ("3EB0lost", "no_answer")
    harness.sender.receipt(ReceiptEvent(("3EB0lost",), S.SENT))
    sent = harness.become("lost", S.SENT)
    assert (sent.whatsapp_id, sent.error_code) == ("3EB0lost", None)


def test_and_the_phone_may_have_said_so_before_the_library_gave_up(harness: SenderHarness) -> None:
    def send(_to: str, text: str) -> str:
        harness.sender.receipt(ReceiptEvent(("3EB0early",), S.SENT))
        raise NoAnswer("3EB0early")

    harness.take_a_turn()
    harness.client.sends = send
    harness.owe("early")
    harness.sender.allow(online=True)
    harness.become("early", S.SENT)
