"""The page at the gateway's address: its policy, its files, and what browsers may keep of it."""

import json
import re
from dataclasses import replace

import pytest

from app import app
from chalicelib import page
from chalicelib.api.page import policy
from chalicelib.config import settings
from tests.api.conftest import Caller

ADDRESSES = re.compile(r'(?:src|href)="(page/[^"]+)"')


DOCUMENTS = {"/": page.index, "/passkey": page.passkey}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_gateway_shows_it_and_the_page_that_passkeys_come_back_to(nobody: Caller, path: str) -> None:
    answer = nobody("GET", path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.content.decode() == DOCUMENTS[path]()
    assert page.MARK not in DOCUMENTS[path]()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_no_browser_keeps_it_and_none_tells_where_it_was(nobody: Caller, path: str) -> None:
    headers = nobody("GET", path).headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_nothing_runs_on_it_but_its_own_files(nobody: Caller, path: str) -> None:
    said = nobody("GET", path).headers["Content-Security-Policy"]
    told = dict(part.strip().split(" ", 1) for part in said.split(";"))
    assert (told["default-src"], told["script-src"], told["style-src"]) == ("'none'", "'self'", "'self'")
    assert (told["connect-src"], told["frame-ancestors"], told["base-uri"]) == ("'self'", "'none'", "'none'")
    assert "unsafe" not in said


def test_it_may_ask_the_bucket_that_files_are_posted_to(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    told = replace(settings(), media_uploads="https://files.s3.eu-west-1.amazonaws.com/")
    monkeypatch.setattr("chalicelib.api.page.settings", lambda: told)
    said = nobody("GET", "/").headers["Content-Security-Policy"]
    assert "connect-src 'self' https://files.s3.eu-west-1.amazonaws.com;" in said
    assert policy("http://127.0.0.1:8080/_local/s3/files") == policy("http://127.0.0.1:8080/")


@pytest.mark.parametrize("path", DOCUMENTS)
def test_all_that_it_refers_to_is_there(nobody: Caller, path: str) -> None:
    found = ADDRESSES.findall(DOCUMENTS[path]())
    assert found
    for address in found:
        assert nobody("GET", f"/{address}").status == 200


def test_its_own_build_s_files_may_be_kept_for_ever(nobody: Caller) -> None:
    for name, file in page.files().items():
        answer = nobody("GET", f"/page/{page.build()}/{name}")
        assert (answer.content, answer.headers["Content-Type"]) == (file.content, file.content_type)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_build_s_file_is_this_one_s_for_now(nobody: Caller) -> None:
    answer = nobody("GET", f"/page/0123456789abcdef/{page.PLACE}")
    assert (answer.json, answer.headers["Cache-Control"]) == ({"phones": None}, "no-store")


@pytest.mark.parametrize("name", ["nothing.js", "index.html", "__init__.py", "..%2F__init__.py", "%2e%2e"])
def test_what_is_no_file_of_it_is_not_there(nobody: Caller, name: str) -> None:
    answer = nobody("GET", f"/page/{page.build()}/{name}")
    assert (answer.status, answer.json["code"], answer.json["error"]) == (
        404,
        "NOT_FOUND",
        "The page has no such file.",
    )


@pytest.mark.parametrize(("path", "status"), [("/api", 302), ("/api/", 200), ("/", 200)])
def test_a_stage_s_address_without_a_slash_leads_to_the_one_with_it(path: str, status: int) -> None:
    answer = app(
        {
            "httpMethod": "GET",
            "path": path,
            "headers": {"Host": "x.execute-api.eu-west-1.amazonaws.com", "X-Forwarded-Proto": "https"},
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "httpMethod": "GET",
                "path": path,
                "resourcePath": "/",
                "identity": {"sourceIp": "192.0.2.1"},
            },
            "body": None,
            "isBase64Encoded": False,
        },
        None,
    )
    assert answer["statusCode"] == status
    if status == 302:
        assert answer["headers"]["Location"] == "/api/"


def test_a_build_is_named_after_all_that_is_in_it() -> None:
    assert re.fullmatch("[0-9a-f]{16}", page.build())
    assert f"page/{page.build()}/" in page.index()
    assert json.loads(page.files()[page.PLACE].content) == {"phones": None}
