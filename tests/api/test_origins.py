"""Pages from elsewhere: those on the list may call every route and read what comes, no other may."""

import pytest

from app import app
from chalicelib.api.gateway import listed
from chalicelib.config import settings
from tests.api.conftest import Caller, Reply
from tests.api.routes import a_path

PATHS = sorted(app.routes)
SHOP = "https://shop.example"


@pytest.fixture(autouse=True)
def origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{SHOP},null,http://localhost:*")
    monkeypatch.setattr("chalicelib.api.gateway.settings", settings.__wrapped__)


def told(answer: Reply) -> dict[str, str]:
    """What the answer says to a browser about pages from elsewhere."""
    names = {name.lower(): value for name, value in answer.headers.items()}
    return {name.removeprefix("access-control-"): names[name] for name in names if name.startswith("access-control-")}


@pytest.mark.parametrize("path", PATHS)
def test_a_listed_page_may_ask_at_every_path(nobody: Caller, path: str) -> None:
    answer = nobody("OPTIONS", a_path(path), Origin=SHOP)
    assert (answer.status, answer.content, told(answer)["allow-origin"]) == (204, b"", SHOP)
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(told(answer)["allow-methods"].split(", "))
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(told(answer)["allow-headers"].split(", "))


@pytest.mark.parametrize("origin", [SHOP, "null", "http://localhost:5173"])
def test_a_listed_page_may_read_answers_and_refusals(ana: Caller, nobody: Caller, origin: str) -> None:
    for answer in (
        ana("GET", "/api/sessions", Origin=origin),
        nobody("GET", "/api/sessions", Origin=origin),
        nobody("PUT", "/api/sessions", Origin=origin),
        nobody("GET", "/socket.io?EIO=4&transport=polling", Origin=origin),
    ):
        assert (told(answer)["allow-origin"], answer.headers["Vary"]) == (origin, "Origin")
        assert "Retry-After" in told(answer)["expose-headers"]
        assert "allow-credentials" not in told(answer)


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil", "http://localhost:1.evil", ""])
def test_no_other_page_may(nobody: Caller, origin: str) -> None:
    assert told(nobody("GET", "/health", Origin=origin)) == {}
    for path in ("/socket.io", "/sessions"):
        assert told(nobody("OPTIONS", path, Origin=origin)) == {}


@pytest.mark.parametrize(
    ("origin", "is_listed"),
    [
        ("http://localhost:5173", True),
        ("http://localhost", False),
        ("https://localhost:5173", False),
        ("http://localhost.evil:5173", False),
        ("http://evil:80", False),
        ("http://localhost:", False),
    ],
)
def test_a_star_is_for_any_port_and_nothing_else(origin: str, is_listed: bool) -> None:
    assert listed(origin, ["http://localhost:*"]) is is_listed
