"""The page at ``/docs``: whole, safe, and in need of nothing from elsewhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from chalicelib.api.call import called
from chalicelib.api.description.page import STEPS, inline, json_block, prose
from chalicelib.config import settings
from tests.api.conftest import Caller
from tests.api.described import operation


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
        if tag not in {"meta", "wbr"}:
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


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"Host": "localhost:8123"}, "http://localhost:8123"),
        ({"Host": "[::1]:8123"}, "http://[::1]:8123"),
        ({"Host": "box.example", "X_Forwarded_Proto": "https"}, "https://box.example"),
        # Without the proof anybody may have written the name.
        ({"Host": "box.example", "X_Switchboard_Host": "evil.example"}, "http://box.example"),
        ({"Host": "a$(id)"}, "https://gateway.example"),
        ({"Host": "<script>"}, "https://gateway.example"),
        ({"Host": "box.example", "X_Forwarded_Proto": "javascript"}, "https://gateway.example"),
        ({}, "https://gateway.example"),
    ],
)
def test_it_shows_the_address_that_its_reader_called(nobody: Caller, headers: dict[str, str], address: str) -> None:
    content = nobody("GET", "/docs", **headers).content.decode()
    assert f">URL={address}\nTOKEN=" in content
    assert "localhost:8080" not in content
    assert "{{" not in content


def test_behind_the_edge_that_is_the_edge_s(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", "known to both")
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)
    sent = {"Host": "x.execute-api.eu-west-1.amazonaws.com", "X_Switchboard_Edge": "known to both"}
    content = nobody("GET", "/docs", **sent, X_Switchboard_Host="whatsapp.example.com").content.decode()
    assert "URL=https://whatsapp.example.com\n" in content


def test_without_the_edge_api_gateway_s_stage_is_part_of_it() -> None:
    host = {"Host": "x.execute-api.eu-west-1.amazonaws.com", "X-Forwarded-Proto": "https"}
    assert called({"path": "/api/docs"}, host, "/docs") == "https://x.execute-api.eu-west-1.amazonaws.com/api"
    assert called({"path": "/docs"}, host, "/docs") == "https://x.execute-api.eu-west-1.amazonaws.com"


INTERNAL = re.compile(
    r"context\[|``transitions|\braises?\b|\bNone\b|\b[a-z]+\.py\b|\bSeed \d|msgspec|DynamoDB|neonize|whatsmeow"
    r"|\bepoch``|\blease\b|mailbox|\bInvalidField\b|\b[A-Z]\w+Error\b|the guide\b"
)
"""What readers of the code know, and readers of the API needn't."""


def test_nothing_of_the_code_s_inside_is_told(nobody: Caller) -> None:
    def said(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (one for name in ("description", "summary") if isinstance(one := value.get(name), str))
            yield from (text for inner in value.values() for text in said(inner))
        elif isinstance(value, list):
            yield from (text for inner in value for text in said(inner))

    texts = set(said(nobody("GET", "/openapi.json").json))
    assert len(texts) > 200
    assert not [text for text in texts if INTERNAL.search(text)]


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


def test_json_is_coloured_and_no_less_safe() -> None:
    assert json_block({"a<": 'b"&', "n": [1, None]}) == (
        '<pre tabindex="0">{\n  <span class="key">&quot;a&lt;&quot;</span>: '
        '<span class="string">&quot;b\\&quot;&amp;&quot;</span>,\n  <span class="key">&quot;n&quot;</span>: [\n    '
        '<span class="word">1</span>,\n    <span class="word">null</span>\n  ]\n}</pre>'
    )


def test_its_first_steps_are_calls_that_there_are() -> None:
    called = [
        (found["method"] or "GET", found["path"].partition("?")[0])
        for _, command in STEPS
        for found in re.finditer(r"curl (?:-s )?(?:-X (?P<method>\w+) )?\"?\$URL(?P<path>[^ \"]+)", command)
    ]
    assert len(called) == 5
    assert all(operation(method, path) for method, path in called)
