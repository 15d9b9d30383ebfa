import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.poster import Endpoint, NotAnEndpoint, endpoint


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com", Endpoint(True, "example.com", 443, "/")),
        ("https://Example.COM:8443/a/b?c=d&e#f", Endpoint(True, "example.com", 8443, "/a/b?c=d&e")),
        ("https://example.com./hook", Endpoint(True, "example.com", 443, "/hook")),
        (
            "https://bücher.example/straße?q=ü%20x",
            Endpoint(True, "xn--bcher-kva.example", 443, "/stra%C3%9Fe?q=%C3%BC%20x"),
        ),
        ("https://[2606:4700::1111]/", Endpoint(True, "2606:4700::1111", 443, "/")),
    ],
)
def test_a_public_https_address_is_taken_apart(url, parts):
    assert endpoint(url, local=False) == parts


def test_the_host_header_says_a_port_that_isn_t_usual():
    hosts = ["https://e.example", "https://e.example:8443", "http://e.example:80", "https://[2606:4700::1111]:444"]
    told = [endpoint(url, local=True).authority for url in hosts]
    assert told == ["e.example", "e.example:8443", "e.example", "[2606:4700::1111]:444"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "example.com",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://[::1",
        "https://a..example.com/",
    ],
)
def test_what_can_t_be_a_webhook_s_is_refused(url):
    with pytest.raises(NotAnEndpoint):
        endpoint(url, local=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/hook", "http://localhost/", "https://[::1]/"])
def test_a_developer_s_own_machine_is_taken_where_that_is_allowed(url):
    assert endpoint(url, local=True)


@given(st.text(max_size=60))
def test_whatever_is_in_a_path_the_request_is_one_line_of_ascii(path):
    try:
        target = endpoint(f"https://example.com/{path}", local=False).target
    except NotAnEndpoint:
        return
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target
