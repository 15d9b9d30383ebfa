"""What can be seen of a page: by a phone's camera, by who uses a screen reader, on a phone and at a desk, in both themes."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Locator, Page

from infra.local.client import eventually
from infra.whatsapp_server.camera import read_code
from tests.flows.browser import PATIENCE_MS
from tests.page.visiting import HEIGHT, THEMES, WIDTHS

ROOT: Final = Path(__file__).parent.parent.parent
PICTURES: Final = Path(os.environ.get("PAGE_PICTURES", ROOT / "out" / "page"))
"""Where the pictures of the page's states are kept, one for each width and theme."""
_TALLEST: Final = 2400
"""CSS pixels of a picture: a long list shows no more further down."""

_STILL: Final = """() => document.getAnimations().every(
  (one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity)"""
_WIDER: Final = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > width + 1 || one.getBoundingClientRect().left < -1)
    .map((one) => `${one.tagName.toLowerCase()}.${one.className}`).slice(0, 8);
}"""
_AXE: Final = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.flatMap((one) => one.nodes.map(
    (node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary} ${node.html.slice(0, 160)}`));
}"""


T = TypeVar("T")


def soon(page: Page, look: Callable[[], T | None], *, within: float = 60.0) -> T:
    """Return what ``look`` finds, as soon as it finds something; the page goes on meanwhile."""

    def step() -> T | None:
        page.wait_for_timeout(20)
        return look()

    return eventually(step, within=within, every=0)


def camera(seen: Page | Locator | bytes) -> str:
    """Return the text of the QR code that a phone's camera reads off the screen (or off a part, or a picture of it)."""
    picture = seen if isinstance(seen, bytes) else seen.screenshot()
    return read_code(io.BytesIO(picture))


def accessible(page: Page) -> None:
    """Have axe-core find nothing to mend on the page as it is now, in either theme."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = []
    with _as_it_was(page):
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            _settled(page)
            found += [f"{theme}: {one}" for one in page.evaluate(_AXE)]
    assert not found, "\n".join(found)


def pictured(page: Page, state: str) -> None:
    """Keep what the page shows as ``state``, on a phone and at a desk, in both themes; nothing is wider than the screen."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wider: list[str] = []
    with _as_it_was(page):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                _settled(page)
                _save(page, PICTURES / f"{state}-{width}-{theme}.png")
            wider += [f"{width}: {one}" for one in page.evaluate(_WIDER)]
    assert not wider, f"wider than the screen: {', '.join(wider)}"


def living(page: Page) -> list[str]:
    """Return what goes on in a page that was opened ``counted``: a line for each timer, listener, socket, observer."""
    return list(page.evaluate("() => window.living()"))


def _settled(page: Page) -> None:
    """Wait until nothing moves that will come to rest."""
    page.wait_for_function(_STILL, timeout=PATIENCE_MS)


def _save(page: Page, path: Path) -> None:
    height = page.evaluate("() => Math.max(document.documentElement.scrollHeight, innerHeight)")
    size: Any = page.viewport_size
    area: Any = {"x": 0, "y": 0, "width": size["width"], "height": min(height, _TALLEST)}
    shot = page.screenshot(full_page=True, clip=area, animations="disabled", caret="hide")
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").save(path)


@contextmanager
def _as_it_was(page: Page) -> Iterator[None]:
    """Give the page its size and theme back."""
    size = page.viewport_size
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    try:
        yield
    finally:
        page.emulate_media(color_scheme="dark" if dark else "light")
        if size:
            page.set_viewport_size(size)
