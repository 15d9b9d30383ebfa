"""Events that come together are told one by one, in order and without a gap, and share what they can."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.chats import LastMessages
from chalicelib.domain.events import DELETED, Connected, Envelope, SettingsChanged
from chalicelib.domain.messages import Direction, MessageStatus, event
from chalicelib.domain.session import Session
from chalicelib.domain.watchers import LIFETIME, SETTLING, Watcher
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.services.watching.distribution import GOOD_FOR
from tests.composition import Rig
from tests.makers import NOW, SECRET, a_message, a_running_session

ANA = Principal("ana", "default", Role.ADMIN)
HOOK: dict[str, Any] = {"webhook_url": "https://example.com/hook", "webhook_secret": SECRET}
SESSION = a_running_session()
LABEL = "2026-11-28T02:00:00.000"


def a_cursor(number: int) -> str:
    return f"{LABEL}#{number:040}"


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.create(SESSION)
    return rig


def received(number: int, **fields: Any) -> Envelope:
    made = a_message(
        uid=SESSION.uid,
        id=f"01M{number}",
        direction=Direction.INBOUND,
        status=MessageStatus.RECEIVED,
        created_at=NOW + number,
        **fields,
    )
    told = event(made, f"e{number}", NOW)
    message = replace(made, last_event=told)
    return Envelope(told.id, told.type, "default", "ana", SESSION.uid, NOW, a_cursor(number), told.data, message)


def happened(number: int, type_: str = Connected.type) -> Envelope:
    return Envelope(f"e{number}", type_, "default", "ana", SESSION.uid, NOW, a_cursor(number), {"status": "CONNECTED"})


def follow(rig: Rig, watcher: str = "w1", *, since: int | None = None) -> None:
    if watcher not in rig.stores.watchers.rows:
        rig.subscriptions.connect(watcher, ANA, dialect="native")
        rig.clock.now += SETTLING
    cursor = a_cursor(since).replace("#", "_") if since else None
    rig.watching.message(watcher, json.dumps({"subscribe": {"ana": cursor}}))


def plain(rig: Rig, name: str) -> None:
    rig.stores.watchers.add(
        Watcher(name, "default", "ana", "enveloped", "ana", NOW - SETTLING, NOW + LIFETIME, codes=True)
    )


def ids(rig: Rig, watcher: str = "w1") -> list[str]:
    frames = [json.loads(text) for to, text in rig.sockets.sent if to == watcher]
    return [said["id"] for said in frames if "id" in said]


def distribute(rig: Rig, *envelopes: Envelope, session: Session | None = None) -> None:
    for one in envelopes:
        if one.message:
            rig.stores.messages.put(one.message)
    begun = rig.distribution.begin(envelopes)
    for one in envelopes:
        begun.tell(one, None if one.message else session)


def counting(of: Any, name: str, calls: list[str]) -> None:
    done = getattr(of, name)

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(name)
        return done(*given, **named)

    setattr(of, name, counted)


def test_they_are_written_together_and_their_watchers_are_read_once(rig: Rig) -> None:
    follow(rig)
    plain(rig, "w2")
    calls: list[str] = []
    for of, name in ((rig.stores.history, "append_all"), (rig.stores.history, "append"), (rig.stores.watchers, "room")):
        counting(of, name, calls)
    distribute(rig, *(received(number) for number in range(1, 6)))
    assert [name for name in calls if name != "append"] == ["append_all", "room"]
    assert ids(rig) == [f"e{number}" for number in range(1, 6)]
    assert len([to for to, _ in rig.sockets.sent if to == "w2"]) == 5
    assert rig.chats.last(SESSION.uid) == LastMessages(inbound=NOW + 5)
    (chat,) = rig.stores.chats.rows.values()
    assert (chat.last, len(rig.stores.chats.pointed[SESSION.uid, chat.key])) == ("01M5", 5)


def test_whoever_is_told_of_a_message_finds_it_in_its_chat(rig: Rig) -> None:
    plain(rig, "w1")
    post, found = rig.sockets.post, []

    def posting(watcher: str, text: str) -> None:
        (chat,) = rig.stores.chats.rows.values()
        found.append(chat.last)
        post(watcher, text)

    rig.sockets.post = posting  # type: ignore[method-assign]
    distribute(rig, received(1), received(2))
    assert found == ["01M1", "01M2"]


def test_who_subscribes_between_two_of_them_misses_none(rig: Rig) -> None:
    follow(rig)
    distribute(rig, happened(1))
    post, late = rig.sockets.post, iter(["w2"])

    def posting(watcher: str, text: str) -> None:
        post(watcher, text)
        for one in late:
            follow(rig, one, since=1)

    rig.sockets.post = posting  # type: ignore[method-assign]
    distribute(rig, *(happened(number) for number in range(2, 5)))
    assert ids(rig) == ["e1", "e2", "e3", "e4"]
    assert ids(rig, "w2") == ["e2", "e3", "e4"]


def test_one_that_could_not_be_sent_is_sent_before_the_next_one(rig: Rig) -> None:
    follow(rig)
    post, failures = rig.sockets.post, iter([1])

    def failing(watcher: str, text: str) -> None:
        for _ in failures:
            raise Unavailable
        post(watcher, text)

    rig.sockets.post = failing  # type: ignore[method-assign]
    distribute(rig, *(happened(number) for number in range(1, 4)))
    assert ids(rig) == ["e1", "e2", "e3"]


def test_who_has_left_is_told_no_more_after_a_quarter_of_a_second(rig: Rig) -> None:
    plain(rig, "w1")
    begun = rig.distribution.begin([received(1), received(2)])
    begun.tell(received(1), None)
    rig.stores.watchers.remove("w1")
    rig.clock.now += GOOD_FOR
    begun.tell(received(2), None)
    assert len(rig.sockets.sent) == 1


@pytest.mark.parametrize("error", [Unavailable(), Rejected("no", "ValidationException"), KeyError("a bug")])
def test_what_can_not_be_written_together_is_written_one_by_one(rig: Rig, error: Exception) -> None:
    follow(rig)
    calls: list[str] = []
    counting(rig.stores.watchers, "room", calls)

    def failing(_: object) -> None:
        raise error

    rig.stores.history.append_all = failing  # type: ignore[method-assign, assignment]
    distribute(rig, happened(1), happened(2))
    assert ids(rig) == ["e1", "e2"]
    assert calls == ["room", "room"], "who subscribed before the second was written isn't among those of the first"


def test_an_endpoint_that_is_set_between_two_messages_is_told_of_the_second(rig: Rig) -> None:
    distribute(rig, happened(1), received(2), session=SESSION)
    assert rig.deliveries.queued == []
    begun = rig.distribution.begin(settings := [received(3), happened(4, SettingsChanged.type), received(5)])
    for one, session in zip(settings, (None, replace(SESSION, **HOOK), None), strict=True):
        begun.tell(one, session)
    assert [delivery.event for delivery, _ in rig.deliveries.queued] == ["e5"]


def test_from_one_that_fails_on_all_may_come_again(rig: Rig) -> None:
    follow(rig)
    plain(rig, "w2")
    events = [received(number) for number in range(1, 4)]
    mark, failures = rig.stores.chats.note, iter([1])

    def failing(chat: Any, *, now: int) -> bool:
        if chat.last == "01M2":
            for _ in failures:
                raise Unavailable
        return mark(chat, now=now)

    rig.stores.chats.note = failing  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        distribute(rig, *events)
    assert ids(rig) == ["e1"]
    distribute(rig, *events[1:])
    assert ids(rig) == ["e1", "e2", "e3"]


def test_a_removal_that_comes_with_others_ends_the_history(rig: Rig) -> None:
    follow(rig)
    distribute(rig, happened(1), replace(happened(2, DELETED), data={}))
    assert rig.stores.history.since(SESSION.uid, None, limit=9) == []
    assert ids(rig) == ["e1", "e2"]


def test_the_newest_time_counts_whatever_their_order(rig: Rig) -> None:
    distribute(rig, received(2), received(9), received(5))
    assert rig.chats.last(SESSION.uid) == LastMessages(inbound=NOW + 9)
