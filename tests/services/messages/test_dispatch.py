"""The worker's side of messages to send: what is owed, what became of it, what receipts say."""

from dataclasses import replace

import pytest

from chalicelib.domain.content import Content, Deleted, Edited, Target
from chalicelib.domain.messages import Message, MessageStatus, Party, Receipt, event
from chalicelib.domain.session import LastEvent
from chalicelib.services.ports import Rejected
from tests.composition import Rig
from tests.fakes import MemoryMessages
from tests.makers import NOW, a_message

S = MessageStatus


@pytest.fixture
def rig():
    return Rig()


def put(rig: Rig, **fields) -> Message:
    message = a_message(**fields)
    assert rig.stores.messages.put(message)
    return message


def stands(rig: Rig, message: Message) -> Message:
    found = rig.stores.messages.get(message.uid, message.id)
    assert found is not None
    return found


def a_sent_one(rig: Rig, whatsapp_id: str = "3EB0") -> Message:
    sending = rig.dispatch.begin(put(rig), epoch=1)
    assert sending
    sent = rig.dispatch.sent(sending, whatsapp_id)
    assert sent
    return sent


def its_event(message: Message) -> LastEvent:
    assert message.last_event
    return message.last_event


def test_what_is_owed_comes_in_the_order_in_which_it_was_accepted(rig):
    for number in (3, 1, 2):
        put(rig, id=f"M{number}")
    put(rig, id="M0", status=S.SENT)
    put(rig, id="M4", uid="another")
    assert [m.id for m in rig.dispatch.owed(a_message().uid)] == ["M1", "M2", "M3"]


def test_what_a_worker_left_half_sent_is_unknown_and_never_sent_again(rig):
    left = put(rig, status=S.SENDING, epoch=1)
    assert rig.dispatch.owed(left.uid) == []
    after = stands(rig, left)
    assert (after.status, after.error_code) == (S.UNKNOWN, "worker_lost")
    assert rig.dispatch.owed(left.uid) == []
    assert rig.dispatch.begin(after, epoch=2) is None


def test_what_came_too_late_has_failed(rig):
    late = put(rig, expires_at=NOW)
    early = put(rig, id="M2", expires_at=NOW + 1)
    assert rig.dispatch.owed(late.uid) == [early]
    assert (stands(rig, late).status, stands(rig, late).error_code) == (S.FAILED, "expired")


def test_a_message_is_begun_once(rig):
    message = put(rig)
    first = rig.dispatch.begin(message, epoch=7)
    assert (first.status, first.epoch) == (S.SENDING, 7)
    assert rig.dispatch.begin(message, epoch=8) is None
    assert stands(rig, message).epoch == 7


def test_a_sent_message_has_whatsapp_s_id_and_is_found_by_it(rig):
    sent = a_sent_one(rig)
    assert (sent.status, sent.whatsapp_id, sent.sent_at) == (S.SENT, "3EB0", NOW)
    assert rig.stores.messages.by_whatsapp_id(sent.uid, "3EB0") == sent
    assert its_event(sent).type == "message.sent"


@pytest.mark.parametrize(("report", "status"), [("failed", S.FAILED), ("unknown", S.UNKNOWN)])
def test_what_did_not_work_says_why(rig, report, status):
    sending = rig.dispatch.begin(put(rig), epoch=1)
    after = getattr(rig.dispatch, report)(sending, "timeout", "No answer.")
    assert (after.status, after.error_code, after.error_message) == (status, "timeout", "No answer.")


def test_what_surely_was_not_sent_is_owed_again(rig):
    sending = rig.dispatch.begin(put(rig), epoch=1)
    back = rig.dispatch.put_back(sending)
    assert rig.dispatch.owed(back.uid) == [back]
    sent = rig.dispatch.sent(rig.dispatch.begin(back, epoch=2), "3EB0")
    assert rig.dispatch.put_back(sent) is None


def test_a_worker_that_was_taken_for_lost_still_says_what_it_sent(rig):
    sending = rig.dispatch.begin(put(rig), epoch=1)
    rig.dispatch.owed(sending.uid)
    assert stands(rig, sending).status is S.UNKNOWN
    sent = rig.dispatch.sent(sending, "3EB0")
    assert (sent.status, sent.whatsapp_id, sent.error_code) == (S.SENT, "3EB0", None)
    assert stands(rig, sending) == sent


def test_a_report_that_the_table_does_not_have_changes_nothing(rig):
    sent = a_sent_one(rig)
    assert rig.dispatch.failed(sent, "timeout", "No answer.") is None
    assert rig.dispatch.unknown(sent, "timeout", "No answer.") is None
    assert rig.dispatch.sent(sent, "3EB1") is None
    assert stands(rig, sent) == sent


def test_receipts_move_a_message_on(rig):
    sent = a_sent_one(rig)
    rig.clock.now += 5
    rig.dispatch.receipt(sent.uid, ["3EB0", "somebody else's"], S.DELIVERED)
    rig.clock.now += 5
    rig.dispatch.receipt(sent.uid, ["3EB0"], S.READ)
    after = stands(rig, sent)
    assert (after.status, after.sent_at, after.delivered_at, after.read_at) == (S.READ, NOW, NOW + 5, NOW + 10)


def test_a_repeated_or_late_receipt_says_nothing(rig):
    sent = a_sent_one(rig)
    rig.dispatch.receipt(sent.uid, ["3EB0"], S.READ)
    read = stands(rig, sent)
    for status in (S.READ, S.DELIVERED):
        rig.dispatch.receipt(sent.uid, ["3EB0"], status)
    assert stands(rig, sent) == read


def test_what_was_played_was_read_before_and_says_both_once(rig):
    sent = a_sent_one(rig)
    told = []

    class Telling(MemoryMessages):
        def move(self, message: Message) -> bool:
            told.append(message.event_type)
            return super().move(message)

    rig.stores.messages.__class__ = Telling
    rig.clock.now += 5
    for _ in range(2):
        rig.dispatch.receipt(sent.uid, ["3EB0"], S.READ, played=True)
    after = stands(rig, sent)
    assert (after.status, after.read_at, after.played_at) == (S.READ, NOW + 5, NOW + 5)
    assert told == ["message.read", "message.played"]
    assert after.last_event
    assert after.last_event.data["status"] == "played"


def test_another_session_s_receipt_moves_nothing(rig):
    sent = a_sent_one(rig)
    rig.dispatch.receipt("another", ["3EB0"], S.DELIVERED)
    assert stands(rig, sent) == sent


def test_a_receipt_may_overtake_the_acknowledgement(rig):
    sending = rig.dispatch.begin(put(rig), epoch=1)

    class Overtaken(MemoryMessages):
        def move(self, message: Message) -> bool:
            if message.status is S.SENT:
                rig.dispatch.receipt(message.uid, ["3EB0"], S.DELIVERED)
            return super().move(message)

    rig.stores.messages = Overtaken(rig.stores.messages.rows)
    assert rig.dispatch.sent(sending, "3EB0") is None
    after = stands(rig, sending)
    assert (after.status, after.whatsapp_id) == (S.DELIVERED, "3EB0")


def test_a_receipt_that_loses_a_race_is_told_all_the_same(rig):
    sent = a_sent_one(rig)

    class Raced(MemoryMessages):
        lost = 0

        def move(self, message: Message) -> bool:
            if not self.lost:
                self.lost += 1
                stood = self.rows[message.uid, message.id]
                self.rows[message.uid, message.id] = replace(stood, version=stood.version + 1)
            return super().move(message)

    rig.stores.messages = Raced(rig.stores.messages.rows, rig.stores.messages.known)
    rig.dispatch.receipt(sent.uid, ["3EB0"], S.DELIVERED)
    assert stands(rig, sent).status is S.DELIVERED


def test_a_receipt_settles_what_a_lost_worker_left(rig):
    left = put(rig, status=S.SENDING, epoch=1)
    rig.stores.messages.note_whatsapp_id(replace(left, whatsapp_id="3EB0"))
    rig.dispatch.owed(left.uid)
    rig.dispatch.receipt(left.uid, ["3EB0"], S.DELIVERED)
    after = stands(rig, left)
    assert (after.status, after.whatsapp_id, after.error_code) == (S.DELIVERED, "3EB0", None)


def test_in_a_group_each_member_s_receipt_is_noted_and_the_first_moves_the_message(rig):
    rig.stores.messages.put(a_message(chat="1-2@g.us", status=MessageStatus.SENT, whatsapp_id="3EB0", sent_at=NOW))
    rig.stores.messages.note_whatsapp_id(a_message(whatsapp_id="3EB0"))
    uid, bo, cy = a_message().uid, Party("1", "2"), Party(None, "3")
    for who, status in ((bo, MessageStatus.READ), (cy, MessageStatus.DELIVERED), (cy, MessageStatus.DELIVERED)):
        rig.dispatch.receipt(uid, ["3EB0", "3EBX"], status, by=who, at=NOW + 5)
    rig.dispatch.receipt(uid, ["3EB0"], MessageStatus.READ, by=bo, at=NOW + 9, played=True)
    assert rig.stores.messages.receipts(uid, a_message().id) == [
        Receipt(bo, None, NOW + 5, NOW + 9),
        Receipt(cy, NOW + 5, None),
    ]
    assert rig.stores.messages.get(uid, a_message().id).status is MessageStatus.READ


def test_with_a_person_the_message_itself_says_it(rig):
    rig.stores.messages.put(a_message(status=MessageStatus.SENT, whatsapp_id="3EB0", sent_at=NOW))
    rig.stores.messages.note_whatsapp_id(a_message(whatsapp_id="3EB0"))
    rig.dispatch.receipt(a_message().uid, ["3EB0"], MessageStatus.DELIVERED, by=Party("1", "2"), at=NOW + 5)
    assert rig.stores.messages.noted == {}


def a_change(rig: Rig, content: Content) -> tuple[Message, Message]:
    """Return a message, and one about it that is being sent."""
    first = a_sent_one(rig)
    sending = rig.dispatch.begin(put(rig, id="M2", content=content, about=first.id), epoch=1)
    assert sending
    return first, sending


def test_whoever_sees_that_an_edit_or_a_deletion_was_sent_sees_it_on_the_message(rig):
    first, edit = a_change(rig, Edited(Target("3EB0"), body="Tea"))
    assert stands(rig, first).edited_by is None
    edited = rig.dispatch.sent(edit, "3EB1")
    assert edited
    assert (stands(rig, first).edited_by, stands(rig, first).edited_at) == (edit.id, edited.sent_at)
    deletion = rig.dispatch.begin(put(rig, id="M3", content=Deleted(Target("3EB0")), about=first.id), epoch=1)
    assert deletion
    rig.dispatch.unknown(deletion, "no_answer", "WhatsApp didn't answer.")
    assert stands(rig, first).deleted_by is None
    rig.stores.messages.note_whatsapp_id(replace(deletion, whatsapp_id="3EB2"))
    rig.dispatch.receipt(first.uid, ["3EB2"], S.DELIVERED)
    assert (stands(rig, first).deleted_by, stands(rig, first).deleted_at) == ("M3", NOW)


def test_an_edit_is_sent_though_the_table_refuses_to_mark_the_message(rig, monkeypatch):
    _, edit = a_change(rig, Edited(Target("3EB0"), body="Tea"))

    def refuse(*_, **__):
        raise Rejected("Item size to update has exceeded the maximum allowed size", "ValidationException")

    monkeypatch.setattr(rig.stores.messages, "mark", refuse)
    sent = rig.dispatch.sent(edit, "3EB1")
    assert sent
    assert stands(rig, edit).status is S.SENT


def test_a_message_that_is_known_is_moved_on_without_a_look_for_it(rig):
    sent = a_sent_one(rig)
    stand = rig.dispatch.receipt(sent.uid, ["3EB0"], S.DELIVERED, known={"3EB0": sent})
    assert stand == {"3EB0": stands(rig, sent)}
    rig.stores.messages.known.clear()
    stand = rig.dispatch.receipt(sent.uid, ["3EB0"], S.READ, known=stand, played=True)
    assert stand == {"3EB0": stands(rig, sent)}
    assert stand["3EB0"].event_type == "message.played"


def test_what_was_known_of_a_message_that_has_moved_since_is_not_believed(rig):
    sent = a_sent_one(rig)
    rig.dispatch.receipt(sent.uid, ["3EB0"], S.DELIVERED)
    stand = rig.dispatch.receipt(sent.uid, ["3EB0"], S.READ, known={"3EB0": sent})
    assert stand == {"3EB0": stands(rig, sent)}
    assert stand["3EB0"].status is S.READ
    rig.stores.messages.rows.clear()
    assert rig.dispatch.receipt(sent.uid, ["3EB0"], S.READ, known={"3EB0": sent}) == {"3EB0": sent}
    assert rig.stores.messages.rows == {}


def test_that_a_message_is_taken_up_or_put_back_is_no_event(rig):
    accepted = a_message()
    queued = put(rig, last_event=event(accepted, "E1", NOW))
    sending = rig.dispatch.begin(queued, epoch=1)
    back = rig.dispatch.put_back(sending)
    assert its_event(sending) == its_event(back) == its_event(queued)
    assert (sending.version, back.version) == (queued.version + 1, queued.version + 2)
