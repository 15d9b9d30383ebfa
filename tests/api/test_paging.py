"""Pages asked for in words that there are, and in none that there aren't."""

import pytest

from app import ROUTERS
from tests.api.conftest import Caller, World
from tests.api.routes import NEEDS, a_path
from tests.makers import a_session

READS = sorted(path for method, path in NEEDS if method == "GET")
TAKES = {
    route.path: {taken.name for taken in route.takes}
    for router in ROUTERS
    for route in router.routes
    if route.method == "GET"
}
LISTS = [path for path in READS if "limit" in TAKES[path]]


@pytest.fixture(autouse=True)
def ana_s(world: World) -> None:
    world.put(a_session())


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    "word", ["offset", "page", "skip", "per_page", "pageSize", "cursor", "starting_after", "limit"]
)
def test_a_word_for_pages_that_a_route_does_not_have_is_refused_by_name(ana: Caller, path: str, word: str) -> None:
    if word in TAKES[path]:
        of_an_event = path.endswith("/timeline")
        value = (
            ("2026-01-01T00:00:00.000_1" if of_an_event else "01KDVM3W00MESSAGE0000000A1") if word == "cursor" else "1"
        )
        assert ana("GET", f"{a_path(path)}?{word}={value}").status == 200
        return
    answer = ana("GET", f"{a_path(path)}?{word}=1")
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "INVALID_FIELD", word)
    hint = "Pages are asked for by limit and" if path in LISTS else "There is one page"
    assert hint in answer.content.decode()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("word", ["count", "size", "take", "start"])
def test_so_are_vaguer_words_where_there_is_a_list(ana: Caller, path: str, word: str) -> None:
    assert ana("GET", f"{a_path(path)}?{word}=1").error["field"] == word


@pytest.mark.parametrize("query", ["t=17", "_=1", "utm_source=x", "size=300", "sort=name", "session=x&foo=&bar"])
def test_other_unknown_parameters_are_ignored(ana: Caller, query: str) -> None:
    assert ana("GET", f"/api/sessions/ana?{query}").status == 200


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/api/sessions", "a%20b"),
        ("/api/sessions", "-a"),
        ("/sessions", "%C3%A9"),
        ("/sessions", "x" * 65),
        ("/api/admin/users", "%2F"),
        ("/api/admin/api-keys", "a-b"),
        ("/api/admin/api-keys", "zzz"),
        ("/api/admin/tenants", "A"),
    ],
)
def test_a_cursor_that_no_page_can_have_given_is_refused(ana: Caller, path: str, value: str) -> None:
    answer = ana("GET", f"{path}?after={value}")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", "after")


def test_nobody_is_told_more_without_a_credential(nobody: Caller) -> None:
    assert nobody("GET", "/api/sessions?page=2").status == 401


def test_a_monitor_may_put_what_it_likes_into_its_address(nobody: Caller) -> None:
    assert nobody("GET", "/health?page=1").status == 200
