"""Codes are for those who may link an account: whoever else asks, wherever, sees how the session stands without them."""

import base64

import pytest

from chalicelib.domain.access import Permission, Role
from chalicelib.domain.picture import ascii_art
from chalicelib.domain.session import QRCode, Status
from chalicelib.domain.watchers import Watcher
from tests.api.conftest import Caller, World
from tests.api.routes import GUARDED, NEEDS, Route, a_body, a_path
from tests.api.test_sockets import FORM, knock
from tests.makers import a_code, a_running_session

ASKS_FOR_A_CODE = [
    ("GET", "/api/sessions/ana/qr"),
    ("GET", "/api/sessions/ana/qr?format=png"),
    ("GET", "/api/sessions/ana/qr?format=raw&wait=0"),
    ("GET", "/sessions/ana/qr"),
    ("GET", "/sessions/ana/qr?format=ascii"),
    ("GET", "/sessions/ana/qr?format=svg"),
    ("GET", "/whatsapp/companies/default/qrcode?session=ana"),
    ("POST", "/api/v1/qr"),
    ("GET", "/v1/sessions/ana/qr"),
    ("GET", "/v1/sessions/ana/qr?format=png"),
]


@pytest.fixture
def code(world: World) -> QRCode:
    """The code that the session ``ana`` shows."""
    code = a_code(expires_at=world.clock.now + 3_600_000)
    world.put(a_running_session(status=Status.SCAN_QR, qr=code))
    return code


def forms(code: QRCode) -> list[bytes]:
    """Every form of a code that an answer could hold, without the beginning of its data URI."""
    image = code.image.partition(",")[2]
    art = ascii_art(code.matrix)
    return [code.code.encode(), image.encode(), base64.b64decode(image), art.encode(), code.matrix.encode()]


def holds(content: bytes, code: QRCode) -> bool:
    return any(form in content for form in forms(code))


@pytest.fixture(params=["token", "key", "bound key"])
def rita(request: pytest.FixtureRequest, world: World, nobody: Caller) -> Caller:
    """A user who may only read, and that user's API keys."""
    if request.param == "token":
        return Caller(nobody.client, world.token(role=Role.READ_ONLY))
    return Caller(nobody.client, world.key(role=Role.READ_ONLY, session="ana" if "bound" in request.param else None))


@pytest.mark.parametrize("route", GUARDED)
def test_no_route_tells_a_code_to_who_may_only_read(world: World, rita: Caller, code: QRCode, route: Route) -> None:
    method, path = route[0], a_path(route[1]).replace("/companies/acme", "/companies/default")
    answer = rita(method, path, a_body(route[1]))
    assert not holds(answer.content, code), answer.content


@pytest.mark.parametrize(("method", "path"), ASKS_FOR_A_CODE)
def test_asking_for_a_code_without_the_right_to_link_is_refused_by_name(
    rita: Caller, code: QRCode, method: str, path: str
) -> None:
    answer = rita(method, path)
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert ("linking:act" if path.startswith("/v1/") else "sessions:link") in answer.content.decode()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN])
def test_who_may_link_is_given_the_code(world: World, nobody: Caller, code: QRCode, role: Role) -> None:
    for credential in (world.token(role=role), world.key(role=role, session="ana")):
        for method, path in ASKS_FOR_A_CODE:
            answer = Caller(nobody.client, credential)(method, path)
            assert answer.status == 200, path
            assert "svg" in path or holds(answer.content, code), path


def test_a_company_s_status_says_that_there_is_a_code_and_to_whom_it_is_shown(rita: Caller, code: QRCode) -> None:
    data = rita("GET", "/whatsapp/companies/default/session-status?session=ana").json["data"]
    assert (data["status"], data["needs_qr"], data["qr_code"]) == ("DISCONNECTED", True, None)
    assert "who may link" in data["qr_error"]


def test_a_read_only_caller_sees_that_a_session_waits_for_a_scan(rita: Caller, code: QRCode) -> None:
    assert rita("GET", "/api/sessions/ana").json["data"]["status"] == "SCAN_QR"


def test_a_refusal_keeps_its_code_for_those_who_may_link(world: World, rita: Caller, ana: Caller, code: QRCode) -> None:
    refused, told = rita("GET", "/api/sessions/ana/groups"), ana("GET", "/api/sessions/ana/groups")
    assert refused.status == told.status == 409
    assert refused.json["code"] == told.json["code"] == "SESSION_NOT_CONNECTED"
    assert refused.json["needs_qr"] is True
    assert "data" not in refused.json
    assert told.json["data"]["qr"] == code.code


def test_who_loses_the_right_during_the_handshake_is_not_let_in(
    world: World, nobody: Caller, monkeypatch: pytest.MonkeyPatch, code: QRCode
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    token, add = world.token(role=Role.MEMBER), world.stores.watchers.add

    def demoted_before(watcher: Watcher) -> None:
        world.users.change("default", "member.default", role=Role.READ_ONLY)
        add(watcher)

    monkeypatch.setattr(world.stores.watchers, "add", demoted_before)
    assert knock(FORM | {"token": token}) == 401
    assert not world.stores.watchers.rows


def test_the_routes_that_give_codes_need_the_right_to_link() -> None:
    asking = {
        path.partition("?")[0].replace("ana", "{id}").replace("default", "{company}") for _, path in ASKS_FOR_A_CODE
    }
    others = {
        f"/v1/sessions/{{id}}/{way}"
        for way in (
            *("start", "pairing-code", "passkey", "passkey/confirmation"),
            *("invitations", "invitations/{invitation_id}"),
        )
    }
    rights = {Permission.SESSIONS_LINK, Permission.LINKING_ACT}
    assert {path for (_, path), needs in NEEDS.items() if needs in rights} == asking | others
