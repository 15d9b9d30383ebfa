"""How soon a credential that was ended can't send any more, and do anything else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Role, fingerprint
from chalicelib.services.accounts.recognition import GOOD_FOR
from tests.api.conftest import Caller, World
from tests.makers import a_running_session

SEND = "/api/sessions/ana/send"
TEXT = {"to": "628777000001", "message": "Hi"}


def revoked(world: World, key: str) -> None:
    stands = world.stores.api_keys.get(fingerprint(key) or "")
    assert stands
    world.stores.api_keys.remove(stands)


def disabled(world: World, _: str) -> None:
    change_user(world, disabled=True)


def with_a_new_password(world: World, _: str) -> None:
    change_user(world, token_generation=99)


def with_a_lesser_role(world: World, _: str) -> None:
    change_user(world, role=Role.READ_ONLY)


def change_user(world: World, **fields: Any) -> None:
    for name, user in world.stores.users.rows.items():
        world.stores.users.rows[name] = replace(user, **fields)


@pytest.mark.parametrize(
    ("kind", "end", "refusal"),
    [
        ("key", revoked, 401),
        ("token", disabled, 401),
        ("token", with_a_new_password, 401),
        ("token", with_a_lesser_role, 403),
    ],
)
def test_a_credential_that_ended_sends_for_seconds_at_the_most_and_does_nothing_else(
    world: World, nobody: Caller, kind: str, end: Callable[[World, str], None], refusal: int
) -> None:
    world.put(a_running_session())
    given = world.key() if kind == "key" else world.token()
    caller = Caller(nobody.client, given)
    assert caller("POST", SEND, TEXT).status < 300
    end(world, given)
    assert caller("DELETE", "/api/sessions/ana").status == refusal
    world.clock.now += GOOD_FOR
    assert caller("POST", SEND, TEXT).status == refusal
