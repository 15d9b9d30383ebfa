"""What becomes of files that come in: kept, or named for why not, and their messages never lost for them."""

import hashlib
import io
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

import pytest

from chalicelib.adapters.links import HttpLinks
from chalicelib.adapters.names import named_id
from chalicelib.domain.content import Content, Document, Image, Media, Text
from chalicelib.domain.media import KEPT, FileTrouble, MediaFile, MediaKind, MediaState
from chalicelib.domain.messages import Direction, Party
from chalicelib.services.messages.store import Received
from chalicelib.services.ports import Unavailable
from chalicelib.services.worker import WorkerMedia
from chalicelib.worker.log import Log, _JsonLines
from chalicelib.worker.media import incoming as module
from chalicelib.worker.media.incoming import AWAITED, IncomingFiles
from chalicelib.worker.media.transfer import Downloaded, Transfer
from chalicelib.worker.session.spool import Spool
from chalicelib.worker.whatsapp.errors import MediaFailed
from chalicelib.worker.whatsapp.files import WhatsAppFile
from tests.fakes.media import MemoryMedia, MemoryMediaFiles
from tests.makers import NOW
from tests.worker.harness import WorkerHarness
from tests.worker.media import samples
from tests.worker.threads import until

PICTURE = samples.a_picture("JPEG")
FILE = WhatsAppFile(
    kind="image",
    direct_path="/v/secret-path",
    media_key=b"k" * 32,
    enc_sha256=b"e" * 32,
    file_sha256=hashlib.sha256(PICTURE).digest(),
    size=1,
    mimetype="image/jpeg",
    media_key_timestamp=1,
)


def received(content: Content | None = None, whatsapp_id: str = "3A01", **fields: Any) -> Received:
    content = content or Image(caption="Kopi?", mimetype="image/jpeg", width=300)
    sender = Party("628777000001")
    return Received(whatsapp_id, "628777000001@s.whatsapp.net", sender, at=1_795_229_017_000, content=content, **fields)


class Downloads(Transfer):
    """A Transfer whose downloads do as ``lies`` says, by path."""

    __slots__ = ("asked", "lies")

    def __init__(self, lies: dict[str, Any]) -> None:
        super().__init__()
        self.lies = lies
        self.asked: list[str] = []

    def download(self, file: WhatsAppFile, into: BinaryIO) -> Downloaded:
        self.asked.append(file.direct_path)
        found = self.lies.get(file.direct_path, PICTURE)
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Event):
            assert found.wait(60)
            found = PICTURE
        if isinstance(found, Exception):
            raise found
        into.write(found)
        return Downloaded(len(found), hashlib.sha256(found).digest())


@dataclass
class Session:
    """A session's incoming files over stores in memory."""

    home: Path
    lies: dict[str, Any] = field(default_factory=dict)
    store: MemoryMedia = field(default_factory=MemoryMedia)
    files: MemoryMediaFiles = field(default_factory=MemoryMediaFiles)

    def __post_init__(self) -> None:
        self.reporter, _ = WorkerHarness(self.home / "devices").reporter()
        self.downloads = Downloads(self.lies)
        self.services = WorkerMedia(self.store, self.files, HttpLinks(local=True), named_id, lambda: NOW)

    def worker(self) -> IncomingFiles:
        return IncomingFiles(self.reporter, self.services, self.downloads, Spool(self.home, AWAITED), Log())

    def started(self) -> IncomingFiles:
        worker = self.worker()
        worker.start()
        return worker

    @property
    def records(self) -> list[MediaFile]:
        return list(self.store.rows.values())

    @property
    def spooled(self) -> list[Path]:
        return [path for path in self.home.glob("media-*") if path.stat().st_size]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def kept(files: IncomingFiles, one: Received | None = None, path: str = FILE.direct_path) -> Media:
    content = files.keep(one or received(), replace(FILE, direct_path=path))
    assert isinstance(content, Media)
    return content


def test_a_file_is_there_when_its_message_is_told_of(session: Session) -> None:
    content = kept(session.started())
    (record,) = session.records
    message = named_id(received().at, received().digest)
    assert (record.state, record.kind, record.mimetype, record.size, record.message) == (
        MediaState.STORED,
        MediaKind.IMAGE,
        "image/jpeg",
        len(PICTURE),
        message,
    )
    assert (record.id, record.direction, record.expires_at) == (f"md_{message}", Direction.INBOUND, NOW + KEPT)
    assert session.files.files[record.key] == (PICTURE, "image/jpeg")
    assert content == Image(
        caption="Kopi?",
        mimetype="image/jpeg",
        width=300,
        media_id=record.id,
        state="stored",
        size=len(PICTURE),
        sha256=hashlib.sha256(PICTURE).hexdigest(),
    )
    until(lambda: session.spooled == [])


def test_the_bytes_say_the_type_and_the_name_is_kept_short(session: Session) -> None:
    session.lies[FILE.direct_path] = b"<html><script>"
    name = "x" * 1000 + ".png"
    kept(session.started(), received(Document(mimetype="image/png", file_name=name), from_me=True))
    (record,) = session.records
    assert (record.mimetype, record.file_name, record.direction) == ("text/html", name[:255], Direction.OUTBOUND)
    assert session.files.files[record.key][1] == "text/html"


def test_the_same_message_again_is_the_same_file_and_not_fetched_again(session: Session) -> None:
    files = session.started()
    assert kept(files) == kept(files)
    assert session.downloads.asked == [FILE.direct_path]
    assert len(session.records) == 1
    assert kept(files, received(whatsapp_id="3A02")).media_id != kept(files).media_id


@pytest.mark.parametrize("code", ["media_expired", "media_altered", "media_too_large"])
def test_a_file_that_cannot_be_had_is_named_on_its_record_and_its_message_told_of(session: Session, code: str) -> None:
    session.lies[FILE.direct_path] = MediaFailed(code, "Gone.")
    content = kept(session.started())
    (record,) = session.records
    state = "expired" if code == "media_expired" else "failed"
    assert (content.media_id, content.state, content.text) == (record.id, state, "Kopi?")
    assert (record.error_code, str(record.state)) == (code, state)
    assert session.files.files == {}


def test_a_slow_file_is_waited_for_once_and_those_behind_it_not(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITED_FOR", 0.2)
    opened = Event()
    session.lies["/slow"] = opened
    files = session.started()
    slow = kept(files, received(whatsapp_id="slow"), "/slow")
    assert slow.state == "pending"
    monkeypatch.setattr(module, "WAITED_FOR", 1_000.0)
    behind = kept(files, received(whatsapp_id="next"))
    assert behind.media_id
    opened.set()
    until(lambda: {one.state for one in session.records} == {MediaState.STORED})
    until(lambda: session.spooled == [])
    assert kept(files, received(whatsapp_id="later")).state == "stored", "nothing is slow any more"


def test_what_whatsapp_does_not_hand_out_now_is_tried_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.01, 0.01, 0.01))
    session.lies[FILE.direct_path] = [MediaFailed(FileTrouble.DOWNLOAD_FAILED, "No.")] * 3 + [PICTURE]
    assert kept(session.started()).state == "pending"
    until(lambda: session.records[0].state is MediaState.STORED)
    assert len(session.downloads.asked) == 4


def test_it_is_given_up_in_the_end(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.01, 0.01, 0.01))
    session.lies[FILE.direct_path] = MediaFailed(FileTrouble.DOWNLOAD_FAILED, "No.")
    kept(session.started())
    until(lambda: session.records[0].state is MediaState.FAILED)
    assert (session.records[0].error_code, len(session.downloads.asked)) == (FileTrouble.DOWNLOAD_FAILED, 4)
    until(lambda: session.spooled == [])


def test_a_bucket_that_is_away_is_waited_for(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.01,))
    put, fails = session.files.put, [1] * 7

    def away(key: str, source: BinaryIO, *, mimetype: str) -> None:
        if fails:
            fails.pop()
            raise Unavailable("away")
        put(key, source, mimetype=mimetype)

    monkeypatch.setattr(session.files, "put", away)
    assert kept(session.started()).state == "pending"
    until(lambda: session.records[0].state is MediaState.STORED)
    assert session.files.files[session.records[0].key][0] == PICTURE


def test_a_table_that_is_away_keeps_the_message_waiting(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: MediaFile) -> bool:
        raise Unavailable("away")

    files = session.started()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(session.store, "put", away)
        with pytest.raises(Unavailable):
            kept(files)
    assert kept(files).state == "stored"


def test_the_next_worker_fetches_what_this_one_left(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITED_FOR", 0.01)
    # As one that dies: it begins, and nobody fetches.
    dead = session.worker()
    assert kept(dead).state == "pending"
    dead.close()
    (left,) = session.spooled
    assert left.stat().st_mode & 0o777 == 0o600
    session.started()
    until(lambda: session.records[0].state is MediaState.STORED)
    until(lambda: session.spooled == [])
    assert not left.exists()


def test_nothing_is_fetched_for_a_record_that_was_removed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITED_FOR", 0.01)
    kept(session.worker())
    session.store.rows.clear()
    session.started()
    until(lambda: session.spooled == [])
    assert (session.downloads.asked, session.files.files) == ([], {})


@pytest.mark.parametrize(("during", "left"), [("removed", 0), ("stored", 1)])
def test_what_is_removed_while_it_is_fetched_leaves_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch, during: str, left: int
) -> None:
    monkeypatch.setattr(module, "WAITED_FOR", 0.1)
    opened = Event()
    session.lies[FILE.direct_path] = opened
    files = session.started()
    kept(files)
    (record,) = session.records
    until(lambda: session.downloads.asked != [])
    if during == "removed":
        session.store.remove(record)
    else:
        # By the worker before this one, which had begun with it.
        session.store.move(record.stored(mimetype="image/jpeg", size=1, sha256=""))
    opened.set()
    until(lambda: session.spooled == [])
    assert len(session.files.files) == left


def test_a_worker_that_is_done_leaves_no_file(session: Session) -> None:
    files = session.started()
    kept(files)
    until(lambda: session.spooled == [])
    files.close()
    assert list(session.home.glob("media-*")) == []


def test_what_has_no_file_stays_as_it_is(session: Session) -> None:
    assert session.started().keep(received(Text("Kopi?")), FILE) == Text("Kopi?")
    assert session.records == []


def test_no_path_and_no_key_come_into_the_log(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    handler, logger = _JsonLines(written), logging.getLogger("switchboard.worker")
    logger.addHandler(handler)
    monkeypatch.setattr(logger, "level", logging.INFO)
    monkeypatch.setattr(logger, "disabled", False)
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    session.lies["/v/other"] = MediaFailed("media_altered", "No.")
    session.lies["/v/broken"] = ValueError("/v/broken " + "k" * 32)
    files = session.started()
    for path in ("/v/secret-path", "/v/other", "/v/broken"):
        kept(files, received(whatsapp_id=path), path)
    until(lambda: session.spooled == [])
    logger.removeHandler(handler)
    assert "media_lost" in written.getvalue()
    assert not any(word in written.getvalue() for word in ("/v/", "k" * 32, "Kopi"))
