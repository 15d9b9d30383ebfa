"""Text frames: one JSON object each, without what there is nothing to say about."""

import json
from typing import Any, Final

LARGEST_TEXT: Final = 100_000
"""Bytes of JSON that a message's text may take in a frame: API Gateway posts no frame of more than 128 KB."""


def frame(**fields: Any) -> str:
    """Return the frame with these fields, the empty ones left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    return _json(present)


def clipped(text: str, name: str) -> dict[str, Any]:
    """Return ``text`` as the field ``name``; its beginning, and ``truncated``, if it is too large for a frame."""
    kept = text
    while len(_json(kept).encode()) > LARGEST_TEXT:
        kept = kept[: len(kept) // 2]
    return {name: kept} if kept == text else {name: kept, "truncated": True}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
