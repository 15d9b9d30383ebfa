import asyncio

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.aws import ACCOUNT
from infra.local.persistence import ROWS_FILE, Rows
from infra.local.shard import LocalShard
from infra.local.state import Journal, LocalState
from tests.local.patience import until


@pytest.fixture
def state(tmp_path):
    return LocalState(tmp_path)


def followed(aws, rows):
    """Give the table an empty past, and let ``rows`` follow it."""
    table = aws.table("Table")
    table.items.clear()
    table.stream_shard = None
    rows.restore(table)
    table.stream_shard = LocalShard(ACCOUNT, table, (rows.follow,), rows.past, rows.progressed)
    aws.server.during_write = table.stream_shard.one_request
    return table


def put(aws, sk, **more):
    client = aws.client("dynamodb")
    client.put_item(TableName=aws.variables["TABLE_NAME"], Item={"pk": {"S": "p"}, "sk": {"S": sk}} | more)


def scanned(aws):
    return aws.client("dynamodb").scan(TableName=aws.variables["TABLE_NAME"])["Items"]


def test_rows_outlive_the_stack_and_are_no_news_when_they_return(aws, state):
    rows = Rows(state)
    reader = followed(aws, rows).stream_shard.reader("one", lambda: None)
    nested = {"M": {"l": {"L": [{"N": "1"}, {"NULL": True}]}, "b": {"B": b"\x00\xff"}}}
    put(aws, "1", m=nested)
    put(aws, "2")
    aws.client("dynamodb").delete_item(TableName=aws.variables["TABLE_NAME"], Key={"pk": {"S": "p"}, "sk": {"S": "2"}})
    reader.done(reader.read(10)[-1].sequence)
    rows.save()
    before = scanned(aws)

    table = followed(aws, Rows(state))
    assert scanned(aws) == before
    assert before[0]["m"] == nested
    assert table.stream_shard.records == []


def test_rows_whose_time_is_over_are_left_out(aws, state):
    state.write(
        ROWS_FILE,
        [
            {"pk": {"S": "p"}, "sk": {"S": "1"}, "ttl": {"N": "1"}},
            {"pk": {"S": "p"}, "sk": {"S": "2"}, "ttl": {"N": "99999999999"}},
        ],
    )
    followed(aws, Rows(state))
    assert [one["sk"]["S"] for one in scanned(aws)] == ["2"]


def test_restored_rows_are_saved_again_with_the_new_ones(aws, state):
    state.write(ROWS_FILE, [{"pk": {"S": "p"}, "sk": {"S": "old"}}])
    rows = Rows(state)
    followed(aws, rows)
    put(aws, "new")
    rows.save()
    assert {one["sk"]["S"] for one in state.read(ROWS_FILE, [])} == {"old", "new"}


def test_nothing_is_written_while_nothing_changes(aws, state):
    rows = Rows(state)
    followed(aws, rows)
    rows.save()
    assert state.read(ROWS_FILE, None) is None


def test_what_was_answered_is_on_disk_already(aws, state):
    followed(aws, Rows(state))
    put(aws, "1", v={"S": "old"})
    put(aws, "1", v={"S": "new"})
    put(aws, "2")
    aws.client("dynamodb").delete_item(TableName=aws.variables["TABLE_NAME"], Key={"pk": {"S": "p"}, "sk": {"S": "2"}})
    before = scanned(aws)

    # Nothing ended the first: a killed process ends like this.
    followed(aws, Rows(state))
    assert scanned(aws) == before == [{"pk": {"S": "p"}, "sk": {"S": "1"}, "v": {"S": "new"}}]


def test_a_write_that_the_disk_does_not_take_is_an_error_of_the_server(aws, state, monkeypatch):
    followed(aws, Rows(state))
    client = aws.client("dynamodb", Config(retries={"total_max_attempts": 1}))
    with monkeypatch.context() as full:
        full.setattr("infra.local.state.os.write", lambda *_: 0)
        with pytest.raises(ClientError) as failed:
            client.put_item(TableName=aws.variables["TABLE_NAME"], Item={"pk": {"S": "p"}, "sk": {"S": "1"}})
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    put(aws, "2")
    followed(aws, Rows(state))
    assert [one["sk"]["S"] for one in scanned(aws)] == ["2"]


def test_a_long_journal_is_replaced_by_a_snapshot_by_itself(aws, state, monkeypatch):
    monkeypatch.setattr("infra.local.state.LONGEST", 10)

    async def run():
        rows = Rows(state)
        followed(aws, rows)
        job = asyncio.create_task(rows.run())
        await asyncio.to_thread(put, aws, "1")
        await until(lambda: state.read(ROWS_FILE, []) and not list(state.directory.glob("*.journal")))
        job.cancel()

    asyncio.run(run())
    followed(aws, Rows(state))
    assert [one["sk"]["S"] for one in scanned(aws)] == ["1"]


def test_an_end_between_the_snapshot_and_the_journals_end_changes_nothing(aws, state, monkeypatch):
    rows = Rows(state)
    followed(aws, rows)
    for value in "ab":
        put(aws, "1", v={"S": value})
    before = scanned(aws)
    monkeypatch.setattr(Journal, "drop", lambda *_: None)
    rows.save()
    put(aws, "2")
    table = followed(aws, Rows(state))
    assert scanned(aws) == [*before, {"pk": {"S": "p"}, "sk": {"S": "2"}}]
    assert [one.key[1] for one in table.stream_shard.records] == ["1", "1", "2"]


def read_some(reader, count):
    records = reader.read(count)
    reader.done(records[-1].sequence)
    return records


@pytest.mark.parametrize("killed", [True, False])
def test_what_a_reader_of_the_stream_was_not_done_with_comes_after_a_restart_as_the_same_record(aws, state, killed):
    rows = Rows(state)
    shard = followed(aws, rows).stream_shard
    quick, slow = shard.reader("quick", lambda: None), shard.reader("slow", lambda: None)
    for number in range(4):
        put(aws, str(number))
    every = shard.after(0, 10)
    read_some(slow, 1)
    read_some(quick, 3)
    if not killed:
        rows.close()

    rows = Rows(state)
    shard = followed(aws, rows).stream_shard
    quick, slow = shard.reader("quick", lambda: None), shard.reader("slow", lambda: None)
    assert [one.body for one in read_some(slow, 10)] == [one.body for one in every[1:]]
    assert [one.body for one in read_some(quick, 10)] == [one.body for one in every[3:]]
    assert shard.records == []
    put(aws, "later")
    assert [one.sequence for one in shard.after(0, 10)] == [every[-1].sequence + 1], "a number is never given twice"
    rows.close()
    assert state.read("stream.json", {})["following"] == every[-1].sequence + 2


def test_a_reader_that_is_new_begins_with_the_oldest_record(aws, state):
    followed(aws, Rows(state))
    put(aws, "1")
    shard = followed(aws, Rows(state)).stream_shard
    assert [one.key[1] for one in shard.reader("new", lambda: None).read(10)] == ["1"]


def test_what_a_reader_that_is_gone_did_not_read_is_not_kept_for_ever(aws, state):
    rows = Rows(state)
    shard = followed(aws, rows).stream_shard
    shard.reader("gone", lambda: None)
    put(aws, "1")
    rows = Rows(state)
    shard = followed(aws, rows).stream_shard
    read_some(shard.reader("new", lambda: None), 10)
    rows.close()
    assert state.read("stream.json", {})["records"] == []
    assert list(state.read("stream.json", {})["positions"]) == ["new"]


def read_anew(aws, state):
    return followed(aws, Rows(state)).stream_shard.reader("one", lambda: None).read(10)


def test_a_place_at_which_nothing_was_done_costs_the_journal_nothing(aws, state):
    rows = Rows(state)
    shard = followed(aws, rows).stream_shard
    reader = shard.reader("one", lambda: None)
    put(aws, "1")
    put(aws, "2")
    first, second = reader.read(10)
    reader.done(first.sequence)
    size = rows._journal.size
    reader.done(second.sequence, kept=False)
    assert (rows._journal.size, reader.read(10)) == (size, [])
    # The run after a kill reads it once more.
    assert [one.sequence for one in read_anew(aws, state)] == [second.sequence]
    rows.save()
    assert read_anew(aws, state) == []
