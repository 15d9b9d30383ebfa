"""The id of the request that what happens goes back to."""

import json
import logging
from collections.abc import Iterator

import pytest

from chalicelib.services.correlation import call_id, in_call, name_requests_in_logs, on_behalf_of, request_id


@pytest.fixture
def named() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    name_requests_in_logs()
    yield
    logging.setLogRecordFactory(before)


def test_a_call_s_id_is_its_own_until_it_is_over() -> None:
    with in_call("r1"):
        assert (request_id(), call_id()) == ("r1", "r1")
    assert (request_id(), call_id()) == (None, None)


def test_what_goes_back_to_a_call_is_no_call() -> None:
    with on_behalf_of("r1"):
        assert (request_id(), call_id()) == ("r1", None)


def test_each_line_of_the_log_carries_the_id_where_there_is_one(named: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    name_requests_in_logs()
    with on_behalf_of("r1"):
        logging.getLogger("any").info("it happened", extra={"uid": "u"})
    logging.getLogger("any").info("by itself")
    first, second = caplog.records
    assert vars(first)["request_id"] == "r1"
    assert "request_id" not in vars(second)
    assert "request" not in json.dumps(second.getMessage())
