"""Tickets for WebSockets: given over HTTP, good for one handshake."""

from collections.abc import Callable

import pytest

from chalicelib.domain.access import LIFE, Role
from chalicelib.domain.watchers import LIFETIME, Watcher
from tests.api.conftest import Caller, World
from tests.api.test_sockets import FORM, knock
from tests.makers import a_session


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


@pytest.fixture(autouse=True)
def sessions(world: World) -> None:
    world.put(a_session())
    world.put(a_session(id="bob", uid="bob"))


def a_ticket(caller: Caller, **body: str) -> str:
    answer = caller("POST", "/api/ws-ticket", body)
    assert answer.status == 200, answer.content
    ticket: str = answer.json["data"]["ticket"]
    return ticket


def knocks(ticket: str, session: str = "ana") -> int:
    return knock(FORM | {"token": ticket, "sb_session": session})


def test_a_ticket_says_how_long_it_is_good(world: World, ana: Caller) -> None:
    told = ana("POST", "/api/ws-ticket").json["data"]
    assert told["ticket"].startswith("wst_")
    assert told["expires_in"] == LIFE // 1000
    assert told["ticket"] not in str(world.stores.tickets.rows)


def test_a_ticket_opens_one_websocket_of_its_holder(world: World, ana: Caller) -> None:
    ticket = a_ticket(ana)
    assert knocks(ticket) == 200
    watcher = world.stores.watchers.get("w1")
    assert watcher
    assert (watcher.tenant, watcher.session, watcher.principal) == ("default", "ana", "ana")
    # The WebSocket lives as long as one that was opened by the token, not as the ticket.
    assert watcher.expires_at == world.clock.now + LIFETIME
    world.stores.watchers.remove("w1")
    assert knocks(ticket) == 401
    assert not world.stores.watchers.rows


def test_a_ticket_is_spent_with_a_handshake_that_was_refused(ana: Caller) -> None:
    ticket = a_ticket(ana)
    assert knocks(ticket, "nobody") == 404
    assert knocks(ticket) == 401


def test_a_ticket_is_good_for_a_minute(world: World, ana: Caller) -> None:
    in_time, late = a_ticket(ana), a_ticket(ana)
    world.clock.now += LIFE - 1
    assert knocks(in_time) == 200
    world.clock.now += 1
    assert knocks(late) == 401


@pytest.mark.parametrize("forged", ["wst_", "wst_" + "x" * 43, "wst_" + "x" * 44, "wst_../..", "wst_" + "é" * 43])
def test_a_forged_ticket_opens_nothing(world: World, ana: Caller, forged: str) -> None:
    a_ticket(ana)
    assert knocks(forged) == 401
    assert not world.stores.watchers.rows


def test_a_ticket_is_no_credential_for_anything_else(world: World, nobody: Caller, ana: Caller) -> None:
    ticket = a_ticket(ana)
    assert Caller(nobody.client, ticket)("GET", "/api/sessions").status == 401
    assert nobody("GET", "/api/sessions", X_API_Key=ticket).status == 401
    assert knock({"sb_dialect": "socketio", "EIO": "4", "transport": "websocket", "token": ticket}) == 401
    assert knocks(ticket) == 200


def test_a_ticket_stays_in_its_tenant(world: World, nobody: Caller) -> None:
    assert knocks(a_ticket(Caller(nobody.client, world.token(tenant="other")))) == 404


def test_a_ticket_for_one_session_opens_no_other(ana: Caller) -> None:
    assert knocks(a_ticket(ana, session_id="bob")) == 404
    assert knocks(a_ticket(ana, session_id="ana")) == 200


def test_an_id_that_no_session_can_have_gets_no_ticket(ana: Caller) -> None:
    answer = ana("POST", "/api/ws-ticket", {"session_id": "../ana"})
    assert (answer.status, answer.json["field"]) == (400, "session_id")


def test_who_may_only_read_gets_a_ticket(world: World, nobody: Caller) -> None:
    assert knocks(a_ticket(Caller(nobody.client, world.token(role=Role.READ_ONLY)))) == 200


def test_a_key_that_opens_no_websocket_gets_a_ticket_that_does(world: World, nobody: Caller) -> None:
    bound = Caller(nobody.client, world.key(session="bob"))
    assert knocks(a_ticket(bound)) == 404
    assert knocks(a_ticket(bound), "bob") == 200
    answer = bound("POST", "/api/ws-ticket", {"session_id": "ana"})
    assert (answer.status, answer.json["field"]) == (403, "session_id")


def change_the_password(world: World) -> None:
    world.users.change("default", "ana", password="another one")


def remove_the_user(world: World) -> None:
    world.users.remove("default", "ana")


def revoke_the_keys(world: World) -> None:
    [key] = world.stores.api_keys.rows.values()
    world.api_keys.revoke_all(key.owner)


ENDS = pytest.mark.parametrize(
    ("end", "by_key"), [(change_the_password, False), (remove_the_user, False), (revoke_the_keys, True)]
)


@ENDS
def test_a_ticket_ends_with_the_credential_that_it_was_given_for(
    world: World, nobody: Caller, end: Callable[[World], None], by_key: bool
) -> None:
    ticket = a_ticket(Caller(nobody.client, world.key() if by_key else world.token()))
    end(world)
    assert knocks(ticket) == 401


@ENDS
def test_a_credential_that_ends_during_the_handshake_lets_nobody_in(
    world: World, nobody: Caller, monkeypatch: pytest.MonkeyPatch, end: Callable[[World], None], by_key: bool
) -> None:
    ticket, add = a_ticket(Caller(nobody.client, world.key() if by_key else world.token())), world.stores.watchers.add

    def ended_before(watcher: Watcher) -> None:
        end(world)
        add(watcher)

    monkeypatch.setattr(world.stores.watchers, "add", ended_before)
    assert knocks(ticket) == 401
    assert not world.stores.watchers.rows


def test_a_revoked_key_s_watcher_is_closed(world: World, nobody: Caller) -> None:
    assert knocks(a_ticket(Caller(nobody.client, world.key()))) == 200
    revoke_the_keys(world)
    assert not world.stores.watchers.rows


def test_a_ticket_for_the_empty_id_is_none_for_all(ana: Caller) -> None:
    answer = ana("POST", "/api/ws-ticket", {"session_id": ""})
    assert (answer.status, answer.json["field"]) == (400, "session_id")
