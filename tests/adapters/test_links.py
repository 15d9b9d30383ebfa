"""Links against real servers on this machine, as far as one may be fetched from; else they are refused first."""

import io
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.adapters import links as module
from chalicelib.adapters.links import HttpLinks
from chalicelib.services.ports.media import LinkFailed, LinkRefused, LinkTooLarge, LinkUnavailable

LOCAL = HttpLinks(local=True)
BODY = bytes(range(256)) * 1000


@dataclass
class Site:
    """A web server; ``pages`` says what it does for a path."""

    url: str
    pages: dict[str, Callable[[BaseHTTPRequestHandler], None]]
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, dict(self.headers)))
            with suppress(OSError):
                found.pages[self.path](self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found = Site(f"http://127.0.0.1:{server.server_port}", {})
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def a_file(body: bytes = BODY, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | said).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def a_redirect(to: str, status: int = 302) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", to)
        handler.end_headers()

    return answer


def fetched(url: str, links: HttpLinks = LOCAL, largest: int = 1 << 20) -> tuple[bytes, str | None]:
    into = io.BytesIO()
    mimetype = links.fetch(url, into, largest=largest)
    return into.getvalue(), mimetype


def test_a_file_comes_as_it_lies_there(site: Site) -> None:
    site.pages["/a%20b?x=1"] = a_file(Content_Type="image/png; x=y")
    assert fetched(site.url + "/a b?x=1") == (BODY, "image/png; x=y")
    ((_, headers),) = site.asked
    assert headers["User-Agent"].startswith("Switchboard")
    assert {"Cookie", "Authorization", "Referer"}.isdisjoint(headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_also_to_a_path(site: Site, status: int) -> None:
    site.pages |= {"/1": a_redirect("/2", status), "/2": a_redirect(f"{site.url}/3"), "/3": a_redirect("4")}
    site.pages["/4"] = a_file(b"here")
    assert fetched(f"{site.url}/1")[0] == b"here"


def test_a_fourth_redirect_is_too_many(site: Site) -> None:
    site.pages |= {f"/{place}": a_redirect(f"/{place + 1}") for place in range(9)}
    with pytest.raises(LinkFailed, match="more than 3"):
        fetched(f"{site.url}/1")
    assert [path for path, _ in site.asked] == ["/1", "/2", "/3", "/4"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a",
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://user:secret@example.com/a",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "data:text/plain,x",
        "example.com/a",
        "https://2130706433/",
        "",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_an_address_that_is_not_public_is_refused_unasked(url: str) -> None:
    with pytest.raises(LinkRefused) as refused:
        fetched(url, HttpLinks(local=False))
    assert "secret" not in str(refused.value)
    assert str(refused.value)


@pytest.mark.parametrize(
    "to", ["http://10.0.0.1/x", "http://169.254.169.254/", "file:///etc/passwd", "http://a@127.0.0.1/", "//10.1.1.1/x"]
)
def test_a_redirect_to_where_nothing_is_fetched_from_is_refused(site: Site, to: str) -> None:
    site.pages["/1"] = a_redirect(to)
    with pytest.raises(LinkRefused):
        fetched(f"{site.url}/1")


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "resolved", lambda *_: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(LinkRefused):
        fetched("https://example.com/a", HttpLinks(local=False))


def test_what_is_announced_too_large_is_not_read(site: Site) -> None:
    site.pages["/"] = a_file(b"x", Content_Length="1048577")
    with pytest.raises(LinkTooLarge):
        fetched(site.url + "/")


def test_a_download_without_end_ends_at_the_limit(site: Site) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65_536)

    site.pages["/"] = endless
    into = io.BytesIO()
    with pytest.raises(LinkTooLarge):
        LOCAL.fetch(site.url + "/", into, largest=1_000_000)
    assert len(into.getvalue()) <= 1_000_000


def test_a_server_that_drips_is_given_up_in_time(site: Site) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)

    site.pages["/"] = drip
    with pytest.raises(LinkFailed, match="too long"):
        fetched(site.url + "/", HttpLinks(local=True, timeout=0.5))


def test_redirects_share_the_time(site: Site) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.4)
        a_redirect("/")(handler)

    site.pages["/"] = slow
    with pytest.raises(LinkFailed, match="too long"):
        fetched(site.url + "/", HttpLinks(local=True, timeout=0.6))


@pytest.mark.parametrize(
    ("page", "sentence", "passes"),
    [
        (a_file(b"half", Content_Length="10"), "broke off", True),
        (a_file(b"x", Content_Encoding="gzip"), "coding", False),
        (lambda handler: handler.send_error(403), "status 403", False),
        (lambda handler: handler.send_error(404), "status 404", False),
        (lambda handler: handler.send_error(429), "status 429", True),
        (lambda handler: handler.send_error(500), "status 500", True),
        (lambda handler: handler.send_error(503), "status 503", True),
        (lambda handler: handler.wfile.write(b"what?"), "reached", False),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 302 Found\r\n\r\n"), "status 302", False),
        (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), "reached", True),
    ],
)
def test_an_answer_that_is_no_file_is_said_to_be_none_and_whether_that_passes(
    *, site: Site, page: Callable[[BaseHTTPRequestHandler], None], sentence: str, passes: bool
) -> None:
    site.pages["/"] = page
    with pytest.raises(LinkFailed, match=sentence) as failed:
        fetched(site.url + "/")
    assert "127.0.0.1" not in str(failed.value)
    assert isinstance(failed.value, LinkUnavailable) is passes


@pytest.mark.parametrize(("number", "passes"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)])
def test_a_name_that_nobody_has_stays_so_and_a_silent_resolver_does_not(
    monkeypatch: pytest.MonkeyPatch, *, number: int, passes: bool
) -> None:
    def unresolved(*_: object) -> list[str]:
        raise socket.gaierror(number, "No.")

    monkeypatch.setattr(module, "resolved", unresolved)
    with pytest.raises(LinkFailed, match="reached") as failed:
        fetched("https://example.com/a", HttpLinks(local=False))
    assert isinstance(failed.value, LinkUnavailable) is passes


def test_a_server_that_is_not_there(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(LinkUnavailable, match="reached"):
        fetched(f"http://127.0.0.1:{port}/")


@contextmanager
def measured() -> Iterator[list[int]]:
    most: list[int] = []
    tracemalloc.start()
    try:
        yield most
        most.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def test_a_large_file_takes_no_memory(site: Site) -> None:
    def large(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        for _ in range(320):
            handler.wfile.write(PIECE)

    site.pages["/"] = large
    with measured() as most, open("/dev/null", "wb") as into:  # noqa: PTH123
        LOCAL.fetch(site.url + "/", into, largest=32 << 20)
    assert most[0] < 4 << 20


PIECE = bytes(65_536)
