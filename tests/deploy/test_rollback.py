"""Which alarms take a change back."""

import boto3
import pytest
from moto import mock_aws

from infra.deploy import CannotDeploy
from infra.deploy.account import Account
from infra.deploy.rollback import ALARMS, KIND, MOST, Rollback, check_alarms, read_rollback, triggers
from infra.template import TEMPLATE, load_template

REAL = load_template(TEMPLATE).document


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield Account("123456789012", "eu-west-1", boto3.Session(region_name="eu-west-1"))


@pytest.fixture
def alarms(account):
    """The stack's resources, with three alarms that are quiet."""
    client = account.session.client("cloudwatch")
    for name in ("FunctionErrors", "RestErrors", "SweepStopped"):
        client.put_metric_alarm(
            AlarmName=f"stack-{name}",
            MetricName="Errors",
            Namespace="AWS/Lambda",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    return [(name, KIND, f"stack-{name}") for name in ("FunctionErrors", "RestErrors", "SweepStopped")]


def names(arns):
    return {arn.rpartition(":")[2] for arn in arns}


def test_the_usual_ones_are_alarms_of_the_template_that_stay_quiet_without_data():
    alarms = {name: REAL["Resources"][name] for name in ALARMS}
    assert {one["Type"] for one in alarms.values()} == {KIND}
    assert {one["Properties"]["TreatMissingData"] for one in alarms.values()} == {"notBreaching"}
    assert len(ALARMS) == MOST
    check_alarms(REAL, Rollback())


def test_each_of_them_can_ring_within_the_time_that_it_is_watched():
    for name in ALARMS:
        asked = REAL["Resources"][name]["Properties"]
        period = asked.get("Period") or asked["Metrics"][1]["MetricStat"]["Period"]
        assert period * asked["EvaluationPeriods"] <= Rollback().minutes * 60


def test_those_that_were_chosen_are_watched_and_no_others(account, alarms):
    watched, ringing = triggers(account, alarms, Rollback())
    assert (names(watched), ringing) == ({"stack-FunctionErrors", "stack-RestErrors"}, [])


def test_one_that_rings_already_is_left_out_and_named(account, alarms):
    client = account.session.client("cloudwatch")
    client.set_alarm_state(AlarmName="stack-RestErrors", StateValue="ALARM", StateReason="a test")
    watched, ringing = triggers(account, alarms, Rollback())
    assert (names(watched), ringing) == ({"stack-FunctionErrors"}, ["RestErrors"])


def test_none_is_watched_for_no_time_nor_where_there_is_none_yet(account, alarms):
    assert triggers(account, alarms, Rollback(minutes=0)) == ([], [])
    assert triggers(account, [], Rollback()) == ([], [])


@pytest.mark.parametrize(
    ("alarms", "minutes", "expected"),
    [
        ("", "", Rollback()),
        ("", "0", Rollback(minutes=0)),
        ("RestErrors, WakesLate", "30", Rollback(("RestErrors", "WakesLate"), 30)),
    ],
)
def test_a_choice_is_read(alarms, minutes, expected):
    assert read_rollback(alarms, minutes) == expected


@pytest.mark.parametrize(
    ("alarms", "minutes", "sentence"),
    [
        ("", "181", "whole number up to 180"),
        ("", "-1", "whole number up to 180"),
        ("", "ten", "whole number up to 180"),
        ("a,b,c,d,e,f", "", "CloudFormation takes 5"),
    ],
)
def test_a_choice_that_can_t_be_is_refused(alarms, minutes, sentence):
    with pytest.raises(CannotDeploy, match=sentence):
        read_rollback(alarms, minutes)


def test_a_name_that_is_no_alarm_is_refused_with_those_that_are():
    with pytest.raises(CannotDeploy, match=r"names Table, which is no alarm .*FunctionErrors"):
        check_alarms(REAL, Rollback(("RestErrors", "Table")))
