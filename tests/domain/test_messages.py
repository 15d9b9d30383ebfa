"""The one table of how a message's status moves."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import IllegalMove
from chalicelib.domain.messages import KEPT, Direction, Message, MessageStatus, advance, event, moves
from chalicelib.domain.session import LastEvent
from tests.makers import NOW, a_message

S = MessageStatus
STATUSES = st.sampled_from(MessageStatus)
ORDER = [S.SENDING, S.UNKNOWN, S.SENT, S.DELIVERED, S.READ]
"""Once it has left the queue for good, a message to send only ever goes down this list, save that it can fail."""


def moved(message: Message, status: MessageStatus, at: int = NOW) -> Message:
    return advance(message, status, now=at, event_id=f"E{at}")


def walk(message: Message, reports: list[MessageStatus]) -> list[Message]:
    seen = [message]
    for tick, status in enumerate(reports):
        if moves(seen[-1], status):
            seen.append(moved(seen[-1], status, NOW + tick))
    return seen


@given(st.lists(STATUSES))
def test_whatever_is_reported_a_message_never_goes_back(reports: list[MessageStatus]) -> None:
    walked = walk(a_message(), reports)
    assert all(before.status is S.SENDING for before, m in pairwise(walked) if m.status is S.QUEUED)
    ranks = [ORDER.index(m.status) for m in walked if m.status in ORDER]
    assert ranks == sorted(ranks)
    assert len(set(ranks[ranks.count(0) :])) == len(ranks[ranks.count(0) :])
    assert [m.version for m in walked] == list(range(len(walked)))
    assert all(m.status is not S.RECEIVED for m in walked)
    assert S.FAILED not in [m.status for m in walked[:-1]], "nothing follows a failure"


@given(st.lists(STATUSES))
def test_its_times_are_in_order_and_there_as_soon_as_they_are_reached(reports: list[MessageStatus]) -> None:
    for message in walk(a_message(), reports):
        times = [message.sent_at, message.delivered_at, message.read_at]
        known = [at for at in times if at is not None]
        assert times[: len(known)] == known == sorted(known)
        assert len(known) == max(0, ORDER.index(message.status) - 1) if message.status in ORDER else not known


@given(STATUSES, STATUSES)
def test_a_move_that_the_table_does_not_have_is_refused(before: MessageStatus, after: MessageStatus) -> None:
    message = a_message(status=before)
    if not moves(message, after):
        with pytest.raises(IllegalMove):
            moved(message, after)


@given(STATUSES)
def test_a_repeated_report_says_nothing_new(status: MessageStatus) -> None:
    assert not moves(a_message(status=status), status)


def test_what_a_lost_worker_left_unknown_a_receipt_settles() -> None:
    unknown = a_message(status=S.UNKNOWN, error_code="worker_lost", error_message="Lost.")
    settled = moved(unknown, S.DELIVERED)
    assert (settled.status, settled.error_code, settled.sent_at) == (S.DELIVERED, None, NOW)
    assert not moves(unknown, S.SENDING)


def test_what_has_surely_not_gone_out_may_be_sent_again_and_nothing_else() -> None:
    assert {s for s in S if moves(a_message(status=s), S.QUEUED)} == {S.SENDING}
    assert {s for s in S if moves(a_message(status=s), S.SENDING)} == {S.QUEUED}


def test_a_message_that_came_in_is_read_without_ever_having_been_sent() -> None:
    read = moved(a_message(direction=Direction.INBOUND, status=S.RECEIVED), S.READ)
    assert (read.sent_at, read.delivered_at, read.read_at) == (None, None, NOW)


@given(st.text(min_size=4), STATUSES)
def test_an_event_never_has_the_text(text: str, status: MessageStatus) -> None:
    secret = f"secret {text}"
    message = a_message(status=status, text=secret)
    assert "secret" not in repr(event(message, "E1", NOW))
    assert "secret" not in repr(message)


def test_an_event_names_the_message_and_what_became_of_it() -> None:
    failed = advance(
        a_message(status=S.SENDING), S.FAILED, now=NOW, event_id="E1", error_code="refused", error_message="No."
    )
    assert failed.last_event == LastEvent(
        "E1",
        "message.failed",
        NOW,
        {
            "message": failed.id,
            "status": "failed",
            "direction": "outbound",
            "kind": "text",
            "chat": "628987654321@s.whatsapp.net",
            "error_code": "refused",
            "error_message": "No.",
        },
    )


def test_another_device_s_message_is_one_received() -> None:
    copy = a_message(status=S.SENT, copied=True)
    told = event(copy, "E1", NOW)
    assert (told.type, told.data["copied"], told.data["direction"]) == ("message.received", True, "outbound")
    assert moved(copy, S.READ).event_type == "message.read"
    assert a_message(status=S.SENT).event_type == "message.sent"


def test_a_message_is_kept_from_its_newest_event_on() -> None:
    old = a_message(created_at=NOW - 10 * KEPT)
    assert replace(old, last_event=event(old, "E1", NOW)).kept_until == NOW + KEPT
    assert a_message().kept_until == NOW + KEPT
