"""What is shown of a link: what its page says, and nothing where that is nothing."""

import time
from typing import Any, BinaryIO

import pytest

from chalicelib.domain.content import LinkPreview
from chalicelib.domain.media import dimensions
from chalicelib.services.ports.media import LinkFailed, LinkRefused, LinkTooLarge
from chalicelib.worker.media.previews import HEAD, LARGEST, LARGEST_PICTURE, SECONDS, LookedUp, looked_up, picture_of
from tests.worker.media import samples

URL = "https://a.example/page"


class Page:
    """Links that lead to one page."""

    def __init__(self, body: str | bytes | Exception, mimetype: str | None = "text/html; charset=utf-8") -> None:
        self.body, self.mimetype = body, mimetype
        self.asked: list[Any] = []

    def fetch(self, url: str, into: BinaryIO, *, largest: int, seconds: float | None = None) -> str | None:
        self.asked.append((url, largest, seconds))
        if isinstance(self.body, Exception):
            raise self.body
        into.write(self.body.encode() if isinstance(self.body, str) else self.body)
        return self.mimetype


def shown(body: str | bytes | Exception, **more: Any) -> LinkPreview | None:
    found = looked_up(LinkPreview(URL), Page(body, **more))
    return found.preview if found else None


@pytest.mark.parametrize(
    ("page", "title", "description"),
    [
        ("<html><head><title>A &amp; B</title>", "A & B", None),
        ("<TITLE lang='en'>\n A\n B </TITLE>", "A B", None),
        ('<title>No</title><meta property="og:title" content="Yes">', "Yes", None),
        ("<meta content='D' name='description'><title>T</title>", "T", "D"),
        ('<meta name="description" content="N"><meta property="og:description" content="O"/><title>T', "T", "O"),
        ('<meta property="og:title" content="1"><meta property="og:title" content="2">', "1", None),
        ("<title>☕ Kopi\u202e\u0007</title>", "☕ Kopi", None),
        (f"<title>{'x' * 2_000}</title>", "x" * 999 + "…", None),
    ],
)
def test_a_page_s_own_words_are_shown(page: str, title: str, description: str | None) -> None:
    assert shown(page) == LinkPreview(URL, title, description)


def test_a_description_that_the_caller_gave_stays() -> None:
    page = Page("<title>T</title><meta name='description' content='D'>")
    assert looked_up(LinkPreview(URL, description="Mine"), page) == LookedUp(LinkPreview(URL, "T", "Mine"))
    assert page.asked == [(URL, LARGEST, SECONDS)]


@pytest.mark.parametrize(
    ("page", "mimetype"),
    [
        ("", "text/html"),
        ("<p>Hello</p>", "text/html"),
        ("<title> </title>", "text/html"),
        ("<title>A</title>", "image/png"),
        ("<title>A</title>", None),
        (" " * HEAD + "<title>A</title>", "text/html"),
        (b"\xff\xfe\x00<ti\x00tle>", "text/html"),
        (LinkRefused("private"), "text/html"),
        (LinkFailed("late"), "text/html"),
        (LinkTooLarge(), "text/html"),
    ],
)
def test_where_there_is_nothing_to_show_nothing_is(page: Any, mimetype: str | None) -> None:
    assert shown(page, mimetype=mimetype) is None


@pytest.mark.parametrize(
    "piece", ["<meta ", "<meta name=", "<title ", "<title>", "<meta name='a' content='", '<meta property="', "\t"]
)
def test_no_page_keeps_a_session_for_long(piece: str) -> None:
    body = piece * (HEAD // len(piece))
    begun = time.process_time()
    shown(body)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("https://b.example/a.png?x=1&amp;y=2", "https://b.example/a.png?x=1&y=2"),
        ("/a.png", "https://a.example/a.png"),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_page_s_picture_is_where_the_page_says(said: str, address: str | None) -> None:
    found = looked_up(LinkPreview(URL), Page(f'<title>T</title><meta property="og:image" content="{said}">'))
    assert found
    assert found.picture == address


@pytest.mark.subprocess
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_page_s_picture_is_shown_small(form: str) -> None:
    links = Page(samples.a_picture(form, (640, 480)), mimetype=None)
    small = picture_of(LookedUp(LinkPreview(URL), "https://b.example/a"), links)
    assert small
    assert dimensions(small) == (100, 75)
    assert links.asked == [("https://b.example/a", LARGEST_PICTURE, SECONDS)]


@pytest.mark.subprocess
@pytest.mark.parametrize(
    "body",
    [b"<html><script>", b"", samples.a_png_bomb(), LinkRefused("private"), LinkFailed("late"), LinkTooLarge()],
    ids=["a page", "nothing", "a bomb", "refused", "failed", "too large"],
)
def test_a_preview_is_good_without_a_picture_that_is_none(body: Any) -> None:
    assert picture_of(LookedUp(LinkPreview(URL), "https://b.example/a"), Page(body)) is None
    assert picture_of(LookedUp(LinkPreview(URL)), Page(body)) is None
