"""The page's files as the local front serves them: as CloudFront does from the bucket."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from aiohttp import web

from chalicelib import page
from infra.local.bucket import edge_headers
from infra.local.front import PHONES, loopback_socket, serve
from infra.local.page import Credentials, PageSite
from infra.template import TEMPLATE, load_template

POLICIES = load_template(TEMPLATE).of_type("AWS::CloudFront::ResponseHeadersPolicy")
HEADERS = edge_headers(POLICIES["PageHeaders"])


def got(
    path: str, look: Callable[[bytes, Any], Any], phones: str | None = None, known: Credentials | None = None
) -> tuple[int, Any]:
    """Ask for a path; return the status, and what ``look`` finds in the body and the headers."""

    async def ask() -> tuple[int, Any]:
        app = web.Application()
        PageSite(phones, HEADERS, known).add_to(app)
        async with AsyncExitStack() as ending, aiohttp.ClientSession() as http:
            url = await serve(ending, app, loopback_socket())
            async with http.get(url + path) as answer:
                return answer.status, look(await answer.read(), answer.headers)

    return asyncio.run(ask())


def a_file(name: str) -> str:
    return f"/page/{page.build()}/{name}"


def test_a_file_comes_with_its_type_the_edge_s_headers_and_may_be_kept_for_ever() -> None:
    def look(body: bytes, headers: Any) -> Any:
        assert headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        return body, headers["Content-Type"], headers["Cache-Control"]

    css = page.files()["style.css"]
    assert got(a_file("style.css"), look) == (200, (css.content, css.content_type, page.KEPT))


def test_the_page_is_told_where_the_virtual_phones_are_if_there_are_any() -> None:
    def look(body: bytes, headers: Any) -> Any:
        return body, headers["Cache-Control"]

    assert got(a_file(page.PLACE), look, PHONES) == (200, (b'{"phones": "_local/whatsapp/"}', "no-store"))
    assert got(a_file(page.PLACE), look) == (200, (b'{"phones": null}', "no-store"))


def test_the_page_offers_to_sign_in_with_credentials_that_are_nobody_s_secret() -> None:
    known = Credentials("admin", "admin123")
    (status, place) = got(a_file(page.PLACE), lambda body, _: json.loads(body), PHONES, known)
    assert (status, place["credentials"]) == (200, {"username": "admin", "password": "admin123"})


def test_what_the_bucket_doesn_t_have_is_denied_as_s3_does() -> None:
    def look(body: bytes, headers: Any) -> Any:
        return b"<Code>AccessDenied</Code>" in body, headers["X-Content-Type-Options"]

    for path in (a_file("nothing.js"), a_file("index.html"), "/page/0123456789abcdef/style.css"):
        assert got(path, look) == (403, (True, "nosniff"))


def test_the_modules_of_the_virtual_phone_are_there_with_the_phones_and_nowhere_else() -> None:
    def look(body: bytes, headers: Any) -> Any:
        return b"phoneBeside" in body, headers["Cache-Control"], headers["Content-Type"]

    assert got(a_file("phone.js"), look, PHONES) == (200, (True, "no-store", page.TYPES[".js"]))
    assert got(a_file("phone.js"), lambda body, _: b"AccessDenied" in body) == (403, True)
    assert "phone.js" not in page.files()
