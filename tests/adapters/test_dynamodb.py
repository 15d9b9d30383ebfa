"""What only the table can do wrong: halves of a create, the due index, the stream's records."""

import time
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamodb.control import DynamoDueIndex, DynamoLeases
from chalicelib.adapters.dynamodb.messages import DynamoIdempotency, DynamoMessages, DynamoPaces
from chalicelib.adapters.dynamodb.sessions import DynamoHistory, DynamoSessions, change, from_item, to_item
from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.domain.lease import ANSWERS_WITHIN, GRACE, Lease
from chalicelib.domain.limits import Pace
from chalicelib.domain.messages import MessageStatus, advance, event
from chalicelib.domain.session import LastEvent
from chalicelib.services.ports import Misconfigured
from chalicelib.services.watching.watching import History
from tests.makers import NOW, a_code, a_message, a_running_session, a_session

MINUTE = 60_000


def test_a_create_that_was_killed_halfway_is_finished_by_the_next(table):
    table.put({"pk": "T#default", "sk": "S#ana", "v": 1, "uid": "killed"})
    session = a_session()
    assert DynamoSessions(table).create(session) == session
    assert DynamoSessions(table).find("default", "ana") == session


def test_a_removal_that_was_killed_halfway_leaves_no_session_to_find(table):
    sessions = DynamoSessions(table)
    sessions.create(a_session())
    table.delete(f"S#{a_session().uid}", "SESSION")
    assert sessions.find("default", "ana") is None
    assert sessions.page("default", limit=10, after=None) == ([], None)


def test_a_removed_session_leaves_nothing_behind(table):
    sessions = DynamoSessions(table)
    session = a_session()
    sessions.create(session)
    DynamoLeases(table).acquire(Lease(session.uid, "w", 1, NOW), now=NOW)
    for number in range(30):
        table.put({"pk": f"S#{session.uid}", "sk": f"H#{number:0>40}"})
    sessions.remove(session)
    assert table.client.scan(TableName=table.name)["Items"] == []


def test_what_is_due_is_found_in_its_minute_and_not_before(table):
    sessions, due = DynamoSessions(table), DynamoDueIndex(table)
    for number in range(20):
        sessions.create(a_session(id=f"s{number}", uid=f"U{number}", deadline=NOW + MINUTE))
    sessions.create(a_session(id="never", uid="never"))
    assert due.due(NOW) == []
    assert sorted(due.due(NOW + 2 * MINUTE)) == sorted(f"U{number}" for number in range(20))


def test_a_lease_falls_due_when_it_has_expired_and_a_released_one_never(table):
    leases, due = DynamoLeases(table), DynamoDueIndex(table)
    leases.acquire(Lease("u", "w", 1, NOW), now=NOW)
    assert due.due(NOW + GRACE + MINUTE) == ["u"]
    leases.renew(Lease("u", "w", 1, NOW + 5 * MINUTE))
    assert due.due(NOW + GRACE + MINUTE) == []
    leases.release("u", worker="w", epoch=1)
    assert due.due(NOW + 60 * MINUTE) == []


def test_a_called_lease_is_out_of_others_way_until_its_worker_s_time_is_up(table):
    leases, due = DynamoLeases(table), DynamoDueIndex(table)
    lease = Lease("u", "w", 1, NOW)
    leases.acquire(lease, now=NOW)
    called_at = NOW + GRACE + MINUTE
    assert due.due(called_at) == ["u"]
    leases.call(lease, now=called_at)
    assert due.due(called_at) == []
    assert due.due(called_at + ANSWERS_WITHIN + MINUTE) == ["u"]


def test_what_may_outlast_its_session_goes_by_itself_and_what_counts_does_not(table):
    leases, session = DynamoLeases(table), DynamoSessions(table).create(a_session())
    leases.release(session.uid, worker="w", epoch=1)
    DynamoPaces(table, Pace(burst=3, per_minute=60)).take(session.uid, now=NOW)
    assert table.get(f"S#{session.uid}", "LEASE")["ttl"] > time.time()
    assert table.get(f"S#{session.uid}", "PACE")["ttl"] > NOW // 1000
    assert leases.acquire(Lease(session.uid, "w2", 2, NOW), now=NOW)[0]
    assert "ttl" not in table.get(f"S#{session.uid}", "LEASE")


def test_an_item_of_a_later_version_is_still_read():
    assert from_item({**to_item(a_session()), "invented_later": 1}) == a_session()


def test_a_table_that_is_not_there_is_for_an_operator_to_mend(aws):
    with pytest.raises(Misconfigured):
        Table(boto3.client("dynamodb"), "nowhere").get("a", "b")


def records(table: Table) -> list[dict]:
    arn = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    streams = boto3.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    for record in found:
        record["dynamodb"]["ApproximateCreationDateTime"] = record["dynamodb"][
            "ApproximateCreationDateTime"
        ].timestamp()
    return [{**record, "eventSourceARN": arn} for record in found]


def test_the_last_event_of_a_session_whose_device_may_still_be_linked_says_so(table):
    sessions = DynamoSessions(table)
    session = a_running_session(version=0, reason="unlink_unconfirmed")
    sessions.create(session)
    sessions.remove(session)
    keyed = [record for record in records(table) if record["dynamodb"]["Keys"]["sk"]["S"] == "SESSION"]
    event = change(keyed[-1]).event
    assert event
    assert (event.type, event.data["reason"]) == ("session.deleted", "unlink_unconfirmed")
    assert event.data["message"].startswith("The device's keys are removed, but WhatsApp couldn't be told.")


def test_a_session_s_writes_are_its_events_in_order(table):
    sessions = DynamoSessions(table)
    first = a_running_session(version=0, last_event=LastEvent("E1", "session.starting", NOW, {"status": "STARTING"}))
    second = replace(first, version=1, qr=a_code(), last_event=LastEvent("E2", "session.qr", NOW, {"attempt": 1}))
    sessions.create(first)
    sessions.move(second)
    sessions.remove(second)
    changes = [change(record) for record in records(table) if record["dynamodb"]["Keys"]["sk"]["S"] == "SESSION"]
    events = [one.event for one in changes]
    assert [event.type for event in events if event] == ["session.starting", "session.qr", "session.deleted"]
    assert [event.id for event in events if event] == ["E1", "E2", f"{first.uid}-deleted"]
    cursors = [event.cursor for event in events if event]
    assert cursors == sorted(set(cursors))
    assert "2@ref" not in repr(events)


def test_a_message_s_writes_are_its_events_and_carry_it(table):
    messages, history = DynamoMessages(table), DynamoHistory(table)
    queued = replace(a_message(), last_event=event(a_message(), "E1", NOW))
    sent = advance(
        advance(queued, MessageStatus.SENDING, now=NOW, event_id="E2", epoch=1),
        MessageStatus.SENT,
        now=NOW,
        event_id="E3",
        whatsapp_id="3EB0",
    )
    messages.put(queued)
    messages.move(replace(sent, version=1))
    messages.note_whatsapp_id(sent)
    table.delete(f"S#{sent.uid}", f"M#{sent.id}")
    changes = [change(record) for record in records(table)]
    events = [one.event for one in changes if one.event]
    assert [(e.id, e.type, e.session, e.uid) for e in events] == [
        ("E1", "message.queued", "ana", queued.uid),
        ("E3", "message.sent", "ana", queued.uid),
    ]
    assert [e.message for e in events] == [queued, replace(sent, version=1)]
    assert "Kopi" not in repr(events)
    for one in events:
        History(history).record(one)
    kept = history.since(queued.uid, None, limit=9)
    assert kept == [replace(e, message=None) for e in events]
    written = [item for item in table.client.scan(TableName=table.name)["Items"] if item["sk"]["S"].startswith("H#")]
    assert len(written) == 2
    assert "Kopi" not in repr(written)


def test_a_message_goes_by_time_to_live_a_week_after_its_newest_event(table):
    messages = DynamoMessages(table)
    old = a_message(created_at=NOW - 30 * 86_400_000, whatsapp_id="3A01")
    messages.put(replace(old, last_event=event(old, "E1", NOW)))
    messages.note_whatsapp_id(replace(old, last_event=event(old, "E1", NOW)))
    week = NOW // 1000 + 7 * 86_400
    assert [item["ttl"]["N"] for item in table.client.scan(TableName=table.name)["Items"]] == [str(week)] * 2


def test_a_key_that_a_caller_made_up_is_no_key_of_the_table(table):
    DynamoIdempotency(table).claim("default", "x" * 255, fingerprint="f", result="M1", now=NOW)
    (item,) = table.client.scan(TableName=table.name)["Items"]
    assert "xxx" not in repr(item)


def test_a_record_that_is_no_session_s_is_no_event(table):
    table.put({"pk": "S#u", "sk": "LEASE"})
    (record,) = records(table)
    assert change(record).event is None
    assert change(record).uid == "u"


def test_a_message_is_due_while_it_is_open_and_no_session_waits_for_it(table):
    messages, index = DynamoMessages(table), DynamoDueIndex(table)
    queued = a_message(expires_at=NOW)
    key, late = (queued.uid, queued.id), NOW + 120_000
    messages.put(queued)
    assert (index.unsent(NOW - 60_000), index.unsent(late)) == ([], [key])
    assert (index.due(late), index.later(NOW - 60_000)) == ([], [])
    sending = advance(queued, MessageStatus.SENDING, now=NOW, event_id="E1", epoch=1)
    assert messages.move(sending)
    assert index.unsent(late) == [key]
    assert messages.move(advance(sending, MessageStatus.SENT, now=NOW, event_id="E2"))
    assert index.unsent(late) == []


def test_a_message_that_is_taken_out_of_the_index_is_no_event_and_stays_what_it_is(table):
    messages, index = DynamoMessages(table), DynamoDueIndex(table)
    queued = replace(a_message(expires_at=NOW), last_event=event(a_message(), "E1", NOW))
    messages.put(queued)
    messages.forget_end(replace(queued, version=1))
    assert index.unsent(NOW) == [(queued.uid, queued.id)]
    messages.forget_end(queued)
    assert index.unsent(NOW) == []
    assert messages.get(queued.uid, queued.id) == queued
    assert messages.open(queued.uid, limit=9) == [queued]
    events = [change(record).event for record in records(table)]
    assert [one.id if one else None for one in events] == ["E1", None]
    messages.remove(queued)
    messages.remove(queued)
    assert messages.get(queued.uid, queued.id) is None


def left(table: Table, uid: str) -> list[str]:
    """The sort keys of what is still stored for a session."""
    return [item["sk"] for item in table.query(Condition("pk = :pk", {":pk": f"S#{uid}"}))]


def test_a_lease_that_is_given_back_after_its_session_was_removed_leaves_nothing(table):
    leases = DynamoLeases(table)
    assert leases.release("gone", worker="w", epoch=1)
    assert left(table, "gone") == []


def test_what_is_written_while_a_session_is_removed_goes_with_it(table):
    sessions, leases = DynamoSessions(table), DynamoLeases(table)
    session = sessions.create(a_running_session(version=0))
    removing: list[str] = []

    def late(model: Any, **_: object) -> None:
        # Before the session itself is deleted, its worker gives its lease back.
        if model.name == "DeleteItem" and not removing:
            removing.append(model.name)
            leases.release(session.uid, worker="w", epoch=1)

    table.client.meta.events.register("before-call.dynamodb.DeleteItem", late)
    assert sessions.remove(session)
    assert removing
    assert left(table, session.uid) == []


def test_the_removal_of_a_session_takes_along_what_the_log_s_consumer_wrote_since(table):
    sessions, history = DynamoSessions(table), History(DynamoHistory(table))
    erased = LastEvent("E1", "session.erased", NOW, {"status": "DELETING"})
    session = sessions.create(a_running_session(version=0, last_event=erased))
    sessions.remove(session)
    # It comes to each event later than it happened.
    for record in records(table):
        if envelope := change(record).event:
            history.record(envelope)
    assert left(table, session.uid) == []
