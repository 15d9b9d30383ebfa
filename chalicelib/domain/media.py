"""A file that belongs to a session: its record, what types and sizes WhatsApp takes, and how bytes tell their type.

A file's name in a message is its ``media_id``. The record says how it stands; the bytes lie apart from it, under
``MediaFile.key``. Which type it has is judged by its bytes wherever bytes can tell: what whoever sent it says is only
asked where they can't.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.errors import MediaExpired, MediaNotFound, MediaTooLarge, MediaTypeMismatch
from chalicelib.domain.messages import Direction

MB: Final = 1024 * 1024
LARGEST: Final = 100 * MB
"""Bytes of a file at the most, of whatever kind."""
KEPT: Final = 7 * 86_400_000
"""Milliseconds that a file is kept, as long as the message that it came with; the bucket's lifecycle says the same."""
UPLOAD_TAKES: Final = 3_600_000
"""Milliseconds in which a file that was announced has to be uploaded."""
HEAD: Final = 4_096
"""Bytes of a file's beginning that ``sniffed`` wants."""
SIZE_HEAD: Final = 262_144
"""Bytes of a file's beginning that ``dimensions`` wants: a JPEG has its size behind whatever a camera wrote first."""
MOST_PIXELS: Final = 50_000_000
"""Of a picture that is to be sent as one: more than phones take, and what fits into the memory that there is."""
UNKNOWN: Final = "application/octet-stream"


class MediaKind(StrEnum):
    """As what a file is sent: the names are those of the contents (see ``domain/content.py``)."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    STICKER = "sticker"
    DOCUMENT = "document"


class MediaState(StrEnum):
    """How a file stands. ``pending`` becomes one of the others, and none of these changes any more.

    ``expired`` is what came in when WhatsApp no longer had the file, which can't be asked for again; ``failed`` what
    couldn't be kept for another reason, which ``MediaFile.error_code`` names.
    """

    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"
    EXPIRED = "expired"


class FileTrouble(StrEnum):
    """Why a file couldn't be sent or kept: codes that callers read on the message, or on the file's record.

    Where a call is refused for the same, the error's code is the same in capitals.
    """

    TOO_LARGE = MediaTooLarge.code.lower()
    TYPE_MISMATCH = MediaTypeMismatch.code.lower()
    NOT_FOUND = MediaNotFound.code.lower()
    EXPIRED = MediaExpired.code.lower()
    """WhatsApp no longer had the file when it was fetched."""
    UNREADABLE = "media_unreadable"
    ALTERED = "media_altered"
    LINK_REFUSED = "link_refused"
    LINK_FAILED = "link_failed"
    LINK_UNAVAILABLE = "link_unavailable"
    """A link's server was away, overloaded or too slow when the file was fetched."""
    UPLOAD_FAILED = "media_upload_failed"
    DOWNLOAD_FAILED = "media_download_failed"


OF_THE_FILE: Final = frozenset(FileTrouble) - {FileTrouble.UPLOAD_FAILED, FileTrouble.DOWNLOAD_FAILED}
"""The troubles of the file, or of where it is fetched from; the others are WhatsApp's servers'."""
PASSING: Final = frozenset({FileTrouble.LINK_UNAVAILABLE, FileTrouble.UPLOAD_FAILED})
"""The troubles that pass by themselves: the same message may well be sent later."""


LARGEST_OF: Final[Mapping[MediaKind, int]] = {
    MediaKind.IMAGE: 16 * MB,
    MediaKind.VIDEO: LARGEST,
    MediaKind.AUDIO: 16 * MB,
    MediaKind.STICKER: MB,
    MediaKind.DOCUMENT: LARGEST,
}
"""Bytes of a file of each kind that WhatsApp's apps take."""

_MP4_AUDIO: Final = frozenset({"audio/mp4", "video/mp4"})
"""An MP4 file that holds sound alone may say that it is a video."""
_AUDIO: Final = frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/ogg", *_MP4_AUDIO})
_SOUNDS: Final = _AUDIO | {"audio/flac", "audio/wav", "video/webm"}

SENDABLE: Final[Mapping[MediaKind, frozenset[str] | None]] = {
    MediaKind.IMAGE: frozenset({"image/jpeg", "image/png"}),
    MediaKind.VIDEO: frozenset({"video/mp4", "video/3gpp"}),
    MediaKind.AUDIO: _AUDIO,
    MediaKind.STICKER: frozenset({"image/webp"}),
    MediaKind.DOCUMENT: None,
}
"""The types that WhatsApp's apps show as what they are sent as; None for any. A voice note is made of ``VOICE``."""
VOICE: Final = _SOUNDS
"""The types that a voice note can be made of: all of them become Opus in Ogg."""

INLINE: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "audio/ogg", "video/ogg"})
"""The types that a browser may show in place. Anything else could be a page with a program in it: it is downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """The record of a file; times in milliseconds since the Unix epoch.

    ``message`` is our id of the message that it came with, or that is its first. ``mimetype`` is judged by the bytes
    once they are there, before that what was announced. ``size`` is in bytes, ``sha256`` in hexadecimal digits,
    ``seconds`` how long it plays, ``animated`` whether a WebP picture moves. ``error_code`` says why it failed.
    ``version`` counts its moves. Until ``judged_until`` somebody is judging what was uploaded, and nobody else may
    touch the bytes under ``key``.
    """

    uid: str
    id: str
    tenant: str
    session: str
    direction: Direction
    state: MediaState
    created_at: int
    expires_at: int
    kind: MediaKind | None = None
    mimetype: str | None = None
    size: int | None = None
    sha256: str | None = None
    file_name: str | None = field(default=None, repr=False)
    message: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    animated: bool | None = None
    error_code: str | None = None
    judged_until: int | None = None
    version: int = 0

    @property
    def key(self) -> str:
        """Where the bytes lie: behind the prefix of its tenant, and of its session in it."""
        return prefix_of(self.tenant, self.uid) + self.id

    @property
    def upload_key(self) -> str:
        """Where whoever has the form uploads the bytes to, until they are judged and lie under ``key``."""
        return uploads_of(self.tenant, self.uid) + self.id

    def is_there(self, now: int) -> bool:
        """Whether the bytes can be had."""
        return self.state is MediaState.STORED and now < self.expires_at

    def stored(
        self,
        *,
        mimetype: str,
        size: int,
        sha256: str,
        sides: tuple[int, int] | None = None,
        animated: bool | None = None,
    ) -> "MediaFile":
        """Return the record of the file with its bytes there, as they were found to be; ``sides`` of a picture."""
        return replace(
            self,
            state=MediaState.STORED,
            expires_at=max(self.expires_at, self.created_at + KEPT),
            mimetype=mimetype,
            size=size,
            sha256=sha256,
            width=sides[0] if sides else self.width,
            height=sides[1] if sides else self.height,
            animated=animated,
            error_code=None,
            judged_until=None,
            version=self.version + 1,
        )

    @property
    def told(self) -> Mapping[str, Any]:
        """What a message that came in with it says of it: how it stands and, once it is there, what was found."""
        found = {"size": self.size, "sha256": self.sha256} if self.state is MediaState.STORED else {}
        return {"media_id": self.id, "state": str(self.state), **found}

    def lost(self, code: str) -> "MediaFile":
        """Return the record of the file whose bytes will never be there; ``code`` says why."""
        state = MediaState.EXPIRED if code == FileTrouble.EXPIRED else MediaState.FAILED
        return replace(self, state=state, error_code=code, judged_until=None, version=self.version + 1)

    def claimed(self, until: int | None) -> "MediaFile":
        """Return the record with the right to judge it taken until then, or given back (None)."""
        return replace(self, judged_until=until, version=self.version + 1)


def media_id(ulid: str) -> str:
    """Return the id of a file, of a ULID."""
    return f"md_{ulid}"


def prefix_of(tenant: str, uid: str | None = None) -> str:
    """Return what the keys of all of a tenant's files begin with, or of one of its sessions'."""
    return f"media/{tenant}/" if uid is None else f"media/{tenant}/{uid}/"


def uploads_of(tenant: str, uid: str | None = None) -> str:
    """Return what the keys of all of a tenant's uploads begin with, or of one of its sessions'."""
    return f"uploads/{tenant}/" if uid is None else f"uploads/{tenant}/{uid}/"


def is_as_announced(mimetype: str, announced: str | None) -> bool:
    """Whether a file's type, judged by its bytes, is what was said of it before; saying nothing is never wrong."""
    said = plain_type(announced)
    return said in {None, UNKNOWN, mimetype}


def disposition_of(file_name: str | None, mimetype: str) -> str:
    """Return the Content-Disposition to serve a file with: only what is in ``INLINE`` is shown in place.

    The name is written as RFC 6266 has it: in ASCII for old readers, and as it is, encoded by RFC 8187.
    """
    shown = "inline" if mimetype in INLINE else "attachment"
    name = file_name_of(file_name)
    if name is None:
        return shown
    plain = re.sub(r"[^A-Za-z0-9 ._-]", "_", name)
    encoded = "".join(chr(byte) if byte in _UNESCAPED else f"%{byte:02X}" for byte in name.encode())
    return f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def file_name_of(said: str | None) -> str | None:
    """Return what a file is called by whoever sent it, fit to be shown and saved under; None if nothing is left.

    A path before it goes, and so do control characters, those that turn the direction of what follows, by which
    ``fdp.exe`` is shown as ``exe.pdf``, and dots and blanks at its end, which alone would be a folder.
    """
    name = re.split(r"[/\\]", said or "")[-1]
    return _UNSHOWN.sub("", name).strip().rstrip(". ") or None


_UNSHOWN: Final = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""Control characters, line and paragraph ends, marks of direction, halves of characters, byte order marks."""


_UNESCAPED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def may_be_sent(mimetype: str, kind: MediaKind, *, voice: bool = False) -> bool:
    """Whether a file of a type (judged by its bytes) can be sent as ``kind``."""
    taken = VOICE if voice else SENDABLE[kind]
    return taken is None or mimetype in taken


_BEGINNINGS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
    b"avis": "image/avif",
}
_BEFORE_MARKUP: Final = b"\xef\xbb\xbf \t\r\n\f\0"
_MARKUP: Final = re.compile(rb"<(?:\?xml|!--|!doctype|[a-z][a-z0-9:]*[\s>/])", re.IGNORECASE)
_SVG: Final = re.compile(rb"<(?:[a-z]+:)?svg[\s>]", re.IGNORECASE)
_HTML: Final = re.compile(
    rb"<!doctype\s+html|<(?:html|head|body|script|iframe|style|title|a|div|img|p|table)[\s>/]", re.IGNORECASE
)
_MOVING: Final = re.compile(rb"\x01video\x00|\x80theora")

_FAMILIES: Final = {
    "application/zip": ("application/vnd.", "application/epub+zip", "application/java-archive", "application/x-zip"),
    "application/x-ole-storage": ("application/vnd.ms-", "application/msword"),
    "text/xml": ("text/xml", "application/xml", "application/rss+xml", "application/atom+xml", "application/gpx+xml"),
    "audio/ogg": ("audio/ogg", "video/ogg"),
    "video/webm": ("video/webm", "audio/webm", "video/x-matroska"),
    "video/mp4": ("video/mp4", "audio/mp4"),
}
"""What else a file of a container's type may be, which only its sender can tell."""

_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,95}")


def sniffed(head: bytes) -> str | None:
    """Return the type that a file's first ``HEAD`` bytes show, None if they show none.

    Markup is found behind white space and a byte order mark, as browsers find it. A file of a container's type may hold
    something more special (see ``judged``).
    """
    for beginning, mimetype in _BEGINNINGS:
        if head.startswith(beginning):
            return "video/ogg" if mimetype == "audio/ogg" and _MOVING.search(head[:HEAD]) else mimetype
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return _BRANDS.get(brand, "video/3gpp" if brand[:2] == b"3g" else "video/mp4")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 and head[2] & 0xF0 != 0xF0:
        return "audio/mpeg"
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    return _markup(head[:HEAD])


def dimensions(head: bytes) -> tuple[int, int] | None:
    """Return a picture's width and height as the file's first bytes say; None where they don't, or it is no picture.

    Nothing is decoded. PNG, GIF, WebP and JPEG.
    """
    match sniffed(head):
        case "image/png" if head[12:16] == b"IHDR" and len(head) >= 24:
            return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
        case "image/gif" if len(head) >= 10:
            return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
        case "image/webp" if len(head) >= 30:
            return _webp_dimensions(head)
        case "image/jpeg":
            return _jpeg_dimensions(head)
    return None


def _webp_dimensions(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            both = int.from_bytes(head[21:25], "little")
            return 1 + (both & 0x3FFF), 1 + (both >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None


def _jpeg_dimensions(head: bytes) -> tuple[int, int] | None:
    """Go from segment to segment to the one that begins a frame (SOF; ISO/IEC 10918-1, B.2.2)."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def is_bomb(sides: tuple[int, int] | None, size: int) -> bool:
    """Whether a file of ``size`` bytes would become a picture that no such file holds: over 100 pixels a byte.

    A picture of more than MOST_PIXELS that has bytes enough can still be sent as a document.
    """
    pixels = sides[0] * sides[1] if sides else 0
    return pixels > MOST_PIXELS and pixels > 100 * size


def is_animated(head: bytes) -> bool | None:
    """Return whether the WebP picture that begins so moves; None for what is none.

    The extended header says so in its flags (https://developers.google.com/speed/webp/docs/riff_container).
    """
    if sniffed(head) != "image/webp":
        return None
    return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)


def judged(head: bytes, claimed: str | None) -> str:
    """Return the type of a file by its first ``HEAD`` bytes and, where these can't tell, by what its sender says.

    What bytes always show isn't taken on anybody's word: a file that is said to be a picture and shows nothing is
    ``UNKNOWN``.
    """
    seen, said = sniffed(head), plain_type(claimed)
    if seen is None:
        return said if said and said not in _SHOWN and not said.startswith(("image/", "video/", "audio/")) else UNKNOWN
    return said if said and said.startswith(_FAMILIES.get(seen, ())) else seen


def plain_type(claimed: str | None) -> str | None:
    """Return a media type without parameters, in lower case; None for what is none."""
    said = (claimed or "").partition(";")[0].strip().lower()
    return said if _TYPE.fullmatch(said) else None


_SHOWN: Final = frozenset(
    {mimetype for _, mimetype in _BEGINNINGS} | {"text/html", "text/xml", "application/xml", "application/xhtml+xml"}
)


def _markup(head: bytes) -> str | None:
    head = head.lstrip(_BEFORE_MARKUP)
    if not _MARKUP.match(head):
        return None
    if _SVG.search(head):
        return "image/svg+xml"
    return "text/html" if _HTML.search(head) else "text/xml"
