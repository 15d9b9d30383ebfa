"""The page at ``/docs``: whole, safe, and in need of nothing from elsewhere."""

from html.parser import HTMLParser

import pytest

from chalicelib.api.description.markup import inline, prose
from tests.api.conftest import Caller


class Page(HTMLParser):
    """What a page has: its elements, ids and links."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.open: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag != "meta":
            self.open.append(tag)
        told = dict(attrs)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.links |= {told["href"] or ""} if "href" in told else set()
        assert not any(name.startswith("on") or name == "src" for name in told)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(nobody: Caller) -> Page:
    return Page(nobody("GET", "/docs").content.decode())


def test_it_has_every_operation_and_schema(page: Page, nobody: Caller) -> None:
    told = nobody("GET", "/openapi.json").json
    operations = {one["operationId"] for methods in told["paths"].values() for one in methods.values()}
    assert operations | {f"schema-{name}" for name in told["components"]["schemas"]} <= set(page.ids)


def test_its_links_lead_somewhere_on_it(page: Page) -> None:
    assert page.links - {"openapi.json"} <= {f"#{name}" for name in page.ids}
    assert len(page.ids) == len(set(page.ids))


def test_it_needs_nothing_from_elsewhere_and_runs_nothing(page: Page, nobody: Caller) -> None:
    assert page.elements.isdisjoint({"script", "link", "img", "iframe", "form", "object"})
    policy = nobody("GET", "/docs").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")


def test_what_is_said_can_not_become_markup() -> None:
    assert inline("a <b> & `<i>`") == "a &lt;b&gt; &amp; <code>&lt;i&gt;</code>"
    assert prose("One.\n\n- `a`\n- b") == "<p>One.</p><ul><li><code>a</code></li><li>b</li></ul>"
