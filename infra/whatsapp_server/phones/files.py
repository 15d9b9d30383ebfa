"""A phone's side of media: it encrypts what it uploads, opens what it downloads, piece by piece, and keeps both."""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from chalicelib.wire.media import MEDIA_KEY_SIZE, MediaDecryption, MediaEncryption
from infra.whatsapp_server.errors import UnknownFile
from infra.whatsapp_server.media import HOSTS, Media
from infra.whatsapp_server.phones.letters import Letter

_CHUNK: Final = 1 << 18
_OUTBOX: Final = "outbox"
_FILE: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a message says of a file, so that its readers can fetch and open it. ``size`` is the file's own, in bytes.

    ``keyed_at`` is when the key was drawn, in seconds since the epoch.
    """

    kind: str
    direct_path: str
    key: bytes = field(repr=False)
    sha256: bytes
    encrypted_sha256: bytes
    size: int
    keyed_at: int

    @property
    def url(self) -> str:
        """The file's address on the host that serves every download."""
        return f"https://{HOSTS[-1]}{self.direct_path}"


def upload(media: Media, kind: str, source: BinaryIO) -> Reference:
    """Encrypt a file under a new key, and have it kept; TooLarge if it is. It blocks: call it from a thread."""
    key = secrets.token_bytes(MEDIA_KEY_SIZE)
    encryption = MediaEncryption(key, kind)
    with media.draft(kind) as draft:
        for piece in _pieces(source):
            draft.write(encryption.update(piece))
        draft.write(encryption.finish())
        path = draft.keep().direct_path
    return Reference(kind, path, key, encryption.file_sha256, encryption.enc_sha256, encryption.size, int(time.time()))


def download(media: Media, reference: Reference, destination: Path) -> None:
    """Write the file that a message refers to where it is to lie, once it is proved to be that one.

    NoSuchMedia or ExpiredMedia if the server doesn't have it, AlteredMedia if it is another. It blocks.
    """
    decryption = MediaDecryption(
        reference.key, reference.kind, enc_sha256=reference.encrypted_sha256, file_sha256=reference.sha256
    )
    found = media.find(reference.direct_path)
    destination.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = destination.with_name(f"{destination.name}.{secrets.token_hex(4)}.part")
    try:
        with found.open("rb") as encrypted, draft.open("wb") as opened:
            for piece in _pieces(encrypted):
                opened.write(decryption.update(piece))
            opened.write(decryption.finish())
        draft.replace(destination)
    finally:
        draft.unlink(missing_ok=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_CHUNK):
        yield piece


class Files:
    """The files on the phones' own storage: what is to be sent, and what letters brought."""

    def __init__(self, media: Media, directory: Path) -> None:
        self.media = media
        self._directory = directory

    def start(self) -> None:
        """Forget what was put on phones and never sent."""
        for file in self._directory.glob(f"*/{_OUTBOX}/*"):
            file.unlink()

    def new(self, number: str) -> Path:
        """Where a file that is put on a phone is to be written; its name there is the last part."""
        path = self._directory / number / _OUTBOX / secrets.token_hex(16)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def put(self, number: str, name: str) -> Path:
        """A file that was put on a phone; UnknownFile if it wasn't."""
        path = self._directory / number / _OUTBOX / name
        if not _FILE.fullmatch(name) or not path.is_file():
            raise UnknownFile(f"{number} has no such file.")
        return path

    def of(self, number: str, letter: Letter) -> Path:
        """Where a letter's file lies, or will. Ids come from outside: they name no files."""
        name = sha256(f"{letter.peer}\0{letter.id}\0{letter.outgoing}".encode()).hexdigest()[:32]
        return self._directory / number / name

    def keep(self, number: str, letter: Letter, sent: Path) -> None:
        """Keep a file that was sent as the letter's."""
        kept = self.of(number, letter)
        kept.unlink(missing_ok=True)
        kept.hardlink_to(sent)

    def upload(self, kind: str, file: Path) -> Reference:
        """Encrypt and upload a file; it blocks."""
        with file.open("rb") as source:
            return upload(self.media, kind, source)

    def download(self, number: str, letter: Letter, reference: Reference) -> None:
        """Fetch and open a letter's file; it blocks. NoSuchMedia, ExpiredMedia or AlteredMedia."""
        download(self.media, reference, self.of(number, letter))
