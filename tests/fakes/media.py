"""Files and their records in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from chalicelib.domain.media import MediaFile
from chalicelib.services.ports.media import FileGone, KeptFile, UploadForm


@dataclass
class MemoryMedia:
    """MediaStore."""

    rows: dict[tuple[str, str], MediaFile] = field(default_factory=dict)

    def put(self, media: MediaFile) -> bool:
        return self.rows.setdefault((media.uid, media.id), media) is media

    def get(self, uid: str, media_id: str) -> MediaFile | None:
        return self.rows.get((uid, media_id))

    def many(self, uid: str, media_ids: Sequence[str]) -> list[MediaFile]:
        return [self.rows[uid, one] for one in dict.fromkeys(media_ids) if (uid, one) in self.rows]

    def move(self, media: MediaFile) -> bool:
        stands = self.rows.get((media.uid, media.id))
        if stands is None or stands.version != media.version - 1:
            return False
        self.rows[media.uid, media.id] = media
        return True

    def remove(self, media: MediaFile) -> None:
        self.rows.pop((media.uid, media.id), None)


@dataclass
class MemoryMediaFiles:
    """MediaFiles."""

    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def put(self, key: str, source: BinaryIO, *, mimetype: str) -> None:
        self.files[key] = source.read(), mimetype

    @contextmanager
    def read(self, key: str, *, first: int = 0, last: int | None = None) -> Iterator[Iterator[bytes]]:
        if key not in self.files:
            raise FileGone
        body = self.files[key][0][first : None if last is None else last + 1]
        yield iter([body[start : start + 7] for start in range(0, len(body), 7)])

    def look(self, key: str) -> KeptFile | None:
        found = self.files.get(key)
        return KeptFile(len(found[0]), found[1]) if found else None

    def copy(self, key: str, to: str) -> None:
        if key not in self.files:
            raise FileGone
        self.files[to] = self.files[key]

    def remove(self, key: str) -> None:
        self.files.pop(key, None)

    def remove_all(self, prefix: str) -> None:
        for key in [key for key in self.files if key.startswith(prefix)]:
            del self.files[key]

    def upload_form(self, key: str, *, mimetype: str, largest: int, seconds: int) -> UploadForm:
        return UploadForm("https://bucket", {"key": key, "Content-Type": mimetype, "largest": str(largest)})

    def read_address(self, key: str, *, seconds: int, mimetype: str, disposition: str) -> str:
        return f"https://bucket/{key}?for={seconds}"
