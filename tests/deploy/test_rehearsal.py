"""What a deployment does without an account."""

import sys
from pathlib import Path

import pytest

from infra.deploy import CannotDeploy
from infra.deploy.choices import Choices
from infra.deploy.deployment import rehearse
from infra.deploy.packaging import ARCHIVE, SERVERLESS
from infra.deploy.rollback import Rollback
from tests.deploy.cloud import Docker, a_package

pytestmark = pytest.mark.subprocess


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    stand_in = Docker(tmp_path, sys.executable, version=(1, ""))
    monkeypatch.setenv("PATH", str(stand_in.path))
    return stand_in


def test_it_says_what_would_be_done_and_what_is_still_missing(tmp_path: Path) -> None:
    said: list[str] = []
    rehearse(a_package(tmp_path), Choices("prod", {"StandbyMin": "2"}, region="eu-west-1", dry=True), said.append)
    told = "\n".join(said)
    assert "and push it as switchboard-prod-worker:" in told
    assert "(not yet: Docker's engine doesn't answer." in told
    assert "the bucket switchboard-prod-code-ACCOUNT-eu-west-1" in told
    assert "the stack switchboard-prod in eu-west-1, with StandbyMin=2" in told
    assert "see whether CloudFront takes a distribution" in told
    assert said[-1] == "Nothing was created."


def test_without_an_edge_nobody_asks_cloudfront(tmp_path: Path) -> None:
    packaged = a_package(tmp_path)
    packaged.template["Parameters"]["Edge"] = {"Type": "String", "Default": "cloudfront"}
    said: list[str] = []
    rehearse(packaged, Choices("prod", {"Edge": "none"}, dry=True), said.append)
    assert "CloudFront" not in "\n".join(said)


def test_the_functions_code_may_be_where_it_would_be(tmp_path: Path) -> None:
    """The bucket's name stands in the template that is linted."""
    given = {
        "Handler": "app.app",
        "Runtime": "python3.13",
        "CodeUri": ARCHIVE,
        "Role": "arn:aws:iam::123456789012:role/r",
    }
    function = {"Type": "AWS::Serverless::Function", "Properties": given}
    packaged = a_package(tmp_path, Function=function)
    packaged.template["Transform"] = SERVERLESS
    said: list[str] = []
    rehearse(packaged, Choices("prod", {}, dry=True), said.append)
    assert said[-1] == "Nothing was created."


def test_a_faulty_template_is_found(tmp_path: Path) -> None:
    faulty = a_package(tmp_path, Queue={"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "soon"}})
    with pytest.raises(CannotDeploy, match=r"The template has faults:\n(.|\n)*DelaySeconds|soon"):
        rehearse(faulty, Choices("dev", {}, dry=True), print)


def test_an_alarm_that_there_is_not_can_t_take_a_change_back(tmp_path: Path) -> None:
    chosen = Choices("dev", {}, dry=True, rollback=Rollback(("FunctionErors",)))
    with pytest.raises(CannotDeploy, match="ROLLBACK_ALARMS names FunctionErors, which is no alarm"):
        rehearse(a_package(tmp_path), chosen, print)


def test_what_was_packaged_may_lack_a_parameter_that_was_chosen(tmp_path: Path) -> None:
    with pytest.raises(CannotDeploy, match="no parameter LogDays"):
        rehearse(a_package(tmp_path), Choices("dev", {"LogDays": "30"}, dry=True), print)
