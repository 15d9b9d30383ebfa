"""Sending what is owed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.messages import Message, MessageStatus, Party
from chalicelib.services.ports import Unavailable
from chalicelib.worker.lease.hold import Hold
from chalicelib.worker.log import Log
from chalicelib.worker.talk.sender import Sender
from chalicelib.worker.whatsapp.client import Receipt
from chalicelib.worker.whatsapp.unsent import NoAnswer, NotOnWhatsApp, NotSent, Refused
from tests.makers import DEVICE, a_message
from tests.worker.outside import now
from tests.worker.puppets import PuppetClient, Theatre
from tests.worker.threads import until

S = MessageStatus


@dataclass
class Office:
    """A sender, its client and what it owes."""

    theatre: Theatre
    hold: Hold
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

    def become(self, text: str, status: MessageStatus) -> Message:
        until(lambda: self.stands(text).status is status)
        return self.stands(text)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    theatre = Theatre(tmp_path, linked=True)
    desk, hold = theatre.desk()
    client = PuppetClient(theatre.inbox, (), lambda _: None)
    made = Office(theatre, hold, client, Sender(desk, hold, theatre.outside.dispatch, theatre.inbox, Log()))
    client.send = made.send
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
    office.sender.start(office.client)
    office.sender.ring()
    time.sleep(0.1)
    assert office.sent == []
    assert office.stands("1").status is S.QUEUED


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
        (NotOnWhatsApp(), S.FAILED, "not_on_whatsapp"),
        (Refused("refused", "WhatsApp refused it."), S.FAILED, "refused"),
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
    office.sender = Sender(
        office.theatre.desk()[0], office.hold, office.theatre.outside.dispatch, office.theatre.inbox, Log()
    )
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
    office.sender.start(office.client)
    office.sender.allow(online=True)
    time.sleep(0.1)
    assert (office.sent, office.stands("1").status) == ([], S.QUEUED)


def test_nothing_goes_out_under_a_lease_that_may_be_another_s(office: Office) -> None:
    office.hold.release()
    office.owe("1")
    office.sender.start(office.client)
    office.sender.allow(online=True)
    time.sleep(0.1)
    assert (office.sent, office.stands("1").status) == ([], S.QUEUED)


def test_a_lease_lost_while_the_send_was_written_down_puts_it_back(office: Office) -> None:
    begin = office.theatre.outside.dispatch.begin

    @dataclass(frozen=True)
    class Slow:
        """Dispatch, in which beginning takes longer than the lease lasts."""

        def __getattr__(self, name: str) -> object:
            return getattr(office.theatre.outside.dispatch, name)

        def begin(self, message: Message, *, epoch: int) -> Message | None:
            office.hold.release()
            return begin(message, epoch=epoch)

    desk, _ = office.theatre.desk()
    sender = Sender(desk, office.hold, Slow(), office.theatre.inbox, Log())  # type: ignore[arg-type]
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

    office.client.send = send
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

    office.client.send = send
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

    desk, _ = office.theatre.desk()
    sender = Sender(desk, office.hold, Away(), office.theatre.inbox, Log())  # type: ignore[arg-type]
    office.owe("1")
    sender.start(office.client)
    sender.allow(online=True)
    office.become("1", S.SENT)
    sender.stop()
