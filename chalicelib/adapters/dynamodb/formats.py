"""The version of the items' format: in every item of the table as ``v``, written and checked here alone.

It says what has to be known to read an item, so it isn't raised by what may be ignored: an attribute that is new is
left alone by code that doesn't know it, and has a default where it is missing. A change that older code would read
wrongly raises it, and brings with it how this module reads the format before.

Left alone in writing, too: sessions, messages, users and tenants are changed attribute by attribute, so that functions
and workers of two versions can be at work on one item. That holds for whole attributes: what is new doesn't go into a
map that is there (``device``, ``qr``), but beside it. Items that live for minutes are written whole.
"""

from collections.abc import Mapping
from typing import Any, Final

FORMAT: Final = 1


class UnknownFormat(Exception):
    """An item of a format that this version can't read: a later version wrote it, or none of ours."""


def stamped(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``item`` with the version of its format, as it is written."""
    return {**item, "v": FORMAT}


def readable(item: dict[str, Any]) -> dict[str, Any]:
    """Return ``item`` as it was read; raises UnknownFormat rather than take it for what it isn't."""
    if item.get("v") != FORMAT:
        raise UnknownFormat(f"an item of format {item.get('v')} in {item.get('pk')} {item.get('sk')}, not {FORMAT}")
    return item
