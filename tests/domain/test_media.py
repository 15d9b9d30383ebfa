"""What bytes say of their type, which sizes and types go out as what, and how a file's record moves."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chalicelib.domain.media import (
    HEAD,
    INLINE,
    KEPT,
    LARGEST,
    LARGEST_OF,
    MOST_PIXELS,
    SENDABLE,
    UNKNOWN,
    MediaFile,
    MediaKind,
    MediaState,
    dimensions,
    disposition_of,
    file_name_of,
    is_animated,
    is_bomb,
    judged,
    may_be_sent,
    media_id,
    prefix_of,
    sniffed,
)
from chalicelib.domain.messages import Direction
from chalicelib.worker.media import examiner
from tests.makers import NOW, a_media_file


def webp(kind: bytes, flags: int) -> bytes:
    return b"RIFF\x24\0\0\0WEBP" + kind + b"\x0a\0\0\0" + bytes([flags]) + b"\0" * 9


@pytest.mark.parametrize(
    ("head", "moves"),
    [
        (webp(b"VP8X", 0x12), True),
        (webp(b"VP8X", 0x10), False),
        (webp(b"VP8 ", 0x02), False),
        (webp(b"VP8X", 0x02)[:20], False),
        (b"GIF89a\x01\0" + b"\x02" * 20, None),
    ],
)
def test_a_webp_picture_says_in_its_header_whether_it_moves(*, head: bytes, moves: bool | None) -> None:
    assert is_animated(head) is moves


SAMPLES = [
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"GIF89a\x01\0", "image/gif"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "image/bmp"),
    (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", "video/mp4"),
    (b"\0\0\0\x18ftypmp42", "video/mp4"),
    (b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
    (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
    (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
    (b"\0\0\0\x18ftypheic", "image/heic"),
    (b"OggS\0\x02" + b"\0" * 20 + b"\x01\x13OpusHead", "audio/ogg"),
    (b"OggS\0\x02" + b"\0" * 20 + b"\x80theora", "video/ogg"),
    (b"ID3\x04\0\0", "audio/mpeg"),
    (b"\xff\xfb\x90\x44", "audio/mpeg"),
    (b"\xff\xf1\x50\x80", "audio/aac"),
    (b"#!AMR\n", "audio/amr"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
    (b"fLaC\0", "audio/flac"),
    (b"\x1aE\xdf\xa3\x01", "video/webm"),
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\n\n%PDF-1.7\n", "application/pdf"),
    (b"PK\x03\x04\x14\0", "application/zip"),
    (b"<!DOCTYPE html><title>x</title>", "text/html"),
    (b"\xef\xbb\xbf  \n<ScRiPt>alert(1)</script>", "text/html"),
    (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml"),
    (b"<?xml version='1.0'?><note/>", "text/xml"),
    (b"<!-- x --><html>", "text/html"),
]
NOTHING = [
    b"",
    b"hello",
    b"a,b\n1,2\n",
    b"BMW is a car, said the text",
    b"\0" * 64,
    b"< 5 and > 3",
    b"\xff\xff\xff\xff",
]


@pytest.mark.parametrize(("head", "mimetype"), SAMPLES, ids=[one[1] + one[0][:6].hex() for one in SAMPLES])
def test_bytes_show_their_type(head: bytes, mimetype: str) -> None:
    assert sniffed(head) == mimetype
    assert judged(head, None) == mimetype


@pytest.mark.parametrize("head", NOTHING)
def test_other_bytes_show_none(head: bytes) -> None:
    assert sniffed(head) is None
    assert judged(head, None) == UNKNOWN


@given(st.binary(max_size=HEAD), st.none() | st.text(max_size=40))
def test_any_bytes_and_any_word_have_a_type(head: bytes, claimed: str | None) -> None:
    assert "/" in judged(head, claimed)


@given(st.sampled_from(SAMPLES), st.sampled_from([mimetype for _, mimetype in SAMPLES]))
def test_nobody_s_word_makes_a_page_something_that_is_shown_in_place(sample: tuple[bytes, str], claimed: str) -> None:
    head, mimetype = sample
    if mimetype not in INLINE and mimetype != "audio/mp4":
        assert judged(head, claimed) not in INLINE


@pytest.mark.parametrize(
    ("head", "claimed", "mimetype"),
    [
        (b"a,b\n", "text/csv", "text/csv"),
        (b"a,b\n", "Text/CSV; charset=utf-8", "text/csv"),
        (b"a,b\n", "image/png", UNKNOWN),
        (b"a,b\n", "application/pdf", UNKNOWN),
        (b"a,b\n", "text/html", UNKNOWN),
        (b"a,b\n", "no type", UNKNOWN),
        (b"a,b\n", "audio/x-own", UNKNOWN),
        (b"<html>", "image/png", "text/html"),
        (b"<html>", "text/plain", "text/html"),
        (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", None),
        (b"PK\x03\x04", "text/plain", "application/zip"),
        (b"\0\0\0\x18ftypisom", "audio/mp4", "audio/mp4"),
        (b"\xff\xd8\xff\xe0", "image/png", "image/jpeg"),
        (b"OggS", "audio/ogg; codecs=opus", "audio/ogg"),
    ],
)
def test_the_bytes_win_and_a_word_fills_in(head: bytes, claimed: str, mimetype: str | None) -> None:
    assert judged(head, claimed) == (mimetype or claimed)


@pytest.mark.parametrize(
    ("mimetype", "kind", "voice", "answer"),
    [
        ("image/jpeg", MediaKind.IMAGE, False, True),
        ("image/webp", MediaKind.IMAGE, False, False),
        ("text/html", MediaKind.IMAGE, False, False),
        ("image/webp", MediaKind.STICKER, False, True),
        ("video/mp4", MediaKind.VIDEO, False, True),
        ("video/quicktime", MediaKind.VIDEO, False, False),
        ("audio/wav", MediaKind.AUDIO, False, False),
        ("audio/wav", MediaKind.AUDIO, True, True),
        ("image/jpeg", MediaKind.AUDIO, True, False),
        ("text/html", MediaKind.DOCUMENT, False, True),
        (UNKNOWN, MediaKind.DOCUMENT, False, True),
    ],
)
def test_what_a_file_can_be_sent_as(mimetype: str, kind: MediaKind, voice: bool, answer: bool) -> None:
    assert may_be_sent(mimetype, kind, voice=voice) is answer


def test_every_kind_has_a_limit_and_types() -> None:
    assert set(LARGEST_OF) == set(SENDABLE) == set(MediaKind)
    assert max(LARGEST_OF.values()) == LARGEST == 104_857_600


def test_a_file_lies_behind_its_tenant_and_session() -> None:
    media = a_media_file(tenant="acme", uid="U1", id=media_id("01J"))
    assert media.key == "media/acme/U1/md_01J"
    assert media.key.startswith(prefix_of("acme", "U1"))
    assert not media.key.startswith(prefix_of("acm"))


def test_a_file_is_there_from_its_storing_to_its_end() -> None:
    media = a_media_file()
    stored = media.stored(mimetype="image/png", size=7, sha256="ab")
    assert (stored.state, stored.version, stored.mimetype, stored.size, stored.sha256) == (
        MediaState.STORED,
        media.version + 1,
        "image/png",
        7,
        "ab",
    )
    assert not media.is_there(NOW)
    assert stored.is_there(NOW + KEPT - 1)
    assert not stored.is_there(NOW + KEPT)


@pytest.mark.parametrize(
    ("code", "state"), [("media_expired", MediaState.EXPIRED), ("media_too_large", MediaState.FAILED)]
)
def test_a_file_that_is_lost_says_why(code: str, state: MediaState) -> None:
    lost = a_media_file().lost(code)
    assert (lost.state, lost.error_code, lost.version) == (state, code, 1)
    assert not lost.is_there(NOW)


def test_a_file_s_name_is_in_no_repr() -> None:
    assert "secret" not in repr(a_media_file(file_name="secret.pdf"))
    assert isinstance(a_media_file(direction=Direction.INBOUND), MediaFile)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Daftar harga (2).pdf", "Daftar harga (2).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Temp\\\\a.pdf", "a.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a.pdf\r\nSet-Cookie: x=1", "a.pdfSet-Cookie: x=1"),
        ("a.pdf\0.exe", "a.pdf.exe"),
        ("قائمة.pdf", "قائمة.pdf"),
        ("family \U0001f469\u200d\U0001f467.png", "family \U0001f469\u200d\U0001f467.png"),
        (" report. ", "report"),
        ("..", None),
        ("a/", None),
        ("\u202e", None),
        ("\ud83d", None),
        ("", None),
        (None, None),
    ],
)
def test_a_file_s_name_can_be_shown_and_saved(said: str | None, name: str | None) -> None:
    assert file_name_of(said) == name


@given(st.text(max_size=60), st.sampled_from([*sorted(INLINE), "text/html"]))
def test_no_name_of_a_file_leaves_its_header(name: str, mimetype: str) -> None:
    told = disposition_of(name, mimetype)
    assert told.isascii()
    assert told.isprintable()
    assert "%2F" not in told
    assert told.partition(";")[0] == ("inline" if mimetype in INLINE else "attachment")
    assert told.count('"') in {0, 2}


def a_picture(form: str, sides: tuple[int, int], **how: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", sides, "red").save(out, form, **how)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("PNG", {}),
        ("GIF", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "comment": "c" * 60_000}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": False}),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}),
    ],
)
def test_a_picture_says_how_large_it_is_before_it_is_decoded(form: str, how: dict[str, Any]) -> None:
    assert dimensions(a_picture(form, (301, 77), **how)) == (301, 77)


@given(
    st.binary(max_size=100),
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"RIFF0000WEBP"]),
)
def test_what_begins_like_a_picture_says_some_size_or_none(rest: bytes, beginning: bytes) -> None:
    found = dimensions(beginning + rest)
    assert found is None or (found[0] >= 0 and found[1] >= 0)


def test_a_picture_that_is_far_larger_than_its_bytes_is_a_bomb() -> None:
    bomb, photo = (30_000, 30_000), (12_000, 9_000)
    assert is_bomb(bomb, 2_600_000)
    assert not is_bomb(photo, 12_000_000)
    assert not is_bomb((7_000, 7_000), 100), "it fits into the memory that there is"
    assert not is_bomb(None, 1)


def test_who_decodes_knows_the_same_limit() -> None:
    assert examiner.MOST_PIXELS == MOST_PIXELS
