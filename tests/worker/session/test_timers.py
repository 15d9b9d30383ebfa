"""What a session's chats' timers are remembered as."""

from dataclasses import replace

import pytest

from chalicelib.domain.chats import DisappearAfter
from chalicelib.domain.content import Context, GroupChange, GroupEvent, Text, Timer
from chalicelib.domain.messages import Party
from chalicelib.services.messages.store import Received
from chalicelib.worker.session import timers
from chalicelib.worker.session.timers import GOOD_FOR, MOST, SETTLES, ChatTimers
from tests.makers import a_message

DAY = DisappearAfter(86_400)
OURS = a_message(id="01A")
THEIRS = Received("3EB0", OURS.chat, Party("628777"), 1, Text("hi"))


class Read:
    """What the table says, and how often it was asked."""

    def __init__(self, says: DisappearAfter = DAY) -> None:
        self.says = says
        self.times = 0

    def __call__(self) -> DisappearAfter:
        self.times += 1
        return self.says


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time, in milliseconds."""
    time = [1_000_000]
    monkeypatch.setattr(timers, "monotonic", lambda: time[0])
    return time


def test_a_timer_is_read_once_a_minute(now: list[int]) -> None:
    known, read = ChatTimers(), Read()
    assert [known.of(OURS, read) for _ in range(3)] == [DAY] * 3
    assert read.times == 1
    now[0] += GOOD_FOR
    read.says = DisappearAfter()
    assert known.of(OURS, read) == DisappearAfter()


@pytest.mark.parametrize(
    "content", [Timer(604_800), GroupEvent(GroupChange.SUBJECT, value="We")], ids=["a timer", "a change of the group"]
)
def test_what_may_change_a_timer_has_it_read_until_the_change_has_settled(
    now: list[int], content: Timer | GroupEvent
) -> None:
    known, read = ChatTimers(), Read()
    known.of(OURS, read)
    known.hear(replace(THEIRS, content=content))
    assert (known.of(OURS, read), known.of(OURS, read), read.times) == (DAY, DAY, 3)
    read.says = DisappearAfter(604_800)
    now[0] += SETTLES
    assert [known.of(OURS, read) for _ in range(2)] == [DisappearAfter(604_800)] * 2
    assert read.times == 4


def test_a_message_that_disappears_as_all_in_its_chat_do_changes_nothing(now: list[int]) -> None:
    known, read = ChatTimers(), Read()
    known.of(OURS, read)
    known.hear(replace(THEIRS, context=Context(expires_in=86_400)))
    known.hear(THEIRS)
    known.of(OURS, read)
    assert read.times == 1
    known.hear(replace(THEIRS, context=Context(expires_in=604_800)))
    known.of(OURS, read)
    assert read.times == 2


def test_a_change_that_comes_in_while_the_timer_is_read_has_it_read_again(now: list[int]) -> None:
    known, read = ChatTimers(), Read()

    def slow() -> DisappearAfter:
        known.hear(replace(THEIRS, content=Timer(0)))
        return read()

    known.of(OURS, slow)
    known.of(OURS, read)
    assert read.times == 2


def test_only_so_many_chats_are_remembered(now: list[int]) -> None:
    known, read = ChatTimers(), Read()
    for number in range(MOST + 1):
        known.of(replace(OURS, chat=f"{number}@g.us", chat_lid=None), read)
    known.of(replace(OURS, chat="0@g.us", chat_lid=None), read)
    assert read.times == MOST + 2


def test_a_chat_without_a_timer_leaves_a_message_as_it_is_and_one_with_adds_its_own() -> None:
    said = Context(forwarded=1)
    assert DisappearAfter().within(said) is said
    assert DAY.within(None) == Context(expires_in=86_400)
    assert DisappearAfter(86_400, 7).within(said) == Context(forwarded=1, expires_in=86_400, timer_set_at=7)
