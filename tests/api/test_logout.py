"""The end of one token: by its bearer, at once, everywhere, and of that one alone."""

import json
from collections.abc import Callable

import pytest

from chalicelib.domain.access import Role, User
from chalicelib.services.accounts.accounts import MOST_ENDED
from tests.api.conftest import Caller, World
from tests.api.routes import GUARDED, Route, a_body, a_path
from tests.api.test_sockets import FORM, knock
from tests.makers import a_session

LOGOUT = "/api/auth/logout"
POLL = "/socket.io?EIO=4&transport=polling"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


@pytest.fixture
def log_in(world: World, nobody: Caller) -> Callable[[], Caller]:
    """Logs the administrator in once more."""
    world.put(a_session())

    def log_in() -> Caller:
        answer = nobody("POST", "/api/auth/login", {"username": "admin", "password": "admin123"})
        return Caller(nobody.client, answer.json["data"]["token"])

    return log_in


def test_who_logs_out_is_out_and_the_other_tokens_stay(log_in: Callable[[], Caller]) -> None:
    here, elsewhere = log_in(), log_in()
    assert here.token != elsewhere.token
    answer = here("POST", LOGOUT)
    assert (answer.status, answer.json["success"], answer.json["data"]) == (200, True, {"logged_out": True})
    assert here("GET", "/api/sessions").status == 401
    assert elsewhere("GET", "/api/sessions").status == 200
    assert log_in()("GET", "/api/sessions").status == 200


@pytest.mark.parametrize("route", [route for route in GUARDED if route != ("POST", LOGOUT)])
def test_the_token_is_refused_by_every_route(log_in: Callable[[], Caller], route: Route) -> None:
    here = log_in()
    here("POST", LOGOUT)
    answer = here(route[0], a_path(route[1]), a_body(route[1]))
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")


def test_the_token_opens_no_websocket_no_channel_and_nothing_by_a_ticket(
    nobody: Caller, log_in: Callable[[], Caller]
) -> None:
    here = log_in()
    ticket = here("POST", "/api/ws-ticket").json["data"]["ticket"]
    here("POST", LOGOUT)
    assert knock(FORM | {"token": here.token or ""}) == 401
    assert knock(FORM | {"token": ticket}) == 401
    assert nobody("GET", f"{POLL}&token={here.token}").status == 401
    sid = json.loads(nobody("GET", POLL).content[1:])["sid"]
    nobody("POST", f"{POLL}&sid={sid}", f'40{{"token":"{here.token}"}}'.encode(), Content_Type="text/plain")
    assert nobody("GET", f"{POLL}&sid={sid}").content.startswith(b"44")


def test_what_the_token_had_opened_is_closed_and_nothing_else(
    world: World, nobody: Caller, log_in: Callable[[], Caller]
) -> None:
    here, elsewhere = log_in(), log_in()
    for watcher, caller in (("w1", here), ("w2", elsewhere)):
        bearer = world.accounts.authenticate(caller.token or "")
        world.watching.connect(watcher, bearer, session="ana", dialect="enveloped")
    assert nobody("GET", f"{POLL}&token={here.token}").status == 200
    here("POST", LOGOUT)
    assert world.sockets.closed == ["w1"]
    assert list(world.stores.watchers.rows) == ["w2"]
    assert not world.stores.channels.rows
    assert nobody("GET", f"{POLL}&token={elsewhere.token}").status == 200
    log_in()("POST", LOGOUT)
    assert list(world.stores.watchers.rows) == ["w2"]
    assert len(world.stores.channels.rows) == 1


def test_logging_out_again_is_no_error(world: World, log_in: Callable[[], Caller]) -> None:
    here = log_in()
    answers = [here("POST", LOGOUT) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    world.users.change("default", "admin", password="another one")
    assert here("POST", LOGOUT).status == 200


def test_an_api_key_is_not_logged_out(world: World, nobody: Caller) -> None:
    key = Caller(nobody.client, world.key())
    answer = key("POST", LOGOUT)
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert key("GET", "/api/sessions").status == 200


def test_a_token_of_before_tokens_had_ids_is_ended_too(world: World, nobody: Caller) -> None:
    old = Caller(nobody.client, world.forged())
    assert old("POST", LOGOUT).status == 200
    assert old("GET", "/api/sessions").status == 401
    assert Caller(nobody.client, world.token())("GET", "/api/sessions").status == 200


def test_a_user_remembers_so_many_ended_tokens_and_then_all_are_over(
    world: World, log_in: Callable[[], Caller]
) -> None:
    here = log_in()
    for _ in range(MOST_ENDED):
        log_in()("POST", LOGOUT)
    assert here("GET", "/api/sessions").status == 200
    log_in()("POST", LOGOUT)
    assert here("GET", "/api/sessions").status == 401
    assert world.stores.users.rows["admin"].ended_tokens == {}


def test_what_has_expired_is_remembered_no_more(world: World, log_in: Callable[[], Caller]) -> None:
    log_in()("POST", LOGOUT)
    user: User = world.stores.users.rows["admin"]
    [(first, until)] = user.ended_tokens.items()
    world.clock.now = until
    bearer = world.accounts.bearer(world.token(role=Role.ADMIN))
    world.accounts.log_out(bearer)
    assert first in world.stores.users.rows["admin"].ended_tokens, "another user's logout changes nothing here"
    log_in()("POST", LOGOUT)
    assert first not in world.stores.users.rows["admin"].ended_tokens
