"""The native API's sessions, its errors, and what its bodies refuse."""

import re
from dataclasses import replace
from typing import Annotated, Any

import msgspec
import pytest
from chalice.app import Request

from chalicelib.api.received import read
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import Desired, Status
from chalicelib.reading import Reader
from tests.api.conftest import Caller, World
from tests.makers import DEVICE, a_code, a_running_session, a_session

PROXY = {"type": "socks5", "host": "proxy.example.com", "port": 1080}


def test_a_create_starts_and_is_answered_at_once(world: World, ana: Caller) -> None:
    begun = world.clock.now
    answer = ana("POST", "/v1/sessions", {"id": "shop", "name": "Shop", "phone": "4366012345678"})
    assert (answer.status, answer.headers["Location"]) == (201, "/v1/sessions/shop")
    assert (answer.json["id"], answer.json["name"], answer.json["phone"]) == ("shop", "Shop", "+4366012345678")
    assert (answer.json["desired"], answer.json["account"], answer.json["needs_qr"]) == ("running", None, True)
    assert world.clock.now == begun
    (session,) = world.stores.sessions.rows.values()
    assert session.desired is Desired.RUNNING


def test_one_that_is_not_to_start_rests(world: World, ana: Caller) -> None:
    made = ana("POST", "/v1/sessions", {"start": False}).json
    assert (made["status"], made["desired"]) == ("CREATED", "stopped")
    assert re.fullmatch(r"[0-9a-z]{26}", made["id"])


def test_a_webhook_comes_with_its_secret_for_who_may_change_it(world: World, ana: Caller, nobody: Caller) -> None:
    made = ana("POST", "/v1/sessions", {"id": "shop", "webhook": {"url": "https://example.com/hook"}}).json
    assert made["webhook"]["url"] == "https://example.com/hook"
    assert made["webhook"]["secret"].startswith("whsec_")
    rita = Caller(nobody.client, world.key(session="shop"))
    assert rita("GET", "/v1/sessions/shop").json["webhook"].get("secret") == made["webhook"]["secret"]


def test_a_webhook_says_which_events_and_messages_it_is_told_of(ana: Caller) -> None:
    asked = {"url": "https://example.com/hook", "events": ["message.*", "session.connected", "message.*"]}
    made = ana("POST", "/v1/sessions", {"id": "shop", "webhook": asked, "start": False}).json["webhook"]
    assert (made["format"], made["events"]) == ("native", ["message.*", "session.connected"])
    assert made["message_types"] is None
    change = {"webhook": {"message_types": ["text", "unsupported"], "events": None}}
    changed = ana("PATCH", "/v1/sessions/shop", change).json["webhook"]
    assert (changed["url"], changed["secret"]) == (made["url"], made["secret"])
    assert (changed["events"], changed["message_types"]) == (None, ["text", "unsupported"])


def test_a_change_of_a_webhook_names_what_is_to_change(world: World, ana: Caller) -> None:
    world.put(a_session())
    for change, field in (({}, "webhook.url"), ({"events": ["message.*"]}, "webhook.url")):
        refused = ana("PATCH", "/v1/sessions/ana", {"webhook": change})
        assert (refused.status, refused.error["field"]) == (400, field)


def test_an_idempotency_key_makes_one_session(world: World, ana: Caller) -> None:
    first, second = (ana("POST", "/v1/sessions", {"name": "Shop"}, Idempotency_Key="k1") for _ in range(2))
    assert (first.status, second.status, first.json["id"]) == (201, 201, second.json["id"])
    other = ana("POST", "/v1/sessions", {"name": "Another"}, Idempotency_Key="k1")
    assert (other.status, other.error["code"], other.error["retryable"]) == (422, "IDEMPOTENCY_KEY_REUSED", False)


def test_a_list_goes_on_by_its_cursor(world: World, ana: Caller) -> None:
    for name in ("a", "b", "c"):
        world.put(a_session(id=name, uid=name))
    found, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = ana("GET", f"/v1/sessions?limit=2{cursor and f'&cursor={cursor}'}").json
        assert set(page) == {"data", "next_cursor"}
        found += [one["id"] for one in page["data"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert (found, pages) == (["a", "b", "c"], 2)


def test_a_change_leaves_alone_what_it_does_not_name_and_null_removes(world: World, ana: Caller) -> None:
    world.put(a_session(name="Old", webhook_url="https://example.com/hook", webhook_secret="whsec_b2xk"))
    changed = ana("PATCH", "/v1/sessions/ana", {"name": "New"}).json
    assert (changed["name"], changed["webhook"]["url"]) == ("New", "https://example.com/hook")
    changed = ana("PATCH", "/v1/sessions/ana", {"webhook": None}).json
    assert (changed["name"], changed["webhook"]) == ("New", None)
    changed = ana("PATCH", "/v1/sessions/ana", {"enabled": False}).json
    assert changed["enabled"] is False
    refused = ana("PATCH", "/v1/sessions/ana", {})
    assert (refused.status, refused.error["code"]) == (400, "INVALID_FIELD")
    assert (
        "Give one of these: name, enabled, require_phone_match, webhook, proxy, metadata." in refused.error["message"]
    )


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"name": 7}, "name", "'name' must be text, not a number."),
        ({"nmae": "Shop"}, "nmae", "'nmae' is no field here."),
        ({"proxy": {**PROXY, "type": "ftp"}}, "proxy.type", "'proxy.type' must be one of http, https, socks5."),
        ({"proxy": {**PROXY, "port": 0}}, "proxy.port", "'proxy.port' must be at least 1."),
        ({"proxy": {**PROXY, "port": 65_536}}, "proxy.port", "'proxy.port' must be at most 65535."),
        ({"phoneNumber": "4366012345678"}, "phoneNumber", "'phoneNumber' is no field here. Did you mean 'phone'?"),
        ({"extra": 1}, "extra", "'extra' is no field here. There is id, name, phone,"),
        ({"webhook": {}}, "webhook.url", "'webhook.url' is missing."),
        ({"webhook": {"url": 7}}, "webhook.url", "'webhook.url' must be text, not a number."),
        ({"webhook": {"url": "https://10.0.0.1/x"}}, "webhook.url", "'webhook.url' can't be a webhook's address."),
        ({"webhook": {"url": "https://a.example", "retries": 3}}, "webhook.retries", "'webhook.retries' is no field"),
        ({"webhook": {"url": "https://a.example", "events": []}}, "webhook.events", "'webhook.events'"),
        (
            {"webhook": {"url": "https://a.example", "events": ["message.arrived"]}},
            "webhook.events",
            "'webhook.events' has 'message.arrived', which is no type of event.",
        ),
        (
            {"webhook": {"url": "https://a.example", "message_types": ["unknown"]}},
            "webhook.message_types",
            "'webhook.message_types' has 'unknown', which is no type of message.",
        ),
        ({"id": "-a"}, "id", "'id' must begin with a letter or digit"),
    ],
)
def test_what_is_wrong_in_a_body_is_named_by_its_path(
    world: World, ana: Caller, body: dict[str, Any], field: str, said: str
) -> None:
    answer = ana("POST", "/v1/sessions", body)
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "INVALID_FIELD", field)
    assert answer.error["message"].startswith(said)
    assert not world.stores.sessions.rows


def test_an_error_has_its_five_fields_and_the_request_s_id(world: World, ana: Caller) -> None:
    world.put(a_session(status=Status.DELETING))
    answer = ana("POST", "/v1/sessions/ana/start")
    assert answer.status == 409
    assert set(answer.json) == {"error", "request_id"}
    assert answer.json["request_id"]
    assert answer.error == {
        "code": "SESSION_DELETING",
        "message": "The session 'ana' is being deleted. Try again when it is gone.",
        "field": "id",
        "retryable": True,
        "retry_after": 5,
    }
    assert answer.headers["Retry-After"] == "5"


def test_what_passes_by_itself_is_retryable_and_what_does_not_is_not(world: World, ana: Caller) -> None:
    assert ana("GET", "/v1/sessions/nobody").error["retryable"] is False
    world.put(a_running_session(status=Status.STARTING))
    waiting = ana("GET", "/v1/sessions/ana/qr?wait=0")
    assert (waiting.status, waiting.error["code"], waiting.error["retryable"]) == (503, "QR_NOT_READY", True)
    assert waiting.error["retry_after"] == int(waiting.headers["Retry-After"]) == 2


def test_a_move_is_accepted_until_the_status_has_followed(world: World, ana: Caller) -> None:
    world.put(a_session())
    started = ana("POST", "/v1/sessions/ana/start")
    assert (started.status, started.json["desired"]) == (202, "running")
    world.put(a_running_session(device=DEVICE))
    assert ana("POST", "/v1/sessions/ana/start").status == 200

    def it_stops() -> None:
        session = world.stores.sessions.rows["01JAVA0000000000000000000A"]
        world.put(replace(session, status=Status.STOPPED, observed_generation=session.generation))

    stopping = ana("POST", "/v1/sessions/ana/stop")
    assert (stopping.status, stopping.json["status"], stopping.json["desired"]) == (202, "CONNECTED", "stopped")
    world.while_waiting = it_stops
    assert ana("POST", "/v1/sessions/ana/stop").status == 200


def test_a_delete_that_takes_longer_goes_on_by_itself(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    gone = ana("DELETE", "/v1/sessions/ana")
    assert (gone.status, gone.json) == (202, {"id": "ana", "deleted": False, "reason": None, "message": None})


def test_an_account_is_told_by_number_and_lid(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=replace(DEVICE, platform="android"), connected_at=world.clock.now))
    assert ana("GET", "/v1/sessions/ana").json["account"] == {
        "phone": "+6281234567890",
        "lid": "200000000000001@lid",
        "platform": "android",
    }


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", None, "application/json"),
        ("", "application/json", "application/json"),
        ("", "image/png", "image/png"),
        ("", "image/svg+xml, image/png;q=0.9", "image/svg+xml"),
        ("", "image/avif,image/webp,image/*;q=0.8", "image/png"),
        ("?format=json", "image/png", "application/json"),
        ("?format=ascii", "image/png", "text/plain"),
    ],
)
def test_a_code_is_json_or_a_picture_as_accept_or_format_say(
    world: World, ana: Caller, query: str, accept: str | None, kind: str
) -> None:
    code = a_code(expires_at=world.clock.now + 60_000)
    world.put(a_running_session(status=Status.SCAN_QR, qr=code))
    answer = ana("GET", f"/v1/sessions/ana/qr{query}", **({"Accept": accept} if accept else {}))
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    if kind == "application/json":
        assert set(answer.json) == {"session", "code", "image", "attempt", "expires_at", "pairing_code"}
        assert (answer.json["code"], answer.json["image"]) == (code.code, code.image)


SHOWN = {"username": "ana-of-the-shop", "password": "word-of-the-owner"}


def test_a_proxy_is_kept_and_told_again_without_its_credentials(world: World, ana: Caller) -> None:
    made = ana("POST", "/v1/sessions", {"id": "shop", "proxy": {**PROXY, **SHOWN}})
    assert made.json["proxy"] == {**PROXY, "has_credentials": True}
    (session,) = world.stores.sessions.rows.values()
    assert session.proxy == Proxy(ProxyType.SOCKS5, "proxy.example.com", 1080, *SHOWN.values())
    told = [made, ana("GET", "/v1/sessions/shop"), ana("GET", "/v1/sessions"), ana("GET", "/api/sessions")]
    told += [ana("PATCH", "/v1/sessions/shop", {"name": "Shop"}), ana("GET", "/sessions/shop")]
    for word in SHOWN.values():
        assert all(word.encode() not in answer.content for answer in told)
        assert word not in repr(session)


def test_another_proxy_or_none_has_the_worker_rung_to_reconnect(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    assert ana("PATCH", "/v1/sessions/ana", {"proxy": PROXY}).json["proxy"] == {**PROXY, "has_credentials": False}
    assert world.mailboxes.rung == ["https://queue/01JAVA-1"]
    # The same one once more changes nothing.
    assert ana("PATCH", "/v1/sessions/ana", {"proxy": PROXY}).status == 200
    assert ana("PATCH", "/v1/sessions/ana", {"name": "Ana"}).status == 200
    assert len(world.mailboxes.rung) == 1
    assert ana("PATCH", "/v1/sessions/ana", {"proxy": None}).json["proxy"] is None
    assert len(world.mailboxes.rung) == 2
    (session,) = world.stores.sessions.rows.values()
    assert (session.restarts, session.generation) == (2, 1)


@pytest.mark.parametrize(
    ("proxy", "field"),
    [
        ({**PROXY, "host": "10.0.0.1"}, "proxy.host"),
        ({**PROXY, "host": "169.254.170.2"}, "proxy.host"),
        ({**PROXY, "host": "localhost"}, "proxy.host"),
        ({**PROXY, "host": "http://proxy.example.com"}, "proxy.host"),
        ({**PROXY, "host": "user@proxy.example.com"}, "proxy.host"),
        ({**PROXY, "host": "\u3002" * 70}, "proxy.host"),
        ({**PROXY, "host": ""}, "proxy.host"),
        ({**PROXY, "port": 0}, "proxy.port"),
        ({**PROXY, "port": 65536}, "proxy.port"),
        ({**PROXY, "type": "socks4"}, "proxy.type"),
        ({**PROXY, "url": "x"}, "proxy.url"),
        ({**PROXY, "password": "alone"}, "proxy.username"),
        ({**PROXY, "username": "a\r\nX-Evil: 1"}, "proxy.username"),
        ({**PROXY, "username": "\u00e9" * 200}, "proxy.username"),
        ({**PROXY, "username": "x" * 256}, "proxy.username"),
    ],
)
def test_a_proxy_that_can_not_be_one_is_refused_by_field(
    world: World, ana: Caller, proxy: dict[str, Any], field: str
) -> None:
    answer = ana("POST", "/v1/sessions", {"proxy": proxy})
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "INVALID_FIELD", field)
    assert not world.stores.sessions.rows


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("Proxy.Example.com.", "Proxy.Example.com"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700::1111]", "2606:4700::1111"),
    ],
)
def test_a_proxy_s_host_is_kept_in_ascii(world: World, ana: Caller, host: str, kept: str) -> None:
    assert ana("POST", "/v1/sessions", {"proxy": {**PROXY, "host": host}}).json["proxy"]["host"] == kept


def test_metadata_is_its_owner_s_and_set_as_a_whole(world: World, ana: Caller) -> None:
    made = ana("POST", "/v1/sessions", {"id": "shop", "metadata": {"branch": "7", "crm": "\u00e9"}})
    assert made.json["metadata"] == {"branch": "7", "crm": "\u00e9"}
    assert ana("PATCH", "/v1/sessions/shop", {"metadata": {"branch": "8"}}).json["metadata"] == {"branch": "8"}
    assert ana("PATCH", "/v1/sessions/shop", {"name": "Shop"}).json["metadata"] == {"branch": "8"}
    assert ana("PATCH", "/v1/sessions/shop", {"metadata": None}).json["metadata"] == {}


@pytest.mark.parametrize(
    "metadata",
    [{"a": 7}, {"": "x"}, {"a" * 41: "x"}, {"a": "x" * 501}, {str(n): "x" for n in range(21)}, {"a": "\x00"}, ["a"]],
)
def test_metadata_has_bounds(world: World, ana: Caller, metadata: Any) -> None:
    answer = ana("POST", "/v1/sessions", {"metadata": metadata})
    assert (answer.status, answer.error["code"]) == (400, "INVALID_FIELD")
    assert answer.error["field"].startswith("metadata")


def test_a_restart_rings_who_runs_and_starts_who_does_not(world: World, ana: Caller) -> None:
    world.put(a_running_session(device=DEVICE))
    answer = ana("POST", "/v1/sessions/ana/restart")
    assert (answer.status, answer.json["status"], answer.json["desired"]) == (202, "CONNECTED", "running")
    assert world.mailboxes.rung == ["https://queue/01JAVA-1"]
    (session,) = world.stores.sessions.rows.values()
    assert session.restarts == 1
    world.put(replace(session, status=Status.STOPPED, desired=Desired.STOPPED, observed_generation=session.generation))
    assert ana("POST", "/v1/sessions/ana/restart").json["desired"] == "running"


class Place(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Circle(msgspec.Struct, tag_field="type", tag="circle", forbid_unknown_fields=True):
    at: Place
    circle: Annotated[int, msgspec.Meta(le=9)]


class Square(msgspec.Struct, tag_field="type", tag="square", forbid_unknown_fields=True):
    at: Place
    square: list[Place]


SHAPE: Reader[Any] = Reader(Circle | Square)  # type: ignore[arg-type]


def request(body: bytes) -> Request:
    event: dict[str, Any] = {
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
    }
    context = {"httpMethod": "POST", "resourcePath": "/", "identity": {}}
    return Request({**event, "requestContext": context, "body": body.decode(), "isBase64Encoded": False})


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b'{"at":{"name":"x"},"circle":1}', "type", "'type' is missing."),
        (b'{"type":"line","at":{"name":"x"}}', "type", "'type' must be one of circle, square."),
        (
            b'{"type":"circle","at":{"name":"x"},"circle":1,"square":[]}',
            "square",
            "'square' doesn't go with what kind this is.",
        ),
        (b'{"type":"circle","at":{"name":"x"},"circle":1,"line":[]}', "line", "'line' is no field here."),
        (b'{"type":"circle","at":{"nam":"x"},"circle":1}', "at.nam", "'at.nam' is no field here."),
        (b'{"type":"square","at":{"name":"x"},"square":[{"name":7}]}', "square[0].name", "'square[0].name' must be"),
    ],
)
def test_a_body_that_may_be_one_of_several_is_told_apart_by_a_field(body: bytes, field: str, said: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read(request(body), SHAPE)
    assert refused.value.field == field
    assert refused.value.message.startswith(said)


def test_such_a_body_is_read_as_what_its_field_says() -> None:
    assert read(request(b'{"type":"circle","at":{"name":"x"},"circle":1}'), SHAPE) == Circle(Place("x"), 1)
