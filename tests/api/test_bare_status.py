"""``GET /status``: the gateway, its table and the tenant's sessions in one look."""

import pytest

from chalicelib.api.bare import routes as bare_status
from chalicelib.domain.session import Status
from tests.api.conftest import Caller, World
from tests.makers import a_session


def furnish(world: World, **statuses: Status) -> None:
    for name, status in statuses.items():
        world.put(a_session(id=name, uid=name, status=status))


def test_sessions_are_counted_by_their_status(world: World, ana: Caller) -> None:
    furnish(world, a=Status.CONNECTED, b=Status.SCAN_QR, c=Status.STOPPED, d=Status.FAILED, e=Status.CONNECTED)
    world.put(a_session(id="f", uid="f", tenant="other"))
    told = ana("GET", "/status").json
    assert told["sessions"] == {
        "total": 5,
        "connected": 2,
        "pending": 1,
        "disconnected": 1,
        "failed": 1,
        "complete": True,
    }
    assert (told["api"]["status"], told["database"]["status"]) == ("ok", "connected")
    assert told["api"]["uptime"] >= 0


def test_so_many_are_counted_and_no_more(world: World, ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare_status, "COUNTED", 200)
    furnish(world, **{f"s{number}": Status.CONNECTED for number in range(301)})
    counts = ana("GET", "/status").json["sessions"]
    assert (counts["total"], counts["complete"]) == (200, False)


def test_a_bound_key_s_session_is_all_that_it_is_told_of(world: World, nobody: Caller) -> None:
    furnish(world, ana=Status.CONNECTED, bob=Status.CONNECTED)
    assert Caller(nobody.client, world.key(session="bob"))("GET", "/status").json["sessions"]["total"] == 1
    assert Caller(nobody.client, world.key(session="shop"))("GET", "/status").json["sessions"]["total"] == 0


@pytest.mark.parametrize(("allowed", "status"), [(True, 200), (False, 401)])
def test_nobody_is_told_where_that_is_allowed(world: World, nobody: Caller, allowed: bool, status: int) -> None:
    world.allow_anonymous = allowed
    assert nobody("GET", "/status").status == status
