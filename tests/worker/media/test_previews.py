"""What is shown of a link: what its page says, and nothing where that is nothing."""

import time
from typing import Any, BinaryIO

import pytest

from chalicelib.domain.content import LinkPreview
from chalicelib.services.ports.media import LinkFailed, LinkRefused, LinkTooLarge
from chalicelib.worker.media.previews import HEAD, LARGEST, SECONDS, looked_up

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
    return looked_up(LinkPreview(URL), Page(body, **more))


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
    assert looked_up(LinkPreview(URL, description="Mine"), page) == LinkPreview(URL, "T", "Mine")
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
