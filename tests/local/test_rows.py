import asyncio

import pytest

from infra.local.aws import ACCOUNT
from infra.local.rows import FILE, Rows
from infra.local.shard import LocalShard
from infra.local.state import State
from tests.local.patience import until


@pytest.fixture
def state(tmp_path):
    return State(tmp_path)


def followed(aws, rows):
    """Give the table an empty past, and let ``rows`` follow it."""
    table = aws.table("Table")
    table.items.clear()
    table.stream_shard = None
    rows.restore(table)
    table.stream_shard = LocalShard(ACCOUNT, table, (rows.follow,))
    aws.server.during_write = table.stream_shard.one_request
    return table


def put(aws, sk, **more):
    client = aws.client("dynamodb")
    client.put_item(TableName=aws.variables["TABLE_NAME"], Item={"pk": {"S": "p"}, "sk": {"S": sk}} | more)


def scanned(aws):
    return aws.client("dynamodb").scan(TableName=aws.variables["TABLE_NAME"])["Items"]


def test_rows_outlive_the_stack_and_are_no_news_when_they_return(aws, state):
    rows = Rows(state)
    followed(aws, rows)
    nested = {"M": {"l": {"L": [{"N": "1"}, {"NULL": True}]}, "b": {"B": b"\x00\xff"}}}
    put(aws, "1", m=nested)
    put(aws, "2")
    aws.client("dynamodb").delete_item(TableName=aws.variables["TABLE_NAME"], Key={"pk": {"S": "p"}, "sk": {"S": "2"}})
    rows.save()
    before = scanned(aws)

    table = followed(aws, Rows(state))
    assert scanned(aws) == before
    assert before[0]["m"] == nested
    assert table.stream_shard.records == []


def test_rows_whose_time_is_over_are_left_out(aws, state):
    state.write(
        FILE,
        [
            {"pk": {"S": "p"}, "sk": {"S": "1"}, "ttl": {"N": "1"}},
            {"pk": {"S": "p"}, "sk": {"S": "2"}, "ttl": {"N": "99999999999"}},
        ],
    )
    followed(aws, Rows(state))
    assert [one["sk"]["S"] for one in scanned(aws)] == ["2"]


def test_restored_rows_are_saved_again_with_the_new_ones(aws, state):
    state.write(FILE, [{"pk": {"S": "p"}, "sk": {"S": "old"}}])
    rows = Rows(state)
    followed(aws, rows)
    put(aws, "new")
    rows.save()
    assert {one["sk"]["S"] for one in state.read(FILE, [])} == {"old", "new"}


def test_nothing_is_written_while_nothing_changes(aws, state):
    rows = Rows(state)
    followed(aws, rows)
    rows.save()
    assert state.read(FILE, None) is None


def test_rows_are_saved_by_themselves(aws, state):
    async def run():
        rows = Rows(state)
        followed(aws, rows)
        job = asyncio.create_task(rows.run())
        await asyncio.to_thread(put, aws, "1")
        await until(lambda: state.read(FILE, []))
        job.cancel()

    asyncio.run(run())
