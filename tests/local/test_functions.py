import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from infra.local.functions import (
    Concurrency,
    Function,
    Throttled,
    functions_of,
    reserved_concurrency,
    socket_functions_of,
)
from tests.local.small_app import make_app


@pytest.fixture
def executor():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_functions_are_found_by_the_logical_ids_of_the_packaged_template(executor):
    assert set(functions_of(make_app(), Concurrency({}))) == {"TaskState"}


def test_a_function_gets_its_event_and_a_context(executor):
    app = make_app()
    answer = asyncio.run(functions_of(app, Concurrency({}))["TaskState"]({"a": 1}))
    assert answer == {"left": True, "name": "TaskState"}
    assert app.seen == [("event", {"a": 1})]


def test_socket_handlers_are_found_by_route_key(executor):
    assert set(socket_functions_of(make_app(), Concurrency({}))) == {"$connect", "$default", "$disconnect"}


def test_only_json_crosses(executor):
    answer = asyncio.run(Function("f", lambda *_: {"pair": (1, 2)}, executor)({}))
    assert answer == {"pair": [1, 2]}


def test_what_the_function_raises_is_raised(executor):
    def fail(event, context):
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(Function("f", fail, executor)({}))


def test_a_function_has_its_reserve_to_itself_and_the_rest_is_shared():
    held, both = Event(), Barrier(3)

    def wait(event, context):
        both.wait(10)
        held.wait(10)

    async def run():
        concurrency = Concurrency({"Reserved": 2})
        waiting = [asyncio.create_task(Function("Reserved", wait, concurrency.of("Reserved"))({})) for _ in range(5)]
        await asyncio.to_thread(both.wait, 10)
        # Two of the five are all that runs; others aren't held up by them.
        other = Function("Other", lambda *_: "done", concurrency.of("Other"))
        assert await asyncio.gather(*(other({}) for _ in range(50))) == ["done"] * 50
        assert both.n_waiting == 0
        both.abort()
        held.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(run())


@pytest.fixture
def full():
    """An account whose only place is taken, until the event is set."""
    held, concurrency = Event(), Concurrency({}, 1)
    concurrency.of("Other").submit(held.wait, 10)
    return concurrency, held


def test_a_call_beyond_the_account_s_concurrency_is_throttled(full):
    concurrency, held = full
    with pytest.raises(Throttled):
        asyncio.run(Function("f", lambda *_: "done", concurrency.of("f"))({}))
    held.set()


def test_what_brings_events_tries_again_until_there_is_room(full):
    concurrency, held = full

    async def run():
        call = asyncio.create_task(Function("f", lambda *_: "done", concurrency.of("f"), patient=True)({}))
        await asyncio.sleep(0.3)
        assert not call.done()
        held.set()
        return await call

    assert asyncio.run(run()) == "done"


def test_what_events_call_is_tried_again_and_what_callers_call_is_not():
    app = make_app()
    assert {one.patient for one in functions_of(app, Concurrency({})).values()} == {True}
    assert {one.patient for one in socket_functions_of(app, Concurrency({})).values()} == {False}


def test_the_reserve_is_what_the_template_says(aws):
    functions = aws.resolve(aws.template.of_type("AWS::Serverless::Function"))
    found = reserved_concurrency(functions)
    assert (found["Control"], found["Fanout"]) == (20, 20)
    assert "Deliver" not in found
