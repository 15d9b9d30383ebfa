"""Keeping what comes in."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest

from chalicelib.domain.content import Content, Image, Text
from chalicelib.domain.messages import Party
from chalicelib.domain.session import Session
from chalicelib.services.messages.store import Received
from chalicelib.services.ports import Misconfigured, Unavailable
from chalicelib.worker.log import Log
from chalicelib.worker.session.receiving import Intake
from chalicelib.worker.session.spool import MESSAGES, Spool
from chalicelib.worker.whatsapp.client import Incoming, ReadElsewhere
from chalicelib.worker.whatsapp.files import WhatsAppFile
from tests.worker.harness import WorkerHarness
from tests.worker.threads import until

RECEIVED = Received(
    "3A01", "628777000001@s.whatsapp.net", Party("628777000001"), at=1_795_229_017_000, content=Text("Kopi?")
)


@dataclass
class Gate:
    """Where messages are kept, once it is open."""

    opened: Event = field(default_factory=Event)
    fails: int = 0
    breaks_on: str = ""
    refuses: str = ""
    kept: list[Received] = field(default_factory=list)

    def receive(self, _session: Session, received: Received) -> bool:
        self.opened.wait(60)
        if received.content.text == self.breaks_on:
            raise ValueError(received.content.text)
        if received.content.text == self.refuses:
            raise Misconfigured("no", "AccessDeniedException")
        if self.fails:
            self.fails -= 1
            raise Unavailable("away")
        self.kept.append(received)
        return True


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def make(tmp_path: Path, gate: Gate) -> Callable[[], Intake]:
    reporter, _ = WorkerHarness(tmp_path / "devices").reporter()

    def one() -> Intake:
        intake = Intake(reporter, gate.receive, Spool(tmp_path, MESSAGES), Log())
        intake.start()
        return intake

    return one


def spooled(home: Path) -> list[Path]:
    return list(home.glob("inbox-*"))


def a_text(text: str) -> Incoming:
    return Incoming(replace(RECEIVED, content=Text(text)))


def texts(gate: Gate) -> list[str | None]:
    return [received.content.text for received in gate.kept]


def test_the_client_never_waits_for_aws(make: Callable[[], Intake], gate: Gate, tmp_path: Path) -> None:
    intake = make()
    for count in range(300):
        intake.keep(a_text(str(count)))
    assert gate.kept == []
    assert spooled(tmp_path)[0].read_text().count("\n") == 300
    gate.opened.set()
    intake.settle(60)
    assert texts(gate) == [str(count) for count in range(300)]
    assert spooled(tmp_path) == []


def test_what_a_killed_worker_had_not_written_is_written_by_the_next(
    make: Callable[[], Intake], gate: Gate, tmp_path: Path
) -> None:
    Spool(tmp_path, MESSAGES).add(Incoming(RECEIVED))
    Spool(tmp_path, MESSAGES).add(a_text("Teh?"))
    gate.opened.set()
    intake = make()
    intake.keep(a_text("Air?"))
    intake.settle(60)
    assert texts(gate) == ["Kopi?", "Teh?", "Air?"]
    assert spooled(tmp_path) == []


def test_aws_that_is_away_for_a_while_costs_no_message(make: Callable[[], Intake], gate: Gate) -> None:
    gate.fails = 2
    gate.opened.set()
    intake = make()
    intake.keep(Incoming(RECEIVED))
    intake.settle(60)
    assert gate.kept == [RECEIVED]


FILE = WhatsAppFile(
    kind="image", direct_path="/v/1", media_key=b"k" * 32, enc_sha256=b"e" * 32, file_sha256=b"f" * 32, size=9,
    mimetype="image/png", media_key_timestamp=1,
)  # fmt: skip


@dataclass
class Files:
    """An IncomingMedia that is away at first."""

    away: int = 1
    asked: list[tuple[Received, WhatsAppFile]] = field(default_factory=list)

    def keep(self, received: Received, file: WhatsAppFile) -> Content:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.asked.append((received, file))
        return Image(media_id="md_1", caption=received.content.text)


def test_a_file_is_kept_and_its_message_names_it_also_by_a_worker_after_the_one_it_came_to(
    tmp_path: Path, gate: Gate
) -> None:
    reporter, _ = WorkerHarness(tmp_path / "devices").reporter()
    image = replace(RECEIVED, content=Image(caption="Lihat"))
    Spool(tmp_path, MESSAGES).add(Incoming(image, FILE))
    files = Files()
    intake = Intake(reporter, gate.receive, Spool(tmp_path, MESSAGES), Log(), media=files)
    intake.start()
    gate.opened.set()
    intake.keep(a_text("Teh?"))
    intake.settle(60)
    assert files.asked == [(image, FILE)]
    expected: list[Content] = [Image(media_id="md_1", caption="Lihat"), Text("Teh?")]
    assert [one.content for one in gate.kept] == expected


def test_a_message_that_cannot_be_kept_is_not_the_end(make: Callable[[], Intake], gate: Gate) -> None:
    gate.breaks_on = "poison"
    gate.opened.set()
    intake = make()
    for text in ("poison", "Kopi?"):
        intake.keep(a_text(text))
    intake.settle(60)
    assert texts(gate) == ["Kopi?"]


def test_an_end_waits_only_so_long_and_leaves_the_rest_for_the_next(
    make: Callable[[], Intake], gate: Gate, tmp_path: Path
) -> None:
    intake = make()
    intake.keep(Incoming(RECEIVED))
    began = time.monotonic()
    intake.settle(0.1)
    assert time.monotonic() - began < 5
    assert [messages for _, messages in Spool(tmp_path, MESSAGES).left()] == [[Incoming(RECEIVED)]]
    gate.opened.set()


def test_a_disk_that_fails_keeps_nothing_from_the_table(tmp_path: Path, gate: Gate) -> None:
    reporter, _ = WorkerHarness(tmp_path / "devices").reporter()
    intake = Intake(reporter, gate.receive, Spool(tmp_path / "gone", MESSAGES), Log())
    intake.start()
    gate.opened.set()
    intake.keep(Incoming(RECEIVED))
    intake.settle(60)
    assert gate.kept == [RECEIVED]


def test_that_something_was_read_elsewhere_is_noted_behind_the_message_itself(tmp_path: Path, gate: Gate) -> None:
    reporter, _ = WorkerHarness(tmp_path / "devices").reporter()
    read: list[tuple[str, tuple[str, ...], list[str | None]]] = []

    def note(_session: Session, chat: str, ids: Sequence[str]) -> None:
        read.append((chat, tuple(ids), texts(gate)))

    intake = Intake(reporter, gate.receive, Spool(tmp_path, MESSAGES), Log(), read=note)
    intake.keep(a_text("Kopi?"))
    intake.keep(ReadElsewhere(RECEIVED.chat, ("3A01",)))
    intake.start()
    gate.opened.set()
    intake.settle(60)
    assert read == [(RECEIVED.chat, ("3A01",), ["Kopi?"])]
    assert spooled(tmp_path) == []


class BadDisk(Spool[Incoming | ReadElsewhere]):
    """A file that can be written to, once, and nothing else."""

    def empty(self) -> None:
        raise OSError

    def remove(self) -> None:
        raise OSError

    def left(self) -> list[tuple[Path, list[Incoming | ReadElsewhere]]]:
        raise OSError


def test_a_disk_that_fails_in_between_ends_nothing(tmp_path: Path, gate: Gate) -> None:
    reporter, _ = WorkerHarness(tmp_path / "devices").reporter()
    intake = Intake(reporter, gate.receive, BadDisk(tmp_path, MESSAGES), Log())
    intake.start()
    gate.opened.set()
    for text in ("Kopi?", "Teh?"):
        intake.keep(a_text(text))
        intake.settle(60)
    assert texts(gate) == ["Kopi?", "Teh?"]


def test_what_the_table_refuses_for_good_keeps_nothing_back_and_is_tried_again_by_the_next_worker(
    make: Callable[[], Intake], gate: Gate, tmp_path: Path
) -> None:
    gate.refuses = "Teh?"
    gate.opened.set()
    for worker in range(2):
        intake = make()
        for text in ("Kopi?", "Teh?", "Air?") if worker == 0 else ():
            intake.keep(a_text(text))
        intake.settle(60)
        until(lambda: texts(gate) == ["Kopi?", "Air?"] and len(spooled(tmp_path)) == 1)
    gate.refuses = ""
    make()
    until(lambda: texts(gate) == ["Kopi?", "Air?", "Teh?"])
    until(lambda: spooled(tmp_path) == [])
