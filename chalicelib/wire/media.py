"""Files as WhatsApp's media servers keep them: encrypted and opened piece by piece, in constant memory.

A file's *media key* is 32 random bytes that only messages carry, never the server. HKDF-SHA256 grows 112 bytes of it,
under a name for the kind of file: 16 for the IV, 32 for AES, 32 for HMAC, and 32 that nobody uses. What lies on the
server is the file in AES-256-CBC with PKCS#7 padding, followed by the first ten bytes of HMAC-SHA256 over IV and
ciphertext. A message names the SHA-256 of the file and that of what lies on the server; the latter is also the token
that the upload's address ends in, so a file must be encrypted once before the first byte can be sent.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7

MEDIA_KEY_SIZE: Final = 32
IMAGE: Final = "image"
VIDEO: Final = "video"
AUDIO: Final = "audio"
DOCUMENT: Final = "document"
LINK_THUMBNAIL: Final = "thumbnail-link"
HISTORY: Final = "md-msg-hist"
KINDS: Final = {
    IMAGE: b"WhatsApp Image Keys",
    VIDEO: b"WhatsApp Video Keys",
    AUDIO: b"WhatsApp Audio Keys",
    DOCUMENT: b"WhatsApp Document Keys",
    LINK_THUMBNAIL: b"WhatsApp Link Thumbnail Keys",
    HISTORY: b"WhatsApp History Keys",
}
"""The kinds by their names in addresses (``/mms/image/…``, ``mms-type=image``), and the names for their keys.

Stickers are of the kind image; GIFs and round videos are videos; voice notes are audio.
"""

_BLOCK: Final = 16
_MAC_SIZE: Final = 10
_SMALLEST: Final = _BLOCK + _MAC_SIZE


class AlteredMedia(ValueError):
    """What came isn't the file that the message refers to: another, one cut short, or one changed on its way."""


def encrypted_size(size: int) -> int:
    """The bytes that a file of ``size`` bytes takes on the server: its padding is never empty, and the MAC follows."""
    return (size // _BLOCK + 1) * _BLOCK + _MAC_SIZE


def upload_token(enc_sha256: bytes) -> str:
    """The name of an encrypted file in the upload's address, of 43 characters and one ``=``."""
    return urlsafe_b64encode(enc_sha256).decode()


class MediaEncryption:
    """Encrypts one file: ``update`` with each piece, then ``finish`` once; what they return, joined, is to be uploaded.

    The same key and file give the same bytes again, which is what a second pass over a file needs. A key must never
    serve for another file, since the IV comes from it as well: draw a new one for each.
    """

    def __init__(self, media_key: bytes, kind: str) -> None:
        iv, cipher_key, mac_key = _keys(media_key, kind)
        self._encryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
        self._mac = hmac.new(mac_key, iv, hashlib.sha256)
        self._file, self._encrypted = hashlib.sha256(), hashlib.sha256()
        self.size = 0
        """The bytes of the file so far."""

    def update(self, piece: bytes | memoryview) -> bytes:
        """Return what can be sent of the file so far: whole blocks."""
        self.size += len(piece)
        self._file.update(piece)
        return self._sealed(self._encryptor.update(piece))

    def finish(self) -> bytes:
        """Return the last block and the MAC."""
        padding = _BLOCK - self.size % _BLOCK
        last = self._sealed(self._encryptor.update(bytes([padding]) * padding) + self._encryptor.finalize())
        mac = self._mac.digest()[:_MAC_SIZE]
        self._encrypted.update(mac)
        return last + mac

    @property
    def file_sha256(self) -> bytes:
        """The SHA-256 of the file itself, so far."""
        return self._file.digest()

    @property
    def enc_sha256(self) -> bytes:
        """The SHA-256 of what is uploaded; whole once ``finish`` has returned."""
        return self._encrypted.digest()

    def _sealed(self, ciphertext: bytes) -> bytes:
        self._mac.update(ciphertext)
        self._encrypted.update(ciphertext)
        return ciphertext


class MediaDecryption:
    """Opens one file: ``update`` with each piece as it comes, then ``finish`` once; what they return is the file.

    NOTHING of it is proved before ``finish`` has returned: write it where nobody looks, and publish it then. It checks
    the MAC, and each hash that was given.
    """

    def __init__(
        self, media_key: bytes, kind: str, *, enc_sha256: bytes | None = None, file_sha256: bytes | None = None
    ) -> None:
        iv, cipher_key, mac_key = _keys(media_key, kind)
        self._decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).decryptor()
        self._unpadder = PKCS7(_BLOCK * 8).unpadder()
        self._mac = hmac.new(mac_key, iv, hashlib.sha256)
        self._file, self._encrypted = hashlib.sha256(), hashlib.sha256()
        self._expected = (enc_sha256, file_sha256)
        self._held = b""
        self._received = 0
        self.size = 0
        """The bytes of the file that were returned so far."""

    def update(self, piece: bytes | memoryview) -> bytes:
        """Return what can be read so far; the last bytes are held back, since they may be the padding and the MAC."""
        self._received += len(piece)
        self._encrypted.update(piece)
        joined = b"".join((self._held, piece))
        ciphertext, self._held = joined[:-_MAC_SIZE], joined[-_MAC_SIZE:]
        self._mac.update(ciphertext)
        return self._opened(self._unpadder.update(self._decryptor.update(ciphertext)))

    def finish(self) -> bytes:
        """Return the rest; AlteredMedia if anything isn't as it was when its sender encrypted it."""
        enc_sha256, file_sha256 = self._expected
        if self._received < _SMALLEST:
            raise AlteredMedia(f"{self._received} bytes are no encrypted file")
        if not hmac.compare_digest(self._mac.digest()[:_MAC_SIZE], self._held):
            raise AlteredMedia("the MAC is another file's, or of another key or kind")
        if enc_sha256 is not None and self._encrypted.digest() != enc_sha256:
            raise AlteredMedia("the encrypted file has another hash")
        try:
            self._decryptor.finalize()
            last = self._opened(self._unpadder.finalize())
        except ValueError as error:
            raise AlteredMedia("the padding is wrong") from error
        if file_sha256 is not None and self._file.digest() != file_sha256:
            raise AlteredMedia("the file has another hash")
        return last

    @property
    def file_sha256(self) -> bytes:
        """The SHA-256 of the file itself; whole once ``finish`` has returned."""
        return self._file.digest()

    def _opened(self, plaintext: bytes) -> bytes:
        self._file.update(plaintext)
        self.size += len(plaintext)
        return plaintext


def _keys(media_key: bytes, kind: str) -> tuple[bytes, bytes, bytes]:
    """IV, AES key and HMAC key; ValueError for a key of another length, or a kind that isn't listed."""
    if len(media_key) != MEDIA_KEY_SIZE:
        raise ValueError(f"a media key has {MEDIA_KEY_SIZE} bytes, not {len(media_key)}")
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of media")
    material = HKDF(SHA256(), 112, None, KINDS[kind]).derive(media_key)
    return material[:16], material[16:48], material[48:80]
