import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from infra.local.aws import ACCOUNT
from infra.local.shard import LocalShard


@pytest.fixture
def heard():
    return []


@pytest.fixture
def shard(aws, heard):
    table = aws.table("Table")
    table.stream_shard = LocalShard(ACCOUNT, table, (heard.extend,))
    aws.server.during_write = table.stream_shard.one_request
    return table.stream_shard


@pytest.fixture
def table(aws, shard):
    class Given:
        client = aws.client("dynamodb")
        name = aws.variables["TABLE_NAME"]

        def put(self, sk="1", **values):
            item = {"pk": {"S": "p"}, "sk": {"S": sk}} | {name: {"S": value} for name, value in values.items()}
            self.client.put_item(TableName=self.name, Item=item)

        def update(self, sk="1", value="v", **more):
            self.client.update_item(
                TableName=self.name,
                Key={"pk": {"S": "p"}, "sk": {"S": sk}},
                UpdateExpression="SET #v = :v",
                ExpressionAttributeNames={"#v": "value"},
                ExpressionAttributeValues={":v": {"S": value}} | more.pop("values", {}),
                **more,
            )

        def delete(self, sk="1"):
            self.client.delete_item(TableName=self.name, Key={"pk": {"S": "p"}, "sk": {"S": sk}})

    return Given()


def kinds(records):
    return [json.loads(record.body)["eventName"] for record in records]


def test_an_items_life_is_told_in_order_with_both_images(table, heard):
    table.put(value="a")
    table.update(value="b")
    table.delete()
    assert kinds(heard) == ["INSERT", "MODIFY", "REMOVE"]
    middle = json.loads(heard[1].body)["dynamodb"]
    assert (middle["OldImage"]["value"], middle["NewImage"]["value"]) == ({"S": "a"}, {"S": "b"})
    assert middle["Keys"] == {"pk": {"S": "p"}, "sk": {"S": "1"}}


def test_an_update_that_creates_is_one_insert(table, heard):
    table.update(value="new")
    assert kinds(heard) == ["INSERT"]
    assert json.loads(heard[0].body)["dynamodb"]["NewImage"]["value"] == {"S": "new"}


def test_a_put_that_changes_nothing_is_no_event(table, heard):
    table.put(value="a")
    table.put(value="a")
    assert kinds(heard) == ["INSERT"]


def test_the_record_names_its_stream_with_the_label(table, shard, heard):
    table.put()
    body = json.loads(heard[0].body)
    assert body["eventSourceARN"] == shard.arn
    assert "/stream/20" in shard.arn
    assert isinstance(body["dynamodb"]["ApproximateCreationDateTime"], int)


def test_what_every_reader_is_done_with_is_forgotten(table, shard):
    first, second = shard.reader("first", lambda: None), shard.reader("second", lambda: None)
    for number in range(4):
        table.put(sk=str(number))
    first.done(first.read(10)[-1].sequence)
    assert len(shard.records) == 4
    second.done(second.read(2)[-1].sequence)
    assert [record.key[1] for record in shard.records] == ["2", "3"]
    assert [record.key[1] for record in second.read(10)] == ["2", "3"]
    assert first.read(10) == []


def test_sequence_numbers_go_on_after_forgetting(table, shard, heard):
    reader = shard.reader("one", lambda: None)
    table.put(sk="1")
    reader.done(heard[-1].sequence)
    table.put(sk="2")
    assert heard[1].sequence == heard[0].sequence + 1


def test_only_one_of_many_conditional_writes_wins(table, heard):
    table.put(value="0")

    def race(number):
        try:
            table.update(value=str(number), ConditionExpression="#v = :old", values={":old": {"S": "0"}})
        except ClientError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(1, 25))) == 1
    assert kinds(heard) == ["INSERT", "MODIFY"]


def test_nested_and_binary_values_are_dynamodbs_json(table, heard):
    item = {"pk": {"S": "p"}, "sk": {"S": "1"}, "m": {"M": {"l": {"L": [{"B": b"q"}]}, "s": {"SS": ["a", "b"]}}}}
    table.client.put_item(TableName=table.name, Item=item)
    assert json.loads(heard[0].new or "")["m"] == {"M": {"l": {"L": [{"B": "cQ=="}]}, "s": {"SS": ["a", "b"]}}}
