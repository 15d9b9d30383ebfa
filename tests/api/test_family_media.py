"""Files of messages, at the addresses that the older families tell."""

import pytest

from chalicelib.domain.access import Role
from chalicelib.domain.media import KEPT, MediaState
from chalicelib.domain.messages import Direction
from tests.api.conftest import Caller, World
from tests.makers import a_media_file, a_running_session

FILE = "md_01JFILE000000000000000000A"
BARE = f"/sessions/ana/media/{FILE}"
TEMPORARY = f"/api/media/temp/ana_{FILE}.jpg"


@pytest.fixture(autouse=True)
def file(world: World) -> None:
    now = world.clock()
    kept = {"state": MediaState.STORED, "created_at": now, "expires_at": now + KEPT, "mimetype": "image/jpeg"}
    world.stores.media.put(a_media_file(uid=world.put(a_running_session()).uid, **kept))


@pytest.mark.parametrize("path", [BARE, TEMPORARY, TEMPORARY.removesuffix(".jpg"), f"{TEMPORARY}?expires=9999999999"])
def test_its_address_leads_to_where_it_can_be_read(ana: Caller, path: str) -> None:
    answer = ana("GET", path)
    assert (answer.status, answer.content) == (302, b"")
    assert answer.headers["Location"].startswith("https://bucket/media/default/")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [BARE, TEMPORARY])
def test_it_needs_a_credential_of_the_session_s(world: World, nobody: Caller, path: str) -> None:
    assert nobody("GET", path).status == 401
    world.put(a_running_session(id="other", uid="u2"))
    strangers = [Caller(nobody.client, world.token(tenant="acme", role=Role.ADMIN))]
    strangers += [Caller(nobody.client, world.key(session="other"))]
    assert [one("GET", path).status for one in strangers] == [404, 404]
    assert Caller(nobody.client, world.key(session="ana"))("GET", path).status == 302


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/sessions/ana/media/md_0", 404, "MEDIA_NOT_FOUND"),
        ("/api/media/temp/ana_md_0.jpg", 404, "MEDIA_NOT_FOUND"),
        ("/api/media/temp/nobody_md_0.jpg", 404, "MEDIA_NOT_FOUND"),
        ("/api/media/temp/menu.jpg", 404, "MEDIA_NOT_FOUND"),
        (f"{TEMPORARY}?expires=soon", 400, "INVALID_FIELD"),
        (f"{TEMPORARY}?expires=1600000000", 409, "MEDIA_EXPIRED"),
    ],
)
def test_what_leads_nowhere_says_so(*, ana: Caller, path: str, status: int, code: str) -> None:
    answer = ana("GET", path)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_file_that_is_being_fetched_is_to_be_asked_for_again(world: World, ana: Caller) -> None:
    uid, now = a_running_session().uid, world.clock()
    pending = {"direction": Direction.INBOUND, "created_at": now, "expires_at": now + KEPT}
    world.stores.media.put(a_media_file(uid=uid, id="md_1", **pending))
    for path in ("/sessions/ana/media/md_1", "/api/media/temp/ana_md_1"):
        answer = ana("GET", path)
        assert (answer.status, answer.json["code"]) == (409, "MEDIA_NOT_READY")
        assert "fetched from WhatsApp" in answer.json["error"]


def test_an_endpoint_is_told_files_by_the_address_that_its_owner_called(world: World, ana: Caller) -> None:
    ana("POST", "/sessions/ana/webhook", {"url": "https://example.com/hook"}, Host="gateway.example.com")
    (session,) = world.stores.sessions.rows.values()
    assert session.webhook_gateway == "http://gateway.example.com"
