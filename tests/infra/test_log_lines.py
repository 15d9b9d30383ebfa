"""The metric filters against the lines that the code writes: a word changed on one side would silence an alarm."""

import logging
import re
from typing import Any

import pytest

from chalicelib.domain.events import ClientOutdated, Disconnected, Envelope, GaveUp, LinkEvent, WorkerClaimed
from chalicelib.domain.session import Reason, Status
from chalicelib.domain.transitions import advance
from chalicelib.triggers import each, note
from infra.template import TEMPLATE, load_template
from tests.makers import a_running_session

FILTERS = load_template(TEMPLATE).of_type("AWS::Logs::MetricFilter")


def counted(records: list[logging.LogRecord]) -> set[str]:
    """Return the filters that count one of the records, which Lambda writes as JSON with their extra fields."""
    lines = [{**vars(record), "message": record.getMessage()} for record in records]
    return {name for name, one in FILTERS.items() if any(fits(one["FilterPattern"], line) for line in lines)}


def fits(pattern: str, line: dict[str, Any]) -> bool:
    terms = [re.fullmatch(r'\$\.(\w+) (!?=) "([^"]*)"', term.strip()) for term in pattern.strip("{} ").split("&&")]
    assert all(terms), pattern
    return all((str(line.get(term[1])) == term[3]) is (term[2] == "=") for term in terms if term)


def told(event: LinkEvent, status: Status) -> None:
    after = advance(a_running_session(status=status), event, now=5, event_id="E")
    assert after.last_event
    note(Envelope("E", event.type, after.tenant, after.id, after.uid, 5, "c", after.last_event.data))


@pytest.mark.parametrize(
    ("event", "status", "filters"),
    [
        (GaveUp(), Status.STARTING, {"SessionsFailed"}),
        (ClientOutdated(), Status.CONNECTED, {"SessionsFailed", "ClientOutdated"}),
        (WorkerClaimed("w", "m", standby=False, lost=True), Status.CONNECTED, {"WorkersLost"}),
        (WorkerClaimed("w", "m", standby=False), Status.CREATED, set()),
        (Disconnected(Reason.CLIENT_RESTARTED), Status.CONNECTED, {"ClientRestarts"}),
        (Disconnected(Reason.CONNECTION_LOST), Status.CONNECTED, set()),
    ],
)
def test_what_happens_to_a_session_is_counted_where_it_should_be(caplog, event, status, filters):
    told(event, status)
    assert counted(caplog.records) == filters


def test_a_record_that_nobody_can_handle_is_counted(caplog):
    each({"Records": [{"dynamodb": {"SequenceNumber": "1"}}]}, lambda _: 1 / 0)  # type: ignore[arg-type]
    assert counted(caplog.records) == {"PoisonRecords"}
