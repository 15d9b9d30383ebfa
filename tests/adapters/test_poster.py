"""The poster against real servers on this machine, as far as that is what is tested; else it is refused first."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from chalicelib.adapters.poster import AddressRefused, HttpPoster, admitted, retry_after
from chalicelib.domain.webhook import Outcome
from tests.receivers import listening

LOCAL = HttpPoster(local=True)
PUBLIC = HttpPoster(local=False)


@contextmanager
def a_server_that(does: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that does so to its one connection; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            # The poster may hang up first.
            with connection, suppress(OSError):
                does(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(10)
        assert not thread.is_alive()


def test_a_post_arrives_as_it_was_given():
    with listening((204, {})) as receiver:
        assert LOCAL.post(receiver.url, b'{"a":1}', {"webhook-id": "01E"}) == Outcome(204)
    (got,) = receiver.received
    assert (got.target, got.body) == ("/hook?from=switchboard", b'{"a":1}')
    assert (got.headers["webhook-id"], got.headers["Content-Type"]) == ("01E", "application/json")
    assert got.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["User-Agent"].startswith("Switchboard")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(status):
    with listening() as elsewhere, listening((status, {"Location": elsewhere.url})) as receiver:
        assert LOCAL.post(receiver.url, b"{}", {}) == Outcome(status)
    assert elsewhere.received == []


def test_what_an_endpoint_asks_for_is_told():
    with listening((429, {"Retry-After": "17"})) as receiver:
        assert LOCAL.post(receiver.url, b"{}", {}) == Outcome(429, 17)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("9" * 50, 999_999_999),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after(value, now=100.0) == seconds


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "https://localhost:{port}/", "https://127.1:{port}/"])
def test_without_the_local_setting_nothing_on_this_machine_is_reached(url):
    with listening() as receiver:
        assert PUBLIC.post(url.format(port=receiver.port), b"{}", {}) == Outcome(trouble="not_an_endpoint")
    assert receiver.received == []


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/"]
)
def test_even_with_it_nothing_in_the_inner_network_is(url):
    assert LOCAL.post(url, b"{}", {}) == Outcome(trouble="address_refused")


def test_every_address_of_a_name_must_be_public():
    assert admitted(["8.8.8.8", "2606:4700::1111"], local=False)
    for addresses in (["8.8.8.8", "10.0.0.1"], ["::ffff:10.0.0.1"], []):
        with pytest.raises(AddressRefused):
            admitted(addresses, local=True)
    with pytest.raises(AddressRefused):
        admitted(["8.8.8.8", "127.0.0.1"], local=False)


def test_a_name_that_nobody_has_is_told():
    assert LOCAL.post("http://nobody.invalid/", b"{}", {}) == Outcome(trouble="not_resolved")


def test_a_port_that_nobody_listens_at_is_told():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert LOCAL.post(f"http://127.0.0.1:{port}/", b"{}", {}) == Outcome(trouble="connection")


def test_an_endpoint_that_drips_is_given_up_on_after_the_time_of_an_attempt():
    hung_up = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        while not hung_up.wait(0.05):
            connection.sendall(b"H")

    with a_server_that(drip) as url:
        began = time.monotonic()
        assert HttpPoster(local=True, timeout=0.5).post(url, b"{}", {}) == Outcome(trouble="timeout")
        assert time.monotonic() - began < 2
        hung_up.set()


def test_an_endpoint_that_says_nothing_is_given_up_on():
    done = threading.Event()
    with a_server_that(lambda _: done.wait(10)) as url:
        assert HttpPoster(local=True, timeout=0.3).post(url, b"{}", {}) == Outcome(trouble="timeout")
        done.set()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "no_http"),
        (b"HTTP/1.1 twohundred OK\r\n\r\n", "no_http"),
        (b"", "connection"),
    ],
)
def test_an_answer_that_isn_t_http_is_told(answer, trouble):
    def say(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with a_server_that(say) as url:
        assert LOCAL.post(url, b"{}", {}) == Outcome(trouble=trouble)


@pytest.mark.parametrize("endless", [b"X: y\r\n", b"x"])
def test_an_answer_without_end_is_cut_off(endless):
    def flood(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + endless * 200_000)

    with a_server_that(flood) as url:
        assert LOCAL.post(url, b"{}", {}).trouble in {"no_http", "connection"}


def test_the_body_of_an_answer_isn_t_waited_for():
    done = threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        done.wait(10)

    with a_server_that(stall) as url:
        assert LOCAL.post(url, b"{}", {}) == Outcome(200)
        done.set()


def test_over_tls_the_certificate_must_be_the_name_s_though_an_address_is_connected_to(authority):
    root, serving = authority
    poster = HttpPoster(local=True, trust=lambda: ssl.create_default_context(cafile=root))
    asked: list[str | None] = []
    context = serving("localhost")
    context.sni_callback = lambda _sock, name, _context: asked.append(name)
    with listening(tls=context) as receiver:
        assert poster.post(f"https://localhost:{receiver.port}/", b"{}", {}) == Outcome(200)
        assert poster.post(f"https://127.0.0.1:{receiver.port}/", b"{}", {}) == Outcome(trouble="tls")
    assert (asked[0], len(receiver.received)) == ("localhost", 1)


def test_a_certificate_of_another_name_or_of_nobody_known_is_refused(authority):
    root, serving = authority
    with listening(tls=serving("elsewhere.example")) as receiver:
        url = f"https://localhost:{receiver.port}/"
        knowing = HttpPoster(local=True, trust=lambda: ssl.create_default_context(cafile=root))
        assert knowing.post(url, b"{}", {}) == Outcome(trouble="tls")
        assert LOCAL.post(url, b"{}", {}) == Outcome(trouble="tls")
    assert receiver.received == []


def test_a_handshake_that_drags_on_is_given_up_on():
    done = threading.Event()
    with a_server_that(lambda _: done.wait(10)) as url:
        slow = HttpPoster(local=True, timeout=0.3)
        assert slow.post(url.replace("http:", "https:"), b"{}", {}) == Outcome(trouble="timeout")
        done.set()
