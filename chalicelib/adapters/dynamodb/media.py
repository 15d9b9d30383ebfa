"""The records of files in the table, beside their session and gone with it; the bytes lie in a bucket."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import msgspec
from msgspec import Struct

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.media import MediaFile
from chalicelib.reading import Reader

_MEDIA: Final = Reader(MediaFile)
_KNOWN: Final = frozenset({one.name for one in fields(MediaFile)} | {"ttl"})


def to_item(media: MediaFile) -> Item:
    """Return the record's item."""
    pk, sk = _key(media.uid, media.id)
    values: dict[str, Any] = msgspec.to_builtins(media)
    return {"pk": pk, "sk": sk, "ttl": media.expires_at // 1000, **values}


class DynamoMedia(Struct, frozen=True):
    """The MediaStore port."""

    table: Table

    def put(self, media: MediaFile) -> bool:
        """Put the record on condition that there is none of that id."""
        return self.table.put(to_item(media), Condition("attribute_not_exists(pk)", {})) is None

    def get(self, uid: str, media_id: str) -> MediaFile | None:
        """Read the record."""
        item = self.table.get(*_key(uid, media_id))
        return _MEDIA.plain(item) if item else None

    def many(self, uid: str, media_ids: Sequence[str]) -> list[MediaFile]:
        """Read them by their keys."""
        keys = [_key(uid, media_id) for media_id in dict.fromkeys(media_ids)]
        return [_MEDIA.plain(item) for item in self.table.get_many(keys)]

    def move(self, media: MediaFile) -> bool:
        """Write the record over the version before it."""
        before = Condition("version = :before", {":before": media.version - 1})
        return self.table.rewrite(to_item(media), _KNOWN, before) is None

    def remove(self, media: MediaFile) -> None:
        """Remove the record."""
        self.table.delete(*_key(media.uid, media.id))


def _key(uid: str, media_id: str) -> tuple[str, str]:
    return f"S#{uid}", f"F#{media_id}"
