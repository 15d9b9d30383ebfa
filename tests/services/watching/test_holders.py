"""The holder of a phone watches: its session's linking, to the end of that, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.events import DELETED, Connected, PairSuccess, QRShown, SettingsChanged, WebhookDisabled
from chalicelib.domain.invitations import MOST_WATCHING
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import Session, Status
from chalicelib.services.ports import Gone
from tests.makers import DEVICE, a_code
from tests.services.watching.test_subscriptions import Stage, written

HOLDER = Principal(
    "invitation:01K", "default", Role.READ_ONLY, session="ana", token="01K", linking="uid-ana", maker="bo"
)
SECRETS: dict[str, Any] = {
    "webhook_url": "https://example.com/hook",
    "webhook_secret": "whsec_x",
    "proxy": Proxy(ProxyType.HTTP, "proxy.example.com", 3128),
    "metadata": {"branch": "seven"},
}


@pytest.fixture
def stage() -> Stage:
    stage = Stage(HOLDER)
    stage.a_session(status=Status.SCAN_QR, qr=a_code(), **SECRETS)
    return stage


def types(stage: Stage) -> list[str]:
    return [said["type"] for said in stage.heard()]


def become(stage: Stage, **fields: Any) -> Session:
    stands = stage.rig.stores.sessions.rows["uid-ana"]
    stage.rig.stores.sessions.rows["uid-ana"] = replace(stands, **fields)
    return stands


def test_it_is_told_how_the_session_stands_without_what_is_its_owner_s(stage: Stage) -> None:
    stage.say(subscribe={"ana": None})
    (said,) = stage.heard()
    assert (said["type"], said["data"]["status"]) == ("subscribed", "SCAN_QR")
    assert (said["data"]["webhook"], said["data"]["proxy"], said["data"]["metadata"]) == (None, None, {})


def test_its_owner_is_told_all_of_that(stage: Stage) -> None:
    stage.join("w2")
    stage.say("w2", subscribe={"ana": None})
    (said,) = stage.heard("w2")
    assert said["data"]["metadata"] == {"branch": "seven"}
    assert said["data"]["webhook"]["url"] == "https://example.com/hook"


def test_it_is_shown_the_codes(stage: Stage) -> None:
    become(stage, qr=a_code(expires_at=stage.rig.clock.now + 60_000))
    stage.say(subscribe={"ana": None})
    stage.happen(1, type_=QRShown.type)
    assert stage.heard()[1]["data"]["code"] == a_code().code


@pytest.mark.parametrize(
    "types_", [[], ["*"], ["message.*"], ["message.received"]], ids=["all", "any", "messages", "those received"]
)
@pytest.mark.parametrize("type_", ["message.received", "message.sent", SettingsChanged.type, WebhookDisabled.type])
def test_it_is_told_of_no_message_and_of_nothing_that_is_its_owner_s(
    stage: Stage, type_: str, types_: list[str]
) -> None:
    stage.say(subscribe={"ana": None}, types=types_)
    stage.happen(1, type_=type_)
    assert types(stage) == ["subscribed"]


def test_what_happened_before_is_not_told(stage: Stage) -> None:
    for number in (1, 2):
        stage.happen(number, type_=PairSuccess.type)
    stage.say(subscribe={"ana": written(1)})
    assert [(said["type"], said["cursor"]) for said in stage.heard()] == [("subscribed", written(2))]


def test_it_is_told_that_the_session_is_linked_and_then_dismissed(stage: Stage) -> None:
    stage.say(subscribe={"ana": None})
    become(stage, status=Status.CONNECTED, device=DEVICE, qr=None)
    stage.happen(1, type_=PairSuccess.type, told=False)
    stage.happen(2, type_=Connected.type)
    stage.happen(3, type_="session.disconnected")
    assert types(stage) == ["subscribed", "session.pairing", "session.connected"]
    assert stage.rig.sockets.closed == ["w1"]
    assert not stage.rig.stores.watchers.rows


def test_who_comes_when_it_is_linked_already_is_told_so_and_dismissed(stage: Stage) -> None:
    become(stage, status=Status.CONNECTED, device=DEVICE, qr=None)
    stage.say(subscribe={"ana": None})
    (said,) = stage.heard()
    assert said["data"]["status"] == "CONNECTED"
    assert stage.rig.sockets.closed == ["w1"]
    assert not stage.rig.stores.watchers.rows


def test_it_is_dismissed_when_the_session_is_removed(stage: Stage) -> None:
    stage.say(subscribe={"ana": None})
    stage.happen(1, type_=DELETED)
    assert types(stage) == ["subscribed", "session.deleted"]
    assert stage.rig.sockets.closed == ["w1"]
    assert not stage.rig.stores.watchers.rows


def test_others_go_on_when_it_is_dismissed(stage: Stage) -> None:
    stage.join("w2")
    stage.say(subscribe={"ana": None})
    stage.say("w2", subscribe={"ana": None})
    stage.happen(1, type_=Connected.type)
    stage.happen(2, type_="session.disconnected")
    assert [said["type"] for said in stage.heard("w2")] == [
        "subscribed",
        "session.connected",
        "session.disconnected",
    ]
    assert stage.rig.sockets.closed == ["w1"]


@pytest.mark.parametrize("name", ["bob", "nobody"])
def test_another_session_is_not_there(stage: Stage, name: str) -> None:
    stage.a_session("bob")
    stage.say(subscribe={name: None})
    assert [said["error"]["code"] for said in stage.heard()] == ["SESSION_NOT_FOUND"]


def test_it_can_not_follow_all_sessions(stage: Stage) -> None:
    stage.a_session("bob")
    stage.say(subscribe={"*": None})
    stage.happen(1, "bob")
    assert [said["error"]["code"] for said in stage.heard()] == ["FORBIDDEN"]


def test_nor_is_a_later_one_of_the_same_name(stage: Stage) -> None:
    stands = stage.rig.stores.sessions.rows.pop("uid-ana")
    stage.rig.stores.sessions.rows["uid-new"] = replace(stands, uid="uid-new")
    stage.say(subscribe={"ana": None})
    assert [said["error"]["code"] for said in stage.heard()] == ["SESSION_NOT_FOUND"]


def test_so_many_holders_follow_a_session_and_its_owner_has_the_other_places(stage: Stage) -> None:
    watchers = [f"h{number}" for number in range(MOST_WATCHING + 1)]
    for watcher in watchers:
        stage.join(watcher, replace(HOLDER, token=watcher))
        stage.say(watcher, subscribe={"ana": None})
    told = [stage.heard(watcher)[0] for watcher in watchers]
    assert [one["type"] for one in told] == ["subscribed"] * MOST_WATCHING + ["error"]
    assert told[-1]["error"]["code"] == "TOO_MANY_WATCHERS"
    stage.join("owner")
    stage.say("owner", subscribe={"ana": None})
    assert stage.heard("owner")[0]["type"] == "subscribed"


def test_its_watcher_is_listed_under_who_invited(stage: Stage) -> None:
    assert stage.rig.stores.watchers.of("bo") == ["w1"]
    assert list(stage.rig.stores.watchers.of(HOLDER.name)) == []


def test_a_connection_that_can_not_be_closed_is_told_nothing_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(watcher: str) -> None:
        raise Gone(watcher)

    monkeypatch.setattr(stage.rig.sockets, "close", gone)
    stage.say(subscribe={"ana": None})
    stage.happen(1, type_=Connected.type)
    stage.happen(2, type_="session.disconnected")
    assert types(stage) == ["subscribed", "session.connected"]
