"""Webhooks as both families' callers meet them: which addresses are taken, and who is shown the secret."""

from dataclasses import replace

import pytest

from chalicelib.domain.access import Role
from tests.api.conftest import Caller, World
from tests.makers import NOW, SECRET, a_running_session

URL = "https://example.com/hook"
CREATES = [("/api/sessions", "webhook_url"), ("/sessions", "webhookUrl")]
SHOWS = ["/api/sessions/ana", "/sessions/ana"]


def with_webhook(world: World) -> None:
    world.put(a_running_session(webhook_url=URL, webhook_secret=SECRET))


def test_a_new_session_s_secret_is_told_to_who_made_it(ana: Caller) -> None:
    assert ana("POST", "/api/sessions", {"webhook_url": URL}).json["data"]["webhook_secret"] == SECRET
    assert ana("POST", "/sessions", {"webhookUrl": URL}).json["webhookSecret"] == SECRET


def test_a_session_without_a_webhook_has_no_secret(world: World, ana: Caller) -> None:
    assert "webhook_secret" not in ana("POST", "/api/sessions").json["data"]
    assert "webhookSecret" not in ana("POST", "/sessions").json
    assert {session.webhook_secret for session in world.stores.sessions.rows.values()} == {None}


@pytest.mark.parametrize("path", SHOWS)
@pytest.mark.parametrize(("role", "shown"), [(Role.ADMIN, True), (Role.MEMBER, True), (Role.READ_ONLY, False)])
def test_it_is_shown_again_to_those_who_may_change_the_session(
    world: World, nobody: Caller, path: str, role: Role, shown: bool
) -> None:
    with_webhook(world)
    answer = Caller(nobody.client, world.token(role=role))("GET", path)
    assert answer.status == 200
    assert (SECRET.encode() in answer.content) is shown


@pytest.mark.parametrize("path", ["/api/sessions", "/sessions"])
def test_a_list_shows_no_secret(world: World, ana: Caller, path: str) -> None:
    with_webhook(world)
    assert SECRET.encode() not in ana("GET", path).content


def test_neither_does_the_answer_to_a_second_create(world: World, ana: Caller) -> None:
    with_webhook(world)
    refused = ana("POST", "/sessions", {"sessionId": "ana", "webhookUrl": URL})
    assert (refused.status, SECRET.encode() in refused.content) == (409, False)


def test_an_endpoint_that_is_gone_is_shown_as_such(world: World, ana: Caller) -> None:
    with_webhook(world)
    (session,) = world.stores.sessions.rows.values()
    world.put(replace(session, webhook_disabled_at=NOW))
    assert ana("GET", "/api/sessions/ana").json["data"]["webhook_disabled_at"] == "2027-01-15T08:00:00.000Z"
    assert ana("GET", "/sessions/ana").json["webhookDisabledAt"] == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize(("path", "field"), CREATES)
@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://localhost/hook",
        "https://127.0.0.1/hook",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://user:secret@example.com/",
        "https://intranet/hook",
    ],
)
def test_an_address_that_no_webhook_may_go_to_is_refused(
    world: World, ana: Caller, path: str, field: str, url: str
) -> None:
    answer = ana("POST", path, {field: url})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", field)
    assert "secret@" not in answer.json["error"]
    assert not world.stores.sessions.rows
