"""Files to and from WhatsApp's media hosts: encrypted and opened on the way, in constant memory.

An upload's address ends in the hash of what is uploaded, so a file is encrypted twice: once for the hash, once to be
sent. A download is proved only at its end; until then nobody but the caller may see it. Uploads need a token
(``MediaConnection``), downloads none: whoever knows a file's path and key may have it.
"""

import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any, BinaryIO, Final, TypeVar
from urllib.parse import unquote, urlencode
from urllib.request import getproxies, proxy_bypass

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from chalicelib.domain.media import LARGEST, FileTrouble
from chalicelib.reading import Reader
from chalicelib.wire.media import (
    MEDIA_KEY_SIZE,
    AlteredMedia,
    MediaDecryption,
    MediaEncryption,
    encrypted_size,
    upload_token,
)
from chalicelib.worker.whatsapp.errors import MediaFailed
from chalicelib.worker.whatsapp.files import WhatsAppFile, is_path
from chalicelib.worker.whatsapp.media_connection import MediaConnection

DOWNLOADS: Final = "mmg.whatsapp.net"
"""The host that has every file: never the one of a message's own address, which its sender chooses."""
CHUNK: Final = 256 * 1024
PAUSES: Final = (1.0, 3.0, 9.0)
"""Seconds before another try."""
TAKES: Final = 900.0
"""Seconds that one try may take: a file of the largest size at a megabit a second."""
_TIMEOUT: Final = urllib3.Timeout(connect=10, read=60)
"""Seconds for a connection, and between two pieces."""
_HEADERS: Final = {"Origin": "https://web.whatsapp.com", "Referer": "https://web.whatsapp.com/"}
_LONGEST_ANSWER: Final = 64 * 1024
_GONE: Final = frozenset({403, 404, 410})


@dataclass(frozen=True, slots=True)
class _Uploaded:
    url: str = field(repr=False)
    direct_path: str = field(repr=False)


_UPLOADED: Final = Reader(_Uploaded)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The size in bytes and the SHA-256 of a file as it is."""

    size: int
    sha256: bytes


T = TypeVar("T")


class _Passing(Exception):
    """Another try may do; its text is a status or a kind of error, and no address."""


@dataclass(slots=True)
class Transfer:
    """Uploads and downloads of one session, through its ``proxy`` if it has one: a CONNECT proxy's address.

    Without one, the environment's counts, as for the client library.
    """

    proxy: str | None = field(default=None, repr=False)
    sleep: Callable[[float], None] = time.sleep
    _pools: dict[str, urllib3.PoolManager] = field(default_factory=dict, init=False, repr=False)

    def upload(self, source: BinaryIO, kind: str, mimetype: str, connection: MediaConnection) -> WhatsAppFile:
        """Upload a file on disk and return where it lies; raises MediaFailed.

        ``kind`` is the name under which its keys are derived. Each call makes a key of its own.
        """
        media_key = token_bytes(MEDIA_KEY_SIZE)
        whole = MediaEncryption(media_key, kind)
        for _ in _encrypted(source, whole):
            pass
        address = _upload_address(connection, kind, upload_token(whole.enc_sha256))
        answer = self._patiently(
            lambda: self._posted(address, source, MediaEncryption(media_key, kind), whole.size),
            FileTrouble.UPLOAD_FAILED,
            "WhatsApp's servers didn't take the file.",
        )
        return WhatsAppFile(
            kind=kind,
            direct_path=answer.direct_path,
            url=answer.url,
            media_key=media_key,
            enc_sha256=whole.enc_sha256,
            file_sha256=whole.file_sha256,
            size=whole.size,
            mimetype=mimetype,
            media_key_timestamp=int(time.time()),
        )

    def download(self, file: WhatsAppFile, into: BinaryIO) -> Downloaded:
        """Write what a message refers to; raises MediaFailed.

        It is what its sender encrypted. ``into`` must be able to be cut to begin anew, and holds nothing of worth if
        this raises.
        """
        return self._patiently(
            lambda: self._got(file, into), FileTrouble.DOWNLOAD_FAILED, "WhatsApp's servers didn't hand out the file."
        )

    def _posted(self, address: str, source: BinaryIO, encryption: MediaEncryption, size: int) -> _Uploaded:
        headers = {**_HEADERS, "Content-Length": str(encrypted_size(size)), "Content-Type": "application/octet-stream"}
        with self._asked("POST", address, headers, body=_encrypted(source, encryption)) as answer:
            if answer.status == 413:
                raise MediaFailed(FileTrouble.TOO_LARGE, "The file is larger than WhatsApp's servers take.")
            if answer.status != 200:
                raise _Passing(f"status {answer.status}")
            try:
                found = _UPLOADED.json(answer.read(_LONGEST_ANSWER))
            except msgspec.DecodeError:
                raise _Passing("no answer") from None
        if not found.direct_path.startswith("/"):
            raise _Passing("no path")
        return found

    def _got(self, file: WhatsAppFile, into: BinaryIO) -> Downloaded:
        into.seek(0)
        into.truncate()
        opening = MediaDecryption(
            file.media_key, file.kind, enc_sha256=file.enc_sha256, file_sha256=file.file_sha256 or None
        )
        with self._asked("GET", _download_address(file), _HEADERS) as answer:
            if answer.status in _GONE:
                raise MediaFailed(FileTrouble.EXPIRED, "WhatsApp no longer has the file.")
            if answer.status != 200:
                raise _Passing(f"status {answer.status}")
            into.writelines(opening.update(piece) for piece in _pieces(answer, encrypted_size(LARGEST)))
        into.write(opening.finish())
        return Downloaded(opening.size, opening.file_sha256)

    def _asked(self, method: str, address: str, headers: dict[str, str], body: Any = None) -> "_Answering":
        return _Answering(
            self._pool(address).request(
                method,
                address,
                body=body,
                headers=headers,
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        )

    def _pool(self, address: str) -> urllib3.PoolManager:
        host = address.split("/", 3)[2]
        proxy = self.proxy or (None if proxy_bypass(host) else getproxies().get("https"))
        pool = self._pools.get(proxy or "")
        if pool is None:
            pool = self._pools[proxy or ""] = _pool(proxy)
        return pool

    def _patiently(self, act: Callable[[], T], code: str, sentence: str) -> T:
        for pause in (*PAUSES, None):
            try:
                return act()
            except AlteredMedia:
                # HTTP reports a file that was cut short: this one came whole, and would come so again.
                raise MediaFailed(FileTrouble.ALTERED, "The file isn't what its sender encrypted.") from None
            except (_Passing, HTTPError, OSError):
                # Not chained: the texts of these errors contain addresses.
                if pause is None:
                    raise MediaFailed(code, sentence) from None
            self.sleep(pause)
        raise AssertionError


class _Answering:
    """An answer, to be read while the context lasts; its connection is not used again unless all was read."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self._answer = answer

    def __enter__(self) -> urllib3.BaseHTTPResponse:
        return self._answer

    def __exit__(self, *_: object) -> None:
        self._answer.close()


def _pool(proxy: str | None) -> urllib3.PoolManager:
    trust = ssl.create_default_context()
    sizes: dict[str, Any] = {"num_pools": 4, "maxsize": 2, "ssl_context": trust, "blocksize": CHUNK}
    if proxy is None:
        return urllib3.PoolManager(**sizes)
    parts = urllib3.util.parse_url(proxy)
    headers = urllib3.make_headers(proxy_basic_auth=unquote(parts.auth)) if parts.auth else None
    return urllib3.ProxyManager(parts._replace(auth=None).url, proxy_headers=headers, **sizes)


def _encrypted(source: BinaryIO, encryption: MediaEncryption) -> Iterator[bytes]:
    source.seek(0)
    while piece := source.read(CHUNK):
        yield encryption.update(piece)
    yield encryption.finish()


def _pieces(answer: urllib3.BaseHTTPResponse, most: int) -> Iterator[bytes]:
    """Yield what comes, ``most`` bytes at the most; raises MediaFailed and _Passing."""
    announced, ends, left = answer.headers.get("Content-Length", ""), time.monotonic() + TAKES, most
    if announced.isdigit() and int(announced[:18]) > most:
        raise _too_large()
    for piece in answer.stream(CHUNK):
        left -= len(piece)
        if left < 0:
            raise _too_large()
        if time.monotonic() > ends:
            raise _Passing("too slow")
        yield piece


def _too_large() -> MediaFailed:
    return MediaFailed(FileTrouble.TOO_LARGE, f"The file has more than {LARGEST} bytes.")


def _upload_address(connection: MediaConnection, kind: str, token: str) -> str:
    return f"https://{connection.host}/mms/{kind}/{token}?" + urlencode({"auth": connection.auth, "token": token})


def _download_address(file: WhatsAppFile) -> str:
    path = file.direct_path
    if not is_path(path):
        raise MediaFailed(FileTrouble.NOT_FOUND, "The message doesn't say where its file lies.")
    token = urlsafe_b64encode(file.enc_sha256).decode()
    return f"https://{DOWNLOADS}{path}{'&' if '?' in path else '?'}" + urlencode(
        {"hash": token, "mms-type": file.kind, "__wa-mms": ""}
    )
