"""The API reference at ``/docs``: its page, what it may do, and what the description says in words."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest

from chalicelib import page
from chalicelib.api.call import called
from chalicelib.api.description.guide import STEPS
from chalicelib.config import settings
from chalicelib.page import reference
from infra.page import ROOT, rapidoc, served
from tests.api.conftest import Caller
from tests.api.described import operation


def test_it_is_a_page_that_nobody_keeps(nobody: Caller) -> None:
    answer = nobody("GET", "/docs")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "{{" not in answer.content.decode()


def test_nothing_runs_on_it_but_files_from_here_and_it_asks_nobody_else(nobody: Caller) -> None:
    said = nobody("GET", "/docs").headers["Content-Security-Policy"]
    told = dict(part.strip().split(" ", 1) for part in said.split(";"))
    assert (told["default-src"], told["script-src"], told["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (told["frame-ancestors"], told["base-uri"]) == ("'none'", "'none'")
    assert "unsafe-eval" not in said
    assert "http" not in said


def test_all_that_it_refers_to_is_served_at_the_edge() -> None:
    found = re.findall(r'(?:src|href)="(page/[^"]+)"', reference.index())
    assert len(found) == 4
    assert set(found) <= set(served())
    assert f"{ROOT}/{reference.build()}/{reference.SCRIPT}" in found


def test_rapidoc_is_the_one_that_is_installed() -> None:
    assert version("flask-openapi-rapidoc") == reference.RAPIDOC
    assert f"rapidoc v{reference.RAPIDOC}" in rapidoc().read_text(encoding="utf-8")[:200]
    assert f"-{reference.RAPIDOC}-" in reference.build()


def test_the_function_has_its_files_where_there_is_no_edge(nobody: Caller) -> None:
    answer = nobody("GET", f"/page/{reference.build()}/reference.js")
    assert (answer.content, answer.headers["Cache-Control"]) == (reference.files()["reference.js"].content, page.KEPT)
    assert nobody("GET", "/page/reference-1.0.0-0/reference.js").headers["Cache-Control"] == "no-store"
    assert nobody("GET", f"/page/{page.build()}/reference.js").status == 404


def words(nobody: Caller, **headers: str) -> str:
    """What the description says before its routes."""
    told: str = nobody("GET", "/openapi.json", **headers).json["info"]["description"]
    return told


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
    content = words(nobody, **headers)
    assert f"\nURL={address}\nTOKEN=" in content
    assert "localhost:8080" not in content
    assert "{{" not in content


def test_behind_the_edge_that_is_the_edge_s(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", '{"current": "known to both"}')
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)
    sent = {"Host": "x.execute-api.eu-west-1.amazonaws.com", "X_Switchboard_Edge": "known to both"}
    assert "URL=https://whatsapp.example.com\n" in words(nobody, **sent, X_Switchboard_Host="whatsapp.example.com")


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


def test_its_first_steps_are_calls_that_there_are() -> None:
    called = [
        ("POST" if " -d " in command else "GET", found["path"].partition("?")[0])
        for _, command in STEPS
        for found in re.finditer(r"curl (?:-s )?\"?\$URL(?P<path>[^ \"]+)", command)
    ]
    assert len(called) == 4
    assert all(operation(method, path) for method, path in called)


def test_every_websocket_is_told_in_words(nobody: Caller) -> None:
    told = nobody("GET", "/openapi.json").json
    assert len(told["x-websockets"]) > 3
    for way in told["x-websockets"]:
        assert f"- `{way['path']}`: {way['description']}" in told["info"]["description"]
