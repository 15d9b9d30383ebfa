"""The table's calls: plain values in and out, a failed condition as an outcome, other errors translated.

Every item carries the version of its format as ``v``, written and checked here alone. The version says what has to be
known to read an item, so what may be ignored doesn't raise it: a new attribute is left alone by code that doesn't know
it, and has a default where it is missing. A change that older code would read wrongly raises the version, and brings
with it how this module reads the format before.

New attributes are left alone in writing, too: sessions, messages, users and tenants are changed attribute by attribute,
so that functions and workers of two versions can be at work on one item. That holds for whole attributes: what is new
doesn't go into a map that is there (``device``, ``qr``), but beside it. Items that live for minutes are written whole.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.adapters.clients import refused, translated
from chalicelib.services.ports import Unavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient


_TO: Final = TypeSerializer()
_FROM: Final = TypeDeserializer()
LARGEST: Final = 10**38
"""DynamoDB's numbers have 38 digits; boto3 refuses what has more."""


def typed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``item`` as the client's calls take it; what is None is left out, but for members of lists."""
    return {name: _typed(value) for name, value in item.items() if value is not None}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client or a stream record answered, as plain values; a number with a fraction is a float."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    # The commonest types first, at a fifth of the time that boto3 takes for them.
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() if -LARGEST < value < LARGEST:
            return {"N": str(int(value))}
        case float():
            # The shortest decimal that reads as this number: DynamoDB's numbers are decimal, and boto3 refuses binary
            # ones.
            return dict(_TO.serialize(Decimal(repr(value))))
        case Mapping():
            return {"M": typed(value)}
        case list() | tuple():
            return {"L": [_typed(one) for one in value]}
        case _:
            return dict(_TO.serialize(value))


def _plain(attribute: Any) -> Any:
    [(kind, value)] = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value) if value.removeprefix("-").isdecimal() else _number(_FROM.deserialize(attribute))
        case "M":
            return plain(value)
        case "L":
            return [_plain(one) for one in value]
        case _:
            return _FROM.deserialize(attribute)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


FORMAT: Final = 1


class UnknownFormat(Exception):
    """An item whose format this version can't read: a later version wrote it, or another program."""


def stamped(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``item`` with the version of its format, as it is written."""
    return {**item, "v": FORMAT}


def readable(item: dict[str, Any]) -> dict[str, Any]:
    """Return ``item``, which was read; raises UnknownFormat if its format isn't known here."""
    if item.get("v") != FORMAT:
        raise UnknownFormat(f"an item of format {item.get('v')} in {item.get('pk')} {item.get('sk')}, not {FORMAT}")
    return item


T = TypeVar("T")

PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between repetitions of a batch of which nothing is done: DynamoDB throttles."""


def in_batches(asked: Sequence[T], size: int, call: Callable[[Sequence[T]], Sequence[T]]) -> None:
    """Call ``call`` with all of ``asked``, ``size`` at a time, and again with the part that it returns as undone.

    Raises Unavailable once nothing gets done any more.
    """
    left, idle = list(asked), 0
    while left:
        batch = left[:size]
        undone = list(call(batch))
        if len(undone) < len(batch):
            idle = 0
        elif idle == len(PAUSES):
            raise Unavailable("DynamoDB leaves a whole batch undone again and again.")
        else:
            time.sleep(PAUSES[idle])
            idle += 1
        left = undone + left[size:]


Item = dict[str, Any]


class Condition(Struct, frozen=True):
    """A condition or change as DynamoDB writes it; ``values`` are those of its ``:names``, ``names`` its ``#names``."""

    expression: str
    values: Mapping[str, Any]
    names: Mapping[str, str] | None = None


class Refused(Struct, frozen=True):
    """The condition didn't hold; ``item`` is what stands, if anything does."""

    item: Item | None


class Table(Struct, frozen=True):
    """One DynamoDB table. Reads are consistent, save those of an index."""

    client: "DynamoDBClient"
    name: str

    def get(self, pk: str, sk: str) -> Item | None:
        """Return the item."""
        with translated():
            answer = self.client.get_item(TableName=self.name, Key=typed({"pk": pk, "sk": sk}), ConsistentRead=True)
        return readable(plain(answer["Item"])) if "Item" in answer else None

    def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Return those items of these keys that exist, in no order; 100 a call."""
        found: list[Item] = []

        def read(asked: Any) -> Any:
            with translated():
                answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": asked, "ConsistentRead": True}})
            found.extend(readable(plain(item)) for item in answer["Responses"].get(self.name, []))
            return answer["UnprocessedKeys"].get(self.name, {"Keys": []})["Keys"]

        in_batches([typed({"pk": pk, "sk": sk}) for pk, sk in keys], 100, read)
        return found

    def put(self, item: Item, condition: Condition | None = None) -> Refused | None:
        """Write the whole item, if the condition holds."""
        return self._write("put_item", {"Item": typed(stamped(item))}, condition)

    def exchange(self, item: Item, condition: Condition) -> tuple[bool, Item | None]:
        """Write the whole item, if the condition holds; return whether it did, and what stood there until now."""
        answer = self._send("put_item", {"Item": typed(stamped(item)), "ReturnValues": "ALL_OLD"}, condition)
        if isinstance(answer, Refused):
            return False, answer.item
        stood = answer.get("Attributes")
        return True, readable(plain(stood)) if stood else None

    def put_many(self, items: Sequence[Item]) -> None:
        """Write whole items, each in another place, whatever stands there: 25 a call.

        Each is written or not, whatever becomes of the others; on an error some may be.
        """
        if len(items) == 1:
            self.put(items[0])
            return
        self._write_many([{"PutRequest": {"Item": typed(stamped(item))}} for item in items])

    def rewrite(
        self, item: Item, known: Collection[str], condition: Condition, *, before: Item | None = None
    ) -> Refused | None:
        """Replace an existing item's known attributes by those of ``item``, if the condition holds.

        Those of the ``known`` attributes that ``item`` lacks are removed. Unknown ones stay: a later version of this
        code wrote them, and reads them again. Where the condition holds for the item ``before`` alone, only what is
        different from it needs to be written, which is a tenth of a large item as a rule.
        """
        pk, sk = item["pk"], item["sk"]
        fields = {name: value for name, value in item.items() if name not in {"pk", "sk"} and value is not None}
        gone = sorted(set(known) - fields.keys())
        if before is not None:
            gone = [name for name in gone if name in before]
            fields = {name: value for name, value in fields.items() if name not in before or before[name] != value}
        fields = stamped(fields)
        # Numbered, since some of the names are reserved words.
        names = {f"#n{number}": name for number, name in enumerate([*fields, *gone])}
        values = {f":n{number}": value for number, value in enumerate(fields.values())}
        sets = ", ".join(f"#n{number} = :n{number}" for number in range(len(fields)))
        removes = ", ".join(f"#n{number}" for number in range(len(fields), len(names)))
        change = Condition(f"SET {sets} REMOVE {removes}" if removes else f"SET {sets}", values, names)
        return self.update(pk, sk, change, condition)

    def update(self, pk: str, sk: str, change: Condition, condition: Condition) -> Refused | None:
        """Change an item that is there, if the condition holds."""
        arguments = {"Key": typed({"pk": pk, "sk": sk}), "UpdateExpression": change.expression}
        both = Condition(
            condition.expression,
            {**change.values, **condition.values},
            {**(change.names or {}), **(condition.names or {})},
        )
        return self._write("update_item", arguments, both)

    def delete(self, pk: str, sk: str, condition: Condition | None = None) -> Refused | None:
        """Remove the item, if the condition holds."""
        return self._write("delete_item", {"Key": typed({"pk": pk, "sk": sk})}, condition)

    def delete_many(self, keys: Sequence[tuple[str, str]]) -> None:
        """Remove items, 25 a call."""
        self._write_many([{"DeleteRequest": {"Key": typed({"pk": pk, "sk": sk})}} for pk, sk in keys])

    def _write_many(self, requests: Sequence[Any]) -> None:
        def write(asked: Any) -> Any:
            with translated():
                answer = self.client.batch_write_item(RequestItems={self.name: asked})
            return answer["UnprocessedItems"].get(self.name, [])

        in_batches(requests, 25, write)

    def delete_partition(self, pk: str, *, but: Collection[str] = ()) -> None:
        """Remove all items of a partition but those with these sort keys."""
        found = self.query(Condition("pk = :pk", {":pk": pk}), keys_only=True)
        self.delete_many([(item["pk"], item["sk"]) for item in found if item["sk"] not in but])

    def query(
        self,
        where: Condition,
        *,
        limit: int | None = None,
        index: str | None = None,
        local_index: str | None = None,
        after: Mapping[str, str] | None = None,
        keys_only: bool = False,
        newest_first: bool = False,
    ) -> Iterator[Item]:
        """Yield the items of one partition in the order of their sort keys, up to ``limit``."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": where.expression,
            "ExpressionAttributeValues": typed(where.values),
        }
        arguments |= {"IndexName": index} if index else {"ConsistentRead": True}
        arguments |= {"IndexName": local_index} if local_index else {}
        arguments |= {"ScanIndexForward": False} if newest_first else {}
        arguments |= {"ProjectionExpression": "pk, sk"} if keys_only else {}
        arguments |= {"ExclusiveStartKey": typed(after)} if after else {}
        left = limit
        while left is None or left > 0:
            arguments |= {"Limit": left} if left else {}
            with translated():
                answer = self.client.query(**arguments)
            yield from (plain(item) if keys_only else readable(plain(item)) for item in answer["Items"])
            left = None if left is None else left - len(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def count(self, where: Condition, holds: Condition) -> int:
        """Return the number of items of one partition for which ``holds`` holds; DynamoDB reads all and sends none."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": where.expression,
            "FilterExpression": holds.expression,
            "ExpressionAttributeValues": typed({**where.values, **holds.values}),
            "ConsistentRead": True,
            "Select": "COUNT",
        }
        found = 0
        while True:
            with translated():
                answer = self.client.query(**arguments)
            found += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return found
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _write(self, call: str, arguments: dict[str, Any], condition: Condition | None) -> Refused | None:
        answer = self._send(call, arguments, condition)
        return answer if isinstance(answer, Refused) else None

    def _send(self, call: str, arguments: dict[str, Any], condition: Condition | None) -> Mapping[str, Any] | Refused:
        if condition:
            arguments |= {
                "ConditionExpression": condition.expression,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
            arguments |= {"ExpressionAttributeValues": typed(condition.values)} if condition.values else {}
            arguments |= {"ExpressionAttributeNames": dict(condition.names)} if condition.names else {}
        try:
            answer: Mapping[str, Any] = getattr(self.client, call)(TableName=self.name, **arguments)
        except ClientError as error:
            if refused(error, "ConditionalCheckFailedException"):
                stands: Any = error.response.get("Item")
                return Refused(readable(plain(stands)) if stands else None)
            with translated():
                raise
        except Exception:
            with translated():
                raise
        return answer
