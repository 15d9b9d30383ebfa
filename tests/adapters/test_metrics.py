"""Refusals as an operator hears of them: a RunTask that AWS refuses, the line in the log, and the alarm over its figures."""

import json
import logging
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from chalicelib.adapters.metrics import EmbeddedMetrics
from chalicelib.adapters.tasks import EcsWorkers
from chalicelib.domain.session import Desired
from chalicelib.services.ports import Figure, Misconfigured
from infra.template import TEMPLATE, load_template
from tests.composition import Rig, Stores
from tests.fakes import FakeClock, MemorySessions
from tests.makers import a_session

NAMESPACE = "Switchboard/switchboard-dev"
VCPUS = "You've reached the limit on the number of vCPUs you can run concurrently"
ALARMS = load_template(TEMPLATE).of_type("AWS::CloudWatch::Alarm")
REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "no vCPU is left": (400, {"__type": "ThrottlingException", "message": VCPUS}),
    "a failure in the answer": (200, {"tasks": [], "failures": [{"reason": "RESOURCE:FARGATE"}]}),
    "a permission is missing": (400, {"__type": "AccessDeniedException", "message": "not authorized: ecs:RunTask"}),
}


class Account:
    """An account that refuses RunTask, with a session that wants a worker and a pool that wants a standby."""

    def __init__(self, refusal: tuple[int, dict[str, Any]]) -> None:
        client = boto3.client("ecs")
        # moto has room for everybody.
        client.meta.events.register("before-call.ecs.RunTask", self._refuse)
        self._refusal = refusal
        session = a_session(desired=Desired.RUNNING, generation=1)
        clock = FakeClock()
        self.uid = session.uid
        self.rig = Rig(
            stores=Stores(sessions=MemorySessions(rows={session.uid: session})),
            clock=clock,
            workers=EcsWorkers(client, "switchboard", "worker:1", ["subnet"], ["group"]),  # type: ignore[arg-type]
            metrics=EmbeddedMetrics(NAMESPACE, clock),
            standby_min=1,
        )

    def _refuse(self, **_: Any) -> Any:
        status, answer = self._refusal
        if status != 200:
            answer = {"Error": {"Code": answer["__type"], "Message": answer["message"]}}
        return SimpleNamespace(status_code=status), answer


def lines(records: list[logging.LogRecord]) -> list[dict[str, Any]]:
    """Return the records as Lambda writes them: fields that aren't a record's own are at the outermost level."""
    own = vars(logging.makeLogRecord({}))
    kept = [{name: value for name, value in vars(one).items() if name not in own} for one in records]
    return [json.loads(json.dumps(one)) for one in kept if "_aws" in one]


def figures(records: list[logging.LogRecord], name: str) -> list[float]:
    """Return what CloudWatch makes of the log for one of the stack's metrics."""
    return [
        line[metric["Name"]]
        for line in lines(records)
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        if metric["Name"] == name and directive["Namespace"] == NAMESPACE and directive["Dimensions"] == [[]]
    ]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_launches_that_aws_refuses_set_off_the_alarm_whatever_is_the_reason(aws, caplog, refusal):
    caplog.set_level(logging.INFO)
    account = Account(REFUSALS[refusal])
    for _ in range(2):
        account.rig.clock.now += 120_000
        for act in (lambda: account.rig.reconciler.reconcile(account.uid), account.rig.standbys.fill):
            try:
                act()
            except Misconfigured:
                assert refusal == "a permission is missing"
    assert account.rig.stores.standbys.all() == []
    counted = figures(caplog.records, "LaunchesRefused")
    alarm = ALARMS["LaunchesRefused"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("LaunchesRefused", "Sum")
    assert sum(counted) > alarm["Threshold"]
    whys = [line["why"] for line in lines(caplog.records) if "LaunchesRefused" in line]
    answer = REFUSALS[refusal][1]
    reason = answer.get("message") or answer["failures"][0]["reason"]
    assert all(reason in why for why in whys)


def test_a_line_says_of_each_figure_its_unit_and_of_all_their_time(caplog):
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    EmbeddedMetrics(NAMESPACE, clock).record({Figure.STARTING_SECONDS: 61.5, Figure.SWEEPS: 1}, uid="u")
    (line,) = lines(caplog.records)
    assert line["_aws"]["Timestamp"] == clock()
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "StartingSeconds", "Unit": "Seconds"},
        {"Name": "Sweeps", "Unit": "Count"},
    ]
    assert (line["StartingSeconds"], line["Sweeps"], line["uid"]) == (61.5, 1, "u")


def test_without_a_namespace_figures_are_logged_and_are_no_metrics(caplog):
    caplog.set_level(logging.INFO)
    EmbeddedMetrics("", FakeClock()).record({Figure.SWEEPS: 1})
    assert lines(caplog.records) == []
    assert [vars(one)["Sweeps"] for one in caplog.records] == [1]
