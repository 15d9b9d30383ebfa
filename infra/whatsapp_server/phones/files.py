"""A phone's side of media: it encrypts what it uploads, and opens what it downloads, piece by piece."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from chalicelib.wire.media import MEDIA_KEY_SIZE, MediaDecryption, MediaEncryption
from infra.whatsapp_server.media import HOSTS, Media

_CHUNK: Final = 1 << 18


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
