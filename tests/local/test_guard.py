import pytest

from infra.local.front import is_local, refusal


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST:8080"])
def test_this_machines_names_are_welcome(host):
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "[::1", "10.0.0.1", "a@localhost:b"],
)
def test_other_names_are_not(host):
    assert not is_local(host)


def test_a_name_that_resolves_here_is_refused():
    assert "localhost" in (refusal("rebound.example:8080", None) or "")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_page_from_elsewhere_is_refused(origin):
    assert refusal("localhost:8080", origin) is not None


def test_a_page_of_this_machine_is_welcome_on_any_port():
    assert refusal("localhost:8080", "http://localhost:3000") is None


def test_a_page_that_the_developer_invited_is_welcome(monkeypatch):
    monkeypatch.setenv("ALLOWED_ORIGINS", "null,https://shop.example")
    assert refusal("localhost:8080", "null") is None
    assert refusal("localhost:8080", "https://shop.example") is None
    assert refusal("localhost:8080", "https://evil.example") is not None
    assert refusal("rebound.example:8080", "null") is not None
