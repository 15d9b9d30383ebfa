"""Subscriptions: nothing is missed and nothing comes out of order, whoever sends at the same moment, dies or is slow."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.events import DELETED, Connected, Envelope, QRShown, SettingsChanged
from chalicelib.domain.messages import Direction, MessageStatus, summary
from chalicelib.domain.session import Session, Status
from chalicelib.domain.watchers import DRAINING, LIFETIME, MOST_SUBSCRIPTIONS, SETTLING, Subscription
from chalicelib.services.ports import Unavailable
from chalicelib.services.ports.watching import Busy
from chalicelib.services.watching.subscriptions import AT_A_TIME, PAGE
from chalicelib.services.watching.watching import History
from tests.composition import Rig
from tests.makers import NOW, a_code, a_message, a_running_session

ANA = Principal("ana", "default", Role.ADMIN)
LABEL = "2026-11-28T02:00:00.000"


def a_cursor(number: int) -> str:
    return f"{LABEL}#{number:040}"


def written(number: int) -> str:
    return a_cursor(number).replace("#", "_")


class Stage:
    """A gateway in memory with one connection."""

    def __init__(self, principal: Principal = ANA) -> None:
        self.rig = Rig()
        self.clients: dict[str, str] = {}
        self.join("w1", principal)

    def join(self, watcher: str, principal: Principal = ANA) -> None:
        self.rig.subscriptions.connect(watcher, principal, dialect="native")
        self.rig.clock.now += SETTLING

    def a_session(self, name: str = "ana", **fields: Any) -> Session:
        session = a_running_session(id=name, uid=f"uid-{name}", **fields)
        self.rig.stores.sessions.create(session)
        return session

    def event(self, number: int, name: str = "ana", type_: str = Connected.type) -> Envelope:
        return Envelope(
            f"e{number}", type_, "default", name, f"uid-{name}", NOW, a_cursor(number), {"status": "CONNECTED"}
        )

    def happen(self, number: int, name: str = "ana", type_: str = Connected.type, *, told: bool = True) -> Envelope:
        """An event as the fan-out distributes it: history, then watchers, unless it is cut short in between."""
        envelope = self.event(number, name, type_)
        if type_ != DELETED:
            History(self.rig.stores.history).record(envelope)
        if told:
            self.rig.push.push(envelope)
        return envelope

    def say(self, watcher: str = "w1", **frame: Any) -> None:
        self.rig.watching.message(watcher, json.dumps(frame))

    def heard(self, watcher: str = "w1") -> list[Any]:
        return [json.loads(text) for to, text in self.rig.sockets.sent if to == watcher]

    def ids(self, watcher: str = "w1") -> list[str]:
        return [said["id"] for said in self.heard(watcher) if "id" in said]

    def subscription(self, name: str = "ana", watcher: str = "w1") -> Subscription:
        found = self.rig.stores.watchers.rows[f"{watcher}#{name}"]
        assert isinstance(found, Subscription)
        return found

    def run_jobs(self) -> None:
        jobs, self.rig.wakes.jobs = self.rig.wakes.jobs, []
        for kind, about, delay in jobs:
            assert kind == "catch_up"
            self.rig.clock.now += round(delay * 1000) + 1
            self.rig.subscriptions.catch_up(*about.split(" "))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_subscription_without_a_cursor_begins_now_and_says_how_the_session_stands(stage: Stage) -> None:
    stage.a_session()
    stage.happen(1)
    stage.say(subscribe={"ana": None})
    (said,) = stage.heard()
    assert (said["type"], said["session"], said["cursor"]) == ("subscribed", "ana", written(1))
    assert (said["data"]["id"], said["data"]["status"]) == ("ana", "CONNECTED")
    stage.happen(2)
    assert stage.heard()[1] == {
        "id": "e2",
        "type": "session.connected",
        "session": "ana",
        "at": "2027-01-15T08:00:00.000Z",
        "cursor": written(2),
        "data": {"status": "CONNECTED"},
    }


def test_one_with_a_cursor_goes_on_behind_it(stage: Stage) -> None:
    stage.a_session()
    for number in range(1, 6):
        stage.happen(number)
    stage.say(subscribe={"ana": written(2)})
    assert stage.heard()[0]["cursor"] == written(2)
    assert stage.ids() == ["e3", "e4", "e5"]


def test_an_event_that_nobody_could_tell_comes_before_the_next_one(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.happen(1, told=False)
    stage.happen(2)
    assert stage.ids() == ["e1", "e2"]


def test_an_event_that_is_distributed_twice_is_sent_once(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    envelope = stage.happen(1)
    stage.rig.push.push(envelope)
    assert stage.ids() == ["e1"]


def test_only_types_that_are_asked_for_are_sent_and_all_are_passed(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None}, types=["message.*", "session.qr"])
    stage.happen(1)
    stage.happen(2, type_=QRShown.type)
    stage.happen(3)
    assert stage.ids() == ["e2"]
    assert stage.subscription().sent == a_cursor(3)


def test_the_gateway_s_own_affairs_are_passed_over(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.happen(1, type_=SettingsChanged.type)
    stage.happen(2, type_="message.queued", told=False)
    stage.happen(3)
    assert stage.ids() == ["e3"]


def test_sessions_are_followed_apart_over_one_connection_until_they_are_unsubscribed(stage: Stage) -> None:
    for name in ("ana", "ben"):
        stage.a_session(name)
    stage.say(subscribe={"ana": None, "ben": None})
    assert sorted(said["session"] for said in stage.heard()) == ["ana", "ben"]
    stage.say(unsubscribe=["ana"])
    assert stage.heard()[-1] == {"type": "unsubscribed", "session": "ana"}
    stage.happen(1, "ana")
    stage.happen(2, "ben")
    assert stage.ids() == ["e2"]


def test_one_that_is_not_there_is_refused_and_the_others_are_not(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"nobody": None, "ana": None})
    refused = next(said for said in stage.heard() if said["type"] == "error")
    assert (refused["session"], refused["error"]["code"]) == ("nobody", "SESSION_NOT_FOUND")
    assert [said["session"] for said in stage.heard() if said["type"] == "subscribed"] == ["ana"]


def test_a_cursor_whose_event_is_gone_is_refused(stage: Stage) -> None:
    stage.a_session()
    stage.happen(7)
    stage.say(subscribe={"ana": written(3)})
    (said,) = stage.heard()
    assert (said["error"]["code"], said["error"]["field"]) == ("CURSOR_GONE", "subscribe")
    assert not stage.rig.stores.subscriptions.sessions("w1")


def test_another_tenant_s_session_and_one_that_a_key_is_not_for_are_not_there() -> None:
    stage = Stage(replace(ANA, session="ana"))
    stage.a_session()
    stage.a_session("ben")
    stage.rig.stores.sessions.create(a_running_session(id="eve", uid="uid-eve", tenant="other"))
    stage.say(subscribe={"ben": None, "eve": None})
    assert [said["error"]["code"] for said in stage.heard()] == ["SESSION_NOT_FOUND"] * 2
    stage.say(subscribe={"ana": None})
    assert stage.heard()[-1]["type"] == "subscribed"


def test_a_code_comes_to_those_who_may_link_and_the_rest_hear_that_there_is_one() -> None:
    stage = Stage()
    stage.join("w2", Principal("rita", "default", Role.READ_ONLY))
    code = a_code(expires_at=stage.rig.clock.now + 3_600_000)
    stage.a_session(status=Status.SCAN_QR, qr=code)
    for watcher in ("w1", "w2"):
        stage.say(watcher, subscribe={"ana": None})
    stage.happen(1, type_=QRShown.type)
    assert stage.heard("w1")[1]["data"]["code"] == code.code
    assert stage.heard("w1")[1]["data"]["image"] == code.image
    assert (stage.ids("w2"), "code" in stage.heard("w2")[1]["data"]) == (["e1"], False)
    assert code.code not in json.dumps(stage.heard("w2"))


def test_a_message_is_told_as_in_webhooks_and_one_that_is_gone_by_what_is_left(stage: Stage) -> None:
    session = stage.a_session()
    for number, kept in ((1, True), (2, False)):
        message = a_message(
            uid=session.uid, id=f"01M{number}", direction=Direction.INBOUND, status=MessageStatus.RECEIVED, text="Kopi?"
        )
        if kept:
            stage.rig.stores.messages.put(message)
        History(stage.rig.stores.history).record(
            Envelope(
                f"e{number}", "message.received", "default", "ana", session.uid, NOW, a_cursor(number), summary(message)
            )
        )
    stage.happen(3)
    stage.say(subscribe={"ana": None})
    stage.happen(4)
    stage.join("w2")
    stage.say("w2", subscribe={"ana": written(3)})
    page, more = stage.rig.event_log.page("default", "ana", None, limit=10)
    assert [one.message is not None for one in page] == [True, False, False, False]
    assert not more


def test_a_message_that_no_frame_has_room_for_is_told_by_its_id(stage: Stage) -> None:
    session = stage.a_session()
    stage.happen(1)
    stage.say(subscribe={"ana": None})
    message = a_message(
        uid=session.uid, id="01M", direction=Direction.INBOUND, status=MessageStatus.RECEIVED, text="x" * 120_000
    )
    stage.rig.stores.messages.put(message)
    envelope = Envelope("e2", "message.received", "default", "ana", session.uid, NOW, a_cursor(2), summary(message))
    History(stage.rig.stores.history).record(envelope)
    stage.rig.push.push(envelope)
    said = stage.heard()[-1]
    assert (said["data"]["id"], said["data"]["truncated"]) == ("01M", True)
    assert said["data"]["url"] == "/v1/sessions/ana/messages/01M"
    assert len(json.dumps(said)) < 1_000


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ("kopi", None),
        ("[]", None),
        ("{}", None),
        ('{"subscribe": ["ana"]}', "subscribe"),
        ('{"subscribe": {"ana": 7}}', "subscribe.ana"),
        ('{"subscribe": {"ana": "yesterday"}}', "subscribe.ana"),
        ('{"subscribe": {"ana": null}, "types": "message"}', "types"),
        ('{"subscribe": {"ana": null}, "types": ["mesage.*"]}', "types"),
        ('{"unsubscribe": "ana"}', "unsubscribe"),
        ('{"subscibe": {}}', "subscibe"),
        (json.dumps({"subscribe": {str(n): None for n in range(101)}}), "subscribe"),
    ],
)
def test_a_frame_that_can_not_be_meant_is_refused_by_field(stage: Stage, frame: str, field: str | None) -> None:
    stage.a_session()
    stage.rig.watching.message("w1", frame)
    (said,) = stage.heard()
    assert (said["type"], said["error"]["field"], said["error"]["retryable"]) == ("error", field, False)
    assert not stage.rig.stores.subscriptions.sessions("w1")


def test_a_ping_is_answered(stage: Stage) -> None:
    stage.say(ping=None)
    assert stage.heard() == [{"type": "pong"}]


def test_a_connection_follows_a_hundred_sessions_and_no_more(stage: Stage) -> None:
    names = [f"s{number:03}" for number in range(MOST_SUBSCRIPTIONS + 1)]
    for name in names:
        stage.a_session(name)
    stage.say(subscribe=dict.fromkeys(names[:-1]))
    stage.say(subscribe={names[-1]: None})
    assert stage.heard()[-1]["error"]["code"] == "TOO_MANY_WATCHERS"
    assert len(stage.rig.stores.subscriptions.sessions("w1")) == MOST_SUBSCRIPTIONS


def test_a_session_s_end_is_told_and_ends_the_subscription(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.happen(1, type_=DELETED)
    assert stage.heard()[-1]["type"] == "session.deleted"
    assert not stage.rig.stores.subscriptions.sessions("w1")


def test_more_than_a_function_has_time_for_is_left_to_jobs_and_comes_in_order(stage: Stage) -> None:
    stage.a_session()
    stage.happen(1)
    many = AT_A_TIME + 3 * PAGE
    for number in range(2, many + 2):
        stage.happen(number, told=False)
    stage.say(subscribe={"ana": written(1)})
    assert len(stage.ids()) == PAGE
    while stage.rig.wakes.jobs:
        stage.run_jobs()
    assert stage.ids() == [f"e{number}" for number in range(2, many + 2)]


def test_whoever_finds_another_at_it_leaves_word_and_a_job_for_the_case_that_that_one_died(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    # Another function has claimed the subscription, and dies.
    stage.rig.stores.subscriptions.claim("w1", "default", "ana", now=stage.rig.clock())
    stage.happen(1)
    stage.happen(2)
    assert stage.ids() == []
    assert stage.rig.wakes.jobs == [("catch_up", "w1 default ana", DRAINING / 1000)]
    stage.run_jobs()
    assert stage.ids() == ["e1", "e2"]


def test_an_event_that_comes_while_another_function_sends_is_sent_by_that_one(stage: Stage) -> None:
    stage.a_session()
    stage.happen(1)
    stage.happen(2)
    late = iter([3])
    post = stage.rig.sockets.post

    def posting(watcher: str, text: str) -> None:
        post(watcher, text)
        for number in late:
            stage.happen(number)

    stage.rig.sockets.post = posting  # type: ignore[method-assign]
    stage.say(subscribe={"ana": written(1)})
    assert stage.ids() == ["e2", "e3"]
    assert stage.subscription().busy_until == 0


def test_an_event_that_is_all_that_is_owed_is_sent_without_a_claim(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    busy: list[int] = []
    post = stage.rig.sockets.post

    def posting(watcher: str, text: str) -> None:
        busy.append(stage.subscription().busy_until)
        post(watcher, text)

    stage.rig.sockets.post = posting  # type: ignore[method-assign]
    stage.happen(1)
    stage.happen(2, told=False)
    stage.happen(3)
    assert (stage.ids(), stage.subscription().sent) == (["e1", "e2", "e3"], a_cursor(3))
    assert busy[0] == 0
    assert busy[1] == busy[2] > 0, "what else was owed is sent under a claim"


def test_what_nobody_is_told_of_keeps_no_event_from_being_sent_without_a_claim(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.rig.stores.subscriptions.claim = None  # type: ignore[method-assign, assignment]
    for number in range(1, PAGE, 2):
        stage.happen(number, type_="message.queued")
    stage.happen(PAGE)
    assert stage.ids() == [f"e{PAGE}"]


def test_behind_many_that_nobody_is_told_of_an_event_is_sent_all_the_same(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    for number in range(1, PAGE + 2):
        stage.happen(number, type_="message.sending")
    stage.happen(PAGE + 2)
    assert (stage.ids(), stage.subscription().busy_until) == ([f"e{PAGE + 2}"], 0)


def test_one_that_another_function_claims_meanwhile_is_left_as_that_one_writes_it(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    post = stage.rig.sockets.post
    rivals = iter([stage.rig.subscriptions.catch_up])

    def posting(watcher: str, text: str) -> None:
        for catch_up in rivals:
            catch_up("w1", "default", "ana")
        post(watcher, text)

    stage.rig.sockets.post = posting  # type: ignore[method-assign]
    stage.happen(1)
    assert (stage.ids(), stage.subscription().sent) == (["e1", "e1"], a_cursor(1))
    stage.happen(2)
    assert stage.ids() == ["e1", "e1", "e2"]


def test_one_to_an_earlier_session_of_the_same_name_is_sent_nothing_of_the_new_one_s(stage: Stage) -> None:
    session = stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.rig.stores.sessions.rows.clear()
    stage.rig.stores.sessions.create(replace(session, uid="uid-new"))
    stage.join("w2")
    stage.say("w2", subscribe={"ana": None})
    envelope = replace(stage.event(1), uid="uid-new")
    History(stage.rig.stores.history).record(envelope)
    stage.rig.push.push(envelope)
    assert (stage.ids("w1"), stage.ids("w2")) == ([], ["e1"])
    assert stage.subscription().sent == "", "nothing of its own session's is passed over"


def test_where_history_can_not_be_read_other_watchers_are_told_all_the_same(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.join("w2")
    stage.say("w2", subscribe={"*": None})

    def unreadable(*_: object, **__: object) -> Any:
        raise ValueError("an item of another format")

    stage.happen(1, told=False)
    stage.rig.stores.history.since = unreadable  # type: ignore[method-assign]
    stage.rig.push.push(stage.event(1))
    assert (stage.ids("w1"), stage.ids("w2")) == ([], ["e1"])


def test_one_that_can_not_be_reached_just_now_is_sent_it_later(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    post = stage.rig.sockets.post

    def failing(watcher: str, text: str) -> None:
        raise Unavailable

    stage.rig.sockets.post = failing  # type: ignore[method-assign]
    stage.happen(1)
    stage.rig.sockets.post = post  # type: ignore[method-assign]
    assert stage.rig.wakes.jobs == [("catch_up", "w1 default ana", 1)]
    stage.run_jobs()
    assert stage.ids() == ["e1"]


def test_a_connection_that_is_gone_is_forgotten_with_all_that_it_followed(stage: Stage) -> None:
    for name in ("ana", "ben"):
        stage.a_session(name)
    stage.say(subscribe={"ana": None, "ben": None})
    stage.rig.sockets.gone.add("w1")
    stage.happen(1)
    assert stage.rig.stores.watchers.rows == {}
    assert stage.rig.wakes.jobs == []


def test_a_connection_whose_time_is_up_is_closed(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.rig.clock.now += LIFETIME
    stage.happen(1)
    assert (stage.rig.sockets.closed, stage.ids(), stage.rig.stores.watchers.rows) == (["w1"], [], {})


def test_the_end_of_its_credential_ends_it(stage: Stage) -> None:
    stage.a_session()
    stage.say(subscribe={"ana": None})
    stage.rig.closing.close("ana")
    stage.happen(1)
    assert (stage.rig.sockets.closed, stage.ids()) == (["w1"], [])


class Client:
    """A client that goes on with the last cursor that it has, over one connection after the other."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.stage.a_session()
        self.stage.happen(1)
        self.number, self.connection, self.last = 1, 1, written(1)
        self.had: list[str] = []
        self.stage.say("w1", subscribe={"ana": self.last})

    @property
    def watcher(self) -> str:
        return f"w{self.connection}"

    def take(self) -> None:
        """Take what came over the present connection; it has no gap and is in order."""
        for said in self.stage.heard(self.watcher):
            if "id" in said and said["cursor"] > self.last:
                self.had.append(said["id"])
                self.last = said["cursor"]
        assert self.had == [f"e{one}" for one in range(2, len(self.had) + 2)]

    def happen(self) -> None:
        self.number += 1
        self.stage.happen(self.number)

    def happen_together(self) -> None:
        """Three events come together."""
        envelopes = [self.stage.event(self.number + one) for one in (1, 2, 3)]
        self.number += 3
        begun = self.stage.rig.distribution.begin(envelopes)
        for envelope in envelopes:
            begun.tell(envelope, None)

    def happen_untold(self) -> None:
        self.number += 1
        self.stage.happen(self.number, told=False)

    def drop(self) -> None:
        self.stage.rig.sockets.gone.add(self.watcher)
        self.connection += 1
        self.stage.join(self.watcher)
        self.stage.say(self.watcher, subscribe={"ana": self.last})

    def die(self) -> None:
        """A function that has claimed the subscription dies."""
        with suppress(Busy):
            self.stage.rig.stores.subscriptions.claim(self.watcher, "default", "ana", now=self.stage.rig.clock())
        self.stage.rig.subscriptions.catch_up(self.watcher, "default", "ana")

    def die_after_sending(self) -> None:
        """The fan-out has sent the event, and dies before it notes that."""
        store = self.stage.rig.stores.subscriptions
        advance, store.advance = store.advance, _dead  # type: ignore[method-assign]
        self.happen()
        store.advance = advance  # type: ignore[method-assign]

    def fail(self) -> None:
        """API Gateway takes no frame for a while."""
        post, self.stage.rig.sockets.post = self.stage.rig.sockets.post, _unavailable  # type: ignore[method-assign]
        self.happen()
        self.stage.rig.sockets.post = post  # type: ignore[method-assign]

    def job(self) -> None:
        self.stage.run_jobs()


def _unavailable(watcher: str, text: str) -> None:
    raise Unavailable


def _dead(subscription: Subscription, sent: str) -> bool:
    """Do nothing: the function is no more."""
    return False


STEPS = st.sampled_from(
    [
        Client.happen,
        Client.happen,
        Client.happen_together,
        Client.happen_untold,
        Client.drop,
        Client.die,
        Client.die_after_sending,
        Client.fail,
        Client.job,
    ]
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, max_size=40))
def test_whatever_happens_each_event_is_had_once_in_order(steps: list[Callable[[Client], None]]) -> None:
    client = Client()
    for step in steps:
        step(client)
        client.take()
    for _ in range(5):
        client.job()
    client.stage.rig.clock.now += DRAINING + 1
    client.happen()
    client.take()
    assert client.had == [f"e{one}" for one in range(2, client.number + 1)]
