import logging

import pytest

from chalicelib.domain.events import (
    ClientOutdated,
    Envelope,
    GaveUp,
    LinkEvent,
    SettingsChanged,
    StartRequested,
    StopRequested,
    TenantDisabled,
    WebhookRecovered,
    WorkerClaimed,
)
from chalicelib.domain.session import Status
from chalicelib.domain.transitions import advance
from chalicelib.triggers import FAILED, WORKER_LOST, note
from tests.makers import a_running_session


def noted(caplog: pytest.LogCaptureFixture, event: LinkEvent, **session: object) -> list[tuple[str, str | None]]:
    after = advance(a_running_session(**session), event, now=5, event_id="E")
    last = after.last_event
    assert last
    with caplog.at_level(logging.INFO):
        note(Envelope(last.id, last.type, after.tenant, after.id, after.uid, last.at, "c", last.data))
    return [(record.getMessage(), getattr(record, "reason", None)) for record in caplog.records]


def test_a_session_that_fails_is_noted_with_its_reason(caplog):
    assert noted(caplog, ClientOutdated(), status=Status.CONNECTED) == [(FAILED, "client_outdated")]


def test_so_is_one_whose_workers_keep_failing(caplog):
    assert noted(caplog, GaveUp(), status=Status.STARTING) == [(FAILED, "worker_keeps_failing")]


@pytest.mark.parametrize(
    "event", [SettingsChanged(name="Shop"), StartRequested(), StopRequested(), TenantDisabled(), WebhookRecovered()]
)
def test_what_moves_no_failed_session_is_no_second_failure(caplog, event):
    assert noted(caplog, event, status=Status.FAILED) == []


def test_a_lost_worker_is_noted(caplog):
    claimed = WorkerClaimed("w-2", "mailbox", standby=False, lost=True)
    assert noted(caplog, claimed, status=Status.CONNECTED) == [(WORKER_LOST, "worker_lost")]


def test_a_worker_s_first_start_is_not(caplog):
    claimed = WorkerClaimed("w-1", "mailbox", standby=False)
    assert noted(caplog, claimed, status=Status.CREATED) == []
