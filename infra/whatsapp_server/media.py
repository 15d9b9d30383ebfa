"""Media as WhatsApp's servers keep it: encrypted by whoever uploads it, found by its path, checked by its hashes.

A file is AES-256-CBC with PKCS#7 padding, then the first ten bytes of HMAC-SHA256 over IV and ciphertext; keys and IV
come from a media key of 32 bytes by HKDF-SHA256 under a name for its kind. So the server that keeps it can't read it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chalicelib.wire.curve25519 import derived
from chalicelib.wire.node import Attribute, Node

HOST: Final = "mmg.whatsapp.net"
HISTORY: Final = "md-msg-hist"
_NAMES: Final = {HISTORY: b"WhatsApp History Keys"}
_MAC_SIZE: Final = 10
_BLOCK_BITS: Final = 128
_LASTS_S: Final = 21_600


@dataclass(frozen=True, slots=True)
class Reference:
    """What a message says of a file, so that its readers can fetch and open it."""

    direct_path: str
    key: bytes = field(repr=False)
    sha256: bytes
    encrypted_sha256: bytes
    size: int


class Media:
    """The files that are kept, as long as the server runs."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def keep(self, kind: str, content: bytes) -> Reference:
        """Encrypt a file, as its sender does, and keep it."""
        key = secrets.token_bytes(32)
        encrypted = _encrypted(kind, key, content)
        digest = hashlib.sha256(encrypted).digest()
        self._files[_name(digest)] = encrypted
        path = f"/v/t62.0-24/{_name(digest)}.enc?ccb=11-4"
        return Reference(path, key, hashlib.sha256(content).digest(), digest, len(content))

    def add_routes(self, app: web.Application) -> None:
        """Add what clients ask of the media hosts."""
        app.router.add_get("/v/t62.0-24/{name}.enc", self._get)
        app.router.add_delete("/mms/{kind}/{name}", self._delete)

    async def _get(self, request: web.Request) -> web.Response:
        found = self._files.get(request.match_info["name"])
        # WhatsApp says "gone" of what it doesn't keep any more.
        return web.Response(status=410) if found is None else web.Response(body=found)

    async def _delete(self, request: web.Request) -> web.Response:
        return web.Response(status=200 if self._files.pop(request.match_info["name"].rstrip("="), None) else 404)


def hosts() -> Node:
    """Return what a client asks for before it uploads or downloads: where media is kept, and a token for uploads."""
    attributes: dict[str, Attribute] = {
        "auth": secrets.token_urlsafe(24),
        "ttl": str(_LASTS_S),
        "auth_ttl": str(_LASTS_S),
        "max_buckets": "12",
    }
    return Node("media_conn", attributes, (Node("host", {"hostname": HOST}),))


def _encrypted(kind: str, key: bytes, content: bytes) -> bytes:
    material = derived(key, salt=None, info=_NAMES[kind], size=112)
    iv, cipher_key, mac_key = material[:16], material[16:48], material[48:80]
    padder, encryptor = PKCS7(_BLOCK_BITS).padder(), Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    return ciphertext + hmac.digest(mac_key, iv + ciphertext, "sha256")[:_MAC_SIZE]


def _name(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
