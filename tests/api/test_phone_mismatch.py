"""A session that was created for one account and is linked by another, over HTTP and in each family's words."""

import json
from dataclasses import replace

import pytest

from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.enveloped import frames as enveloped_frames
from chalicelib.dialects.native import webhook as native_webhook
from chalicelib.dialects.socketio import frames as socketio
from chalicelib.domain import events as e
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Device, Status
from chalicelib.domain.transitions import advance
from tests.api.conftest import Caller, World
from tests.makers import NOW, a_running_session

CREATED_FOR, LINKED = "628111111111", "628999999999"
WRONG = a_running_session(
    id=CREATED_FOR, phone=CREATED_FOR, device=Device(f"{LINKED}:1@s.whatsapp.net"), connected_at=NOW
)
RIGHT = replace(WRONG, device=Device(f"{CREATED_FOR}:1@s.whatsapp.net"))
TEXT = {"to": "628987654321", "message": "Kopi?"}


def test_nothing_is_sent_by_the_number_of_an_account_that_isn_t_linked(world: World, ana: Caller) -> None:
    world.put(WRONG)
    for named in ({"phone": f"+{CREATED_FOR}"}, {"session_id": CREATED_FOR, "phone": CREATED_FOR}):
        answer = ana("POST", "/api/send", named | TEXT)
        assert (answer.status, answer.json["code"], answer.json["field"]) == (409, "PHONE_MISMATCH", "phone")
        assert LINKED in answer.json["error"]
    assert world.stores.messages.rows == {}


@pytest.mark.parametrize("named", [{"phone": LINKED}, {"session_id": CREATED_FOR}])
def test_by_its_id_or_by_the_number_that_is_linked_it_sends(world: World, ana: Caller, named: dict[str, str]) -> None:
    world.put(WRONG)
    assert ana("POST", "/api/send", named | TEXT).status == 202


def test_a_session_and_its_list_say_so(world: World, ana: Caller) -> None:
    world.put(WRONG)
    one = ana("GET", f"/api/sessions/{CREATED_FOR}").json["data"]
    assert (one["phone"], one["actual_phone"], one["phone_mismatch"]) == (CREATED_FOR, LINKED, True)
    assert [of["phone_mismatch"] for of in ana("GET", "/api/sessions").json["data"]["sessions"]] == [True]
    bare = ana("GET", f"/sessions/{CREATED_FOR}").json
    assert (bare["phoneNumber"], bare["phoneMismatch"]) == (f"+{LINKED}", True)
    assert bare["expectedPhoneNumber"] == f"+{CREATED_FOR}"
    assert ana("GET", "/sessions").json["sessions"] == [bare]
    assert ana("POST", "/api/v1/session/status").json["data"]["phone_mismatch"] is True
    company = f"/whatsapp/companies/default/session-status?session={CREATED_FOR}"
    assert ana("GET", company).json["data"]["phone_mismatch"] is True
    assert ana("GET", f"/api/sessions/{CREATED_FOR}/wid").json["data"]["phoneMismatch"] is True


def test_the_right_account_is_no_news(world: World, ana: Caller) -> None:
    world.put(RIGHT)
    assert ana("GET", f"/api/sessions/{CREATED_FOR}").json["data"]["phone_mismatch"] is False
    assert "phoneMismatch" not in ana("GET", f"/sessions/{CREATED_FOR}").json
    assert "phone_mismatch" not in ana("POST", "/api/v1/session/status").json["data"]
    assert "phoneMismatch" not in ana("GET", f"/api/sessions/{CREATED_FOR}/wid").json["data"]


def test_every_family_s_event_says_so() -> None:
    before = replace(WRONG, status=Status.PAIRING)
    after = advance(before, e.Connected(WRONG.device or Device("")), now=NOW, event_id="E")
    assert after.last_event
    told = Envelope("E", after.last_event.type, "default", after.id, after.uid, NOW, "1", after.last_event.data)
    frame = json.loads(enveloped_frames.event(told, after, NOW)[0].frames[0])
    assert (frame["phone"], frame["phone_mismatch"], frame["expected_phone"]) == (LINKED, True, CREATED_FOR)
    ((snapshot,),) = [saying.frames for saying in enveloped_frames.snapshot(after, NOW)]
    assert json.loads(snapshot)["phone_mismatch"] is True
    data = json.loads(native_webhook.body(told, None, after))["data"]
    assert (data["phone"], data["phone_mismatch"], data["expected_phone"]) == (LINKED, True, CREATED_FOR)
    assert json.loads(bare_webhook.body(told, None, after))["phoneMismatch"] is True
    for sayings in (socketio.event(told, after, NOW), socketio.snapshot(after, NOW)):
        frames = [frame for saying in sayings for frame in saying.frames]
        assert frames
        assert all('"phoneMismatch":true' in frame for frame in frames)


@pytest.mark.parametrize(
    ("path", "number", "setting"),
    [
        ("/api/sessions", "phone", "require_phone_match"),
        ("/sessions", "phoneNumber", "requirePhoneMatch"),
    ],
)
def test_a_session_may_be_for_one_account_alone(
    world: World, ana: Caller, path: str, number: str, setting: str
) -> None:
    refused = ana("POST", path, {setting: True})
    assert (refused.status, refused.json["field"]) == (400, setting)
    assert world.stores.sessions.rows == {}
    assert ana("POST", path, {number: CREATED_FOR, setting: True}).status == 201
    (made,) = world.stores.sessions.rows.values()
    assert made.require_phone_match


def test_the_setting_can_be_changed(world: World, ana: Caller) -> None:
    world.put(WRONG)
    path = f"/api/sessions/{CREATED_FOR}"
    assert ana("PUT", path, {"require_phone_match": True}).json["data"]["require_phone_match"] is True
    assert ana("PUT", path, {"require_phone_match": True}).json["message"].startswith("There was nothing to change")
    assert ana("PUT", path, {"require_phone_match": False}).json["data"]["require_phone_match"] is False
    world.put(replace(WRONG, phone=None))
    refused = ana("PUT", path, {"require_phone_match": True})
    assert (refused.status, refused.json["field"]) == (400, "require_phone_match")
