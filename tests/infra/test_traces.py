"""X-Ray, by a parameter."""

from typing import Any

import pytest

from infra.template import TEMPLATE, load_template


def decided(choice: str) -> dict[str, Any]:
    document: dict[str, Any] = load_template(TEMPLATE).decided({"Traces": choice}).document
    return document


@pytest.mark.parametrize(("choice", "mode"), [("yes", "Active"), ("no", "PassThrough")])
def test_the_functions_are_traced_where_that_was_chosen_and_the_addresses_that_are_called_never(
    choice: str, mode: str
) -> None:
    template = decided(choice)
    assert template["Globals"]["Function"]["Tracing"] == mode
    assert ("TracePolicy" in template["Resources"]) == (choice == "yes")
    assert "TracingEnabled" not in template["Resources"]["RestAPI"]["Properties"]


def test_each_function_s_role_may_say_how_long_it_took() -> None:
    resources = decided("yes")["Resources"]
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Serverless::Function"]
    roles = sorted(one["Role"]["Fn::GetAtt"][0] for one in functions)
    assert sorted(one["Ref"] for one in resources["TracePolicy"]["Properties"]["Roles"]) == roles


def test_nobody_is_traced_who_did_not_ask() -> None:
    assert load_template(TEMPLATE).document["Parameters"]["Traces"]["Default"] == "no"
