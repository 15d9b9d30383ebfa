"""Sending what is owed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.messages import Message, MessageStatus, Party
from chalicelib.domain.questions import Contact
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.worker.log import Log
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.recipients import Recipients
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.sending import Sender
from chalicelib.worker.session.spool import RECEIPTS, Spool
from chalicelib.worker.whatsapp.client import Receipt
from chalicelib.worker.whatsapp.errors import NoAnswer, NotSendable, NotSent, RecipientNotOnWhatsApp, SendRefused
from tests.fakes import FakeIds, MemoryMessages
from tests.makers import DEVICE, a_message
from tests.worker.outside import now
from tests.worker.puppets import PuppetClient, Theatre
from tests.worker.threads import until

pytestmark = pytest.mark.subprocess

S = MessageStatus


@dataclass
class Office:
    """A sender, its client and what it owes."""

    theatre: Theatre
    lease: HeldLease
    client: PuppetClient
    sender: Sender
    sent: list[str] = field(default_factory=list)
    answers: dict[str, Exception] = field(default_factory=dict)

    def owe(self, *texts: str) -> None:
        for text in texts:
            self.theatre.outside.messages.put(
                a_message(uid=self.theatre.session.uid, id=text, text=text, expires_at=now() + 60_000)
            )

    def send(self, _to: str, text: str) -> str:
        self.sent.append(text)
        if text in self.answers:
            raise self.answers[text]
        return f"3EB0{text}"

    def stands(self, text: str) -> Message:
        return self.theatre.outside.messages.rows[self.theatre.session.uid, text]

    def take_a_turn(self) -> None:
        """Start, and wait until a first turn has been taken: receipts are noted when what is owed was gone through."""
        self.owe("noted")
        dispatch = self.theatre.outside.dispatch
        begun = dispatch.begin(self.stands("noted"), epoch=self.theatre.now.epoch)
        assert begun
        dispatch.sent(begun, "3EB0noted")
        self.sender.receipt(Receipt(("3EB0noted",), S.READ))
        self.sender.start(self.client)
        self.become("noted", S.READ)

    def become(self, text: str, status: MessageStatus) -> Message:
        until(lambda: self.stands(text).status is status)
        return self.stands(text)


def people(theatre: Theatre) -> Recipients:
    return Recipients(theatre.session.uid, theatre.outside.identities, Log())


def a_sender(theatre: Theatre, reporter: SessionReporter, lease: HeldLease, dispatch: Any = None) -> Sender:
    spool = Spool(theatre.root, RECEIPTS)
    return Sender(
        reporter,
        lease,
        dispatch or theatre.outside.dispatch,
        theatre.events,
        Log(),
        people=people(theatre),
        spool=spool,
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    theatre = Theatre(tmp_path, linked=True)
    reporter, lease = theatre.reporter()
    client = PuppetClient(theatre.events, (), lambda _: None)
    made = Office(theatre, lease, client, a_sender(theatre, reporter, lease))
    client.sends = made.send
    yield made
    made.sender.stop()


def test_what_is_owed_goes_out_in_order_once_the_session_is_connected(office: Office) -> None:
    office.owe("1", "2", "3")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    sent = office.become("3", S.SENT)
    assert office.sent == ["1", "2", "3"]
    assert (sent.whatsapp_id, sent.epoch) == ("3EB03", office.theatre.now.epoch)
    assert office.client.calls == [f"send {sent.to} {text}" for text in "123"]


def test_nothing_goes_out_before(office: Office) -> None:
    office.owe("1")
    office.take_a_turn()
    assert (office.sent, office.stands("1").status) == ([], S.QUEUED)


def test_a_ring_sends(office: Office) -> None:
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.owe("1")
    office.sender.ring()
    office.become("1", S.SENT)


def test_more_than_one_page_goes_out_without_another_ring(office: Office) -> None:
    office.owe(*(f"{count:03}" for count in range(120)))
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("119", S.SENT)
    assert office.sent == [f"{count:03}" for count in range(120)]


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
    office: Office, error: Exception, status: MessageStatus, code: str
) -> None:
    office.answers["1"] = error
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    assert office.become("1", status).error_code == code
    office.become("2", S.SENT)


def test_a_broken_connection_keeps_all_of_it_for_later_in_order(office: Office) -> None:
    office.answers["1"] = NotSent()
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    until(lambda: office.sent == ["1"])
    office.become("1", S.QUEUED)
    office.sender.allow(online=False)
    office.answers.clear()
    office.sender.allow(online=True)
    office.become("2", S.SENT)
    assert office.sent == ["1", "1", "2"]


def test_what_one_account_was_to_send_is_not_sent_by_another(office: Office) -> None:
    office.theatre.happen(e.Connected(DEVICE))
    office.sender = a_sender(office.theatre, office.theatre.reporter()[0], office.lease)
    for place, phone in enumerate(("628999999999", DEVICE.phone)):
        uid = office.theatre.session.uid
        office.theatre.outside.messages.put(a_message(uid=uid, id=str(place), text=str(place), sender=Party(phone)))
    office.sender.start(office.client)
    office.sender.allow(online=True)
    assert office.become("0", S.FAILED).error_code == "another_account"
    office.become("1", S.SENT)
    assert office.sent == ["1"]


def test_a_client_without_a_socket_is_not_called(office: Office) -> None:
    office.client.connected = False
    office.owe("1")
    office.sender.allow(online=True)
    office.take_a_turn()
    assert (office.sent, office.stands("1").status) == ([], S.QUEUED)


def test_nothing_goes_out_under_a_lease_that_may_be_another_s(office: Office) -> None:
    office.lease.release()
    office.owe("1")
    office.sender.allow(online=True)
    office.take_a_turn()
    assert (office.sent, office.stands("1").status) == ([], S.QUEUED)


def test_a_lease_lost_while_the_send_was_written_down_puts_it_back(office: Office) -> None:
    begin = office.theatre.outside.dispatch.begin

    @dataclass(frozen=True)
    class Slow:
        """Dispatch, in which beginning takes longer than the lease lasts."""

        def __getattr__(self, name: str) -> object:
            return getattr(office.theatre.outside.dispatch, name)

        def begin(self, message: Message, *, epoch: int) -> Message | None:
            office.lease.release()
            return begin(message, epoch=epoch)

    reporter, _ = office.theatre.reporter()
    sender = a_sender(office.theatre, reporter, office.lease, Slow())
    office.owe("1")
    sender.start(office.client)
    sender.allow(online=True)
    until(lambda: office.stands("1").version == 2)
    sender.stop()
    assert (office.sent, office.stands("1").status) == ([], S.QUEUED)


def test_what_an_earlier_worker_left_half_sent_is_told_before_there_is_a_connection(office: Office) -> None:
    office.owe("1")
    office.theatre.outside.dispatch.begin(office.stands("1"), epoch=0)
    office.sender.start(office.client)
    assert office.become("1", S.UNKNOWN).error_code == "worker_lost"
    assert office.sent == []


def test_a_receipt_that_is_quicker_than_the_send_returns_is_not_lost(office: Office) -> None:
    def send(to: str, text: str) -> str:
        office.sender.receipt(Receipt((f"3EB0{text}",), S.READ))
        time.sleep(0.05)
        return office.send(to, text)

    office.client.sends = send
    office.owe("1")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("1", S.READ)


def test_an_end_waits_for_the_send_that_is_going_on_and_begins_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However busy the machine is that this runs on.
    monkeypatch.setattr(Sender, "ENDING_TAKES", 60.0)
    begun = Event()

    def send(to: str, text: str) -> str:
        begun.set()
        time.sleep(0.2)
        return office.send(to, text)

    office.client.sends = send
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    begun.wait(60)
    office.sender.stop()
    assert (office.stands("1").status, office.stands("2").status) == (S.SENT, S.QUEUED)
    assert office.sent == ["1"]


def test_aws_that_is_away_for_a_moment_changes_nothing(office: Office) -> None:
    away = [Unavailable("away")] * 2

    @dataclass(frozen=True)
    class Away:
        """Dispatch over an AWS that comes back."""

        def __getattr__(self, name: str) -> object:
            if away:
                raise away.pop()
            return getattr(office.theatre.outside.dispatch, name)

    reporter, _ = office.theatre.reporter()
    sender = a_sender(office.theatre, reporter, office.lease, Away())
    office.owe("1")
    sender.start(office.client)
    sender.allow(online=True)
    office.become("1", S.SENT)
    sender.stop()


@dataclass
class RefusingMessages(MemoryMessages):
    """Messages of which the table refuses, for good, to write some with some statuses."""

    refuses: set[tuple[str, MessageStatus]] = field(default_factory=set)

    def move(self, message: Message) -> bool:
        if (message.id, message.status) in self.refuses:
            raise Rejected("Item size to update has exceeded the maximum allowed size", "ValidationException")
        return super().move(message)


def refuse(office: Office, *what: tuple[str, MessageStatus]) -> RefusingMessages:
    """Have the office's table refuse those."""
    messages = RefusingMessages(refuses=set(what))
    office.theatre.outside.messages = messages
    office.theatre.outside.dispatch = Dispatch(messages, now, FakeIds())
    reporter, _ = office.theatre.reporter()
    office.sender = a_sender(office.theatre, reporter, office.lease)
    return messages


def test_a_permanent_refusal_ends_the_message_by_name_and_nothing_else(office: Office) -> None:
    refuse(office, ("1", S.SENDING))
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    assert office.become("1", S.FAILED).error_code == "rejected"
    office.become("2", S.SENT)
    assert office.sent == ["2"]


def test_what_can_not_even_be_ended_keeps_nobody_waiting_however_many_there_are(office: Office) -> None:
    ids = [f"{count:03}" for count in range(60)]
    refuse(office, *((one, status) for one in ids for status in (S.SENDING, S.FAILED)))
    office.owe(*ids, "999")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("999", S.SENT)
    office.owe("9999")
    office.sender.ring()
    office.become("9999", S.SENT)
    assert office.sent == ["999", "9999"]


def test_what_went_out_and_can_not_be_noted_is_in_doubt_and_not_sent_again(office: Office) -> None:
    refuse(office, ("1", S.SENT))
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    assert office.become("1", S.UNKNOWN).error_code == "unreported"
    office.become("2", S.SENT)
    assert office.sent == ["1", "2"]


def test_what_was_left_half_sent_and_can_not_be_ended_keeps_nobody_waiting(office: Office) -> None:
    refuse(office, ("1", S.UNKNOWN))
    office.theatre.outside.messages.put(a_message(uid=office.theatre.session.uid, id="1", status=S.SENDING, epoch=0))
    office.owe("2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("2", S.SENT)
    assert office.sent == ["2"]


def test_receipts_that_a_killed_worker_had_not_noted_are_noted_by_the_next(office: Office) -> None:
    office.owe("1", "2")
    dispatch = office.theatre.outside.dispatch
    for text in "12":
        begun = dispatch.begin(office.stands(text), epoch=1)
        assert begun
        dispatch.sent(begun, f"3EB0{text}")
    # Never started: a process that was killed notes nothing.
    reporter, _ = office.theatre.reporter()
    killed = a_sender(office.theatre, reporter, office.lease)
    killed.receipt(Receipt(("3EB01",), S.DELIVERED))
    killed.receipt(Receipt(("3EB01", "3EB02"), S.READ))
    office.sender = a_sender(office.theatre, reporter, office.lease)
    office.sender.start(office.client)
    office.become("1", S.READ)
    office.become("2", S.READ)
    office.sender.stop()
    assert list(office.theatre.root.glob("receipts-*")) == []


def test_receipts_that_come_after_the_end_are_noted_too(office: Office) -> None:
    office.owe("1")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("1", S.SENT)
    office.sender.stop()
    office.sender.receipt(Receipt(("3EB01",), S.DELIVERED))
    office.sender.settle(60)
    assert office.stands("1").status is S.DELIVERED
    assert list(office.theatre.root.glob("receipts-*")) == []


def test_a_receipt_that_the_table_refuses_is_not_the_end_of_the_others(office: Office) -> None:
    refuse(office, ("1", S.DELIVERED))
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("2", S.SENT)
    for text in "12":
        office.sender.receipt(Receipt((f"3EB0{text}",), S.DELIVERED))
    office.become("2", S.DELIVERED)
    assert office.stands("1").status is S.SENT


def test_receipts_wait_in_the_file_while_aws_is_away(office: Office) -> None:
    class Away:
        """Dispatch over an AWS that doesn't come back."""

        def owed(self, *_: object, **__: object) -> list[Message]:
            raise Unavailable

        def receipt(self, *_: object) -> None:
            raise Unavailable

    reporter, _ = office.theatre.reporter()
    sender = a_sender(office.theatre, reporter, office.lease, Away())
    sender.start(office.client)
    sender.receipt(Receipt(("3EB01",), S.READ))
    office.theatre.events.terminate()
    sender.stop()
    sender.settle(60)
    ((_, receipts),) = Spool(office.theatre.root, RECEIPTS).left()
    assert receipts == [Receipt(("3EB01",), S.READ)]


def test_a_message_goes_to_the_form_of_its_number_that_exists_and_says_so(office: Office) -> None:
    written, known = "525574949947@s.whatsapp.net", "5215574949947@s.whatsapp.net"
    office.client.ask = lambda _: Contact(exists=True, jid=known, lid="200000000000002@lid")
    uid = office.theatre.session.uid
    message = a_message(uid=uid, id="hola", text="hola", to=written, chat=written, expires_at=now() + 60_000)
    office.theatre.outside.messages.put(message)
    office.sender.start(office.client)
    office.sender.allow(online=True)
    sent = office.become("hola", MessageStatus.SENT)
    assert (sent.to, sent.chat, sent.chat_lid) == (written, known, "200000000000002@lid")
    assert f"send {known} hola" in office.client.calls


def test_a_number_that_exists_in_no_form_fails_and_the_next_message_goes_out(office: Office) -> None:
    written = "525574949947@s.whatsapp.net"
    office.client.ask = lambda _: Contact(exists=False)
    uid = office.theatre.session.uid
    message = a_message(uid=uid, id="hola", text="hola", to=written, chat=written, expires_at=now() + 60_000)
    office.theatre.outside.messages.put(message)
    office.owe("kopi")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    office.become("kopi", MessageStatus.SENT)
    assert office.stands("hola").error_code == "not_on_whatsapp"
    assert office.sent == ["kopi"]


def test_a_type_that_can_t_be_sent_yet_fails_and_the_next_message_goes_out(office: Office) -> None:
    office.answers["1"] = NotSendable("poll")
    office.owe("1", "2")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    assert office.become("1", S.FAILED).error_code == "type_not_sendable"
    office.become("2", S.SENT)
