"""What is shown of a link in a text that is sent: the title, the description and the picture that its page says it has.

The page is a stranger's. It is fetched under the rules of all links, in seconds, and nothing of it is parsed but the
beginning, by expressions that look at each byte a bounded number of times. A page that says nothing leaves the link as
it is: a text is worth more than its preview.
"""

import re
from html import unescape
from io import BytesIO
from tempfile import TemporaryFile
from typing import Final
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.content import LONGEST_NAME, LinkPreview, clipped
from chalicelib.domain.media import HEAD as HEAD_OF_FILE
from chalicelib.domain.media import MediaKind, judged
from chalicelib.services.ports.media import LinkFailed, LinkRefused, Links, LinkTooLarge
from chalicelib.worker.media.examining import examined
from chalicelib.worker.whatsapp.errors import MediaFailed

LARGEST: Final = 2 * 1024 * 1024
"""Bytes that a page may have."""
HEAD: Final = 128 * 1024
"""Bytes of its beginning that are read."""
SECONDS: Final = 5.0
"""How long fetching it may take, and its picture once more: what comes later in the chat waits for that."""
LARGEST_PICTURE: Final = 5 * 1024 * 1024
"""Bytes that its picture may have."""

_META: Final = re.compile(r"<meta\b([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"""\b(property|name|content)\s{0,9}=\s{0,9}(?:"([^"]{0,3000})"|'([^']{0,3000})')""", re.IGNORECASE
)
_TITLE: Final = re.compile(r"<title\b[^<>]{0,500}>([^<]{1,3000})", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")


class LookedUp(Struct, frozen=True):
    """A link's preview with what its page says, and the address of the ``picture`` that the page names, if it does."""

    preview: LinkPreview
    picture: str | None = None


def looked_up(preview: LinkPreview, links: Links) -> LookedUp | None:
    """Return what a link's page says; None where there is no page, or one that says nothing."""
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
    if title is None:
        return None
    shown = replace(preview, title=title, description=preview.description or description)
    return LookedUp(shown, _address(preview.url, said.get("og:image")))


def picture_of(page: LookedUp, links: Links) -> bytes | None:
    """Return a page's picture as a small JPEG, None where it can't be had: a preview is good without."""
    if page.picture is None:
        return None
    try:
        with TemporaryFile() as file:
            claimed = links.fetch(page.picture, file, largest=LARGEST_PICTURE, seconds=SECONDS)
            file.seek(0)
            return examined(file, MediaKind.IMAGE, judged(file.read(HEAD_OF_FILE), claimed)).thumbnail
    except (LinkFailed, LinkRefused, LinkTooLarge, MediaFailed):
        return None


def _address(page: str, picture: str | None) -> str | None:
    """Return the address of a picture as its page names it, which may be by a path alone."""
    try:
        return urljoin(page, picture) if picture else None
    except ValueError:
        return None


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
