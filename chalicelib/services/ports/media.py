"""What media needs from outside, as Protocols: the records of files, and where their bytes lie."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from chalicelib.domain.media import MediaFile


class MediaStore(Protocol):
    """The records of files, each an item of its own beside its session, with which they go."""

    def put(self, media: MediaFile) -> bool:
        """Write a new record; False, and nothing written, if there is one of that id."""

    def get(self, uid: str, media_id: str) -> MediaFile | None:
        """Return the record, read consistently; one that has expired may be there still."""

    def many(self, uid: str, media_ids: Sequence[str]) -> list[MediaFile]:
        """Return those records that are there, in any order, read consistently."""

    def move(self, media: MediaFile) -> bool:
        """Write ``media`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, media: MediaFile) -> None:
        """Remove the record; one that is gone is no error."""


class FileGone(Exception):
    """There are no bytes under that key."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What is known of bytes without reading them: how many, and the type that they were written with."""

    size: int
    mimetype: str


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A form that whoever has it can post once or more until it ends: ``fields``, then the file as ``file``."""

    url: str
    fields: Mapping[str, str] = field(repr=False)


class LinkRefused(Exception):
    """A link leads, or may lead, where nothing is fetched from; its text is a sentence without the address."""


class LinkFailed(Exception):
    """A link's server didn't answer with a file; its text is a sentence without the address."""


class LinkUnavailable(LinkFailed):
    """The same, and it may well answer later: it was away, overloaded or too slow."""


class LinkTooLarge(Exception):
    """A link leads to more bytes than may be had."""


class Links(Protocol):
    """Files that lie at strangers' addresses."""

    def fetch(self, url: str, into: BinaryIO, *, largest: int, seconds: float | None = None) -> str | None:
        """Write what lies there, ``largest`` bytes at the most; return the type that its server says it has.

        It takes so many seconds at the most, minutes if none are said.

        An https address of a public host, and so each of three redirects at the most. Raises LinkRefused, LinkFailed
        (LinkUnavailable where another time may do) and LinkTooLarge; then ``into`` may hold some of it.
        """


class MediaFiles(Protocol):
    """The bytes of files, by ``MediaFile.key``. Streams: nothing holds a whole file in memory.

    All raise Unavailable and Rejected.
    """

    def put(self, key: str, source: BinaryIO, *, mimetype: str) -> None:
        """Write a file from where ``source`` stands, which can be sought, to its end; again is no harm."""

    def read(self, key: str, *, first: int = 0, last: int | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """Read a file, or its bytes from ``first`` to ``last``; raises FileGone."""

    def look(self, key: str) -> KeptFile | None:
        """Return what is known of a file, None if there is none."""

    def copy(self, key: str, to: str) -> None:
        """Copy a file to another key; again is no harm. Raises FileGone."""

    def remove(self, key: str) -> None:
        """Remove a file; one that is gone is no error."""

    def remove_all(self, prefix: str) -> None:
        """Remove all files whose key begins so."""

    def upload_form(self, key: str, *, mimetype: str, largest: int, seconds: int) -> UploadForm:
        """Return a form with which one file of that type, not empty and of ``largest`` bytes at the most, is put."""

    def read_address(self, key: str, *, seconds: int, mimetype: str, disposition: str) -> str:
        """Return an address at which a file can be read for so many seconds; it holds its own permission.

        The answer has ``mimetype`` as its Content-Type and ``disposition`` as its Content-Disposition.
        """
