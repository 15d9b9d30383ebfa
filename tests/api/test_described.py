"""The net that every answer of these tests goes through is tight."""

from typing import Any

import pytest

from chalicelib.dialects.bare import sessions as bare
from tests.api.described import conforms, operation
from tests.makers import a_session

SESSION: dict[str, Any] = {**bare.session(a_session())}


def told(body: dict[str, Any], status: int = 200, kind: str = "application/json") -> None:
    conforms("GET", "/sessions/ana?x=1", status, kind, lambda: body)


def test_a_true_answer_goes_through() -> None:
    told(SESSION)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"more": 1}, "'more' was unexpected"),
        ({"sessionId": 7}, "not of type 'string'"),
        ({"status": "CONNECTED"}, "is not one of"),
    ],
)
def test_what_is_not_described_does_not(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        told(SESSION | changed)


def test_a_field_that_must_be_there_is_missed() -> None:
    with pytest.raises(AssertionError, match="'status' is a required property"):
        told({name: value for name, value in SESSION.items() if name != "status"})


def test_another_status_or_content_type_is_refused() -> None:
    with pytest.raises(AssertionError, match="answered 418"):
        told(SESSION, 418)
    with pytest.raises(AssertionError, match="text/html"):
        told(SESSION, kind="text/html")


def test_a_path_with_a_variable_gives_way_to_one_without() -> None:
    found = operation("GET", "/api/sessions/ana/qr")
    assert found
    assert found["operationId"] == "getApiSessionsIdQr"
    assert operation("GET", "/nowhere") is None
