"""LetsBot's API (``/api/v1``): an API key implies its session."""

from typing import Final

from chalicelib.dialects.dialect import Dialect, Tag
from chalicelib.dialects.letsbot.shapes import error

DIALECT: Final = Dialect(
    name="letsbot",
    prefixes=("/api/v1",),
    tag=Tag("LetsBot", "Routes under `/api/v1`: the API key says which session is meant."),
    error=error,
)
