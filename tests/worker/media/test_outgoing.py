"""What is prepared of a file to be sent, and which files are refused by which name, with nothing uploaded."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import pytest

from chalicelib.adapters.names import named_id
from chalicelib.domain.content import Audio, Document, Image, LinkPreview, Media, Sticker, Video
from chalicelib.domain.media import KEPT, MB, MediaFile, MediaState
from chalicelib.services.ports import Unavailable
from chalicelib.services.ports.media import LinkFailed, LinkRefused, LinkTooLarge, LinkUnavailable
from chalicelib.services.worker import WorkerMedia
from chalicelib.worker.media.outgoing import OutgoingFiles
from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.session.preparing import Prepared
from chalicelib.worker.whatsapp.errors import MediaFailed, NotSent
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.media_connection import MediaConnection
from tests.fakes.media import MemoryMedia, MemoryMediaFiles
from tests.makers import NOW, a_media_file
from tests.worker.media import samples

pytestmark = pytest.mark.subprocess

MD = "md_01JFILE000000000000000000A"


@dataclass
class Linked:
    """Links."""

    pages: Mapping[str, Any]
    largest: list[int] = field(default_factory=list)

    def fetch(self, url: str, into: BinaryIO, *, largest: int, seconds: float | None = None) -> str | None:
        self.largest.append(largest)
        found = self.pages[url]
        if isinstance(found, Exception):
            raise found
        body, mimetype = found
        into.write(body)
        return str(mimetype) if mimetype else None


class Uploads(Transfer):
    """A Transfer that keeps what it is given."""

    __slots__ = ("taken",)

    def upload(self, source: BinaryIO, kind: str, mimetype: str, connection: MediaConnection) -> WhatsAppFile:
        source.seek(0)
        self.taken = source.read()
        return WhatsAppFile(
            kind=kind,
            direct_path="/v/x",
            media_key=bytes(32),
            enc_sha256=bytes(32),
            file_sha256=hashlib.sha256(self.taken).digest(),
            size=len(self.taken),
            mimetype=mimetype,
            media_key_timestamp=1,
        )


@dataclass
class Sending:
    """A session's outgoing files, with one that lies in the bucket."""

    store: MemoryMedia = field(default_factory=MemoryMedia)
    files: MemoryMediaFiles = field(default_factory=MemoryMediaFiles)
    pages: dict[str, Any] = field(default_factory=dict)
    now: int = NOW

    def __post_init__(self) -> None:
        self.uploads = Uploads()
        self.links = Linked(self.pages)
        services = WorkerMedia(self.store, self.files, self.links, named_id, lambda: self.now)
        self.outgoing = OutgoingFiles(
            a_media_file().uid, services, self.uploads, lambda: MediaConnection("mmg.whatsapp.net", "auth", 0)
        )

    def keep(self, body: bytes, mimetype: str | None = None, **fields: Any) -> MediaFile:
        media = replace(a_media_file(), state=MediaState.STORED, mimetype=mimetype, size=len(body), **fields)
        self.store.put(media)
        self.files.put(media.key, io.BytesIO(body), mimetype=mimetype or "")
        return media

    def refused(self, content: Media) -> str:
        with pytest.raises(MediaFailed) as failed:
            self.outgoing.prepare(content)
        assert failed.value.sentence
        assert not hasattr(self.uploads, "taken")
        return failed.value.code


def test_a_picture_in_the_bucket_is_prepared() -> None:
    sending, body = Sending(), samples.a_picture("JPEG", (640, 480))
    sending.keep(body, "image/jpeg")
    file = sending.outgoing.prepare(Image(media_id=MD))
    assert (file.kind, file.mimetype, file.size, file.width, file.height) == (
        "image",
        "image/jpeg",
        len(body),
        640,
        480,
    )
    assert (sending.uploads.taken, file.file_sha256) == (body, hashlib.sha256(body).digest())
    assert file.thumbnail is not None
    assert file.seconds is None


def test_a_link_is_fetched_with_the_limit_of_what_it_is_sent_as() -> None:
    sending = Sending(pages={"https://x/a": (samples.a_video(3), "application/octet-stream")})
    file = sending.outgoing.prepare(Video(link="https://x/a"))
    assert (file.kind, file.mimetype, file.width, file.height, file.seconds) == ("video", "video/mp4", 320, 240, 3)
    sending.pages["https://x/b"] = (samples.a_moving_sticker(), None)
    sticker = sending.outgoing.prepare(Sticker(link="https://x/b"))
    assert (sticker.kind, sticker.animated) == ("image", True)
    assert sending.links.largest == [100 * MB, MB]


def test_a_sound_is_sent_as_it_is_and_a_voice_note_as_opus() -> None:
    sending, mp3, wav = Sending(), samples.a_sound("mp3", "libmp3lame"), samples.a_wav()
    sending.pages |= {"mp3": (mp3, None), "wav": (wav, None), "ogg": (samples.a_sound("ogg", "libopus"), None)}
    sending.pages["m4a"] = (samples.a_sound("mp4", "aac"), "audio/mp4")
    one = sending.outgoing.prepare(Audio(link="mp3"))
    assert (one.mimetype, one.seconds, one.waveform, sending.uploads.taken) == ("audio/mpeg", 2, None, mp3)
    assert sending.outgoing.prepare(Audio(link="m4a")).mimetype == "audio/mp4"
    assert sending.outgoing.prepare(Audio(link="ogg")).mimetype == "audio/ogg; codecs=opus"
    voice = sending.outgoing.prepare(Audio(link="wav", voice=True))
    assert (voice.mimetype, voice.seconds) == ("audio/ogg; codecs=opus", 2)
    assert voice.waveform is not None
    assert len(voice.waveform) == 64
    assert sending.uploads.taken[:4] == b"OggS"
    assert voice.size == len(sending.uploads.taken)


@pytest.mark.parametrize(
    ("body", "kept", "claimed", "mimetype"),
    [
        (b"a,b\n", "text/csv", None, "text/csv"),
        (b"a,b\n", None, "text/csv", "text/csv"),
        (b"a,b\n", None, None, "application/octet-stream"),
        (b"%PDF-1.7", "text/csv", None, "application/pdf"),
        (b"<html>", "image/png", None, "text/html"),
    ],
)
def test_a_document_has_the_type_that_its_bytes_show_else_the_one_that_it_is_said_to_have(
    body: bytes, kept: str | None, claimed: str | None, mimetype: str
) -> None:
    sending = Sending()
    sending.keep(body, kept)
    file = sending.outgoing.prepare(Document(media_id=MD, mimetype=claimed))
    assert (file.kind, file.mimetype, file.size, sending.uploads.taken) == ("document", mimetype, len(body), body)


@pytest.mark.parametrize(
    ("content", "body", "code"),
    [
        (Image(link="x"), b"<html><script>alert(1)</script>", "media_type_mismatch"),
        (Image(link="x"), samples.a_picture("WEBP"), "media_type_mismatch"),
        (Image(link="x"), b"", "media_type_mismatch"),
        (Document(link="x"), b"", "media_type_mismatch"),
        (Image(link="x"), samples.a_png_bomb(), "media_too_large"),
        (Image(link="x"), samples.a_picture()[:150], "media_unreadable"),
        (Video(link="x"), samples.a_sound("mp4", "aac").replace(b"M4A ", b"isom"), "media_type_mismatch"),
        (Video(link="x", gif=True), samples.a_picture("GIF"), "media_type_mismatch"),
        (Audio(link="x"), samples.a_wav(), "media_type_mismatch"),
        (Audio(link="x", voice=True), samples.a_picture(), "media_type_mismatch"),
        (Audio(link="x", voice=True), b"ID3" + bytes(3000), "media_unreadable"),
        (Sticker(link="x"), samples.a_picture(), "media_type_mismatch"),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("said", [None, "image/png", "image/jpeg", "video/mp4", "audio/mpeg", "image/webp"])
def test_what_cannot_be_sent_as_it_is_meant_is_refused_whatever_it_is_said_to_be(
    content: Media, body: bytes, code: str, said: str | None
) -> None:
    assert Sending(pages={"x": (body, said)}).refused(content) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LinkRefused("It must be an https address."), "link_refused"),
        (LinkFailed("Its server answered with status 404."), "link_failed"),
        (LinkUnavailable("Its server took too long."), "link_unavailable"),
        (LinkTooLarge(), "media_too_large"),
    ],
)
def test_a_link_that_fails_has_a_name(error: Exception, code: str) -> None:
    assert Sending(pages={"x": error}).refused(Image(link="x")) == code


@pytest.mark.parametrize("content", [Image(), Image(media_id="md_another")])
def test_a_file_that_is_not_the_session_s_is_not_found(content: Media) -> None:
    assert Sending().refused(content) == "media_not_found"


def test_a_file_that_is_pending_over_or_removed_is_not_found() -> None:
    sending = Sending()
    sending.store.put(a_media_file())
    assert sending.refused(Image(media_id=MD)) == "media_not_found"
    sending = Sending(now=NOW + KEPT)
    sending.keep(samples.a_picture())
    assert sending.refused(Image(media_id=MD)) == "media_not_found"
    sending = Sending()
    sending.files.remove(sending.keep(samples.a_picture()).key)
    assert sending.refused(Image(media_id=MD)) == "media_not_found"


def test_a_file_larger_than_its_kind_may_be_is_not_read() -> None:
    sending = Sending()
    media = sending.keep(b"x")
    sending.store.rows[media.uid, media.id] = replace(media, size=16 * MB + 1)
    sending.files.files.clear()
    assert sending.refused(Image(media_id=MD)) == "media_too_large"
    assert sending.refused(Audio(media_id=MD)) == "media_too_large"
    assert sending.refused(Document(media_id=MD)) == "media_not_found"


def test_what_aws_or_whatsapp_cannot_do_now_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    sending = Sending()
    sending.keep(samples.a_picture())

    def away(*_: object) -> MediaFile:
        raise Unavailable("away")

    def no_connection() -> MediaConnection:
        raise NotSent

    with pytest.raises(NotSent):
        replace(sending.outgoing, connection=no_connection).prepare(Image(media_id=MD))
    monkeypatch.setattr(sending.store, "get", away)
    with pytest.raises(NotSent):
        sending.outgoing.prepare(Image(media_id=MD))


def test_a_link_s_preview_is_what_its_page_says() -> None:
    sending = Sending(pages={"https://a.example": (b"<title>A page</title>", "text/html")})
    shown = sending.outgoing.shown(LinkPreview("https://a.example"))
    assert shown == Prepared(preview=LinkPreview("https://a.example", "A page"))
