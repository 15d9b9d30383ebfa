"""The page's files on their way into the bucket, and out of it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import CannotDeploy, publishing
from infra.deploy.account import Account
from infra.deploy.choices import Choices
from infra.deploy.deployment import bring
from infra.deploy.destruction import destroy
from infra.deploy.stack import DeployedStack
from tests.deploy.cloud import Docker, a_package, a_page, client, running

pytestmark = pytest.mark.subprocess

STACK = "switchboard-dev"
BROKEN = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "not a name at all!"}}


class Site:
    """A stage that is deployed again and again, each time with another build of the page."""

    def __init__(self, account: Account, directory: Path) -> None:
        self.account = account
        self.directory = directory

    def deploy(self, build: str, **resources: Any) -> None:
        packaged = a_package(self.directory, **resources)
        a_page(self.directory, build)
        bring(self.account, packaged, Choices("dev", {}, image="public.ecr.aws/example/worker:7"), lambda _: None)

    @property
    def bucket(self) -> str:
        stack = client(self.account, "cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {one["OutputKey"]: str(one["OutputValue"]) for one in stack["Outputs"]}["PageBucketName"]

    @property
    def builds(self) -> set[str]:
        found = client(self.account, "s3").list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {one["Key"].split("/")[1] for one in found}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with running(monkeypatch) as account:
        monkeypatch.setenv("PATH", str(Docker(tmp_path, sys.executable).path))
        yield Site(account, tmp_path)


def test_a_first_deployment_puts_the_files_there_with_what_browsers_are_told_of_them(site: Site) -> None:
    site.deploy("aa")
    file = client(site.account, "s3").get_object(Bucket=site.bucket, Key="page/aa/main.js")
    assert file["Body"].read() == b"// aa"
    assert file["ContentType"] == "text/javascript; charset=utf-8"
    assert file["CacheControl"] == "public, max-age=31536000, immutable"


def test_new_files_are_there_before_the_functions_that_refer_to_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deploy("aa")
    change, seen = DeployedStack.change, []

    def watched(stack: DeployedStack, *given: Any) -> bool:
        seen.append(site.builds)
        return change(stack, *given)

    monkeypatch.setattr(DeployedStack, "change", watched)
    site.deploy("bb", Another={"Type": "AWS::SNS::Topic", "Properties": {}})
    assert seen == [{"aa", "bb"}]


def test_open_tabs_keep_their_files_for_three_builds(site: Site) -> None:
    for build in ("aa", "bb", "cc", "dd"):
        site.deploy(build)
    assert site.builds == {"aa", "bb", "cc", "dd"}
    site.deploy("ee")
    assert site.builds == {"bb", "cc", "dd", "ee"}


def test_what_is_there_is_not_sent_again(site: Site) -> None:
    site.deploy("aa")
    assert publishing.publish(site.account, site.bucket, site.directory) == 0
    assert publishing.tidy(site.account, site.bucket, site.directory) == 0


def test_a_change_that_fails_removes_nothing(site: Site) -> None:
    for build in ("aa", "bb", "cc", "dd"):
        site.deploy(build)
    with pytest.raises(CannotDeploy):
        site.deploy("ee", Another=BROKEN)
    assert site.builds == {"aa", "bb", "cc", "dd", "ee"}


def test_the_bucket_goes_with_the_stage(site: Site) -> None:
    site.deploy("aa")
    name = site.bucket
    destroy(Choices("dev", {}, region=site.account.region, confirmed="dev"), lambda _: None)
    assert name not in {one["Name"] for one in client(site.account, "s3").list_buckets()["Buckets"]}


def test_a_bucket_that_is_not_there_is_told_in_words(site: Site) -> None:
    with pytest.raises(CannotDeploy, match="AWS would not list the page's files"):
        publishing.publish(site.account, "no-such-bucket", site.directory)
