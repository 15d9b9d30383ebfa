"""The media hosts: files that clients and phones upload encrypted, found by their path until they expire.

The server can't read a file: it has no key. It checks what WhatsApp's servers can check: that an upload comes with a
token for uploads that is still valid, and that the name in its address is the SHA-256 of what came. Whoever has a
file's path may fetch it, without any token, as a whole or in part.

A file lies on the disk under its name, and beside it a record of its kind and its end. The record outlives the file:
of what is gone the server says 410, of what it never had 404.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from aiohttp import web

from chalicelib.wire.media import AUDIO, DOCUMENT, HISTORY, IMAGE, LINK_THUMBNAIL, VIDEO
from chalicelib.wire.node import Attribute, Node
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.storage import write_private

HOSTS: Final = ("media-sin6-1.cdn.whatsapp.net", "mmg.whatsapp.net")
"""Where clients upload, in the order in which the server names the hosts; the last one serves every download."""

_DAY_S: Final = 86_400
_MB: Final = 1 << 20
_CHUNK: Final = 1 << 18
LARGEST: Final = {
    IMAGE: 100 * _MB,
    VIDEO: 2048 * _MB,
    AUDIO: 100 * _MB,
    DOCUMENT: 2048 * _MB,
    LINK_THUMBNAIL: 5 * _MB,
    HISTORY: 1024 * _MB,
}
"""The bytes that an upload may have, by kind. WhatsApp doesn't publish the bounds of its servers: these are wide."""

_PATHS: Final = {IMAGE: 7118, VIDEO: 7161, AUDIO: 7117, DOCUMENT: 7119, LINK_THUMBNAIL: 36144, HISTORY: 36147}
"""The number in a file's path."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PATH: Final = re.compile(r"/v/t62\.[0-9]+-24/(?P<name>[A-Za-z0-9_-]{43})\.enc(?:\?.*)?")


class NoSuchMedia(Exception):
    """The server never had the file."""


class ExpiredMedia(NoSuchMedia):
    """The server doesn't have the file any more."""


class TooLarge(Exception):
    """The file is larger than one of its kind may be."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's record. ``name`` is the SHA-256 in base64 for addresses, without padding.

    Times are milliseconds since the epoch.
    """

    name: str
    kind: str
    size: int
    stored_at: int
    expires_at: int

    @property
    def direct_path(self) -> str:
        """The path by which the file is fetched from any of the hosts."""
        return f"/v/t62.{_PATHS[self.kind]}-24/{self.name}.enc?ccb=11-4&oe={self.expires_at // 1000:X}&_nc_sid=5e03e0"


@dataclass(frozen=True, slots=True)
class MediaFault:
    """What goes wrong with one request for media: with a download (GET) or an upload (POST).

    ``status`` is answered in the place of anything else. A download may lose its connection after ``cut_after`` bytes,
    have one bit of its last byte flipped (``altered``), and be slowed to so many ``bytes_per_s``.
    """

    method: str
    status: int | None = None
    delay_s: float = 0
    cut_after: int | None = None
    bytes_per_s: int | None = None
    altered: bool = False


class Draft:
    """A file that is coming in. Used in a ``with`` block, which leaves nothing of it unless it was kept."""

    def __init__(self, media: "Media", kind: str) -> None:
        self._media = media
        self._kind = kind
        self._path = media.directory / f"{secrets.token_hex(8)}.part"
        self._file = self._path.open("wb")
        self._hash = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Append a piece; TooLarge if there is too much by now."""
        self._size += len(piece)
        if self._size > LARGEST[self._kind]:
            raise TooLarge(f"more than {LARGEST[self._kind]} bytes")
        self._hash.update(piece)
        self._file.write(piece)

    @property
    def name(self) -> str:
        """The name under which what was written so far would be kept."""
        return base64.urlsafe_b64encode(self._hash.digest()).decode().rstrip("=")

    def keep(self) -> Stored:
        """Keep the file; one that was there already lasts on from now."""
        self._file.close()
        now = now_ms()
        stored = Stored(self.name, self._kind, self._size, now, now + self._media.lasts_s * 1000)
        self._path.replace(self._media.file(stored.name))
        self._media.note(stored)
        return stored


class Media:
    """The files in ``directory``, and the tokens for uploads, which ``key`` signs: both last over restarts."""

    def __init__(self, directory: Path, key: bytes) -> None:
        self.directory = directory
        self._key = key
        self.lasts_s = 30 * _DAY_S
        self.connection_ttl_s = 21_600
        """How long a client may use what `connection` tells it."""
        self.faults: deque[MediaFault] = deque()

    def start(self) -> None:
        """Make the directory, and clear it of what never came to its end and what has expired."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for draft in self.directory.glob("*.part"):
            draft.unlink()
        for stored in self.every():
            if stored.expires_at <= now_ms():
                self._drop(stored)

    def connection(self) -> Node:
        """What a client asks for before it uploads or downloads: the hosts, and a token for uploads."""
        attributes: dict[str, Attribute] = {
            "auth": self._token(int(time.time()) + self.connection_ttl_s),
            "ttl": str(self.connection_ttl_s),
            "auth_ttl": str(self.connection_ttl_s),
            "max_buckets": "12",
        }
        upload, fallback = (Node("host", {"hostname": host}) for host in HOSTS)
        return Node("media_conn", attributes, (upload, fallback))

    def draft(self, kind: str) -> Draft:
        """Begin to take in a file."""
        return Draft(self, kind)

    def find(self, direct_path: str) -> Path:
        """The file behind a path, NoSuchMedia or ExpiredMedia."""
        match = _PATH.fullmatch(direct_path)
        if match is None:
            raise NoSuchMedia(direct_path)
        return self._found(match["name"])

    def every(self) -> Iterator[Stored]:
        """The records of all files, also of those that are gone."""
        for record in self.directory.glob("*.json"):
            yield Stored(**json.loads(record.read_text(encoding="utf-8")))

    def has(self, stored: Stored) -> bool:
        """Whether the file is there still."""
        return stored.expires_at > now_ms() and self.file(stored.name).is_file()

    def expire(self, direct_path: str) -> None:
        """Let a file's time end now, NoSuchMedia if there was none."""
        match = _PATH.fullmatch(direct_path)
        self._drop(self._record(match["name"] if match else ""))

    def file(self, name: str) -> Path:
        """Where the file of that name lies, or would."""
        return self.directory / f"{name}.enc"

    def note(self, stored: Stored) -> None:
        """Write a file's record."""
        write_private(self.directory / f"{stored.name}.json", json.dumps(asdict(stored)).encode())

    def _record(self, name: str) -> Stored:
        try:
            return Stored(**json.loads((self.directory / f"{name}.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NoSuchMedia(name) from None

    def _found(self, name: str) -> Path:
        stored = self._record(name)
        if not self.has(stored):
            self._drop(stored)
            raise ExpiredMedia(name)
        return self.file(name)

    def _drop(self, stored: Stored) -> None:
        self.file(stored.name).unlink(missing_ok=True)

    def _token(self, until: int) -> str:
        signature = hmac.digest(self._key, f"media until {until}".encode(), "sha256")
        return f"{until:x}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    def _admits(self, token: str) -> bool:
        until = token.partition(".")[0]
        valid = bool(re.fullmatch(r"[0-9a-f]{1,12}", until)) and int(until, 16) > time.time()
        return valid and hmac.compare_digest(self._token(int(until, 16)).encode(), token.encode())

    def add_routes(self, app: web.Application) -> None:
        """Add what clients ask of the media hosts. A GET's route answers HEAD as well."""
        app.router.add_get("/v/{place}/{name}.enc", self._get)
        app.router.add_post("/mms/{kind}/{token}", self._post)
        app.router.add_delete("/mms/{kind}/{token}", self._delete)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        fault = await self._fault("GET")
        if fault and fault.status:
            return web.Response(status=fault.status)
        try:
            path = self.find(request.path)
        except ExpiredMedia:
            return web.Response(status=410)
        except NoSuchMedia:
            return web.Response(status=404)
        return await _sent(request, path, fault or MediaFault("GET"))

    async def _post(self, request: web.Request) -> web.Response:
        """Take in a file; 401 without a valid token, 400 for another file than the address names, 413, 404."""
        fault = await self._fault("POST")
        if fault and fault.status:
            return web.Response(status=fault.status)
        kind, token = request.match_info["kind"], request.match_info["token"]
        if kind not in LARGEST:
            return web.Response(status=404)
        if not self._admits(request.query.get("auth", "")):
            return web.Response(status=401)
        if request.query.get("token") != token:
            return web.Response(status=400)
        if (request.content_length or 0) > LARGEST[kind]:
            return web.Response(status=413)
        with self.draft(kind) as draft:
            try:
                async for piece in request.content.iter_chunked(_CHUNK):
                    draft.write(piece)
            except TooLarge:
                return web.Response(status=413)
            if draft.name != token.rstrip("="):
                return web.Response(status=400)
            stored = draft.keep()
        path = stored.direct_path
        return web.json_response({"url": f"https://{HOSTS[-1]}{path}", "direct_path": path})

    async def _delete(self, request: web.Request) -> web.Response:
        """Delete a file before its time, as clients do with the history that they have read."""
        name = request.match_info["token"].rstrip("=")
        if not self._admits(request.query.get("auth", "")):
            return web.Response(status=401)
        try:
            self._found(name if _NAME.fullmatch(name) else "").unlink()
        except ExpiredMedia:
            return web.Response(status=410)
        except NoSuchMedia:
            return web.Response(status=404)
        return web.Response()

    async def _fault(self, method: str) -> MediaFault | None:
        """The next fault of such a request, after its delay; each happens once."""
        fault = next((one for one in self.faults if one.method == method), None)
        if fault:
            self.faults.remove(fault)
            await asyncio.sleep(fault.delay_s)
        return fault


async def _sent(request: web.Request, path: Path, fault: MediaFault) -> web.StreamResponse:
    """Answer with a file, or the part that is asked for; as the fault has it, the length is said to be the whole's.

    aiohttp's own answer with a file takes five times as long over TLS.
    """
    size = path.stat().st_size  # noqa: ASYNC240  # of a file on this machine
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(size, size)
    start, stop, _ = wanted.indices(size)
    partial = "Range" in request.headers
    if partial and start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    if partial:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    if request.method != "HEAD":
        await _written(request, response, path, start=start, left=stop - start, fault=fault)
    return response


async def _written(
    request: web.Request, response: web.StreamResponse, path: Path, *, start: int, left: int, fault: MediaFault
) -> None:
    cut = fault.cut_after is not None and fault.cut_after < left
    left = min(left, fault.cut_after) if fault.cut_after is not None else left
    most = max(1, fault.bytes_per_s // 10) if fault.bytes_per_s else _CHUNK
    with path.open("rb") as file:
        file.seek(start)
        while left and (piece := file.read(min(_CHUNK, left, most))):
            left -= len(piece)
            if fault.bytes_per_s:
                await asyncio.sleep(len(piece) / fault.bytes_per_s)
            if fault.altered and not left:
                piece = piece[:-1] + bytes([piece[-1] ^ 1])
            await response.write(piece)
    if cut and request.transport:
        request.transport.abort()
