import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.functions import Function, functions_of, socket_functions_of
from tests.local.small_app import make_app


@pytest.fixture
def executor():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_functions_are_found_by_the_logical_ids_of_the_packaged_template(executor):
    assert set(functions_of(make_app(), executor)) == {"TaskState"}


def test_a_function_gets_its_event_and_a_context(executor):
    app = make_app()
    answer = asyncio.run(functions_of(app, executor)["TaskState"]({"a": 1}))
    assert answer == {"left": True, "name": "TaskState"}
    assert app.seen == [("event", {"a": 1})]


def test_socket_handlers_are_found_by_route_key(executor):
    assert set(socket_functions_of(make_app(), executor)) == {"$connect", "$default", "$disconnect"}


def test_only_json_crosses(executor):
    answer = asyncio.run(Function("f", lambda *_: {"pair": (1, 2)}, executor)({}))
    assert answer == {"pair": [1, 2]}


def test_what_the_function_raises_is_raised(executor):
    def fail(event, context):
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(Function("f", fail, executor)({}))
