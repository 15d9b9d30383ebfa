"""Places to wait in, in the table and in memory: there are two."""

from chalicelib.adapters.dynamodb.places import TRIES, DynamoPlaces, drawn
from chalicelib.adapters.names import new_id
from tests.makers import NOW


def test_there_are_no_more_places_than_there_are(stores):
    assert [bool(stores.places.take(now=NOW, until=NOW + 1000)) for _ in range(3)] == [True, True, False]


def test_a_place_that_was_given_back_is_another_call_s(stores):
    first, _ = (stores.places.take(now=NOW, until=NOW + 1000) for _ in range(2))
    stores.places.give_back(first)
    assert stores.places.take(now=NOW, until=NOW + 1000).number == first.number
    stores.places.give_back(first)
    assert stores.places.take(now=NOW, until=NOW + 1000) is None, "whoever had it before can't free it"


def test_the_place_of_a_call_whose_function_died_is_free_after_its_end(stores):
    for _ in range(2):
        stores.places.take(now=NOW, until=NOW + 1000)
    assert stores.places.take(now=NOW + 1000, until=NOW + 2000) is None
    assert stores.places.take(now=NOW + 1001, until=NOW + 2000) is not None


def test_a_call_looks_at_a_few_places_of_many(table):
    looks: list[str] = []
    table.client.meta.events.register("before-call.dynamodb", lambda model, **_: looks.append(model.name))
    places = DynamoPlaces(table, 500, new_id, draw=lambda _, count: range(count))
    got = [places.take(now=NOW, until=NOW + 1000) for _ in range(TRIES + 1)]
    assert [place and place.number for place in got] == [*range(TRIES), None]
    assert len(looks) == sum(range(1, TRIES + 1)) + TRIES
    assert len(set(drawn(500, TRIES))) == TRIES


def test_where_there_is_no_bound_nothing_is_written(table):
    places = DynamoPlaces(table, 0, new_id)
    place = places.take(now=NOW, until=NOW + 1000)
    assert place is not None
    places.give_back(place)
    assert (
        "Items" not in table.client.scan(TableName=table.name) or not table.client.scan(TableName=table.name)["Items"]
    )
