"""Text frames: one JSON object each, without what there is nothing to say about."""

import json
from typing import Any


def frame(**fields: Any) -> str:
    """Return the frame with these fields, the empty ones left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(present, ensure_ascii=False, separators=(",", ":"))
