"""Tokens and places that many take at once, from a table that answers one request at a time as DynamoDB does for an item."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from chalicelib.adapters.dynamodb.messages import DynamoPaces
from chalicelib.adapters.dynamodb.places import DynamoPlaces
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.names import new_id
from chalicelib.domain.limits import Pace
from infra.local.aws import LocalAws
from infra.template import TEMPLATE, load_template
from tests.makers import NOW


@pytest.fixture
def table() -> Iterator[Table]:
    with LocalAws(load_template(TEMPLATE), {"WorkerImage": "local"}, f"test-{uuid4().hex[:8]}") as running:
        yield Table(running.client("dynamodb"), running.physical["Table"])


def test_each_takes_one_and_none_waits_for_another(table: Table) -> None:
    operations: list[str] = []
    table.client.meta.events.register("before-call.dynamodb", lambda model, **_: operations.append(model.name))
    paces = DynamoPaces(table, Pace(burst=40, per_minute=60))
    with ThreadPoolExecutor(16) as callers:
        waits = list(callers.map(lambda _: paces.take("u", now=NOW), range(50)))
    assert waits.count(0) == 40
    assert len(operations) <= 2 * 50
    assert paces.take("u", now=NOW + 1000) == 0
    assert paces.take("u", now=NOW + 1000) == 1


def test_however_many_ask_at_once_a_place_is_one_call_s(table: Table) -> None:
    places = DynamoPlaces(table, 4, new_id)
    with ThreadPoolExecutor(16) as callers:
        got = list(callers.map(lambda _: places.take(now=NOW, until=NOW + 1000), range(40)))
    assert sorted(place.number for place in got if place) == [0, 1, 2, 3]
