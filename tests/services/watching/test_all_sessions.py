"""One subscription to all sessions of a tenant: their own events, as they happen, to whoever may have them."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.events import CREATED, DELETED, Connected, QRShown, SettingsChanged, WebhookDisabled
from chalicelib.domain.session import Status
from chalicelib.domain.watchers import ALL, LIFETIME, MOST_SUBSCRIPTIONS, Watcher
from chalicelib.services.ports import Unavailable
from tests.makers import a_code, a_running_session
from tests.services.watching.test_subscriptions import ANA, Stage, written


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for name in ("ana", "ben"):
        stage.a_session(name)
    return stage


def follow_all(stage: Stage, watcher: str = "w1", **frame: object) -> None:
    stage.say(watcher, subscribe={ALL: None}, **frame)


def test_it_is_answered_without_a_session_or_a_cursor(stage: Stage) -> None:
    follow_all(stage)
    assert stage.heard() == [{"type": "subscribed", "session": "*", "cursor": None, "data": None}]


def test_every_session_s_events_come_those_too_of_sessions_that_are_made_later(stage: Stage) -> None:
    follow_all(stage)
    stage.happen(1, "ana")
    stage.happen(2, "ben", WebhookDisabled.type)
    stage.a_session("cleo")
    stage.happen(3, "cleo", CREATED)
    stage.happen(4, "cleo", DELETED)
    told = [(said["session"], said["type"]) for said in stage.heard()[1:]]
    assert told == [
        ("ana", "session.connected"),
        ("ben", "session.webhook_disabled"),
        ("cleo", "session.created"),
        ("cleo", "session.deleted"),
    ]
    assert stage.heard()[1]["cursor"] == written(1)


def test_messages_and_the_gateway_s_own_affairs_do_not_come(stage: Stage) -> None:
    follow_all(stage)
    stage.happen(1, type_="message.received")
    stage.happen(2, type_=SettingsChanged.type)
    assert stage.ids() == []


def test_who_follows_all_is_not_even_looked_for_at_a_message_s_event(stage: Stage) -> None:
    follow_all(stage)
    asked: list[str] = []
    following = stage.rig.stores.watchers.following

    def noting(tenant: str, session_id: str) -> Sequence[Watcher]:
        asked.append(session_id)
        return following(tenant, session_id)

    stage.rig.stores.watchers.following = noting  # type: ignore[method-assign]
    stage.happen(1, type_="message.received")
    assert asked == ["ana"]
    stage.happen(2)
    assert asked == ["ana", "ana", ALL]


def test_no_code_comes_even_to_those_who_may_link(stage: Stage) -> None:
    code = a_code(expires_at=stage.rig.clock.now + 3_600_000)
    stage.a_session("cleo", status=Status.SCAN_QR, qr=code)
    follow_all(stage)
    stage.happen(1, "cleo", QRShown.type)
    assert stage.ids() == ["e1"]
    assert code.code not in json.dumps(stage.heard())


def test_another_tenant_s_sessions_are_not_among_them(stage: Stage) -> None:
    stage.join("w2", Principal("eve", "other", Role.ADMIN))
    follow_all(stage, "w2")
    stage.happen(1)
    assert stage.ids("w2") == []


def test_types_that_are_named_are_the_only_ones(stage: Stage) -> None:
    follow_all(stage, types=["session.connected", "message.*"])
    stage.happen(1)
    stage.happen(2, type_=QRShown.type)
    assert stage.ids() == ["e1"]


def test_types_of_which_none_would_ever_come_are_refused(stage: Stage) -> None:
    follow_all(stage, types=["message.*"])
    (said,) = stage.heard()
    assert (said["error"]["code"], said["error"]["field"]) == ("INVALID_FIELD", "types")
    assert not stage.rig.stores.subscriptions.sessions("w1")


def test_a_cursor_is_refused(stage: Stage) -> None:
    stage.happen(1)
    stage.say(subscribe={ALL: written(1)})
    (said,) = stage.heard()
    assert (said["error"]["code"], said["error"]["field"]) == ("INVALID_FIELD", "subscribe.*")
    assert not stage.rig.stores.subscriptions.sessions("w1")


def test_a_credential_that_is_for_one_session_can_not_follow_all() -> None:
    stage = Stage(replace(ANA, session="ana"))
    stage.a_session()
    follow_all(stage)
    (said,) = stage.heard()
    assert (said["session"], said["error"]["code"], said["error"]["field"]) == ("*", "FORBIDDEN", "subscribe")
    assert "'ana' alone" in said["error"]["message"]
    stage.happen(1)
    assert stage.ids() == []


def test_a_session_that_is_followed_besides_is_told_of_once_and_with_its_code(stage: Stage) -> None:
    code = a_code(expires_at=stage.rig.clock.now + 3_600_000)
    stage.a_session("cleo", status=Status.SCAN_QR, qr=code)
    follow_all(stage)
    stage.say(subscribe={"cleo": None})
    stage.happen(1, "cleo", QRShown.type)
    assert stage.ids() == ["e1"]
    assert stage.heard()[-1]["data"]["code"] == code.code
    stage.say(unsubscribe=["cleo"])
    stage.happen(2, "cleo")
    assert stage.ids() == ["e1", "e2"]


def test_one_whose_messages_alone_are_followed_is_told_of_all_the_same(stage: Stage) -> None:
    follow_all(stage)
    stage.say(subscribe={"ana": None}, types=["message.*"])
    stage.happen(1)
    assert stage.ids() == ["e1"]


def test_it_ends_when_it_is_unsubscribed(stage: Stage) -> None:
    follow_all(stage)
    stage.say(unsubscribe=[ALL])
    assert stage.heard()[-1] == {"type": "unsubscribed", "session": "*"}
    stage.happen(1)
    assert stage.ids() == []


def test_a_connection_that_can_not_be_told_is_closed_so_that_its_client_lists_anew(stage: Stage) -> None:
    follow_all(stage)
    post = stage.rig.sockets.post

    def failing(watcher: str, text: str) -> None:
        raise Unavailable

    stage.rig.sockets.post = failing  # type: ignore[method-assign]
    stage.happen(1)
    stage.rig.sockets.post = post  # type: ignore[method-assign]
    assert (stage.rig.sockets.closed, stage.rig.stores.watchers.rows) == (["w1"], {})


def test_a_connection_whose_time_is_up_is_closed(stage: Stage) -> None:
    follow_all(stage)
    stage.rig.clock.now += LIFETIME
    stage.happen(1)
    assert (stage.ids(), stage.rig.stores.watchers.rows) == ([], {})
    assert set(stage.rig.sockets.closed) == {"w1"}


def test_the_end_of_its_credential_ends_it(stage: Stage) -> None:
    follow_all(stage)
    stage.rig.closing.close("ana")
    stage.happen(1)
    assert (stage.rig.sockets.closed, stage.ids(), stage.rig.stores.watchers.rows) == (["w1"], [], {})


def test_as_many_may_follow_all_as_may_follow_one() -> None:
    stage = Stage()
    stage.a_session()
    most = stage.rig.subscriptions.limits.per_session
    for number in range(2, most + 2):
        stage.join(f"w{number}")
        follow_all(stage, f"w{number}")
    follow_all(stage)
    (said,) = stage.heard()
    assert (said["error"]["code"], said["error"]["retry_after"]) == ("TOO_MANY_WATCHERS", 60)
    assert "all of this tenant's sessions" in said["error"]["message"]
    assert not stage.rig.stores.subscriptions.sessions("w1")


def test_it_is_one_of_the_subscriptions_that_a_connection_may_have(stage: Stage) -> None:
    for number in range(MOST_SUBSCRIPTIONS):
        stage.rig.stores.sessions.create(a_running_session(id=f"s{number}", uid=f"uid-s{number}"))
    stage.say(subscribe={f"s{number}": None for number in range(MOST_SUBSCRIPTIONS)})
    follow_all(stage)
    assert stage.heard()[-1]["error"]["code"] == "TOO_MANY_WATCHERS"


def test_where_many_follow_all_the_push_queue_tells_them(stage: Stage) -> None:
    for number in range(2, stage.rig.push.told_at_once + 3):
        stage.join(f"w{number}")
        follow_all(stage, f"w{number}")
    envelope = stage.happen(1, type_=Connected.type)
    assert stage.ids("w2") == []
    (job,) = stage.rig.pushes.jobs
    assert job.cursor == envelope.cursor
    stage.rig.push.tell(job)
    assert stage.ids("w2") == ["e1"]
