"""The file of what isn't in the table yet."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.content import Context, Location, Quoted, Target, Text, restored
from chalicelib.domain.messages import Party
from chalicelib.services.messages.store import Received
from chalicelib.wire.addons import Use
from chalicelib.worker.session.spool import MESSAGES, Spool
from chalicelib.worker.whatsapp.client import Incoming, ReadElsewhere
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.sealed import Sealed

RECEIVED = Incoming(
    Received(
        "3A01", "628777000001@s.whatsapp.net", Party("628777000001", "2000", "Bo"), at=1, content=Text("Kopi?\n☕")
    )
)
FILE = WhatsAppFile(
    kind="image", direct_path="/v/1", media_key=b"k" * 32, enc_sha256=b"e" * 32, file_sha256=b"f" * 32, size=9,
    mimetype="image/png", media_key_timestamp=1, thumbnail=b"\xff\xd8", waveform=bytes(64),
)  # fmt: skip
READ = ReadElsewhere("2000@lid", ("3A01", "3A02"))
WORDS = st.text(st.characters(exclude_categories=["Cs"]))


def left(home: Path) -> list[list[Incoming | ReadElsewhere]]:
    return [messages for _, messages in Spool(home, MESSAGES).left()]


def test_a_later_worker_finds_what_an_earlier_one_left(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MESSAGES)
    spool.add(RECEIVED)
    spool.add(READ)
    assert left(tmp_path) == [[RECEIVED, READ]]


def test_all_that_a_message_says_outlives_its_worker(tmp_path: Path) -> None:
    content = Location(-6.1753924, 107.0, "Monas", caption="Here")
    context = Context(quoted=Quoted(Target("3A00", from_me=True), "text", "Where?"), mentions=("1@lid",))
    received = replace(RECEIVED.received, content=content, context=context, secret=b"s" * 32, retried=True)
    incoming = Incoming(received, FILE, Sealed(Use.POLL_VOTE, b"p" * 40, b"i" * 12))
    Spool(tmp_path, MESSAGES).add(incoming)
    assert left(tmp_path) == [[incoming]]


def test_what_a_worker_left_that_knew_no_content_is_still_read(tmp_path: Path) -> None:
    line = b'{"whatsapp_id":"3A","chat":"c","sender":{"phone":"1","lid":null,"name":null},"at":1,"text":"Kopi?"}'
    (tmp_path / "inbox-1.jsonl").write_bytes(b"\n" + line)
    assert left(tmp_path) == [[Incoming(Received("3A", "c", Party("1"), at=1, content=Text("Kopi?")))]]


def test_what_several_left_comes_in_their_order(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        Spool(tmp_path, MESSAGES).add(ReadElsewhere(text, ()))
    assert left(tmp_path) == [[ReadElsewhere(text, ())] for text in ("one", "two", "three")]


def test_its_own_file_is_no_leftover(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MESSAGES)
    spool.add(RECEIVED)
    assert spool.left() == []


def test_what_is_in_the_table_is_forgotten_and_it_goes_on(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MESSAGES)
    spool.add(RECEIVED)
    spool.empty()
    assert left(tmp_path) == [[]]
    spool.add(RECEIVED)
    assert left(tmp_path) == [[RECEIVED]]


def test_a_worker_that_ends_in_order_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MESSAGES)
    spool.remove()
    spool.add(RECEIVED)
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    Spool(tmp_path, MESSAGES).add(RECEIVED)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_a_line_that_was_only_written_half_is_passed_over_and_spoils_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MESSAGES)
    spool.add(RECEIVED)
    (file,) = tmp_path.iterdir()
    with file.open("ab") as disk:
        disk.write(b'\n{"whatsapp_id":"3A')
    assert left(tmp_path) == [[RECEIVED]]
    spool.add(RECEIVED)
    assert left(tmp_path) == [[RECEIVED, RECEIVED]]


@pytest.mark.parametrize("torn", [b'{"whatsapp_id":"\xff"}', b"{}", b"[]", b"\x00"])
def test_what_is_no_message_is_passed_over(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "inbox-1.jsonl").write_bytes(torn + b"\n")
    assert left(tmp_path) == [[]]


@given(WORDS, WORDS, st.none() | WORDS, st.booleans())
def test_a_message_comes_out_as_it_went_in(tmp_path_factory, name, kind, text, mine) -> None:
    home = tmp_path_factory.mktemp("home")
    content = restored({"kind": kind, "text": text})
    received = Received("3A", "c", Party(name=name), at=1, content=content, from_me=mine)
    Spool(home, MESSAGES).add(Incoming(received))
    assert left(home) == [[Incoming(received)]]
