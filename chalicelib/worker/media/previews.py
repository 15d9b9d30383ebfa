"""What is shown of a link in a text that is sent: the title and the description that its page says it has.

The page is a stranger's. It is fetched under the rules of all links, in seconds, and nothing of it is parsed but the
beginning, by expressions that look at each byte a bounded number of times. A page that says nothing leaves the link as
it is: a text is worth more than its preview.
"""

import re
from html import unescape
from io import BytesIO
from typing import Final

from msgspec.structs import replace

from chalicelib.domain.content import LONGEST_NAME, LinkPreview, clipped
from chalicelib.services.ports.media import LinkFailed, LinkRefused, Links, LinkTooLarge

LARGEST: Final = 2 * 1024 * 1024
"""Bytes that a page may have."""
HEAD: Final = 128 * 1024
"""Bytes of its beginning that are read."""
SECONDS: Final = 5.0
"""How long fetching it may take: all messages of the session wait for that."""

_META: Final = re.compile(r"<meta\b([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"""\b(property|name|content)\s{0,9}=\s{0,9}(?:"([^"]{0,3000})"|'([^']{0,3000})')""", re.IGNORECASE
)
_TITLE: Final = re.compile(r"<title\b[^<>]{0,500}>([^<]{1,3000})", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")


def looked_up(preview: LinkPreview, links: Links) -> LinkPreview | None:
    """Return the preview with what its page says; None where there is no page, or one that says nothing."""
    page = BytesIO()
    try:
        mimetype = links.fetch(preview.url, page, largest=LARGEST, seconds=SECONDS)
    except (LinkFailed, LinkRefused, LinkTooLarge):
        return None
    if not (mimetype or "").lower().startswith(("text/html", "application/xhtml+xml")):
        return None
    text = page.getvalue()[:HEAD].decode(errors="replace")
    said = _said(text)
    title = said.get("og:title") or _line(_TITLE.search(text))
    description = said.get("og:description") or said.get("description")
    return replace(preview, title=title, description=preview.description or description) if title else None


def _said(page: str) -> dict[str, str]:
    """Return what the page's meta elements say by their names; the first of each counts."""
    found: dict[str, str] = {}
    for meta in _META.finditer(page):
        told = {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(meta[1])}
        name, value = (told.get("property") or told.get("name") or "").lower(), _shown(told.get("content", ""))
        if name and value:
            found.setdefault(name, value)
    return found


def _line(found: re.Match[str] | None) -> str | None:
    return _shown(found[1]) if found else None


def _shown(text: str) -> str | None:
    """Return a text of the page's as one line of what people read."""
    line = _SPACES.sub(" ", unescape(text)).strip()
    return clipped("".join(filter(str.isprintable, line)), LONGEST_NAME) or None
