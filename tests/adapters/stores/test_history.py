"""History, in the table and in memory."""

from dataclasses import replace

from chalicelib.domain.chats import NO_ENTRIES
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, MessageStatus, event
from chalicelib.domain.webhook import Delivery
from tests.makers import NOW, a_message, a_running_session

INBOUND = a_message(direction=Direction.INBOUND, status=MessageStatus.RECEIVED, text="Kopi ☕")


def test_the_newest_event_is_the_one_with_the_last_cursor(stores):
    assert stores.history.latest("u1") is None
    for uid, cursor in (("u1", "L#2"), ("u1", "L#1"), ("u2", "L#9")):
        stores.history.append(Envelope("e", "session.connected", "default", "ana", uid, NOW, cursor, {}))
    assert stores.history.latest("u1") == "L#2"


def test_history_is_read_in_order_after_a_cursor_and_repeats_vanish(stores):
    events = [
        Envelope(f"E{n}", "session.qr", "default", "ana", "u", NOW, f"label#{n:0>40}", {"attempt": n})
        for n in range(12)
    ]
    for one in [*reversed(events), *events]:
        stores.history.append(one)
    stores.history.append(replace(events[0], uid="another"))
    assert stores.history.since("u", None, limit=100) == events
    assert stores.history.since("u", events[8].cursor, limit=2) == events[9:11]
    assert stores.history.get("u", events[8].cursor) == events[8]
    assert stores.history.get("u", "nowhere") is None


def test_history_keeps_a_message_s_event_without_its_text(stores):
    told = event(INBOUND, "E1", NOW)
    envelope = Envelope(told.id, told.type, "default", "ana", INBOUND.uid, NOW, "c1", told.data, INBOUND)
    stores.history.append(envelope)
    assert stores.history.since(INBOUND.uid, None, limit=1) == [replace(envelope, message=None)]


def test_a_session_s_own_events_are_told_newest_first_past_all_of_its_messages(stores):
    told = [
        Envelope(f"E{n}", "message.sent" if n % 3 else "session.qr", "default", "ana", "u", NOW, f"label#{n:0>40}", {})
        for n in range(12)
    ]
    for one in [*told, *reversed(told)]:
        stores.history.append(one)
    own = [told[9], told[6], told[3], told[0]]
    assert stores.history.timeline("u", None, limit=100) == own
    assert stores.history.timeline("u", own[0].cursor, limit=2) == own[1:3]
    assert stores.history.timeline("u", told[7].cursor, limit=1) == [own[1]], "also behind what isn't in it"
    assert stores.history.timeline("another", None, limit=100) == []
    stores.history.forget("u")
    assert stores.history.timeline("u", None, limit=100) == []


def test_what_a_delivery_is_made_of_is_read_as_it_stands_and_what_is_gone_is_none(stores):
    session, told = a_running_session(), event(INBOUND, "E1", NOW)
    envelope = Envelope(told.id, told.type, "default", "ana", session.uid, NOW, "c1", told.data)
    delivery = Delivery(session.uid, envelope.id, envelope.cursor, INBOUND.id)
    assert stores.source.read(delivery) == (None, None, None)
    stores.sessions.create(session)
    stores.history.append(envelope)
    assert stores.source.read(delivery) == (session, envelope, None)
    stores.messages.put(INBOUND)
    assert stores.source.read(delivery) == (session, envelope, INBOUND)
    assert stores.source.read(replace(delivery, message=None)) == (session, envelope, None)
    other = replace(delivery, cursor="nowhere", message=None)
    whole = (session, envelope, INBOUND)
    assert stores.source.read_all([delivery, other]) == {delivery: whole, other: (session, None, None)}


def test_events_that_are_written_together_are_all_there(stores):
    events = [
        Envelope(f"E{n}", "session.qr", "default", "ana", "u", NOW, f"label#{n:0>40}", {"attempt": n})
        for n in range(30)
    ]
    stores.history.append_all([(one, NO_ENTRIES) for one in events])
    stores.history.append_all([])
    assert stores.history.since("u", None, limit=100) == events
    assert stores.history.timeline("u", None, limit=100) == events[::-1]
