"""S3's objects as files of the state directory, behind moto's own: they outlive the stack, and none lies in memory.

An object is two files: its bytes, under a name of chance, and a note of what it is, which names them. The note is
written last, whole or not at all, so that a stack that ends in between has kept nothing, and says so to nobody.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from threading import Lock, RLock
from typing import Any, BinaryIO, Final

from moto.s3.models import FakeKey, S3Backend, s3_backends

from infra.local.state import LocalState

_NOTE: Final = ".json"
_DAY_S: Final = 86_400
_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class KeptObject:
    """What is known of an object; ``bucket`` is the logical id, ``modified`` in seconds since the Unix epoch.

    ``md5`` is in hexadecimal digits, as S3 tells it for an ETag; ``file`` is the name of the file with the bytes.
    """

    bucket: str
    key: str
    mimetype: str
    md5: str
    size: int
    modified: float
    file: str


class KeptObjects:
    """The objects of the template's buckets, which have other names in each run. Used from many threads.

    Who reads an object gets the whole old one or the whole new one, as from S3. moto's requests about objects go one at
    a time for that, under ``alone``: moto shows an object before all of it is there, and two readers of one object
    share one position in its bytes.
    """

    def __init__(self, state: LocalState, account: str, partition: str = "aws") -> None:
        self._directory = state.objects
        self._place = (account, partition)
        self._logical: dict[str, str] = {}
        self._objects: dict[tuple[str, str], KeptObject] = {}
        self._lock = Lock()
        self.alone: Final = RLock()

    def restore(self, buckets: Mapping[str, str], rules: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
        """Put the objects back into ``buckets`` (the names by logical id); return how many.

        ``rules`` are the buckets' lifecycle rules, by logical id. Objects that expired by those rules while the stack
        was down are removed, and so are files of bytes that no note refers to.
        """
        self._logical = {name: logical for logical, name in buckets.items()}
        for note in self._directory.glob(f"*{_NOTE}"):
            kept = KeptObject(**json.loads(note.read_text()))
            if kept.bucket not in buckets or _is_over(kept, rules.get(kept.bucket, ())):
                note.unlink()
                continue
            self._objects[kept.bucket, kept.key] = kept
            self._show(buckets[kept.bucket], kept)
        named = {kept.file for kept in self._objects.values()}
        for path in self._directory.iterdir():
            if path.suffix != _NOTE and path.name not in named:
                path.unlink()
        return len(self._objects)

    def find(self, bucket: str, key: str) -> KeptObject | None:
        """Return an object of a bucket, None if there is none."""
        return self._objects.get((self._logical.get(bucket, bucket), key))

    def opened(self, bucket: str, key: str) -> tuple[KeptObject, BinaryIO] | None:
        """Return an object of a bucket, and its bytes, which are there though it is overwritten; None if there is none.

        The file is the caller's to close.
        """
        with self._lock:
            kept = self.find(bucket, key)
            return (kept, self.path(kept).open("rb")) if kept else None

    def path(self, kept: KeptObject) -> Path:
        """Return where an object's bytes lie; they are there as long as the object is, and isn't overwritten."""
        return self._directory / kept.file

    def draft(self) -> Path:
        """Return the path of a file to write bytes to, for ``take``; what isn't taken goes at the next start."""
        return self._directory / token_hex(16)

    def take(self, bucket: str, key: str, draft: Path, *, mimetype: str, md5: str) -> None:
        """Make what was written to ``draft`` an object, in the place of one that was there before."""
        logical = self._logical.get(bucket, bucket)
        kept = KeptObject(logical, key, mimetype, md5, draft.stat().st_size, time.time(), draft.name)
        with self.alone:
            self._keep(kept)
            self._show(bucket, kept)

    def changed(self, bucket: str, key: str) -> None:
        """Do as moto did at a request to write an object or to remove it; without a key, to remove any."""
        logical = self._logical.get(bucket)
        if logical is None:
            return
        with self.alone:
            for one in [key] if key else [key for name, key in list(self._objects) if name == logical]:
                made = self._backend.get_object(bucket, one)
                if made is None:
                    self._forget(logical, one)
                elif key:
                    self._copy(logical, made)

    @property
    def _backend(self) -> S3Backend:
        account, partition = self._place
        return s3_backends[account][partition]

    def _copy(self, logical: str, made: FakeKey) -> None:
        draft, digest = self.draft(), hashlib.md5(usedforsecurity=False)
        with made.lock, draft.open("wb") as file:
            for piece in _pieces(made):
                digest.update(piece)
                file.write(piece)
        mimetype = made.metadata.get("Content-Type", "binary/octet-stream")
        kept = KeptObject(logical, made.name, mimetype, digest.hexdigest(), made.contentsize, time.time(), draft.name)
        self._keep(kept)
        self._read_from(made, kept)

    def _show(self, bucket: str, kept: KeptObject) -> None:
        made = self._backend.put_object(bucket, kept.key, b"", etag=kept.md5)
        made.set_metadata({"Content-Type": kept.mimetype})
        made.last_modified = datetime.fromtimestamp(kept.modified, UTC).replace(tzinfo=None)
        made.contentsize = kept.size
        self._read_from(made, kept)

    def _read_from(self, made: FakeKey, kept: KeptObject) -> None:
        """Have moto read the object's bytes from the file instead of its own copy."""
        file: Any = self.path(kept).open("rb")
        with made.lock:
            made._value_buffer, before = file, made._value_buffer  # noqa: SLF001
        before.close()

    def _keep(self, kept: KeptObject) -> None:
        with self._lock:
            former = self._objects.get((kept.bucket, kept.key))
            note = self._note(kept.bucket, kept.key)
            draft = note.with_suffix(".draft")
            draft.write_text(json.dumps(asdict(kept)))
            draft.replace(note)
            self._objects[kept.bucket, kept.key] = kept
        if former is not None:
            self.path(former).unlink(missing_ok=True)

    def _forget(self, bucket: str, key: str) -> None:
        with self._lock:
            kept = self._objects.pop((bucket, key), None)
            self._note(bucket, key).unlink(missing_ok=True)
        if kept is not None:
            with suppress(OSError):
                self.path(kept).unlink()

    def _note(self, bucket: str, key: str) -> Path:
        return self._directory / (hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest() + _NOTE)


def _pieces(made: FakeKey) -> Iterator[bytes]:
    buffer = made._value_buffer  # noqa: SLF001
    buffer.seek(0)
    while piece := buffer.read(_PIECE):
        yield piece


def _is_over(kept: KeptObject, rules: Sequence[Mapping[str, Any]]) -> bool:
    days = [int(rule["ExpirationInDays"]) for rule in rules if kept.key.startswith(rule.get("Prefix", ""))]
    return bool(days) and kept.modified + min(days) * _DAY_S <= time.time()
