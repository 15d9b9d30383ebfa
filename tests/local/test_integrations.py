import threading

import pytest

from infra.local.functions import Reserved, Throttled
from infra.local.rest import integrations
from infra.template import TEMPLATE, load_template


def of_template():
    template = load_template(TEMPLATE).decided({})
    functions = template.of_type("AWS::Serverless::Function")
    polls = functions["Polls"] | {"ReservedConcurrentExecutions": "7"}
    return integrations(template.of_type("AWS::Serverless::Api")["RestAPI"], functions | {"Polls": polls})


def test_polls_have_a_function_of_their_own_and_all_else_the_one():
    found = of_template()
    assert set(found) == {("GET", "/socket.io"), ("HEAD", "/socket.io")}
    assert {(one.name, one.most) for one in found.values()} == {("Polls", 7)}
    assert len({id(one) for one in found.values()}) == 1, "one function, one reservation"


def test_where_nothing_is_reserved_nothing_is_apart():
    template = load_template(TEMPLATE).decided({"ReservedConcurrency": "0"})
    functions = template.of_type("AWS::Serverless::Function")
    assert integrations(template.of_type("AWS::Serverless::Api")["RestAPI"], functions) == {}


def test_a_call_beyond_what_is_reserved_is_throttled_until_another_one_ends():
    reserved, go = Reserved("Polls", 2), threading.Event()
    running = [reserved.submit(go.wait, 10) for _ in range(2)]
    with pytest.raises(Throttled):
        reserved.submit(int)
    go.set()
    assert all(call.result(10) for call in running)
    assert reserved.submit(int, "7").result(10) == 7
    reserved.close()


def test_a_call_that_fails_gives_its_place_back():
    reserved = Reserved("Polls", 1)
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            reserved.submit(int, "x").result(10)
    reserved.close()


def test_an_integration_without_a_function_is_no_riddle():
    said = {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": "arn:elsewhere"}}}
    with pytest.raises(ValueError, match="arn:elsewhere"):
        integrations({"DefinitionBody": {"paths": {"/x": {"get": said}}}}, {})
