"""Where an edge stands in front of the gateway, what comes around it is refused, whatever it is for."""

import json

import pytest

from chalicelib.config import settings
from chalicelib.domain.edge import CATCH_ALL
from tests.api.conftest import World
from tests.api.test_unknown import ask

SECRET, OTHER = "what only the edge knows", "what it knew before"
pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SECRET", json.dumps({"current": SECRET, "other": OTHER}))
    monkeypatch.setattr("chalicelib.api.call.settings", settings.__wrapped__)


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize(
    "headers",
    [{}, {"X_Switchboard_Edge": "guessed"}, {"X_Switchboard_Edge": ""}, {"X_Switchboard_Viewer": "203.0.113.9"}],
)
@pytest.mark.parametrize(
    ("method", "path", "resource"),
    [("GET", "/health", "/health"), ("GET", "/v1/sessions", "/v1/sessions"), ("POST", "/api/no/such/path", CATCH_ALL)],
)
def test_a_request_around_the_edge_is_refused_in_its_family_s_words(
    method: str, path: str, resource: str, headers: dict[str, str]
) -> None:
    answer = ask(method, path, resource=resource, **headers)
    assert answer.status == 403
    assert '"code":"NOT_THROUGH_THE_EDGE"' in answer.content.decode()


@pytest.mark.usefixtures("edge")
def test_a_browser_isn_t_told_there_which_pages_may_call() -> None:
    answer = ask("OPTIONS", "/v1/sessions", resource="/v1/sessions", Origin="https://app.example.com")
    assert (answer.status, answer.headers.get("Access-Control-Allow-Origin")) == (403, None)


@pytest.mark.usefixtures("edge")
def test_a_refused_head_has_no_body() -> None:
    answer = ask("HEAD", "/health", resource="/health")
    assert (answer.status, answer.content) == (403, b"")


@pytest.mark.usefixtures("edge")
def test_a_good_credential_opens_nothing_there(world: World) -> None:
    bearer = f"Bearer {world.token()}"
    assert ask("GET", "/v1/sessions", resource="/v1/sessions", Authorization=bearer).status == 403
    proven = {"Authorization": bearer, "X_Switchboard_Edge": SECRET}
    assert ask("GET", "/v1/sessions", resource="/v1/sessions", **proven).status == 200


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("proof", [SECRET, OTHER])
def test_while_the_secret_is_changed_both_values_are_good(proof: str) -> None:
    assert ask("GET", "/health", resource="/health", X_Switchboard_Edge=proof).status == 200


def test_where_there_is_no_edge_nobody_has_to_prove_anything() -> None:
    assert ask("GET", "/health", resource="/health", X_Switchboard_Edge="whatever").status == 200
