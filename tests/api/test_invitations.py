"""Invitations over HTTP and WebSocket: made by who may link, opened by anybody who has the link, once."""

import json
from typing import Any

import pytest

from chalicelib.api import sockets
from chalicelib.domain.access import Role
from chalicelib.domain.invitations import LASTS, MOST_OPEN, MOST_TICKETS
from chalicelib.domain.limits import Quotas
from chalicelib.domain.session import Desired, Reason, Session, Status
from tests.api.conftest import Caller, Reply, World
from tests.api.test_sockets import an_event
from tests.makers import DEVICE, a_code, a_running_session

HERE = "/v1/sessions/ana/invitations"
EXCHANGE = "/v1/invitations/exchange"


@pytest.fixture(autouse=True)
def session(world: World) -> Session:
    """The session ``ana``, which shows a code, and has settings of its owner's."""
    return world.put(
        a_running_session(
            status=Status.SCAN_QR,
            qr=a_code(expires_at=world.clock.now + 3_600_000),
            webhook_url="https://example.com/hook",
            webhook_secret="whsec_x",
            metadata={"branch": "seven"},
        )
    )


def secret_in(made: Reply) -> str:
    url: str = made.json["url"]
    return url.rpartition("#/link/")[2]


def opened(ana: Caller) -> Reply:
    return Caller(ana.client)("POST", EXCHANGE, {"secret": secret_in(ana("POST", HERE))})


def holder(ana: Caller) -> Caller:
    """A caller with the token of an invitation that was just opened."""
    return Caller(ana.client, opened(ana).json["token"])


def rest(world: World, session: Session, **fields: Any) -> None:
    """The session comes to rest."""
    at_rest = {"observed_generation": 1, "qr": None, "reason": None, "status": Status.STOPPED}
    values = {name: getattr(session, name) for name in session.__dataclass_fields__}
    world.put(Session(**(values | at_rest | fields)))


def test_a_link_leads_to_the_page_with_the_secret_in_the_fragment(world: World, ana: Caller) -> None:
    made = ana("POST", HERE, {"company": {"name": "Shop", "colour": "#0a7c6b"}, "language": "pt"}, Host="gw.example")
    assert made.status == 201
    assert made.json["url"].startswith("http://gw.example/#/link/inv_")
    assert made.json["company"] == {"name": "Shop", "colour": "#0a7c6b"}
    assert (made.json["session"], made.json["state"], made.json["language"]) == ("ana", "open", "pt")
    assert made.json["opened_at"] is None


def test_the_company_is_the_tenant_where_nobody_else_is_named(ana: Caller) -> None:
    assert ana("POST", HERE).json["company"] == {"name": "Default", "colour": None}
    assert ana("POST", HERE, {"company": {"colour": "#000000"}}).json["company"]["name"] == "Default"


def test_the_secret_is_told_once(ana: Caller) -> None:
    secret = secret_in(ana("POST", HERE))
    listed = ana("GET", HERE)
    assert [one["state"] for one in listed.json["data"]] == ["open"]
    assert secret.rpartition(".")[2].encode() not in listed.content


def test_the_same_request_again_makes_one_link_and_tells_it_again(world: World, ana: Caller) -> None:
    first, again = (ana("POST", HERE, {"language": "es"}, Idempotency_Key="k") for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert len(world.stores.invitations.rows) == 1
    assert ana("POST", HERE, {"language": "pt"}, Idempotency_Key="k").error["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"company": {"name": ""}}, "company.name"),
        ({"company": {"name": " \u200b"}}, "company.name"),
        ({"company": {"name": "a\nb"}}, "company.name"),
        ({"company": {"name": "x" * 61}}, "company.name"),
        ({"company": {"colour": "red"}}, "company.colour"),
        ({"company": {"colour": "#0a7c6"}}, "company.colour"),
        ({"company": {"color": "#0a7c6b"}}, "company.color"),
        ({"language": "../en"}, "language"),
        ({"expires_in": 60}, "expires_in"),
    ],
)
def test_what_can_not_be_meant_is_refused(world: World, ana: Caller, body: dict[str, Any], field: str) -> None:
    answer = ana("POST", HERE, body)
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "INVALID_FIELD", field)
    assert not world.stores.invitations.rows


def test_nobody_is_invited_to_what_is_linked(world: World, ana: Caller, session: Session) -> None:
    rest(world, session, status=Status.CONNECTED, device=DEVICE)
    answer = ana("POST", HERE)
    assert (answer.status, answer.error["code"]) == (409, "ALREADY_LINKED")


def test_there_are_so_many_links_at_a_time_and_no_more(ana: Caller) -> None:
    for _ in range(MOST_OPEN):
        assert ana("POST", HERE).status == 201
    answer = ana("POST", HERE)
    assert (answer.status, answer.error["code"]) == (409, "TOO_MANY_INVITATIONS")


def test_who_may_only_read_invites_nobody_and_sees_no_invitations(world: World, nobody: Caller, ana: Caller) -> None:
    made = ana("POST", HERE).json["id"]
    rita = Caller(nobody.client, world.token(role=Role.READ_ONLY))
    for method, path in (("POST", HERE), ("GET", HERE), ("DELETE", f"{HERE}/{made}")):
        assert rita(method, path).status == 403


def test_a_link_is_opened_once_by_anybody_who_has_it(ana: Caller, nobody: Caller) -> None:
    made = ana("POST", HERE, {"language": "pt"})
    first = nobody("POST", EXCHANGE, {"secret": secret_in(made)})
    assert first.status == 200
    assert first.json["token"].startswith("lnk_")
    assert (first.json["expires_at"], first.json["language"]) == (made.json["expires_at"], "pt")
    second = nobody("POST", EXCHANGE, {"secret": secret_in(made)})
    assert (second.status, second.error["code"]) == (410, "INVITATION_OPENED")
    assert ana("GET", HERE).json["data"][0]["state"] == "opened"


def test_why_nothing_comes_of_a_link_is_told_apart(world: World, ana: Caller, nobody: Caller, session: Session) -> None:
    revoked, used, expired = (ana("POST", HERE) for _ in range(3))
    taken_back = ana("DELETE", f"{HERE}/{revoked.json['id']}")
    assert (taken_back.status, taken_back.json["state"]) == (200, "revoked")

    def refusal(made: Reply) -> tuple[int, str]:
        answer = nobody("POST", EXCHANGE, {"secret": secret_in(made)})
        return answer.status, answer.error["code"]

    assert refusal(revoked) == (410, "INVITATION_REVOKED")
    rest(world, session, status=Status.CONNECTED, device=DEVICE, linked_at=world.clock.now)
    assert refusal(used) == (410, "INVITATION_USED")
    world.put(session)
    world.clock.now += LASTS
    assert refusal(expired) == (410, "INVITATION_EXPIRED")


@pytest.mark.parametrize("bad", ["x", "inv_", "inv_01K.01K." + "x" * 43, "lnk_01K.01K." + "x" * 43])
def test_an_unknown_link_is_not_found(nobody: Caller, bad: str) -> None:
    answer = nobody("POST", EXCHANGE, {"secret": bad})
    assert (answer.status, answer.error["code"]) == (404, "INVITATION_NOT_FOUND")
    assert bad.encode() not in answer.content


@pytest.mark.parametrize("body", [{}, {"secret": ""}, {"secret": 7}, {"secret": "x" * 300}, {"token": "x"}, []])
def test_what_is_no_secret_is_refused(nobody: Caller, body: Any) -> None:
    assert nobody("POST", EXCHANGE, body).status == 400


@pytest.mark.parametrize("name", ["nobody", "..", "a" * 40, "01KINVITATION"])
def test_an_invitation_that_is_not_there_is_not_found(ana: Caller, name: str) -> None:
    answer = ana("DELETE", f"{HERE}/{name}")
    assert (answer.status, answer.error["code"]) == (404, "INVITATION_NOT_FOUND")


def test_the_list_comes_page_by_page(ana: Caller) -> None:
    made = [ana("POST", HERE).json["id"] for _ in range(3)]
    first = ana("GET", f"{HERE}?limit=2").json
    second = ana("GET", f"{HERE}?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["data"] + second["data"]] == made
    assert second["next_cursor"] is None


# ---- what the holder sees and does ----


def test_the_holder_sees_the_session_without_what_is_its_owner_s(ana: Caller) -> None:
    exchanged = opened(ana)
    shown = Caller(ana.client, exchanged.json["token"])("GET", "/v1/sessions/ana")
    for session in (exchanged.json["session"], shown.json):
        assert (session["id"], session["status"]) == ("ana", "SCAN_QR")
        assert (session["webhook"], session["proxy"], session["metadata"]) == (None, None, {})
        assert session["worker"] is None
        assert "last_message" not in session
    assert ana("GET", "/v1/sessions/ana").json["webhook"]["secret"] == "whsec_x"


def test_the_holder_gets_the_code(ana: Caller) -> None:
    assert holder(ana)("GET", "/v1/sessions/ana/qr").json["code"] == a_code().code


@pytest.mark.parametrize(
    "reason", [Reason.QR_TIMEOUT, Reason.PASSKEY_EXPIRED, Reason.PASSKEY_REFUSED, Reason.PHONE_MISMATCH]
)
def test_the_holder_gets_new_codes_when_all_have_expired(
    world: World, ana: Caller, session: Session, reason: Reason
) -> None:
    linking = holder(ana)
    rest(world, session, reason=reason)
    answer = linking("POST", "/v1/sessions/ana/start")
    assert (answer.status, answer.json["desired"], answer.json["webhook"]) == (202, "running", None)
    assert world.stores.sessions.rows[session.uid].generation == 2
    assert linking("POST", "/v1/sessions/ana/start").status == 202, "it is on its way"
    assert world.stores.sessions.rows[session.uid].generation == 2


@pytest.mark.parametrize(
    ("stands", "code"),
    [
        ({"reason": Reason.REQUESTED, "desired": Desired.STOPPED}, "SESSION_STOPPED"),
        ({"status": Status.FAILED, "reason": Reason.WORKER_KEEPS_FAILING}, "SESSION_FAILED"),
        ({"status": Status.FAILED, "reason": Reason.TEMPORARY_BAN, "device": DEVICE}, "ALREADY_LINKED"),
        ({"status": Status.STOPPED, "reason": Reason.QR_TIMEOUT, "device": DEVICE}, "ALREADY_LINKED"),
    ],
)
def test_the_holder_starts_nothing_else(
    world: World, ana: Caller, session: Session, stands: dict[str, Any], code: str
) -> None:
    linking = holder(ana)
    rest(world, session, **stands)
    before = world.stores.sessions.rows[session.uid]
    answer = linking("POST", "/v1/sessions/ana/start")
    assert (answer.status, answer.error["code"]) == (409, code)
    assert world.stores.sessions.rows[session.uid] == before


def test_a_token_is_worth_nothing_once_the_link_is_taken_back(ana: Caller) -> None:
    linking = holder(ana)
    ana("DELETE", f"{HERE}/{ana('GET', HERE).json['data'][0]['id']}")
    answer = linking("GET", "/v1/sessions/ana")
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")


def test_once_it_is_linked_the_holder_learns_that_and_no_more(world: World, ana: Caller, session: Session) -> None:
    linking = holder(ana)
    rest(world, session, status=Status.CONNECTED, device=DEVICE, linked_at=world.clock.now)
    assert linking("GET", "/v1/sessions/ana").json["status"] == "CONNECTED"
    for method, path in (("GET", "qr"), ("POST", "pairing-code"), ("POST", "start"), ("GET", "passkey/confirmation")):
        assert linking(method, f"/v1/sessions/ana/{path}", {} if method == "POST" else None).status == 403
    world.clock.now += 60_000
    assert linking("GET", "/v1/sessions/ana").status == 401


# ---- the WebSocket ----


def knock(query: dict[str, str], **headers: str) -> int:
    event = an_event("CONNECT", queryStringParameters={"sb_dialect": "native", **query}, headers=headers)
    status: int = sockets.connect(event, None)["statusCode"]
    return status


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def test_the_holder_s_ticket_opens_a_websocket_for_the_linking(world: World, ana: Caller, region: None) -> None:
    ticket = holder(ana)("POST", "/v1/ws-ticket", {"session": "ana"}).json["ticket"]
    assert knock({"token": ticket}) == 200
    watcher = world.stores.watchers.get("w1")
    assert watcher
    assert (watcher.only, watcher.codes, watcher.linking) == ("ana", True, "01JAVA0000000000000000000A")
    sockets.message(an_event("MESSAGE", body='{"subscribe": {"ana": null}}'), None)
    [said] = [json.loads(text) for _, text in world.sockets.sent]
    assert (said["type"], said["data"]["webhook"], said["data"]["metadata"]) == ("subscribed", None, {})


def test_a_token_opens_none_by_itself(world: World, ana: Caller, region: None) -> None:
    token = opened(ana).json["token"]
    assert knock({}, Authorization=f"Bearer {token}") == 401
    assert knock({"token": token}) == 401
    assert not world.stores.watchers.rows


def test_a_token_is_given_few_tickets_and_none_of_its_tenant_s(world: World, ana: Caller) -> None:
    world.quotas = Quotas(tickets=1)
    linking = holder(ana)
    for _ in range(MOST_TICKETS):
        assert linking("POST", "/v1/ws-ticket").status == 200
    answer = linking("POST", "/v1/ws-ticket")
    assert (answer.status, answer.error["code"]) == (429, "TICKET_QUOTA_EXCEEDED")
    assert ana("POST", "/v1/ws-ticket").status == 200


def test_a_link_that_is_taken_back_in_the_handshake_lets_nobody_in(
    world: World, ana: Caller, region: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, add = holder(ana)("POST", "/v1/ws-ticket").json["ticket"], world.stores.watchers.add
    [invitation] = world.stores.invitations.rows.values()

    def revoked_before(watcher: Any) -> None:
        world.invitations.revoke("default", "ana", invitation.id)
        add(watcher)

    monkeypatch.setattr(world.stores.watchers, "add", revoked_before)
    assert knock({"token": ticket}) == 401
    assert not world.stores.watchers.rows
